// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/contacts/query.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "groupware/search/text.h"

namespace kontor::groupware {
namespace {

// A text in the collations that are asked for, folded once.
class FoldedCardText {
 public:
  explicit FoldedCardText(std::string text) : text_(std::move(text)) {}

  std::string_view in(Collation collation) {
    if (collation == Collation::octet) return text_;
    auto& folded = folded_[collation == Collation::ascii_casemap ? 1 : 0];
    if (!folded) folded = fold_text(text_, collation);
    return *folded;
  }

 private:
  std::string text_;
  std::array<std::optional<std::string>, 2> folded_;
};

bool holds(const CardText& wanted, FoldedCardText& value) {
  const std::string_view text = value.in(wanted.collation);
  switch (wanted.how) {
    case CardText::How::contains:
      return contains_text(text, wanted.text) != wanted.is_negated;
    case CardText::How::equals:
      return (text == wanted.text) != wanted.is_negated;
    case CardText::How::starts_with:
      return text.starts_with(wanted.text) != wanted.is_negated;
    case CardText::How::ends_with:
      return text.ends_with(wanted.text) != wanted.is_negated;
  }
  return false;
}

bool holds(const CardParameter& wanted, const vcard::Property& property) {
  bool is_there = false;
  bool is_found = false;
  for (const lines::Parameter& parameter : property.parameters) {
    if (!iequals(parameter.name, wanted.name)) continue;
    is_there = true;
    if (!wanted.text) break;
    for (const std::string& value : parameter.values) {
      FoldedCardText text(value);
      is_found = is_found || holds(*wanted.text, text);
    }
  }
  if (wanted.is_absent) return !is_there;
  return is_there && (!wanted.text || is_found);
}

bool is_named(const CardProperty& wanted, const vcard::Property& property) {
  return property.is(wanted.name) && (wanted.group.empty() || iequals(property.group, wanted.group));
}

// Of one property of the right name.
bool fulfils(const CardProperty& wanted, const vcard::Property& property) {
  if (wanted.texts.empty() && wanted.parameters.empty()) return true;
  // Short work first; the value is unescaped only where it is looked at.
  for (const CardParameter& parameter : wanted.parameters)
    if (holds(parameter, property) != wanted.needs_all) return !wanted.needs_all;
  if (wanted.texts.empty()) return wanted.needs_all;
  FoldedCardText value(lines::unescape(property.value));
  for (const CardText& text : wanted.texts)
    if (holds(text, value) != wanted.needs_all) return !wanted.needs_all;
  return wanted.needs_all;
}

bool fulfils(const CardProperty& wanted, const vcard::Component& card) {
  bool is_there = false;
  for (const vcard::Property& property : card.properties) {
    if (!is_named(wanted, property)) continue;
    is_there = true;
    if (!wanted.is_absent && fulfils(wanted, property)) return true;
  }
  return wanted.is_absent && !is_there;
}

// What card_text() leaves out: nobody looks for it by words, and it may be long.
constexpr std::string_view kNotInText[] = {"VERSION", "PHOTO", "LOGO",   "SOUND",
                                           "KEY",     "AGENT", "MEMBER", "X-ADDRESSBOOKSERVER-MEMBER"};

bool is_in_text(std::string_view name) {
  return std::ranges::none_of(kNotInText, [&](std::string_view other) { return iequals(name, other); });
}

// What compares equal by any collation has equal bytes when folded by i;unicode-casemap.
bool may_hold(const CardText& wanted, std::string_view folded) {
  if (wanted.is_negated) return true;
  if (wanted.collation == Collation::unicode_casemap) return contains_text(folded, wanted.text);
  return contains_text(folded, fold_text(wanted.text));
}

bool may_fulfil(const CardProperty& wanted, std::string_view folded) {
  if (wanted.is_absent || wanted.texts.empty() || !is_in_text(wanted.name)) return true;
  const auto may = [&](const CardText& text) { return may_hold(text, folded); };
  if (wanted.needs_all) return std::ranges::all_of(wanted.texts, may);
  return !wanted.parameters.empty() || std::ranges::any_of(wanted.texts, may);
}

// Texts of which a value of the property must hold one; none: it may hold anything. What reads as VERSION is not what
// stands there.
std::vector<std::string_view> one_of_texts(const CardProperty& property) {
  std::vector<std::string_view> out;
  if (property.is_absent || iequals(property.name, "VERSION")) return out;
  for (const CardText& text : property.texts) {
    if (!text.is_negated) out.push_back(text.text);
    if (text.is_negated && !property.needs_all) return {};
  }
  if (property.needs_all && !out.empty()) return {*std::ranges::max_element(out, {}, &std::string_view::size)};
  return property.parameters.empty() ? out : std::vector<std::string_view>();
}

}  // namespace

ContentHint hint_of(const CardQuery& query) {
  ContentHint hint;
  std::vector<std::string_view> all;
  for (const CardProperty& property : query.properties) {
    const std::vector<std::string_view> texts = one_of_texts(property);
    if (query.needs_all && texts.size() == 1) hint.needs(texts.front());
    if (query.needs_all && texts.size() > 1) hint.needs_one_of(texts);
    if (!query.needs_all && texts.empty()) return {};
    all.insert(all.end(), texts.begin(), texts.end());
  }
  if (!query.needs_all && all.size() == 1) hint.needs(all.front());
  if (!query.needs_all && all.size() > 1) hint.needs_one_of(all);
  return hint;
}

Result<CardMatcher> CardMatcher::make(CardQuery query) {
  std::size_t conditions = 0;
  std::size_t bytes = 0;
  const auto take = [&](CardText& text) {
    bytes += text.text.size();
    ++conditions;
    if (bytes <= kMostText) text.text = fold_text(text.text, text.collation);
  };
  for (CardProperty& property : query.properties) {
    ++conditions;
    for (CardText& text : property.texts) take(text);
    for (CardParameter& parameter : property.parameters) {
      ++conditions;
      if (parameter.text) take(*parameter.text);
    }
  }
  if (conditions > kMostConditions)
    return fail(Errc::too_large, fmt::format("a query can have at most {} conditions", kMostConditions));
  if (bytes > kMostText)
    return fail(Errc::too_large, fmt::format("a query can have at most {} bytes of text", kMostText));
  return CardMatcher(std::move(query));
}

bool CardMatcher::matches(const vcard::Component& card) const {
  if (query_.properties.empty()) return true;
  const auto found = [&](const CardProperty& property) { return fulfils(property, card); };
  return query_.needs_all ? std::ranges::all_of(query_.properties, found)
                          : std::ranges::any_of(query_.properties, found);
}

bool CardMatcher::may_match(std::string_view folded) const {
  if (query_.properties.empty()) return true;
  const auto may = [&](const CardProperty& property) { return may_fulfil(property, folded); };
  return query_.needs_all ? std::ranges::all_of(query_.properties, may) : std::ranges::any_of(query_.properties, may);
}

std::string card_text(const vcard::Component& card) {
  std::string out;
  for (const vcard::Property& property : card.properties) {
    if (!is_in_text(property.name)) continue;
    out += fold_text(lines::unescape(property.value));
    out += '\n';
  }
  return out;
}

}  // namespace kontor::groupware
