// SPDX-License-Identifier: AGPL-3.0-or-later
// Restrictions: what MAPI's rules and searches ask of messages ([MS-OXCDATA] section 2.12).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/mapi/property.h"

namespace kontor::mapi {

struct Restriction {
  enum class Kind : std::uint8_t { all, any, none, content, property, compare, bitmask, size, exist, sub };
  // Of `content`: `how` of a text in another ([MS-OXCDATA] section 2.12.4).
  enum class Match : std::uint8_t { full, substring, prefix };
  enum class Relation : std::uint8_t { less, at_most, more, at_least, equal, unequal, other };

  bool operator==(const Restriction&) const = default;

  Kind kind = Kind::all;
  std::vector<Restriction>
      parts;                 // all: every one holds; any: one; none: the one does not; sub: the one, of its objects
  Properties::Key property;  // of compare: the first; of sub: recipients (0x0E12) or attachments (0x0E13)
  Properties::Key other;     // of compare
  Match match = Match::full;
  bool ignores_case = false;
  Relation relation = Relation::equal;
  std::uint32_t mask = 0;      // of bitmask
  bool is_set = false;         // of bitmask: some bit is; else none
  std::uint32_t bytes = 0;     // of size
  std::optional<Value> value;  // of content and property
};

// The name behind a number from 0x8000 on, as the store gave it; nothing: nobody knows. Lower ones are ids themselves.
using NameOfNumber = std::function<std::optional<Properties::Key>(std::uint32_t number)>;

// A filter of JMAP (RFC 8620 section 5.5, RFC 8621 section 4.4.1) that asks the same. Nothing: there is none; `why`
// says what of it cannot be asked so.
std::optional<std::string> filter_of(const Restriction& restriction, std::string& why);

}  // namespace kontor::mapi
