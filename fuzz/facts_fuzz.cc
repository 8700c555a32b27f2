// SPDX-License-Identifier: AGPL-3.0-or-later
// links: groupware formats base store
// What is known of an item is bounded and kept as it is; of what is confidential nothing but the time shows; its place
// in the index of times covers its extent. The first byte says which kind it is.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "groupware/calendar/redact.h"
#include "groupware/calendar/time_index.h"
#include "groupware/records.h"

namespace {

using namespace kontor;
using namespace kontor::groupware;

void require(bool holds) {
  if (!holds) std::abort();
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
  if (const auto key = time_key(FolderId(1), Uid(2), facts)) {
    const auto record = decode_time(*key, time_value(facts, ItemId(3), "name"));
    require(record && record->uid == Uid(2) && record->item == ItemId(3) && record->name == "name");
  } else {
    require(!facts.has_time());
  }
  return 0;
}
