// SPDX-License-Identifier: AGPL-3.0-or-later
// Files of calendars and cards, and what is in them: one item, or many.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kontor::migrate {

enum class ItemForm : std::uint8_t { calendar, card };
// "x.ics" and "x.vcf", in any case.
bool is_item_file(std::string_view name, ItemForm form);

// One item of a file.
struct FiledItem {
  std::string uid;      // empty: it has none, or is not understood
  std::string content;  // as it stands there; of a calendar of many what makes the item, see icalendar::split
};

struct ItemFile {
  std::vector<FiledItem> items;
  bool is_whole = false;                  // the file is one item
  std::string name, description, colour;  // of the collection, if the file says them
  std::string kind;                       // what it is mainly for: "calendar", "tasks", "notes" or "contacts"
};

constexpr std::uint64_t kLargestItemFile = std::uint64_t{256} << 20;

// What is no calendar or card is one item that is the whole text: nothing is dropped. Content has CRLF lines, unless
// the text's first line ends otherwise than in a bare LF.
ItemFile take_apart(std::string_view text, ItemForm form);

}  // namespace kontor::migrate
