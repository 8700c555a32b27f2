// SPDX-License-Identifier: AGPL-3.0-or-later
// What is in the inbox of a calendar home: the scheduling messages that came (RFC 6638 section 2.1). Items of a folder
// that nothing else shows; they can be read and removed, not put.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "protocols/dav/family.h"

namespace kontor::dav {

// All of these: `inbox` is the special collection.
Outcome<> inbox_members(Context& context, const Resource& inbox, const std::function<bool(Resource)>& visit);
Outcome<std::optional<Resource>> inbox_member(Context& context, const Resource& inbox, const std::string& name);
Outcome<std::optional<std::string>> inbox_state(Context& context, const Resource& inbox);
Outcome<Special::News> inbox_news(Context& context, const Resource& inbox, const std::string& since);

bool is_in_inbox(Context& context, const Resource& resource);
// Of what is in an inbox: with its method.
std::string inbox_content_type(Context& context, const Resource& resource);

}  // namespace kontor::dav
