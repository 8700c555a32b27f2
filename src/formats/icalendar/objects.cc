// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/icalendar/objects.h"

#include <map>
#include <set>
#include <utility>

#include "base/bytes.h"
#include "formats/icalendar/access.h"

namespace kontor::icalendar {
namespace {

// The depth of components is bounded by the reader.
void gather_zones(const Component& component, std::set<std::string, std::less<>>& ids) {  // NOLINT(misc-no-recursion)
  for (const Property& property : component.properties)
    if (const Parameter* zone = property.find("TZID"); zone != nullptr && !zone->values.empty())
      ids.insert(zone->values[0]);
  for (const Component& inner : component.components) gather_zones(inner, ids);
}

// About what a copy takes in memory.
std::size_t weight_of(const Component& component) {  // NOLINT(misc-no-recursion)
  std::size_t out = sizeof(Component) + component.name.size();
  for (const Property& property : component.properties) {
    out += sizeof(Property) + property.group.size() + property.name.size() + property.value.size();
    for (const Parameter& parameter : property.parameters) {
      out += sizeof(Parameter) + parameter.name.size();
      for (const std::string& value : parameter.values) out += sizeof(std::string) + value.size();
    }
  }
  for (const Component& inner : component.components) out += weight_of(inner);
  return out;
}

struct NamedZone {
  const Component* component;
  std::size_t weight;
};
using Zones = std::map<std::string, NamedZone, std::less<>>;

Zones zones_in(const Component& calendar) {
  Zones out;
  for (const Component& one : calendar.components)
    if (kind_of(one) == ComponentKind::time_zone) out.emplace(text(one, "TZID"), NamedZone{&one, weight_of(one)});
  return out;
}

// For what is said again in each object: a stranger's one large zone must not become a thousand.
class RepeatRoom {
 public:
  explicit RepeatRoom(std::size_t bytes) : left_(bytes) {}
  bool take(std::size_t bytes) {
    if (bytes > left_) return false;
    left_ -= bytes;
    return true;
  }

 private:
  std::size_t left_;
};

std::string first_text(const Component& calendar, std::initializer_list<std::string_view> properties) {
  for (const std::string_view name : properties)
    if (auto found = text(calendar, name); !found.empty()) return found;
  return {};
}

Component frame_of(const Component& calendar) {
  Component out{.name = calendar.name};
  for (const Property& one : calendar.properties)
    if (one.is("PRODID") || one.is("VERSION") || one.is("CALSCALE")) out.properties.push_back(one);
  return out;
}

void append_to(Component& calendar, Component component) {
  component.place = Component::kLast;
  calendar.components.push_back(std::move(component));
}

// Zones stand before what names them.
void add_zones(Object& object, std::size_t first, const Zones& own, const Zones& all, RepeatRoom& room) {
  std::set<std::string, std::less<>> wanted;
  for (std::size_t i = first; i < object.calendar.components.size(); ++i)
    gather_zones(object.calendar.components[i], wanted);
  for (const Component& one : object.calendar.components)
    if (kind_of(one) == ComponentKind::time_zone) wanted.erase(text(one, "TZID"));
  for (const std::string& id : wanted) {
    const auto near = own.find(id), far = all.find(id);
    if (near == own.end() && far == all.end()) continue;
    const NamedZone& found = near != own.end() ? near->second : far->second;
    if (!room.take(found.weight)) continue;
    Component zone = *found.component;
    zone.place = Component::kLast;
    object.calendar.components.insert(object.calendar.components.begin(), std::move(zone));
  }
}

}  // namespace

Objects split(const std::vector<Component>& calendars, std::size_t most_repeated) {
  Objects out;
  RepeatRoom room(most_repeated);
  Zones all;
  for (const Component& calendar : calendars) {
    Zones more = zones_in(calendar);
    all.merge(more);
  }
  std::map<std::pair<std::string, std::string>, std::size_t> places;  // by name of the component and UID
  for (const Component& calendar : calendars) {
    if (out.name.empty()) out.name = first_text(calendar, {"NAME", "X-WR-CALNAME"});
    if (out.description.empty()) out.description = first_text(calendar, {"DESCRIPTION", "X-WR-CALDESC"});
    if (out.colour.empty()) out.colour = first_text(calendar, {"X-APPLE-CALENDAR-COLOR", "COLOR"});
    const Zones own = zones_in(calendar);
    const Component frame = frame_of(calendar), bare{.name = calendar.name};
    const std::size_t frame_weight = weight_of(frame);
    std::map<std::size_t, std::size_t> touched;  // object, and its first component from this calendar
    for (const Component& one : calendar.components) {
      if (kind_of(one) == ComponentKind::time_zone) continue;
      std::string id = uid(one);
      std::size_t place = out.objects.size();
      if (!id.empty()) place = places.try_emplace({to_upper(one.name), id}, place).first->second;
      if (place == out.objects.size()) out.objects.push_back({std::move(id), room.take(frame_weight) ? frame : bare});
      touched.try_emplace(place, out.objects[place].calendar.components.size());
      append_to(out.objects[place].calendar, one);
    }
    for (const auto& [place, first] : touched) add_zones(out.objects[place], first, own, all, room);
  }
  return out;
}

}  // namespace kontor::icalendar
