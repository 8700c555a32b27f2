// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/dav/filters.h"

#include <fmt/format.h>

#include <string_view>

#include "base/bytes.h"
#include "wire/dav/names.h"

namespace kontor::wire::dav {
namespace {

// Each is asked of many properties of many items.
constexpr std::size_t kMostConditions = 500;

// With all that is in it. How deep that is the reader of XML bounds.
std::size_t count_elements(const xml::Element& element) {  // NOLINT(misc-no-recursion)
  std::size_t out = 1;
  for (const xml::Element* one : element.children()) out += count_elements(*one);
  return out;
}

// The two kinds of filters differ in their namespace and in what is meant where nothing is said.
struct Dialect {
  std::string_view space;
  TextMatch::Collation collation;
  bool needs_all;

  xml::NameView name(std::string_view local) const { return {space, local}; }
};
constexpr Dialect kCalendars{kCalDav, TextMatch::Collation::ascii_casemap, true};
constexpr Dialect kCards{kCardDav, TextMatch::Collation::unicode_casemap, false};

Parsed<std::string> name_in_filter(const xml::Element& element) {
  const std::string* name = element.attribute("name");
  if (!name || name->empty()) return refuse(fmt::format("A {} has no name.", element.name.local));
  return to_upper(*name);
}

Parsed<bool> needs_all(const xml::Element& element, bool otherwise) {
  const std::string* test = element.attribute("test");
  if (!test) return otherwise;
  if (*test == "allof") return true;
  if (*test == "anyof") return false;
  return refuse("A test is allof or anyof.");
}

Parsed<TextMatch::Collation> collation_of(const xml::Element& element, const Dialect& dialect) {
  const std::string* name = element.attribute("collation");
  if (!name || *name == "default") return dialect.collation;
  if (iequals(*name, "i;octet")) return TextMatch::Collation::octet;
  if (iequals(*name, "i;ascii-casemap")) return TextMatch::Collation::ascii_casemap;
  if (iequals(*name, "i;unicode-casemap")) return TextMatch::Collation::unicode_casemap;
  return refuse(dialect.name("supported-collation"), "The collation " + *name + " is not known here.");
}

Parsed<TextMatch> text_match(const xml::Element& element, const Dialect& dialect) {
  TextMatch out;
  for (const xml::Element& piece : element.content)
    if (piece.is_text()) out.text += piece.text;  // white space counts here
  TRY(out.collation, collation_of(element, dialect));
  const std::string* negated = element.attribute("negate-condition");
  out.is_negated = negated && *negated == "yes";
  const std::string* how = element.attribute("match-type");
  if (!how || *how == "contains") return out;
  if (*how == "equals")
    out.how = TextMatch::How::equals;
  else if (*how == "starts-with")
    out.how = TextMatch::How::starts_with;
  else if (*how == "ends-with")
    out.how = TextMatch::How::ends_with;
  else
    return refuse("A match-type is equals, contains, starts-with or ends-with.");
  return out;
}

Parsed<ParamFilter> param_filter(const xml::Element& element, const Dialect& dialect) {
  ParamFilter out;
  TRY(out.name, name_in_filter(element));
  out.is_absent = element.child(dialect.name("is-not-defined")) != nullptr;
  if (const xml::Element* text = element.child(dialect.name("text-match"))) {
    TRY(out.text, text_match(*text, dialect));
  }
  return out;
}

Parsed<PropFilter> prop_filter(const xml::Element& element, const Dialect& dialect) {
  PropFilter out;
  TRY(out.name, name_in_filter(element));
  TRY(out.needs_all, needs_all(element, dialect.needs_all));
  for (const xml::Element* one : element.children()) {
    if (one->is(dialect.name("is-not-defined"))) {
      out.is_absent = true;
    } else if (one->is(dialect.name("text-match"))) {
      TRY(auto text, text_match(*one, dialect));
      out.texts.push_back(std::move(text));
    } else if (one->is(dialect.name("param-filter"))) {
      TRY(auto param, param_filter(*one, dialect));
      out.params.push_back(std::move(param));
    } else if (one->is(caldav("time-range")) && dialect.space == kCalDav) {
      TRY(out.time, parse_time_range(*one, false));
    } else {
      // RFC 4791 section 7.8: better no answer than one that left a condition out.
      return refuse(dialect.name("supported-filter"), "A prop-filter has a " + one->name.local + ".");
    }
  }
  return out;
}

Parsed<CompFilter> comp_filter(const xml::Element& element) {
  CompFilter out;
  TRY(out.name, name_in_filter(element));
  for (const xml::Element* one : element.children()) {
    if (one->is(caldav("is-not-defined"))) {
      out.is_absent = true;
    } else if (one->is(caldav("time-range"))) {
      TRY(out.time, parse_time_range(*one, false));
    } else if (one->is(caldav("prop-filter"))) {
      TRY(auto property, prop_filter(*one, kCalendars));
      out.properties.push_back(std::move(property));
    } else if (one->is(caldav("comp-filter"))) {
      TRY(auto component, comp_filter(*one));
      out.components.push_back(std::move(component));
    } else {
      return refuse(caldav("supported-filter"), "A comp-filter has a " + one->name.local + ".");
    }
  }
  if (out.is_absent && (out.time || !out.properties.empty() || !out.components.empty()))
    return refuse(caldav("valid-filter"), "What is not defined has nothing in it to compare.");
  return out;
}

}  // namespace

Parsed<CompFilter> parse_calendar_filter(const xml::Element& filter) {
  if (count_elements(filter) > kMostConditions)
    return refuse(caldav("supported-filter"), "The filter has too many conditions.");
  const auto outermost = filter.children();
  if (outermost.size() != 1 || !outermost.front()->is(caldav("comp-filter")))
    return refuse(caldav("valid-filter"), "A filter has one comp-filter, which is VCALENDAR.");
  TRY(CompFilter out, comp_filter(*outermost.front()));
  if (out.name != "VCALENDAR") return refuse(caldav("valid-filter"), "The outermost comp-filter is VCALENDAR.");
  return out;
}

Parsed<CardFilter> parse_card_filter(const xml::Element& filter) {
  if (count_elements(filter) > kMostConditions)
    return refuse(carddav("supported-filter"), "The filter has too many conditions.");
  CardFilter out;
  TRY(out.needs_all, needs_all(filter, false));
  for (const xml::Element* one : filter.children()) {
    if (!one->is(carddav("prop-filter")))
      return refuse(carddav("supported-filter"), "A filter has a " + one->name.local + ".");
    TRY(auto property, prop_filter(*one, kCards));
    out.properties.push_back(std::move(property));
  }
  return out;
}

}  // namespace kontor::wire::dav
