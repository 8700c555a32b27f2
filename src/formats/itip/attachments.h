// SPDX-License-Identifier: AGPL-3.0-or-later
// Managed attachments in calendar objects (RFC 8607): ATTACH properties with a MANAGED-ID, which name bytes that the
// server keeps. What the names lead to is not known here. Cards have the same in X-KONTOR-ATTACH.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/icalendar/zones.h"
#include "formats/itip/message.h"

namespace kontor::itip {

// One ATTACH as RFC 8607 section 4 has it.
struct AttachmentLine {
  std::string id, uri;
  std::string name;  // FILENAME
  std::string type;  // FMTTYPE, without parameters
  std::uint64_t size = 0;
};

// Visits what can refer to attachments: ATTACH of a calendar's components, X-KONTOR-ATTACH of a card.
void each_attach(Component& object, const std::function<void(Property&)>& visit);
void each_attach(const Component& object, const std::function<void(const Property&)>& visit);

// The MANAGED-IDs of all of these, each once, ascending.
std::vector<std::string> managed_ids(const Component& object);

// Of an object's parts those that are meant (RFC 8607 section 3.3.2): "M" is the series itself, the others are
// instances as their RECURRENCE-ID names them, in UTC or in the series' own time. None: all parts that are there.
using PartNames = std::vector<std::string>;

// Adds it to these parts; an instance that has no part of its own gets one. Errors: invalid (there is no such part or
// instance).
Result<void> add_attachment(Component& calendar, const AttachmentLine& line, const PartNames& parts,
                            const icalendar::ZoneDatabase& zones);
// Puts another one in its place, wherever it is. Errors: not_found (nothing refers to `id`).
Result<void> replace_attachment(Component& calendar, std::string_view id, const AttachmentLine& line);
// Errors: not_found (none of these parts refers to it), invalid (there is no such part or instance).
Result<void> remove_attachment(Component& calendar, std::string_view id, const PartNames& parts,
                               const icalendar::ZoneDatabase& zones);

// For readers who cannot ask this server: what `read` gives of an attachment stands in its place, the others lose their
// MANAGED-ID. Whether something changed.
struct InlineAttachment {
  std::string bytes, name, type;
};
bool inline_attachments(Component& calendar,
                        const std::function<std::optional<InlineAttachment>(const std::string& id)>& read);

}  // namespace kontor::itip
