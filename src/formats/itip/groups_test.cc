// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/itip/groups.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "formats/itip/testing.h"

namespace kontor::itip {
namespace {

const std::string kGroup = "ATTENDEE;CUTYPE=GROUP:mailto:team@example.com\n";
std::string member(const std::string& name, const std::string& status = "NEEDS-ACTION",
                   const std::string& group = "team") {
  return "ATTENDEE;PARTSTAT=" + status + ";MEMBER=\"mailto:" + group + "@example.com\":mailto:" + name +
         "@example.com\n";
}
std::string alone(const std::string& name) { return "ATTENDEE:mailto:" + name + "@example.com\n"; }

Component event_of(const std::string& people) {
  return calendar_of(
      "BEGIN:VEVENT\nUID:u\nDTSTAMP:19970611T190000Z\nDTSTART:19970701T190000Z\n"
      "ORGANIZER:mailto:a@example.com\n" +
      people + "END:VEVENT");
}

// "b c(team) d(team, ACCEPTED)", in their order.
std::string people_of(const Component& calendar) {
  std::string out;
  for (const Property* person : part_of(calendar)->all("ATTENDEE")) {
    const std::string address = icalendar::address_of(person->value);
    out += (out.empty() ? "" : " ") + address.substr(0, address.find('@'));
    if (const std::string_view group = person->parameter("MEMBER"); !group.empty())
      out += "(" + std::string(group.substr(7, group.find('@') - 7)) +
             (status_of(*person) == "NEEDS-ACTION" ? "" : ", " + status_of(*person)) + ")";
  }
  return out;
}

std::optional<std::vector<Member>> members_of_team(const std::string& address) {
  if (address == "team@example.com")
    return std::vector<Member>{{"A", "a@example.com"}, {"B", "b@example.com"}, {"C", "c@example.com"}};
  if (address == "all@example.com") return std::vector<Member>{{"B", "b@example.com"}, {"D", "d@example.com"}};
  return std::nullopt;
}

TEST(Groups, Table) {
  const std::string all = "ATTENDEE;CUTYPE=GROUP:mailto:all@example.com\n";
  const struct {
    const char* why;
    std::string before, after, people;
    bool altered;
  } cases[] = {
      {"members are invited, the organiser is not", "", alone("team"), "team b(team) c(team)", true},
      {"who is invited by himself is not again", "", kGroup + alone("b"), "team b c(team)", true},
      {"in two groups, invited once", "", kGroup + all, "team all b(team) c(team) d(all)", true},
      {"nothing changes", kGroup + member("b") + member("c"), kGroup + member("b") + member("c", "ACCEPTED"),
       "team b(team) c(team, ACCEPTED)", false},
      {"one of them is left out", kGroup + member("b") + member("c"), kGroup + member("c"), "team c(team)", false},
      {"a client that does not know of them", kGroup + member("b", "ACCEPTED") + member("c"), kGroup,
       "team b(team, ACCEPTED) c(team)", true},
      {"the group goes", kGroup + member("b") + member("c") + alone("d"), member("b") + member("c") + alone("d"), "d",
       true},
      {"one group of two goes", kGroup + all + member("b") + member("d", "NEEDS-ACTION", "all"),
       kGroup + member("b") + member("d", "NEEDS-ACTION", "all"), "team b(team)", true},
      {"it was invited as a whole before", kGroup, kGroup, "team b(team) c(team)", true},
      {"MEMBER of a group elsewhere is nobody's affair", "", member("x", "NEEDS-ACTION", "club"), "x(club)", false},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.why);
    const Component before = event_of(each.before);
    Component after = event_of(each.after);
    EXPECT_EQ(invite_members(each.before.empty() ? nullptr : &before, user("a"), members_of_team, test_zones(), after),
              each.altered);
    EXPECT_EQ(people_of(after), each.people);
    Component again = after;
    EXPECT_FALSE(invite_members(&after, user("a"), members_of_team, test_zones(), again));
    EXPECT_EQ(again, after);
  }
}

TEST(Groups, ThemselvesAreToldNothing) {
  Keeper a("a");
  Component meeting = event_of(kGroup + alone("x"));
  invite_members(nullptr, a.who, members_of_team, test_zones(), meeting);
  const Plan plan = a.put(meeting, at_minute(0)).value();
  ASSERT_EQ(plan.messages.size(), 1U);
  EXPECT_EQ(plan.messages[0].to, (std::vector<std::string>{"b@example.com", "c@example.com", "x@example.com"}));
  const Component whole = event_of(kGroup);
  Keeper other("a");
  EXPECT_EQ(other.put(whole, at_minute(1)).value().messages.back().to, std::vector<std::string>{"team@example.com"})
      << "of a group that is not taken apart";
}

// A group of another house: its organiser does not know who is in it.
TEST(Groups, WhoIsInvitedThroughOneAnswersForHimself) {
  Keeper b("b");
  b.who.groups = {"team@example.com"};
  const Message invitation{Method::request, "a@example.com", {}, event_of(kGroup)};
  Message said = invitation;
  said.calendar.properties.push_back({.name = "METHOD", .value = "REQUEST"});
  ASSERT_EQ(b.get(said, at_minute(0)).value().fate, Fate::stored);
  EXPECT_EQ(people_of(*b.kept), "team b(team)");
  EXPECT_EQ(b.get(said, at_minute(1)).value().fate, Fate::nothing) << "twice";
  Component yes = *b.kept;
  set_status(*attendee(yes.components.back(), "b@example.com"), "ACCEPTED");
  const Plan plan = b.put(yes, at_minute(2)).value();
  ASSERT_EQ(plan.messages.size(), 1U);
  EXPECT_EQ(plan.messages[0].method, Method::reply);

  for (Component& part : said.calendar.components) part.set("DTSTAMP", "19970612T190000Z");
  const auto later = b.get(said, at_minute(3));
  ASSERT_EQ(later.value().fate, Fate::stored);
  EXPECT_FALSE(later->is_significant);
  EXPECT_EQ(status_in(*b.kept, "b"), "ACCEPTED") << "what he said holds";
}

}  // namespace
}  // namespace kontor::itip
