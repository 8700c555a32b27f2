// SPDX-License-Identifier: AGPL-3.0-or-later
// The way out for mail that rules send. The queue stands behind it; this room knows no transport.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "groupware/content.h"

namespace kontor::groupware {

// A forward is somebody else's message, passed on: its sender is that one's.
enum class OutgoingKind : std::uint8_t { forward, vacation, notification };

struct OutgoingMail {
  PrincipalId principal;                // in whose name
  std::string sender;                   // of the envelope; empty: the null sender
  std::vector<std::string> recipients;  // at least one
  StagedContent content;
  OutgoingKind kind = OutgoingKind::forward;
};

// Thread-safe.
class Outbox {
 public:
  virtual ~Outbox() = default;
  // Durable when it returns. Blocks. Errors: unavailable, invalid (such a message can never be sent).
  virtual Result<void> send(const OutgoingMail& mail) = 0;
};

}  // namespace kontor::groupware
