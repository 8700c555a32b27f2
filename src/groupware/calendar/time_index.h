// SPDX-License-Identifier: AGPL-3.0-or-later
// Which items of a folder may take place in a span of time.
//
// An item stands once for each of its filings, by the class of its length and its begin. A query looks at each class:
// who overlaps began at most the longest length of its class before. So it visits the items that overlap, few others
// (of each class those that ended shortly before), and nothing else, however many items the folder has. Series that
// never end, and what has no begin, are a class of their own.
//
// Times that depend on a viewer's zone reach a day further either way than UTC has them, and those of a zone some
// hours, for its rules may change after the item came: nobody's query loses them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "groupware/calendar/facts.h"
#include "groupware/layer.h"

namespace kontor::groupware {

// What stands under a key of the index.
struct TimeRecord {
  Uid uid;
  ItemId item;
  Instant last;
  std::string name;
};

// The key of an item with these facts; nothing if it has no time.
std::optional<std::string> time_key(FolderId folder, Uid uid, const Facts& facts);
std::string time_value(const Facts& facts, ItemId item, std::string_view name);
// Errors: corrupt.
Result<TimeRecord> decode_time(std::string_view key, std::string_view value);

// Visits those that may overlap [from, to), in no order, until `visit` returns false; returns how many records it
// looked at. `visit` may read.
Result<std::size_t> scan_times(Layer& layer, FolderId folder, Instant from, Instant to,
                               const std::function<Result<bool>(const TimeRecord&)>& visit);

}  // namespace kontor::groupware
