// SPDX-License-Identifier: AGPL-3.0-or-later
// links: groupware formats base
// Queries on cards: what matches is never left out by what is known of its text, nor by its bytes.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "formats/vcard/card.h"
#include "groupware/contacts/card_data.h"
#include "groupware/contacts/query.h"

namespace {

using namespace kontor;
using namespace kontor::groupware;

void require(bool holds) {
  if (!holds) std::abort();
}

// Takes a query from the front: a line for each condition, "how name text".
CardQuery take_query(std::string_view& bytes) {
  CardQuery query;
  while (query.properties.size() < 10) {
    const auto end = bytes.find('\n');
    if (end == std::string_view::npos || end < 3) break;
    const std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end + 1);
    const auto bits = static_cast<unsigned char>(line[0]);
    const auto blank = line.find(' ', 2);
    if (blank == std::string_view::npos) break;
    CardText text{.text = std::string(line.substr(blank + 1)),
                  .how = static_cast<CardText::How>(bits & 3U),
                  .collation = static_cast<Collation>((bits >> 2U & 3U) % 3),
                  .is_negated = (bits & 16U) != 0};
    CardProperty property{.name = std::string(line.substr(1, blank - 1)), .needs_all = (bits & 32U) != 0};
    if ((bits & 64U) != 0)
      property.parameters.push_back({.name = "TYPE", .is_absent = false, .text = text});
    else
      property.texts.push_back(text);
    query.needs_all = (bits & 128U) != 0;
    query.properties.push_back(std::move(property));
  }
  return query;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const CardQuery query = take_query(bytes);
  const auto matcher = CardMatcher::make(query);
  if (!matcher) return 0;
  const lines::Limits limits{.bytes = 1 << 20, .depth = 4, .components = 50, .properties = 200, .parameters = 20};
  const auto read = vcard::read(bytes, {}, limits);
  if (!read) return 0;
  for (const vcard::Component& card : read->cards) {
    if (matcher->matches(card)) require(matcher->may_match(card_text(card)) && hint_of(query).may_be_in(bytes));
    CardSelection parts{.version = vcard::Version::v4, .only = {{{.group = "", .name = "FN"}}}};
    const auto part = vcard::read(render_card(card, parts));
    require(part && part->cards.size() == 1 && vcard::version_of(part->cards.front()) == vcard::Version::v4);
  }
  return 0;
}
