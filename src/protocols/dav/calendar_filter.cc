// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/calendar_filter.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/bytes.h"
#include "groupware/search/fold.h"

namespace kontor::dav {
namespace {

using wire::dav::CompFilter;
using wire::dav::ParamFilter;
using wire::dav::PropFilter;
using wire::dav::TextMatch;

constexpr std::array<std::string_view, 10> kTimes = {"COMPLETED",     "CREATED",     "DTEND",  "DTSTAMP",
                                                     "DTSTART",       "DUE",         "EXDATE", "LAST-MODIFIED",
                                                     "RECURRENCE-ID", "ACKNOWLEDGED"};

bool has_time(std::string_view component) {
  static constexpr std::array<std::string_view, 6> kWithTime = {"VEVENT",    "VTODO",  "VJOURNAL",
                                                                "VFREEBUSY", "VALARM", "VAVAILABILITY"};
  return std::ranges::find(kWithTime, component) != kWithTime.end();
}

groupware::Collation collation_of(TextMatch::Collation collation) {
  switch (collation) {
    case TextMatch::Collation::octet:
      return groupware::Collation::octet;
    case TextMatch::Collation::ascii_casemap:
      return groupware::Collation::ascii_casemap;
    case TextMatch::Collation::unicode_casemap:
      break;
  }
  return groupware::Collation::unicode_casemap;
}

bool has_text(const TextMatch& match, std::string_view value) {
  const groupware::Collation collation = collation_of(match.collation);
  const std::string found = groupware::fold_text(value, collation);
  const std::string wanted = groupware::fold_text(match.text, collation);
  switch (match.how) {
    case TextMatch::How::contains:
      return found.contains(wanted);
    case TextMatch::How::equals:
      return found == wanted;
    case TextMatch::How::starts_with:
      return found.starts_with(wanted);
    case TextMatch::How::ends_with:
      return found.ends_with(wanted);
  }
  return false;
}

// Of lists (CATEGORIES) every part is looked at as well as the whole.
bool text_matches(const TextMatch& match, const lines::Property& property) {
  bool found = has_text(match, lines::unescape(property.value));
  if (!found && match.how != TextMatch::How::contains && (property.is("CATEGORIES") || property.is("RESOURCES")))
    found = std::ranges::any_of(lines::split(property.value, ','),
                                [&](std::string_view part) { return has_text(match, lines::unescape(part)); });
  return found != match.is_negated;
}

bool param_matches(const ParamFilter& filter, const lines::Property& property) {
  const lines::Parameter* parameter = property.find(filter.name);
  if (filter.is_absent || parameter == nullptr) return filter.is_absent && parameter == nullptr;
  if (!filter.text) return true;
  const bool found =
      std::ranges::any_of(parameter->values, [&](const std::string& value) { return has_text(*filter.text, value); });
  return found != filter.text->is_negated;
}

bool property_matches(const PropFilter& filter, const lines::Property& property, icalendar::Occurrences& occurrences) {
  std::size_t asked = 0, held = 0;
  const auto take = [&](bool holds) { ++asked, held += holds ? 1 : 0; };
  if (filter.time) take(occurrences.is_at(property, window_of(*filter.time)));
  for (const TextMatch& text : filter.texts) take(text_matches(text, property));
  for (const ParamFilter& param : filter.params) take(param_matches(param, property));
  return filter.needs_all || asked == 0 ? held == asked : held > 0;
}

bool properties_match(const PropFilter& filter, const lines::Component& component,
                      icalendar::Occurrences& occurrences) {
  if (filter.is_absent) return component.find(filter.name) == nullptr;
  return std::ranges::any_of(component.properties, [&](const lines::Property& property) {
    return property.is(filter.name) && property_matches(filter, property, occurrences);
  });
}

// `component`: of that name. `parent`: what it is in. The depth is that of the filter, which its reader bounds.
bool component_matches(const CompFilter& filter, const lines::Component& component,  // NOLINT(misc-no-recursion)
                       const lines::Component* parent, icalendar::Occurrences& occurrences) {
  for (const PropFilter& property : filter.properties)
    if (!properties_match(property, component, occurrences)) return false;
  for (const CompFilter& inner : filter.components) {
    const auto matches_inner = [&](const lines::Component& one) {  // NOLINT(misc-no-recursion)
      return one.is(inner.name) && (inner.is_absent || component_matches(inner, one, &component, occurrences));
    };
    if (std::ranges::any_of(component.components, matches_inner) == inner.is_absent) return false;
  }
  if (!filter.time) return true;
  const icalendar::Window window = window_of(*filter.time);
  if (component.is("VALARM")) return parent != nullptr && occurrences.rings(*parent, component, window);
  return occurrences.overlaps(component, window);
}

Outcome<> check_inner(const CompFilter& filter) {  // NOLINT(misc-no-recursion)
  if (filter.time && !has_time(filter.name))
    return deny(wire::dav::caldav("valid-filter"), "a " + filter.name + " has no time of its own");
  for (const PropFilter& property : filter.properties)
    if (property.time && std::ranges::find(kTimes, property.name) == kTimes.end())
      return deny(wire::dav::caldav("supported-filter"), "a " + property.name + " is no date and time");
  for (const CompFilter& inner : filter.components) TRY_VOID(check_inner(inner));
  return {};
}

void add_texts(const PropFilter& filter, groupware::ContentHint& hint) {
  if (filter.is_absent) return;
  if (filter.needs_all) {
    for (const TextMatch& text : filter.texts)
      if (!text.is_negated) hint.needs(text.text);
    return;
  }
  if (filter.time || !filter.params.empty() || std::ranges::any_of(filter.texts, &TextMatch::is_negated)) return;
  std::vector<std::string_view> texts;
  for (const TextMatch& text : filter.texts) texts.push_back(text.text);
  hint.needs_one_of(texts);
}

void add_texts(const CompFilter& filter, groupware::ContentHint& hint) {  // NOLINT(misc-no-recursion)
  if (filter.is_absent) return;
  for (const PropFilter& property : filter.properties) add_texts(property, hint);
  for (const CompFilter& inner : filter.components) add_texts(inner, hint);
}

// As they stand in BEGIN lines.
void add_names(const CompFilter& filter, groupware::ContentHint& hint) {  // NOLINT(misc-no-recursion)
  if (filter.is_absent) return;
  hint.needs(filter.name);
  for (const CompFilter& inner : filter.components) add_names(inner, hint);
}

}  // namespace

Outcome<> check_filter(const CompFilter& filter) { return check_inner(filter); }

bool matches(const CompFilter& filter, const lines::Component& calendar, icalendar::Occurrences& occurrences) {
  if (filter.is_absent) return false;
  return component_matches(filter, calendar, nullptr, occurrences);
}

FilterGist gist_of(const CompFilter& filter) {
  FilterGist out;
  out.is_all = filter.properties.empty() && filter.components.size() <= 1;
  // Of several components each must be there; the first that must is enough to begin with.
  const auto wanted = std::ranges::find(filter.components, false, &CompFilter::is_absent);
  if (wanted == filter.components.end()) {
    out.is_all = out.is_all && filter.components.empty();
    return out;
  }
  out.component = wanted->name;
  out.time = wanted->time;
  out.is_all = out.is_all && wanted->properties.empty() && wanted->components.empty();
  for (const CompFilter& inner : wanted->components) {
    if (inner.name != "VALARM" || inner.is_absent) continue;
    out.has_alarm = true;
    if (inner.time) out.rings = inner.time;
  }
  for (const PropFilter& property : wanted->properties)
    if (property.name == "UID" && property.texts.size() == 1 && !property.texts.front().is_negated &&
        (property.needs_all || property.params.empty()))
      out.uid = property.texts.front().text;
  return out;
}

groupware::ContentHint hint_of(const CompFilter& filter) {
  groupware::ContentHint hint;
  // A calendar's own PRODID and VERSION are there even if its content has none.
  for (const CompFilter& inner : filter.components) add_texts(inner, hint);
  if (hint.is_empty()) return hint;
  for (const CompFilter& inner : filter.components) add_names(inner, hint);
  return hint;
}

}  // namespace kontor::dav
