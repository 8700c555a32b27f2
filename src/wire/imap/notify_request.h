// SPDX-License-Identifier: AGPL-3.0-or-later
// What a NOTIFY asks for (RFC 5465 section 8).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "wire/imap/fetch_request.h"

namespace kontor::wire::imap {

// A bit each.
namespace notify_event {
constexpr std::uint8_t kMessageNew = 1;
constexpr std::uint8_t kMessageExpunge = 2;
constexpr std::uint8_t kFlagChange = 4;
constexpr std::uint8_t kMailboxName = 8;
constexpr std::uint8_t kSubscriptionChange = 16;
constexpr std::uint8_t kMailboxMetadata = 32;
constexpr std::uint8_t kServerMetadata = 64;
constexpr std::uint8_t kMessages = kMessageNew | kMessageExpunge | kFlagChange;
}  // namespace notify_event

struct NotifyGroup {
  enum class Filter : std::uint8_t { selected, selected_delayed, inboxes, personal, subscribed, subtree, mailboxes };

  bool is_selected() const { return filter == Filter::selected || filter == Filter::selected_delayed; }

  Filter filter = Filter::personal;
  std::vector<std::string> names;     // of subtree and mailboxes, as the client wrote them
  std::uint8_t events = 0;            // notify_event
  std::optional<FetchRequest> fetch;  // what to tell of new messages in the selected folder
};

struct NotifyRequest {
  static constexpr std::size_t kMaxNames = 1000;  // of all groups

  bool is_none = false;
  bool wants_status = false;
  bool has_unsupported = false;  // an event that is not known, or AnnotationChange
  std::vector<NotifyGroup> groups;
};

// From after the command's name to its end.
NotifyRequest parse_notify(Cursor& in);

}  // namespace kontor::wire::imap
