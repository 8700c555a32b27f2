// SPDX-License-Identifier: AGPL-3.0-or-later
// A message in the queue, as a value: its envelope, and how far each recipient is.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/time.h"

namespace kontor::transport {

using QueueId = Id<struct QueueTag, std::uint64_t>;
// Of content in the queue: several messages that were put together may share one.
using QueueContentId = Id<struct QueueContentTag, std::uint64_t>;

// In Received lines, logs and commands: hexadecimal.
std::string to_text(QueueId id);
std::optional<QueueId> parse_queue_id(std::string_view text);

// Why a message is in the queue.
enum class Origin : std::uint8_t {
  submission,    // a user sends it
  relay,         // a host that may relay through this server brought it
  forward,       // a rule or an address leads it elsewhere
  vacation,      // an answer made by a rule
  notification,  // made by a rule
  report,        // a delivery status notification
  aggregate,     // a report about a domain: DMARC
  journal,       // a copy for a tenant's archive
  quarantine,    // a filter wants an administrator to look at it
  tls_report,    // a report about TLS with a domain's hosts: it goes without TLS rather than not at all
};
std::string_view name(Origin origin);

// RFC 3461 section 4.3: what a report shall hold of the message.
enum class DsnReturn : std::uint8_t { unset, full, headers };

// RFC 3461 section 4.1, a bit each; 0 = unset, which means failure and delay.
struct DsnNotify {
  static constexpr std::uint8_t kNever = 1, kSuccess = 2, kFailure = 4, kDelay = 8;

  bool wants(std::uint8_t what) const { return (bits == 0 ? kFailure | kDelay : bits) & what; }
  bool operator==(const DsnNotify&) const = default;

  std::uint8_t bits = 0;
};

// What a next hop must be able to.
struct Needs {
  bool utf8 = false;       // an address or the header is not ASCII (RFC 6531)
  bool eight_bit = false;  // the body is not ASCII (RFC 6152)
  bool binary = false;     // the body is not lines of at most 998 bytes (RFC 3030)
};

enum class RecipientState : std::uint8_t { waiting, held, delivered, failed };
std::string_view name(RecipientState state);

// What the last attempt came to.
struct Attempted {
  int code = 0;          // of SMTP; 0 where none was said
  std::string enhanced;  // "4.4.1"; may be empty
  std::string text;      // a sentence: the next hop's, or ours
  std::string host;      // the next hop's name; empty if none was reached
};

struct NewRecipient {
  std::string address;
  DsnNotify notify;
  std::string original;  // ORCPT, decoded: "rfc822;ada@example.org"; empty if there was none
};

struct QueuedRecipient : NewRecipient {
  std::uint32_t index = 0;  // within the message
  RecipientState state = RecipientState::waiting;
  Instant next{};  // waiting: the next attempt
  std::uint32_t attempts = 0;
  bool is_warned = false;  // its sender was told of the delay
  Instant settled{};       // delivered, failed
  Attempted last;
};

// What is the same for all recipients.
struct QueuedEnvelope {
  std::string sender;  // empty: the null path
  TenantId tenant;     // for whom it is sent; 0 = nobody in particular
  AccountId account;   // who sends it, where that is one of ours
  Origin origin = Origin::submission;
  std::string cause;  // for people: the session, the rule
  DsnReturn dsn_return = DsnReturn::unset;
  std::string envelope_id;  // ENVID, decoded
  Needs needs;
  Instant release{};  // not to be sent before (RFC 4865); 0 = at once
  Instant expires{};  // given up then; 0 = by the queue's options, counted from the release
  bool is_held = false;
};

struct QueuedMessage : QueuedEnvelope {
  QueueId id;
  Instant arrived{};
  QueueContentId content;
  std::uint64_t size = 0;
  std::uint32_t recipient_count = 0;
};

}  // namespace kontor::transport
