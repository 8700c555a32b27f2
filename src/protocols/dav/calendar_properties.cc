// SPDX-License-Identifier: AGPL-3.0-or-later
// Properties of calendar collections: RFC 4791 section 5.2, RFC 7809 section 5.2, RFC 6638 section 9.1, and what
// Apple's clients call colour and order.
#include <algorithm>
#include <charconv>

#include "base/bytes.h"
#include "formats/icalendar/calendar.h"
#include "formats/icalendar/calendar_object.h"
#include "formats/icalendar/vtimezone.h"
#include "groupware/calendar/free_busy.h"
#include "protocols/dav/calendar.h"
#include "protocols/dav/calendar_availability.h"
#include "protocols/dav/calendar_data.h"
#include "protocols/dav/calendar_publish.h"
#include "protocols/dav/calendar_zones.h"
#include "protocols/dav/language.h"
#include "protocols/dav/methods.h"

namespace kontor::dav {
namespace {

using groupware::Transaction;
using wire::dav::caldav;

constexpr xml::NameView kColour{wire::dav::kAppleIcal, "calendar-color"};
constexpr xml::NameView kOrderName{wire::dav::kAppleIcal, "calendar-order"};
constexpr xml::NameView kProtected = wire::dav::dav("cannot-modify-protected-property");

std::string folder_property(const Resource& resource, const char* key) {
  const auto found = resource.folder->properties.find(key);
  return found == resource.folder->properties.end() ? std::string() : found->second;
}

Shown text_leaf(xml::Printer& out, xml::NameView name, const std::string& text) {
  if (text.empty()) return Shown::absent;
  out.leaf(name, text);
  return Shown::yes;
}

Outcome<> change_properties(const Resource& resource, Transaction& transaction,
                            std::map<std::string, std::string> properties) {
  Transaction::FolderChange change;
  change.properties = std::move(properties);
  TRY_VOID(transaction.change_folder(resource.folder->id, change));
  return {};
}

Shown print_components(Context&, const Resource& resource, xml::Printer& out) {
  out.open(caldav("supported-calendar-component-set"));
  for (const std::string_view name : components_of(*resource.folder)) {
    out.open(caldav("comp"), {{"name", name}});
    out.close();
  }
  out.close();
  return Shown::yes;
}

// Only while nothing is in it: what is there must stay allowed.
Outcome<> set_components(Context&, const Resource& resource, Transaction& transaction, const xml::Element* value) {
  const auto folder = transaction.folders()->find(resource.folder->id);
  if (!folder || folder->next_uid != Uid(1)) return deny(kProtected, "it is chosen when a calendar is made");
  std::string names;
  for (const xml::Element* comp : value ? value->children(caldav("comp")) : std::vector<const xml::Element*>()) {
    const std::string* name = comp->attribute("name");
    static constexpr std::string_view kKnown[] = {"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY"};
    if (!name || std::ranges::find(kKnown, to_upper(*name)) == std::end(kKnown))
      return deny(caldav("supported-calendar-component"), "there can be no such component here");
    names += (names.empty() ? "" : ",") + to_upper(*name);
  }
  if (value && names.empty()) return deny(caldav("supported-calendar-component"), "a calendar takes some component");
  return change_properties(resource, transaction, {{kComponents, names}});
}

Shown print_data_types(Context&, const Resource&, xml::Printer& out) {
  out.open(caldav("supported-calendar-data"));
  out.open(caldav("calendar-data"), {{"content-type", "text/calendar"}, {"version", "2.0"}});
  out.close();
  out.close();
  return Shown::yes;
}

Shown print_collations(Context&, const Resource&, xml::Printer& out) {
  out.open(caldav("supported-collation-set"));
  for (const std::string_view name : {"i;ascii-casemap", "i;octet", "i;unicode-casemap"})
    out.leaf(caldav("supported-collation"), name);
  out.close();
  return Shown::yes;
}

Shown print_description(Context&, const Resource& resource, xml::Printer& out) {
  const std::string& text = resource.folder->description;
  if (text.empty()) return Shown::absent;
  print_with_language(resource, kDescriptionLanguage, caldav("calendar-description"), text, out);
  return Shown::yes;
}
Outcome<> set_description(Context&, const Resource& resource, Transaction& transaction, const xml::Element* value) {
  Transaction::FolderChange change;
  change.description = value ? value->own_text() : std::string();
  note_language(change, kDescriptionLanguage, value);
  TRY_VOID(transaction.change_folder(resource.folder->id, change));
  return {};
}

Shown print_colour(Context&, const Resource& resource, xml::Printer& out) {
  return text_leaf(out, kColour, resource.folder->colour);
}
Outcome<> set_colour(Context&, const Resource& resource, Transaction& transaction, const xml::Element* value) {
  const std::string colour = value ? value->own_text() : std::string();
  if (colour.size() > 64) return deny(409, "this is no colour");
  Transaction::FolderChange change;
  change.colour = colour;
  TRY_VOID(transaction.change_folder(resource.folder->id, change));
  return {};
}

Shown print_order(Context&, const Resource& resource, xml::Printer& out) {
  return text_leaf(out, kOrderName, folder_property(resource, kOrder));
}
Outcome<> set_order(Context&, const Resource& resource, Transaction& transaction, const xml::Element* value) {
  const std::string order = value ? value->own_text() : std::string();
  int number = 0;
  const auto [end, error] = std::from_chars(order.data(), order.data() + order.size(), number);
  if (!order.empty() && (error != std::errc() || end != order.data() + order.size()))
    return deny(409, "an order is a number");
  return change_properties(resource, transaction, {{kOrder, order}});
}

// As it was set; by its name alone: in the rules that hold now (RFC 7809 section 5.2).
Shown print_timezone(Context& context, const Resource& resource, xml::Printer& out) {
  const std::string set = folder_property(resource, groupware::kCalendarZone);
  if (!set.empty()) return text_leaf(out, caldav("calendar-timezone"), set);
  const auto zone = context.services.accounts.zones().match(folder_property(resource, groupware::kCalendarZoneId));
  if (!zone) return Shown::absent;
  lines::Component calendar{.name = "VCALENDAR"};
  calendar.set("VERSION", "2.0");
  calendar.set("PRODID", "-//Kontor//Kontor//EN");
  calendar.components.push_back(icalendar::vtimezone_of(*zone, context.now()));
  return text_leaf(out, caldav("calendar-timezone"), icalendar::write(calendar));
}
Outcome<> set_timezone(Context& context, const Resource& resource, Transaction& transaction,
                       const xml::Element* value) {
  if (!value)
    return change_properties(resource, transaction, {{groupware::kCalendarZone, {}}, {groupware::kCalendarZoneId, {}}});
  const std::string text = value->own_text();
  const auto zone = groupware::read_calendar_zone(text, context.services.accounts.zones());
  if (!zone) return deny(caldav("valid-calendar-data"), zone.error().text);
  // By its name where it has one: then it changes as the world does.
  const std::string id = context.services.accounts.zones().find((*zone)->name()) ? (*zone)->name() : std::string();
  return change_properties(resource, transaction, {{groupware::kCalendarZone, text}, {groupware::kCalendarZoneId, id}});
}

// What the TZID in calendar-timezone is (RFC 7809 section 3.1.5), also where that is another name of the zone.
Shown print_timezone_id(Context&, const Resource& resource, xml::Printer& out) {
  std::string id = folder_property(resource, groupware::kCalendarZoneId);
  const std::string set = folder_property(resource, groupware::kCalendarZone);
  if (const auto read = icalendar::read(set, "utf-8"); !set.empty() && read)
    for (const lines::Component& one : read->calendars.front().components)
      if (one.is("VTIMEZONE")) id = lines::unescape(one.value("TZID"));
  return text_leaf(out, caldav("calendar-timezone-id"), id);
}
Outcome<> set_timezone_id(Context& context, const Resource& resource, Transaction& transaction,
                          const xml::Element* value) {
  std::string id = value ? value->own_text() : std::string();
  if (value) {
    const auto zone = context.services.accounts.zones().match(id);
    if (!zone) return deny(caldav("valid-timezone"), "this time zone is not known");
    id = zone->name();
  }
  return change_properties(resource, transaction, {{groupware::kCalendarZone, {}}, {groupware::kCalendarZoneId, id}});
}

Shown print_transparency(Context&, const Resource& resource, xml::Printer& out) {
  out.open(caldav("schedule-calendar-transp"));
  out.leaf(caldav(folder_property(resource, groupware::kTransparentCalendar) == "true" ? "transparent" : "opaque"));
  out.close();
  return Shown::yes;
}
Outcome<> set_transparency(Context&, const Resource& resource, Transaction& transaction, const xml::Element* value) {
  const bool is_transparent = value && value->child(caldav("transparent"));
  if (value && !is_transparent && !value->child(caldav("opaque")))
    return deny(409, "a calendar is opaque or transparent");
  return change_properties(resource, transaction, {{groupware::kTransparentCalendar, is_transparent ? "true" : ""}});
}

// Of reports only: what they want of it.
Shown print_data(Context& context, const Resource& resource, xml::Printer& out) {
  if (!context.wanted || !context.wanted->calendar) return Shown::absent;
  const auto bytes = whole_content(context, *resource.account, resource.entry->item, context.options.largest_object);
  if (!bytes) return Shown::absent;
  const auto text = rendered(**bytes, *context.wanted->calendar, context.services.accounts.zones(),
                             zone_of(*resource.folder, context.services.accounts.zones()));
  if (!text) return Shown::denied;
  out.leaf(caldav("calendar-data"), with_zones_as_asked(context, *text));
  return Shown::yes;
}

const Property kCalendarProperties[] = {
    {caldav("supported-calendar-component-set"), kCalendarScope, false, print_components, set_components},
    {caldav("supported-calendar-data"), kCalendarScope, false, print_data_types},
    {caldav("supported-collation-set"), kCalendarScope, false, print_collations},
    {caldav("calendar-description"), kCalendarScope, false, print_description, set_description},
    {caldav("calendar-timezone"), kCalendarScope, false, print_timezone, set_timezone},
    {caldav("calendar-timezone-id"), kCalendarScope, false, print_timezone_id, set_timezone_id},
    {caldav("schedule-calendar-transp"), kCalendarScope, false, print_transparency, set_transparency},
    {caldav("timezone-service-set"), {on(Resource::What::home), ~0U, in(Space::calendars)}, false, print_zone_services},
    {kColour, kCalendarScope, false, print_colour, set_colour},
    {kOrderName, kCalendarScope, false, print_order, set_order},
    {kPublishUrl, kCalendarScope, false, print_publish_url},
    {caldav("calendar-availability"),
     {on(Resource::What::special), ~0U, in(Space::calendars)},
     false,
     print_availability,
     set_availability},
    {caldav("calendar-data"), kCalendarItemScope, false, print_data},
    {caldav("calendar-data"), kMessageScope, false, print_data},
};

}  // namespace

std::span<const Property> calendar_properties() { return kCalendarProperties; }

}  // namespace kontor::dav
