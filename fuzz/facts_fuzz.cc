// SPDX-License-Identifier: AGPL-3.0-or-later
// links: groupware formats base store
// What is known of an item is bounded and kept as it is; of what is confidential nothing but the time shows; its place
// in the index of times covers its extent; its next alarms lie in the spans in which it rings; what guests have of
// their own is taken apart and put together. The first byte says which kind it is.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "formats/icalendar/calendar.h"
#include "groupware/calendar/own_parts.h"
#include "groupware/calendar/redact.h"
#include "groupware/calendar/time_index.h"
#include "groupware/records.h"

namespace {

using namespace kontor;
using namespace kontor::groupware;

void require(bool holds) {
  if (!holds) std::abort();
}

// What one guest has of his own stays his: the owner's is not changed by it, nor seen.
void check_guests(std::string_view bytes, const Description& known, const icalendar::ZoneDatabase& zones) {
  const std::string stored(bytes);
  const auto bare = seen_without(stored);
  if (!bare) return;
  require(known.bare_size == 0 || bare->size() == known.bare_size);
  const auto read = icalendar::read(*bare);
  require(!read || !hides_from_guests(read->calendars.front()));
  // Who puts what the owner has, has the same alarms, and changes nothing.
  const auto apart = take_apart(stored, &stored, zones);
  if (!apart) return;
  require(!apart->is_same || apart->shared == stored);
  const auto seen = seen_with(apart->shared, apart->own.text, zones);
  if (apart->own.text.empty() || !seen) return;
  const auto again = take_apart(*seen, &apart->shared, zones);
  require(!again || !apart->is_same || again->own.text == apart->own.text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const icalendar::ZoneDatabase zones;
  static const icalendar::ZonePointer home = zones.find("Europe/Berlin");
  if (size == 0) return 0;
  const Kind kind = static_cast<Kind>(data[0] % 6);
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const Instant now{std::chrono::seconds(1'700'000'000)};
  const Description known = describe(kind, bytes, zones, home, now);
  const Facts& facts = known.facts;
  require(facts.uid.size() <= 4000 && facts.summary.size() <= 1000 && facts.organizer.size() <= 1000);
  require(facts.emails.size() <= 100);
  require(!facts.last || (facts.first && *facts.first <= *facts.last));
  require(!facts.next_alarm || *facts.next_alarm > now);
  for (const AlarmWay way : kAlarmWays)
    if (const auto& next = facts.next(way); next && facts.has_time())
      require(std::ranges::any_of(facts.alarm_spans,
                                  [&](const AlarmSpan& span) { return span.first <= *next && *next <= span.last; }));
  const auto back = decode_facts(encode(facts));
  require(back && *back == facts);
  require((known.redacted_size != 0) == (facts.privacy == Privacy::confidential));
  if (facts.privacy == Privacy::confidential) {
    const auto seen = redact(bytes);
    require(seen && seen->size() == known.redacted_size);
    // It is as confidential as before, and there is nothing more to hide.
    const Description again = describe(kind, *seen, zones, home, now);
    require(again.redacted_hash == known.redacted_hash || !facts.problem.empty());
  }
  require(known.bare_size == 0 || has_own_parts(kind));
  if (has_own_parts(kind)) check_guests(bytes, known, zones);
  if (const auto key = time_key(FolderId(1), Uid(2), facts)) {
    const auto record = decode_time(*key, time_value(facts, ItemId(3), "name"));
    require(record && record->uid == Uid(2) && record->item == ItemId(3) && record->name == "name");
  } else {
    require(!facts.has_time());
  }
  return 0;
}
