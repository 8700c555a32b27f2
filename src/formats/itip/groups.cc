// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/itip/groups.h"

#include <algorithm>
#include <set>
#include <utility>

#include "formats/icalendar/access.h"
#include "formats/itip/instances.h"

namespace kontor::itip {
namespace {

std::vector<std::string> groups_of(const Property& person) {
  std::vector<std::string> out;
  if (const lines::Parameter* member = person.find("MEMBER"))
    for (const std::string& value : member->values) out.push_back(icalendar::address_of(value));
  return out;
}

bool is_of_group(const Property& person, const std::string& group) {
  const auto groups = groups_of(person);
  return person.is("ATTENDEE") && std::ranges::find(groups, group) != groups.end();
}

// Looked up by each who is in a group: there may be very many of them.
std::set<std::string> invited_in(const Component& part) {
  std::set<std::string> out;
  for (const Property& person : part.properties)
    if (person.is("ATTENDEE")) out.insert(icalendar::address_of(person.value));
  return out;
}

bool has_members(const Component& part, const std::string& group) {
  return std::ranges::any_of(part.properties, [&](const Property& person) { return is_of_group(person, group); });
}

Property invitation_of(const Member& member, const Property& group) {
  Property out{.name = "ATTENDEE", .value = "mailto:" + member.address};
  if (!member.name.empty()) out.set("CN", member.name);
  out.set("CUTYPE", member.type);
  if (const std::string_view role = group.parameter("ROLE"); !role.empty()) out.set("ROLE", role);
  out.set("PARTSTAT", "NEEDS-ACTION");
  out.set("RSVP", "TRUE");
  out.set("MEMBER", group.value);
  return out;
}

// Those of the group who are missing in the part. `invited`: of the part.
std::vector<Property> missing(const Component* old, const Component& part, const std::set<std::string>& invited,
                              const Property& group, const std::vector<Member>& members, const User& organizer) {
  const std::string address = icalendar::address_of(group.value);
  std::vector<Property> out;
  if (has_members(part, address)) return out;
  if (old != nullptr && attendee(*old, address) != nullptr && has_members(*old, address)) {
    for (const Property& person : old->properties)
      if (is_of_group(person, address) && !invited.contains(icalendar::address_of(person.value))) out.push_back(person);
    return out;
  }
  for (const Member& member : members)
    if (!organizer.is(member.address) && !invited.contains(member.address)) out.push_back(invitation_of(member, group));
  return out;
}

// Members of groups that were invited and are not any more.
bool drop_members(const Component& old, Component& part) {
  const auto left = groups_taken_apart(old);
  if (left.empty()) return false;
  const auto invited = invited_in(part);
  return std::erase_if(part.properties, [&](const Property& person) {
           const auto groups = groups_of(person);
           if (!person.is("ATTENDEE") || groups.empty()) return false;
           return std::ranges::all_of(
               groups, [&](const std::string& group) { return !invited.contains(group) && left.contains(group); });
         }) != 0;
}

}  // namespace

std::set<std::string> groups_taken_apart(const Component& part) {
  std::set<std::string> out;
  const auto invited = invited_in(part);
  for (const Property& person : part.properties)
    if (person.is("ATTENDEE"))
      for (std::string& group : groups_of(person))
        if (invited.contains(group)) out.insert(std::move(group));
  return out;
}

bool invite_members(const Component* before, const User& organizer, const MembersOf& members,
                    const icalendar::ZoneDatabase& zones, Component& after) {
  static const Component kNothing{.name = "VCALENDAR"};
  Parts had(before != nullptr ? *before : kNothing, zones);
  Parts has(after, zones);
  bool altered = false;
  for (Component& part : after.components) {
    if (!is_scheduled(part)) continue;
    const auto key = has.key(part);
    const std::optional<Component> old = key ? had.find_or_derive(*key) : std::nullopt;
    if (old) altered |= drop_members(*old, part);
    std::vector<Property> added;
    const auto invited = invited_in(part);
    std::set<std::string> taken_apart;
    for (Property& group : part.properties) {
      if (!group.is("ATTENDEE") || organizer.is(icalendar::address_of(group.value))) continue;
      const auto found = members(icalendar::address_of(group.value));
      if (!found) continue;
      if (taken_apart.insert(icalendar::address_of(group.value)).second)
        for (Property& one : missing(old ? &*old : nullptr, part, invited, group, *found, organizer)) {
          const bool is_new =
              std::ranges::none_of(added, [&](const Property& other) { return other.value == one.value; });
          if (is_new) added.push_back(std::move(one));
        }
      if (group.parameter("CUTYPE") == "GROUP") continue;
      group.set("CUTYPE", "GROUP");
      altered = true;
    }
    altered |= !added.empty();
    std::ranges::move(added, std::back_inserter(part.properties));
  }
  return altered;
}

}  // namespace kontor::itip
