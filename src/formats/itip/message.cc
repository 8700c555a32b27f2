// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/itip/message.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "formats/icalendar/access.h"

namespace kontor::itip {
namespace {

constexpr std::pair<Method, std::string_view> kMethods[] = {
    {Method::publish, "PUBLISH"}, {Method::request, "REQUEST"},
    {Method::reply, "REPLY"},     {Method::add, "ADD"},
    {Method::cancel, "CANCEL"},   {Method::refresh, "REFRESH"},
    {Method::counter, "COUNTER"}, {Method::decline_counter, "DECLINECOUNTER"}};

template <class Tree, class Is>
auto find_attendee(Tree& component, const Is& is) -> decltype(component.properties.data()) {
  for (auto& property : component.properties)
    if (property.is("ATTENDEE") && is(icalendar::address_of(property.value))) return &property;
  return nullptr;
}

}  // namespace

std::string_view name(Method method) {
  for (const auto& [known, text] : kMethods)
    if (known == method) return text;
  return {};
}

std::optional<Method> method_of(const Component& calendar) {
  const std::string_view value = calendar.value("METHOD");
  for (const auto& [method, text] : kMethods)
    if (iequals(value, text)) return method;
  return std::nullopt;
}

bool is_from_organizer(Method method) {
  return method != Method::reply && method != Method::refresh && method != Method::counter;
}

bool User::is(std::string_view address) const { return std::ranges::find(addresses, address) != addresses.end(); }

bool User::is_through_group(std::string_view address) const {
  return std::ranges::find(groups, address) != groups.end();
}

bool is_server_agent(const Property& person) {
  const std::string_view agent = person.parameter("SCHEDULE-AGENT");
  return agent.empty() || iequals(agent, "SERVER");
}

bool is_scheduled(const Component& component) {
  return component.is("VEVENT") || component.is("VTODO") || component.is("VJOURNAL");
}

std::string organizer_of(const Component& calendar) {
  for (const Component& component : calendar.components)
    if (const Property* found = component.find("ORGANIZER"); found != nullptr && is_scheduled(component))
      return icalendar::address_of(found->value);
  return {};
}

const Property* attendee(const Component& component, std::string_view address) {
  return find_attendee(component, [&](const std::string& found) { return found == address; });
}

Property* attendee(Component& component, std::string_view address) {
  return find_attendee(component, [&](const std::string& found) { return found == address; });
}

const Property* attendee(const Component& component, const User& user) {
  return find_attendee(component, [&](const std::string& found) { return user.is(found); });
}

Property* attendee(Component& component, const User& user) {
  return find_attendee(component, [&](const std::string& found) { return user.is(found); });
}

}  // namespace kontor::itip
