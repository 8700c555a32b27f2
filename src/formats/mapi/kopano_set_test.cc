// SPDX-License-Identifier: AGPL-3.0-or-later
// What a real Kopano server made of calendars that were put into it, where such a set lies beside the project: the
// blobs read and written, and their series compared with the calendars.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "base/bytes.h"
#include "formats/icalendar/calendar.h"
#include "formats/icalendar/series.h"
#include "formats/lines/writer.h"
#include "formats/mapi/entry_id.h"
#include "formats/mapi/recurrence_rule.h"

namespace kontor::mapi {
namespace {

namespace json = boost::json;

std::string_view text_field(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value == nullptr || !value->is_string() ? std::string_view() : std::string_view(value->get_string());
}

std::string hex_field(const json::object& object, std::string_view name) {
  return from_hex(text_field(object, name)).value_or("");
}

// The begins and ends of all instances of ten years, as the wall shows them.
std::vector<std::string> instances_of(const lines::Component& calendar, const std::string& uid,
                                      const icalendar::ZoneDatabase& database) {
  std::vector<std::string> found;
  const auto series = icalendar::Series::open(calendar, uid, database, icalendar::utc_zone());
  if (!series) return {series.error().text};
  icalendar::Budget budget(1'000'000);
  using namespace std::chrono;
  auto walk = series->expand(sys_days(year(2020) / 1 / 1), sys_days(year(2036) / 1 / 1));
  for (auto next = walk.next(budget); next && *next; next = walk.next(budget)) {
    const icalendar::Instance& instance = **next;
    found.push_back(std::to_string(instance.start.time_since_epoch().count()) + "-" +
                    std::to_string(instance.end.time_since_epoch().count()) + " " +
                    icalendar::text(*instance.component, "SUMMARY"));
  }
  return found;
}

// Empty where it agrees or is one of those that Kopano itself stored wrongly.
std::string compare(const json::object& event, const json::object& stored, const icalendar::ZoneDatabase& database) {
  const std::string blob = hex_field(stored, "recurrence_blob_0x8016");
  const auto read = read_recurrence(blob);
  if (!read || read->is_damaged) return "not read";
  if (write(read->recurrence) != blob && read->recurrence.nth != 5) return "not written the same";
  const auto rule = read_zone_struct(hex_field(stored, "tzstruct_0x8033"));
  auto zone =
      find_zone({.description = text_field(stored, "tzname_0x8034"), .rule = rule ? &*rule : nullptr}, 2026, database);
  // Without any zone it all is in UTC.
  const bool is_utc = !zone.has_value();
  if (is_utc) zone = FoundZone{"UTC", icalendar::utc_zone(), std::nullopt};
  // Kopano moves series that were put in UTC into a zone, and those of a last weekday (by years).
  const auto put_start = icalendar::parse_when(text_field(event, "start"));
  const auto put_day = std::chrono::floor<std::chrono::days>(put_start->wall);
  const bool is_moved = put_day != std::chrono::floor<std::chrono::days>(wall_of(read->recurrence.start_date));
  if ((text_field(event, "tz") == "UTC" && !is_utc) || is_moved) return {};

  const std::string uid(text_field(event, "uid"));
  lines::Component made;
  made.name = "VEVENT";
  made.set("UID", lines::escape(uid));
  made.set("SUMMARY", lines::escape(text_field(event, "summary")));
  const auto overrides =
      add_recurrence(read->recurrence, {.is_all_day = event.at("allday") == true, .zone = &*zone}, made);
  if (!overrides) return overrides.error().text;
  lines::Component calendar;
  calendar.name = "VCALENDAR";
  calendar.components.push_back(made);
  calendar.components.insert(calendar.components.end(), overrides->begin(), overrides->end());
  const auto put = icalendar::read(text_field(event, "ics"));
  if (!put) return "no calendar";
  const auto expected = instances_of(put->calendars.at(0), uid, database);
  const auto actual = instances_of(calendar, uid, database);
  if (expected == actual) return {};
  std::string difference = "\n" + lines::write(calendar);
  for (std::size_t i = 0; i < std::max(expected.size(), actual.size()); ++i)
    if (i >= expected.size() || i >= actual.size() || expected[i] != actual[i]) {
      difference +=
          (i < expected.size() ? expected[i] : "nothing") + " became " + (i < actual.size() ? actual[i] : "nothing");
      break;
    }
  return difference;
}

TEST(KopanoSet, RecurrencesTakePlaceWhereTheyDid) {
  std::ifstream file(KONTOR_SOURCE_DIR "/../shared/kopano/manifest.json", std::ios::binary);
  if (!file) GTEST_SKIP() << "no set";
  std::stringstream bytes;
  bytes << file.rdbuf();
  const json::value manifest = json::parse(bytes.str());
  static const icalendar::ZoneDatabase database;
  std::size_t compared = 0;
  for (const json::value& value : manifest.at("events").as_array()) {
    const json::object& event = value.as_object();
    const json::value* stored = event.if_contains("db");
    if (stored == nullptr || !stored->is_object()) continue;
    const json::object& row = stored->as_object();
    if (text_field(event, "uid").empty() || text_field(event, "ics").empty()) continue;
    if (const auto id = parse_global_object_id(hex_field(row, "goid_0x8343"))) {
      EXPECT_EQ(uid_of(*id), text_field(event, "uid"));
    }
    if (!row.contains("recurrence_blob_0x8016")) continue;
    EXPECT_EQ(compare(event, row, database), "") << event.at("uid") << " " << event.at("rrule");
    ++compared;
  }
  EXPECT_GT(compared, 0U);
}

}  // namespace
}  // namespace kontor::mapi
