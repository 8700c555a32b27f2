// SPDX-License-Identifier: AGPL-3.0-or-later
// Which cards somebody wants: conditions on properties and their parameters, as RFC 6352 section 10.5 has them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/vcard/card.h"
#include "groupware/search/content_hint.h"
#include "groupware/search/fold.h"

namespace kontor::groupware {

struct CardText {
  enum class How : std::uint8_t { contains, equals, starts_with, ends_with };

  std::string text;  // UTF-8
  How how = How::contains;
  Collation collation = Collation::unicode_casemap;
  bool is_negated = false;
};

// On one property.
struct CardParameter {
  std::string name;
  bool is_absent = false;
  std::optional<CardText> text;  // nothing: it is there
};

// That some property of that name fulfils what follows; without anything following, that there is one.
struct CardProperty {
  std::string group;  // "item1" of "item1.TEL"; empty: with any and with none
  std::string name;
  bool is_absent = false;
  bool needs_all = false;  // else one of them is enough
  std::vector<CardText> texts;
  std::vector<CardParameter> parameters;
};

struct CardQuery {
  bool needs_all = false;
  std::vector<CardProperty> properties;  // none: every card
};

// A query made ready. Thread-safe while const. Values are compared as text, without the format's backslashes.
class CardMatcher {
 public:
  static constexpr std::size_t kMostConditions = 200;
  static constexpr std::size_t kMostText = 16 << 10;  // bytes of all texts together

  // Errors: too_large.
  static Result<CardMatcher> make(CardQuery query);

  bool matches(const vcard::Component& card) const;

  // Whether a card of which only card_text() is known may match. False is certain.
  bool may_match(std::string_view folded) const;

 private:
  explicit CardMatcher(CardQuery query) : query_(std::move(query)) {}

  CardQuery query_;  // its texts are folded
};

// The texts without which no card is what the query wants.
ContentHint hint_of(const CardQuery& query);

// All values of a card that are text, folded by i;unicode-casemap, a line each: what searches without its properties
// look at. Photos, members of groups and the like are left out.
std::string card_text(const vcard::Component& card);

}  // namespace kontor::groupware
