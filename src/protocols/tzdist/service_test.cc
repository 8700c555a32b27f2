// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/tzdist/service.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "formats/icalendar/calendar.h"
#include "wire/http/parameters.h"

namespace kontor::tzdist {
namespace {

namespace json = boost::json;

class TzdistTest : public ::testing::Test {
 protected:
  Told ask(const std::string& target, std::vector<std::pair<std::string, std::string>> headers = {}) const {
    const auto query = target.find('?');
    return service.answer({.method = "GET",
                           .path = target.substr(0, query),
                           .parameters = query == std::string::npos
                                             ? std::vector<std::pair<std::string, std::string>>()
                                             : wire::http::query_parameters(target.substr(query + 1)),
                           .headers = std::move(headers)});
  }
  json::object object(const std::string& target) const {
    const Told told = ask(target);
    EXPECT_EQ(told.status, 200U) << target << ": " << told.body;
    return json::parse(told.body).as_object();
  }
  std::string refusal(const std::string& target, unsigned status) const {
    const Told told = ask(target);
    EXPECT_EQ(told.status, status) << target;
    EXPECT_EQ(told.content_type, "application/problem+json") << target;
    const std::string type(json::parse(told.body).as_object().at("type").as_string());
    EXPECT_TRUE(type.starts_with("urn:ietf:params:tzdist:error:")) << type;
    return type.substr(type.rfind(':') + 1);
  }
  static std::string header(const Told& told, std::string_view name) {
    for (const auto& [key, value] : told.headers)
      if (key == name) return value;
    return "";
  }

