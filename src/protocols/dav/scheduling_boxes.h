// SPDX-License-Identifier: AGPL-3.0-or-later
// The inbox and the outbox of a calendar home (RFC 6638 sections 2.1 and 2.2).
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "protocols/dav/family.h"

namespace kontor::dav {

inline constexpr char kInbox[] = "inbox";
inline constexpr char kOutbox[] = "outbox";

bool is_box(const Resource& resource, std::string_view name);
Outcome<std::optional<Resource>> find_box(Context& context, const Resource& home, const std::string& name);
Outcome<> each_box(Context& context, const Resource& home, const std::function<bool(Resource)>& visit);

// The path of the calendar that invitations go to.
std::optional<std::string> invitation_folder(Context& context, const Resource& inbox);

// POST of a VFREEBUSY with METHOD:REQUEST: when those whom it names are busy (RFC 6638 section 5).
Outcome<Response> post_to_outbox(Context& context, const Resource& outbox);

}  // namespace kontor::dav
