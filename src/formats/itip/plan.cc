// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/itip/plan.h"

#include <algorithm>

#include "formats/icalendar/access.h"
#include "formats/itip/instances.h"
#include "formats/itip/organizing.h"

namespace kontor::itip {
namespace {

bool has_attendees(const Component& calendar) {
  for (const Component& component : calendar.components)
    if (is_scheduled(component) && component.find("ATTENDEE") != nullptr) return true;
  return false;
}

// RFC 6638 section 3.2.4.2: one organiser for all parts.
Result<void> check_organizers(const Component& calendar) {
  const std::string organizer = organizer_of(calendar);
  if (!organizer.empty() && std::ranges::count_if(calendar.components, is_scheduled) > kMostParts)
    return fail(Errc::too_large, "a meeting of so many single instances cannot be scheduled");
  for (const Component& component : calendar.components) {
    const Property* found = component.find("ORGANIZER");
    if (found != nullptr && is_scheduled(component) && icalendar::address_of(found->value) != organizer)
      return fail(Errc::invalid, "all components must have the same organiser");
  }
  return {};
}

}  // namespace

Role role_in(const Component& calendar, const User& user) {
  const std::string organizer = organizer_of(calendar);
  if (organizer.empty()) return Role::none;
  if (user.is(organizer)) return has_attendees(calendar) ? Role::organizer : Role::none;
  for (const Component& component : calendar.components)
    if (is_scheduled(component) && attendee(component, user) != nullptr) return Role::attendee;
  return Role::none;
}

Result<Plan> plan_change(const User& who, const Change& change, const Setting& setting) {
  Plan plan;
  if (change.after != nullptr) {
    plan.object = *change.after;
    TRY_VOID(check_organizers(*change.after));
  }
  const Role before = change.before != nullptr ? role_in(*change.before, who) : Role::none;
  const Role after = change.after != nullptr ? role_in(*change.after, who) : Role::none;
  if (after != Role::none) TRY_VOID(check_parts(*change.after, setting.zones));
  if (before == Role::organizer || after == Role::organizer) {
    if (change.before != nullptr && change.after != nullptr) {
      const std::string old = organizer_of(*change.before);
      const std::string now = organizer_of(*change.after);
      // Among one's own addresses it may change; who had no organiser may become one.
      if (!old.empty() && !now.empty() && !(who.is(old) && who.is(now)))
        return fail(Errc::denied, "the organiser of a meeting cannot be changed");
    }
    return plan_organizer(who, change, setting);
  }
  if (before == Role::attendee || after == Role::attendee) return plan_attendee(who, change, setting);
  return plan;
}

}  // namespace kontor::itip
