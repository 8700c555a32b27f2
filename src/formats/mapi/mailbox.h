// SPDX-License-Identifier: AGPL-3.0-or-later
// People in messages: who an entry id, or the properties that describe somebody ([MS-OXOMSG] section 2.2.1, [MS-OXCMSG]
// section 2.2.3), stand for in the world of SMTP.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/mapi/property.h"

namespace kontor::mapi {

struct Mailbox {
  bool operator==(const Mailbox&) const = default;
  bool empty() const { return name.empty() && address.empty(); }

  std::string name;     // UTF-8, one line; empty where it says no more than the address
  std::string address;  // local@domain; empty for somebody without one: a list, a fax, one who is gone
};

// Who an entry id of the source's directory (or of a contact) stands for, with the address that the target knows him
// by. Nothing for those unknown, and for entries that say it themselves (OneOffEntry), which need not be asked for.
using ResolveEntry = std::function<std::optional<Mailbox>(std::string_view entry_id)>;

// Whether it may stand as an addr-spec in a header and behind "mailto:": one line without blanks, an "@" with something
// on both sides, a domain. Not whether such a host exists.
bool is_address(std::string_view text);

// The functions below know the address by, in this order: `resolve` (which may be empty) or the one-off entry itself,
// the SMTP address property, an address of type SMTP, the search key ("SMTP:..."), an address of another type that
// looks like one (a login of Kopano's, "anna@Company", does not), the name. The name is the one that stands in the
// message, else the directory's.

// PidTagSentRepresenting...: From. Nothing if there is none of the properties.
std::optional<Mailbox> from_of(const Properties& message, const ResolveEntry& resolve);
// PidTagSender...: who sent it for From. Nothing if there is none of the properties.
std::optional<Mailbox> sender_of(const Properties& message, const ResolveEntry& resolve);
// PidTagReceivedBy..., else PidTagReceivedRepresenting...
std::optional<Mailbox> receiver_of(const Properties& message, const ResolveEntry& resolve);
// PidTagReplyRecipientEntries with the names of PidTagReplyRecipientNames.
std::vector<Mailbox> reply_to_of(const Properties& message, const ResolveEntry& resolve);

// [MS-OXCMSG] section 2.2.3.1.2: of mail. In meetings: required and optional attendees, resources.
enum class RecipientKind : std::uint8_t { originator = 0, to = 1, cc = 2, bcc = 3 };
// PidTagRecipientType without its flags; `to` if it has none that is known.
RecipientKind recipient_kind(const Properties& recipient);
Mailbox recipient_of(const Properties& recipient, const ResolveEntry& resolve);

}  // namespace kontor::mapi
