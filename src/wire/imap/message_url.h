// SPDX-License-Identifier: AGPL-3.0-or-later
// IMAP URLs of messages on the same server, in the relative forms of RFC 5092 section 7.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wire/imap/fetch_request.h"

namespace kontor::wire::imap {

struct MessageUrl {
  std::optional<std::string> mailbox;  // UTF-8 without the first "/"; nothing: the selected one
  std::optional<std::uint32_t> uid_validity;
  std::uint32_t uid = 0;
  Section section;
  std::optional<std::uint32_t> offset;  // of a partial
  std::optional<std::uint32_t> length;  // nothing: to the end
};

// "/Drafts;UIDVALIDITY=385759045/;UID=20/;SECTION=1.2/;PARTIAL=0.1024" or, within the selected mailbox, ";UID=20".
// Nothing if it is no such URL; also if it names a server, or is one that needs URLAUTH.
std::optional<MessageUrl> parse_message_url(std::string_view text);

}  // namespace kontor::wire::imap
