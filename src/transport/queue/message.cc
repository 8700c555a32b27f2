// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/queue/message.h"

#include <fmt/format.h>

#include <charconv>

namespace kontor::transport {

std::string to_text(QueueId id) { return fmt::format("{:x}", id.value); }

std::optional<QueueId> parse_queue_id(std::string_view text) {
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size() || value == 0) return std::nullopt;
  return QueueId(value);
}

std::string_view name(Origin origin) {
  switch (origin) {
    case Origin::submission:
      return "submission";
    case Origin::relay:
      return "relay";
    case Origin::forward:
      return "forward";
    case Origin::vacation:
      return "vacation";
    case Origin::notification:
      return "notification";
    case Origin::report:
      return "report";
    case Origin::aggregate:
      return "aggregate";
    case Origin::journal:
      return "journal";
    case Origin::quarantine:
      return "quarantine";
    case Origin::tls_report:
      return "tls-report";
  }
  return "unknown";
}

std::string_view name(RecipientState state) {
  switch (state) {
    case RecipientState::waiting:
      return "waiting";
    case RecipientState::held:
      return "held";
    case RecipientState::delivered:
      return "delivered";
    case RecipientState::failed:
      return "failed";
  }
  return "unknown";
}

}  // namespace kontor::transport
