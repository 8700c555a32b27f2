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
constexpr seconds kFloatingMargin{86'400}, kZoneMargin{3 * 3'600};
// What is not within these begins or ends at them.
constexpr Instant kEarliest{seconds(-(std::int64_t{1} << 40))}, kLatest{seconds(std::int64_t{1} << 40)};

constexpr seconds longest(int length_class) { return seconds(std::int64_t{1} << (12 + 2 * length_class)); }

struct Span {
  Instant first, last;
};

Span span_of(const Facts& facts) {
  const seconds margin = facts.is_floating ? kFloatingMargin : facts.is_zoned ? kZoneMargin : seconds(0);
  const auto clamped = [](Instant at) { return std::clamp(at, kEarliest, kLatest); };
  Span span{clamped(*facts.first), facts.last ? clamped(*facts.last) : kLatest};
  return {clamped(span.first - margin), clamped(std::max(span.first, span.last) + margin)};
}

int class_of(const Facts& facts, const Span& span) {
  if (!facts.last || span.first == kEarliest || span.last == kLatest) return kEndless;
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

std::string place(FolderId folder, int length_class, Instant begin) {
  std::string out = key::times(folder);
  out.push_back(static_cast<char>(length_class));
  append_be64(out, in_order(begin));
  return out;
}

}  // namespace

std::optional<std::string> time_key(FolderId folder, Uid uid, const Facts& facts) {
  if (!facts.has_time()) return std::nullopt;
  const Span span = span_of(facts);
  std::string out = place(folder, class_of(facts, span), span.first);
  append_be32(out, uid.value);
  return out;
}

std::string time_value(const Facts& facts, ItemId item, std::string_view name) {
  std::string out;
  append_be64(out, in_order(span_of(facts).last));
  append_be64(out, item.value);
  return out.append(name);
}

Result<TimeRecord> decode_time(std::string_view key, std::string_view value) {
  if (key.size() != 22 || value.size() < 16) return fail(Errc::corrupt, "a record of the time index is damaged");
  return TimeRecord{Uid(read_be32(key.substr(18))), ItemId(read_be64(value.substr(8))), from_order(read_be64(value)),
                    std::string(value.substr(16))};
}

Result<std::size_t> scan_times(Layer& layer, FolderId folder, Instant from, Instant to,
                               const std::function<Result<bool>(const TimeRecord&)>& visit) {
  from = std::clamp(from, kEarliest, kLatest);
  to = std::clamp(to, kEarliest, kLatest);
  std::size_t looked_at = 0;
  for (int i = 0; i <= kClasses; ++i) {
    const int length_class = i == kClasses ? kEndless : i;
    std::string next = place(folder, length_class, i == kClasses ? kEarliest : std::max(kEarliest, from - longest(i)));
    const std::string last = place(folder, length_class, to);
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
