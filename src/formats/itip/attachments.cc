// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/itip/attachments.h"

#include <algorithm>
#include <functional>
#include <set>

#include "base/bytes.h"
#include "formats/icalendar/access.h"
#include "formats/itip/instances.h"

namespace kontor::itip {
namespace {

constexpr std::string_view kSeries = "M";

bool refers_to(const Property& property, std::string_view id) {
  return property.is("ATTACH") && property.parameter("MANAGED-ID") == id;
}

template <class Object, class Visit>
void visit_attach(Object& object, const Visit& visit) {
  for (auto& property : object.properties)
    if (property.is("X-KONTOR-ATTACH")) visit(property);
  for (auto& part : object.components)
    for (auto& property : part.properties)
      if (property.is("ATTACH")) visit(property);
}

void describe(Property& property, const AttachmentLine& line) {
  property.set("MANAGED-ID", line.id);
  if (line.type.empty())
    property.remove("FMTTYPE");
  else
    property.set("FMTTYPE", line.type);
  property.set("SIZE", std::to_string(line.size));
  property.set("FILENAME", line.name);
  property.value = line.uri;
}

// As a client names an instance: without a zone it is meant in the series' own.
Result<PartKey> key_of(Parts& parts, const Component& master, const std::string& text) {
  TRY(icalendar::When when, icalendar::parse_when(text));
  if (when.kind == icalendar::When::Kind::floating) {
    TRY(const std::optional<icalendar::When> start, icalendar::when(master, "DTSTART"));
    if (start && start->kind == icalendar::When::Kind::zoned) {
      when.kind = icalendar::When::Kind::zoned;
      when.zone = start->zone;
    }
  }
  return parts.key(when);
}

// Changes the named parts of `calendar` by `change`, all of them or none.
Result<void> change_parts(Component& calendar, const PartNames& names, const icalendar::ZoneDatabase& zones,
                          const std::function<void(Component&)>& change) {
  if (names.empty()) {
    for (Component& part : calendar.components)
      if (is_scheduled(part)) change(part);
    return {};
  }
  Component changed = calendar;
  Parts parts(calendar, zones);
  const Component* series = parts.master();
  std::set<PartKey> done;
  // Instances first: what they get from the series is what it was before.
  for (const std::string& name : names) {
    if (name == kSeries) continue;
    const Component* any = series;
    for (const Component& part : calendar.components)
      if (any == nullptr && is_scheduled(part)) any = &part;
    if (any == nullptr) return fail(Errc::invalid, "there is nothing in it that takes attachments");
    TRY(const PartKey key, key_of(parts, *any, name));
    if (!done.insert(key).second) continue;
    const bool recurs = series != nullptr && (series->find("RRULE") != nullptr || series->find("RDATE") != nullptr);
    const Component* own = parts.find(key);
    std::optional<Component> part = own != nullptr ? std::optional(*own) : recurs ? parts.derive(key) : std::nullopt;
    if (!part) return fail(Errc::invalid, "there is no such instance");
    change(*part);
    part->place = Component::kLast;
    // Those that were there stand where they stood.
    if (own != nullptr)
      changed.components[static_cast<std::size_t>(own - calendar.components.data())] = *std::move(part);
    else
      changed.components.push_back(*std::move(part));
  }
  if (std::ranges::find(names, kSeries) != names.end()) {
    const auto master = std::ranges::find_if(changed.components, [](const Component& part) {
      return is_scheduled(part) && part.find("RECURRENCE-ID") == nullptr;
    });
    if (master == changed.components.end()) return fail(Errc::invalid, "the series itself is not here");
    change(*master);
  }
  calendar = std::move(changed);
  return {};
}

}  // namespace

void each_attach(Component& object, const std::function<void(Property&)>& visit) { visit_attach(object, visit); }
void each_attach(const Component& object, const std::function<void(const Property&)>& visit) {
  visit_attach(object, visit);
}

std::vector<std::string> managed_ids(const Component& object) {
  std::set<std::string> out;
  each_attach(object, [&](const Property& property) {
    if (const std::string_view id = property.parameter("MANAGED-ID"); !id.empty()) out.emplace(id);
  });
  return {out.begin(), out.end()};
}

Result<void> add_attachment(Component& calendar, const AttachmentLine& line, const PartNames& names,
                            const icalendar::ZoneDatabase& zones) {
  return change_parts(calendar, names, zones, [&](Component& part) {
    Property property;
    property.name = "ATTACH";
    describe(property, line);
    part.properties.push_back(std::move(property));
  });
}

Result<void> replace_attachment(Component& calendar, std::string_view id, const AttachmentLine& line) {
  bool was_there = false;
  for (Component& part : calendar.components)
    for (Property& property : part.properties)
      if (refers_to(property, id)) {
        describe(property, line);
        was_there = true;
      }
  return was_there ? Result<void>() : fail(Errc::not_found, "there is no such attachment");
}

Result<void> remove_attachment(Component& calendar, std::string_view id, const PartNames& names,
                               const icalendar::ZoneDatabase& zones) {
  bool was_there = false;
  TRY_VOID(change_parts(calendar, names, zones, [&](Component& part) {
    was_there |= std::erase_if(part.properties, [&](const Property& property) { return refers_to(property, id); }) != 0;
  }));
  return was_there ? Result<void>() : fail(Errc::not_found, "there is no such attachment");
}

bool inline_attachments(Component& calendar,
                        const std::function<std::optional<InlineAttachment>(const std::string& id)>& read) {
  bool is_changed = false;
  for (Component& part : calendar.components)
    for (Property& property : part.properties) {
      if (!property.is("ATTACH") || property.find("MANAGED-ID") == nullptr) continue;
      const auto found = read(std::string(property.parameter("MANAGED-ID")));
      property.remove("MANAGED-ID");
      is_changed = true;
      if (!found) continue;
      property.set("ENCODING", "BASE64");
      property.set("VALUE", "BINARY");
      if (!found->type.empty()) property.set("FMTTYPE", found->type);
      property.set("FILENAME", found->name);
      property.remove("SIZE");
      property.value = to_base64(found->bytes);
    }
  return is_changed;
}

}  // namespace kontor::itip