  icalendar::ZoneDatabase zones;
  FakeClock clock{Instant(std::chrono::seconds(1'700'000'000))};
  Service service{zones, clock};
};

TEST_F(TzdistTest, SaysWhatItCan) {
  const json::object can = object("/timezones/capabilities");
  EXPECT_EQ(can.at("version").as_int64(), 1);
  std::vector<std::string> names;
  for (const json::value& action : can.at("actions").as_array())
    names.emplace_back(action.as_object().at("name").as_string());
  EXPECT_EQ(names, (std::vector<std::string>{"capabilities", "list", "get", "expand", "find", "leapseconds"}));
  EXPECT_EQ(refusal("/timezones/other", 400), "invalid-action");
  EXPECT_EQ(
      service.answer({.method = "DELETE", .path = "/timezones/zones/UTC", .parameters = {}, .headers = {}}).status,
      405U);
}

TEST_F(TzdistTest, ListsWhatThereIs) {
  const json::object all = object("/timezones/zones");
  const std::string token(all.at("synctoken").as_string());
  ASSERT_GT(all.at("timezones").as_array().size(), 300U);
  bool has_kyiv = false;
  for (const json::value& one : all.at("timezones").as_array()) {
    if (one.as_object().at("tzid").as_string() != "Europe/Kyiv") continue;
    has_kyiv = true;
    EXPECT_EQ(json::serialize(one.as_object().at("aliases")).find("Europe/Kiev") != std::string::npos, true);
  }
  EXPECT_TRUE(has_kyiv);
  EXPECT_TRUE(object("/timezones/zones?changedsince=" + token).at("timezones").as_array().empty());
  EXPECT_GT(object("/timezones/zones?changedsince=2001a-1").at("timezones").as_array().size(), 300U);
  EXPECT_EQ(refusal("/timezones/zones?changedsince=a&changedsince=b", 400), "invalid-changedsince");
}

TEST_F(TzdistTest, FindsByParts) {
  const auto found = [&](const std::string& pattern) {
    std::vector<std::string> names;
    for (const json::value& one : object("/timezones/zones?pattern=" + pattern).at("timezones").as_array())
      names.emplace_back(one.as_object().at("tzid").as_string());
    return names;
  };
  EXPECT_EQ(found("europe/berlin"), std::vector<std::string>{"Europe/Berlin"});
  EXPECT_EQ(found("US/Eastern"), std::vector<std::string>{"America/New_York"});
  EXPECT_EQ(found("*New%20York"), std::vector<std::string>{"America/New_York"});
  EXPECT_GT(found("*argentina*").size(), 5U);
  EXPECT_TRUE(found("Mars*").empty());
  for (const char* bad : {"", "*", "**", "a*b"})
    EXPECT_EQ(refusal(std::string("/timezones/zones?pattern=") + bad, 400), "invalid-pattern") << bad;
}

TEST_F(TzdistTest, TellsAZone) {
  const Told told = ask("/timezones/zones/Europe/Berlin");
  ASSERT_EQ(told.status, 200U);
  EXPECT_TRUE(told.content_type.starts_with("text/calendar"));
  const auto read = icalendar::read(told.body);
  ASSERT_TRUE(read);
  const lines::Component& zone = read->calendars.front().components.front();
  EXPECT_EQ(zone.value("TZID"), "Europe/Berlin");
  EXPECT_EQ(zone.value("TZID-ALIAS-OF"), "");
  const auto rules = icalendar::zone_of_rules(zone);
  ASSERT_TRUE(rules);
  EXPECT_EQ((*rules)->offset_at(Instant(std::chrono::sys_days(std::chrono::year(1945) / 6 / 1))), std::chrono::hours(3))
      << "what the clocks did in that year is told, too";
  const Told again = ask("/timezones/zones/Europe/Berlin", {{"if-none-match", header(told, "ETag")}});
  EXPECT_EQ(again.status, 304U);
  EXPECT_TRUE(again.body.empty());
  EXPECT_EQ(ask("/timezones/zones/Europe/Berlin", {{"accept", "application/calendar+json"}}).status, 406U);
  const std::string other = ask("/timezones/zones/Europe/Kiev").body;
  EXPECT_NE(other.find("TZID:Europe/Kiev\r\n"), std::string::npos) << other;
  EXPECT_NE(other.find("TZID-ALIAS-OF:Europe/Kyiv\r\n"), std::string::npos);
  EXPECT_EQ(refusal("/timezones/zones/Mars/Olympus", 404), "tzid-not-found");
  EXPECT_EQ(refusal("/timezones/zones/posix/Europe/Berlin", 404), "tzid-not-found");
  EXPECT_EQ(refusal("/timezones/zones/../../../etc/passwd", 404), "tzid-not-found");
}

TEST_F(TzdistTest, TellsAPartOfAZone) {
  const std::string body =
      ask("/timezones/zones/Europe/Berlin?start=2020-01-01T00:00:00Z&end=2021-01-01T00:00:00Z").body;
  EXPECT_NE(body.find("TZUNTIL:20210101T000000Z\r\n"), std::string::npos) << body;
  EXPECT_NE(body.find("DTSTART:20200101T010000\r\n"), std::string::npos) << body;
  EXPECT_EQ(body.find("\r\nDTSTART:19"), std::string::npos) << "nothing of the last century: " << body;
  EXPECT_EQ(refusal("/timezones/zones/UTC?start=2020", 400), "invalid-start");
  EXPECT_EQ(refusal("/timezones/zones/UTC?start=2020-01-01T00:00:00Z&end=2020-01-01T00:00:00Z", 400), "invalid-end");
}

TEST_F(TzdistTest, TellsWhatClocksDo) {
  const json::object year =
      object("/timezones/zones/America/New_York/observances?start=2008-01-01T00:00:00Z&end=2009-01-01T00:00:00Z");
  EXPECT_EQ(json::serialize(year.at("observances")),
            R"([{"name":"EST","onset":"2008-01-01T00:00:00Z","utc-offset-from":-18000,"utc-offset-to":-18000},)"
            R"({"name":"EDT","onset":"2008-03-09T07:00:00Z","utc-offset-from":-18000,"utc-offset-to":-14400},)"
            R"({"name":"EST","onset":"2008-11-02T06:00:00Z","utc-offset-from":-14400,"utc-offset-to":-18000}])");
  const std::string path = "/timezones/zones/America/New_York/observances";
  EXPECT_EQ(refusal(path, 400), "invalid-start");
  EXPECT_EQ(refusal(path + "?start=2008-01-01T00:00:00Z", 400), "invalid-end");
  EXPECT_EQ(refusal(path + "?start=0001-01-01T00:00:00Z&end=9999-01-01T00:00:00Z", 400), "invalid-end");
  EXPECT_EQ(refusal(path + "?start=2008-01-01T00:00:00Z&start=2008-01-01T00:00:00Z&end=2009-01-01T00:00:00Z", 400),
            "invalid-start");
}

TEST_F(TzdistTest, TellsLeapSeconds) {
  const json::object leaps = object("/timezones/leapseconds");
  const json::array& all = leaps.at("leapseconds").as_array();
  ASSERT_GE(all.size(), 28U);
  EXPECT_EQ(json::serialize(all[0]), R"({"utc-offset":10,"onset":"1972-01-01"})");
  EXPECT_EQ(json::serialize(all[27]), R"({"utc-offset":37,"onset":"2017-01-01"})");
  const Service without(zones, clock, "/nowhere");
  EXPECT_EQ(without.answer({.method = "GET", .path = "/timezones/leapseconds", .parameters = {}, .headers = {}}).status,
            400U);
}

}  // namespace
}  // namespace kontor::tzdist
