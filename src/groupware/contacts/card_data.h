// SPDX-License-Identifier: AGPL-3.0-or-later
// A card as somebody wants to see it: in which version, and which of its properties (RFC 6352 section 10.4).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/lines/reader.h"
#include "formats/vcard/card.h"

namespace kontor::groupware {

// What a card may have: many members, but not so much of everything that it fills the memory.
constexpr lines::Limits kCardLimits{.bytes = std::size_t{20} << 20,
                                    .depth = 4,
                                    .components = 100,
                                    .properties = 100'000,
                                    .parameters = 100,
                                    .parts = 300'000};

struct CardSelection {
  struct Property {
    std::string group;  // empty: with any and with none
    std::string name;
    bool is_without_value = false;
  };
  std::optional<vcard::Version> version;      // nothing: the one it has
  std::optional<std::vector<Property>> only;  // nothing: all; VERSION always is there
};

// Of a card as it came; nothing where no card can be made of it.
std::optional<vcard::Version> card_version(std::string_view stored);

// `stored` is one card as it came. Byte for byte, where it is wanted as it is; also where no card can be made of it.
std::string render_card(std::string_view stored, const CardSelection& wanted);
std::string render_card(const vcard::Component& card, const CardSelection& wanted);

}  // namespace kontor::groupware
