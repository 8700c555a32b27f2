// SPDX-License-Identifier: AGPL-3.0-or-later
// Which items of a folder may take place in a span of time, and of which alarms may ring in it.
//
// An item stands once for each of its filings, by the class of its length and its begin. A query looks at each class:
// who overlaps began at most the longest length of its class before. So it visits the items that overlap, few others
// (of each class those that ended shortly before), and nothing else, however many items the folder has. Series that
// never end, and what has no begin, are a class of their own.
//
// Times that depend on a viewer's zone reach a day further either way than UTC has them, and those of a zone some
// hours, for its rules may change after the item came: nobody's query loses them.
#pragma once

#include <chrono>
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

constexpr std::chrono::seconds kFloatingMargin{86'400}, kZoneMargin{3 * 3'600};

struct TimeSpan {
  Instant first, last;
};
// What is too early or too late for the index stands at its ends.
Instant within_index(Instant at);
// Of an item that has a time, with what its zones may change.
TimeSpan span_of(const Facts& facts);

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
// Of its alarms: one record for each of its spans, at any time if these are not known; none if it has no alarms.
std::vector<std::pair<std::string, std::string>> ring_records(FolderId folder, Uid uid, const Facts& facts, ItemId item,
                                                              std::string_view name);
// Errors: corrupt.
Result<TimeRecord> decode_time(std::string_view key, std::string_view value);

// Visits those that may overlap [from, to), in no order, until `visit` returns false; returns how many records it
// looked at. `index`: key::times() or key::rings() of a folder; of the latter an item may come several times. `visit`
// may read.
Result<std::size_t> scan_times(Layer& layer, const std::string& index, Instant from, Instant to,
                               const std::function<Result<bool>(const TimeRecord&)>& visit);

}  // namespace kontor::groupware
