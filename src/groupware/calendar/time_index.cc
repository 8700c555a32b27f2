// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/calendar/time_index.h"

#include <algorithm>

#include "base/bytes.h"
#include "groupware/keys.h"

namespace kontor::groupware {
namespace {

using std::chrono::seconds;

// Class k holds lengths up to 2^(12 + 2k) seconds: an hour, four and a half, 18, three days, ... 544 years.
constexpr int kClasses = 12;
constexpr int kEndless = 0xff;
constexpr std::size_t kRecordsAtOnce = 1000;
// What is not within these begins or ends at them.
constexpr Instant kEarliest{seconds(-(std::int64_t{1} << 40))}, kLatest{seconds(std::int64_t{1} << 40)};

constexpr seconds longest(int length_class) { return seconds(std::int64_t{1} << (12 + 2 * length_class)); }

int class_of(const TimeSpan& span) {
  if (span.first == kEarliest || span.last == kLatest) return kEndless;
  for (int i = 0; i < kClasses; ++i)
    if (span.last - span.first <= longest(i)) return i;
  return kEndless;
}

// Negative numbers before the others.
std::uint64_t in_order(Instant at) {
  return static_cast<std::uint64_t>(at.time_since_epoch().count()) ^ (std::uint64_t{1} << 63);
}

Instant from_order(std::uint64_t number) {
  return Instant(seconds(static_cast<std::int64_t>(number ^ (std::uint64_t{1} << 63))));
}

std::string place(std::string index, int length_class, Instant begin) {
  index.push_back(static_cast<char>(length_class));
  append_be64(index, in_order(begin));
  return index;
}

std::string key_of(std::string index, const TimeSpan& span, Uid uid) {
  std::string out = place(std::move(index), class_of(span), span.first);
  append_be32(out, uid.value);
  return out;
}

std::string value_of(const TimeSpan& span, ItemId item, std::string_view name) {
  std::string out;
  append_be64(out, in_order(span.last));
  append_be64(out, item.value);
  return out.append(name);
}

}  // namespace

Instant within_index(Instant at) { return std::clamp(at, kEarliest, kLatest); }

TimeSpan span_of(const Facts& facts) {
  const seconds margin = facts.is_floating ? kFloatingMargin : facts.is_zoned ? kZoneMargin : seconds(0);
  const TimeSpan span{within_index(*facts.first), facts.last ? within_index(*facts.last) : kLatest};
  return {within_index(span.first - margin), within_index(std::max(span.first, span.last) + margin)};
}

std::optional<std::string> time_key(FolderId folder, Uid uid, const Facts& facts) {
  if (!facts.has_time()) return std::nullopt;
  return key_of(key::times(folder), span_of(facts), uid);
}

std::string time_value(const Facts& facts, ItemId item, std::string_view name) {
  return value_of(span_of(facts), item, name);
}

std::vector<std::pair<std::string, std::string>> ring_records(FolderId folder, Uid uid, const Facts& facts, ItemId item,
                                                              std::string_view name) {
  std::vector<std::pair<std::string, std::string>> out;
  if (!facts.has_alarms) return out;
  const auto add = [&](const TimeSpan& span) {
    out.emplace_back(key_of(key::rings(folder), span, uid), value_of(span, item, name));
  };
  for (const AlarmSpan& span : facts.alarm_spans) add({within_index(span.first), within_index(span.last)});
  if (out.empty()) add({kEarliest, kLatest});
  return out;
}

Result<TimeRecord> decode_time(std::string_view key, std::string_view value) {
  if (key.size() != 22 || value.size() < 16) return fail(Errc::corrupt, "a record of the time index is damaged");
  return TimeRecord{Uid(read_be32(key.substr(18))), ItemId(read_be64(value.substr(8))), from_order(read_be64(value)),
                    std::string(value.substr(16))};
}

Result<std::size_t> scan_times(Layer& layer, const std::string& index, Instant from, Instant to,
                               const std::function<Result<bool>(const TimeRecord&)>& visit) {
  from = within_index(from);
  to = within_index(to);
  std::size_t looked_at = 0;
  for (int i = 0; i <= kClasses; ++i) {
    const int length_class = i == kClasses ? kEndless : i;
    std::string next = place(index, length_class, i == kClasses ? kEarliest : std::max(kEarliest, from - longest(i)));
    const std::string last = place(index, length_class, to);
    for (std::size_t found = kRecordsAtOnce; found == kRecordsAtOnce;) {
      std::vector<TimeRecord> records;
      std::optional<Error> fault;
      found = 0;
      TRY_VOID(layer.scan(next, last, [&](std::string_view key, std::string_view value) {
        ++found;
        next.assign(key).push_back('\0');
        Result<TimeRecord> record = decode_time(key, value);
        if (!record)
          fault = record.error();
        else if (record->last >= from)
          records.push_back(*std::move(record));
        return !fault && found < kRecordsAtOnce;
      }));
      if (fault) return std::unexpected(*fault);
      looked_at += found;
      for (const TimeRecord& record : records) {
        TRY(const bool go_on, visit(record));
        if (!go_on) return looked_at;
      }
    }
  }
  return looked_at;
}

}  // namespace kontor::groupware
