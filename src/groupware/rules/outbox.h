// SPDX-License-Identifier: AGPL-3.0-or-later
// The way out for mail that rules send. The queue stands behind it; this room knows no transport.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "groupware/content.h"

namespace kontor::groupware {

// What the sender of a message asked for about reports (RFC 3461), for forwards. In the terms of SMTP.
struct ReportWishes {
  std::uint8_t notify = 0;    // section 4.1: 1 = NEVER, 2 = SUCCESS, 4 = FAILURE, 8 = DELAY; 0 = not said
  std::uint8_t returned = 0;  // section 4.3: 1 = FULL, 2 = HDRS; 0 = not said
  std::string envelope_id;    // section 4.4, decoded
  std::string original;       // section 4.2, decoded: "rfc822;ada@example.org"
};

// A forward is somebody else's message, passed on: its sender is that one's.
// An invitation is the principal's own mail, written by the server for it; so is an alarm of its calendar.
enum class OutgoingKind : std::uint8_t { forward, vacation, notification, invitation, alarm };

struct OutgoingMail {
  PrincipalId principal;                // in whose name
  std::string sender;                   // of the envelope; empty: the null sender
  std::vector<std::string> recipients;  // at least one
  StagedContent content;
  OutgoingKind kind = OutgoingKind::forward;
  ReportWishes reports = {};  // of a forward
  // A name of its own: sent again under it, nothing goes out, until forget(). So whoever notes only afterwards what he
  // has sent can do so twice. Empty: it has none.
  std::string once = {};
};

// Thread-safe.
class Outbox {
 public:
  virtual ~Outbox() = default;
  // Durable when it returns. Blocks. Errors: unavailable, invalid (such a message can never be sent).
  virtual Result<void> send(const OutgoingMail& mail) = 0;
  // That it was sent is noted elsewhere by now.
  virtual void forget(const std::string& /*once*/) {}
};

}  // namespace kontor::groupware
