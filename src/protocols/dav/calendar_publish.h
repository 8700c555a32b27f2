// SPDX-License-Identifier: AGPL-3.0-or-later
// A calendar that anybody can read who knows its address: /dav/public/<secret>.ics.
#pragma once

#include <optional>
#include <string>

#include "formats/lines/component.h"
#include "protocols/dav/family.h"

namespace kontor::dav {

// The secret, of a folder that is published.
constexpr const char* kPublished = "calendar.published";

// As Apple's clients ask for it: POST of CS:publish-calendar or CS:unpublish-calendar to a calendar; for those who may
// administer it. The address is told in CS:publish-url and stays until it is given up.
Outcome<Response> do_publish(Context& context, const Resource& resource);
Outcome<std::optional<Response>> open_published(Context& context, const std::string& name);
constexpr xml::NameView kPublishUrl{wire::dav::kCalendarServer, "publish-url"};
Shown print_publish_url(Context& context, const Resource& resource, xml::Printer& out);

// What strangers see of an item: nothing of private ones, only the times of confidential ones, and of none whom else it
// concerns, what is attached and what reminds its owner. Nothing: it is not shown.
std::optional<lines::Component> for_strangers(const lines::Component& calendar);

}  // namespace kontor::dav
