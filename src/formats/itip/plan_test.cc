// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/itip/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "formats/itip/instances.h"
#include "formats/itip/testing.h"

namespace kontor::itip {
namespace {

constexpr std::string_view kPeople =
    "ORGANIZER:mailto:a@example.com\n"
    "ATTENDEE;ROLE=CHAIR;PARTSTAT=ACCEPTED;CN=Big A:mailto:a@example.com\n"
    "ATTENDEE;RSVP=TRUE;CUTYPE=INDIVIDUAL;CN=B:mailto:b@example.com\n"
    "ATTENDEE;RSVP=TRUE;CUTYPE=INDIVIDUAL;CN=C:mailto:c@example.com\n";

std::string event(std::string_view lines, std::string_view people = kPeople) {
  return "BEGIN:VEVENT\nUID:calsrv.example.com-873970198738777@example.com\nDTSTAMP:19970611T190000Z\n" +
         std::string(people) + std::string(lines) + "\nEND:VEVENT\n";
}

constexpr std::string_view kOnce = "DTSTART:19970701T200000Z\nDTEND:19970701T203000Z\nSUMMARY:Conference";
constexpr std::string_view kWeekly =
    "DTSTART;TZID=America/New_York:19970701T160000\nDTEND;TZID=America/New_York:19970701T170000\n"
    "RRULE:FREQ=WEEKLY;COUNT=10\nSUMMARY:Weekly";

std::string told(const Plan& plan) {
  std::string out;
  for (const Message& message : plan.messages) {
    if (!out.empty()) out += " | ";
    out += std::string(name(message.method)) + " to";
    for (const std::string& to : message.to) out += " " + to.substr(0, to.find('@'));
    for (const Component& part : message.calendar.components)
      if (is_scheduled(part))
        out += " [" + std::string(part.value("RECURRENCE-ID")) + "#" + std::to_string(icalendar::sequence(part)) + "]";
  }
  return out;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

struct Case {
  const char* why;
  std::string before, after;  // empty: not there
  const char* told;
  int sequence = 0;  // of the series, or the only part, as it is stored
};

void check_case(const Case& each) {
  SCOPED_TRACE(each.why);
  const Component before = calendar_of(each.before);
  const Component after = calendar_of(each.after);
  const auto plan = plan_change(
      user("a"), {.before = each.before.empty() ? nullptr : &before, .after = each.after.empty() ? nullptr : &after},
      at_minute(5));
  ASSERT_TRUE(plan) << plan.error().text;
  EXPECT_EQ(told(*plan), each.told);
  if (!each.after.empty()) {
    EXPECT_EQ(icalendar::sequence(*part_of(plan->object)), each.sequence);
  }
}

TEST(PlanOrganizer, Once) {
  const std::string once = event(kOnce);
  const std::string moved = replaced(once, "DTEND:19970701T203000Z", "DTEND:19970701T210000Z");
  const std::string without_c = replaced(once, "ATTENDEE;RSVP=TRUE;CUTYPE=INDIVIDUAL;CN=C:mailto:c@example.com\n", "");
  const std::string with_d = replaced(once, "SUMMARY", "ATTENDEE:mailto:d@example.com\nSUMMARY");
  for (const Case& each : std::vector<Case>{
           {"a new meeting", "", once, "REQUEST to b c [#0]"},
           {"nothing changed", once, once, ""},
           {"only what clients note", once, replaced(once, "SUMMARY", "LAST-MODIFIED:19970612T000000Z\nSUMMARY"), ""},
           {"an alarm", once,
            replaced(once, "SUMMARY:Conference\n",
                     "SUMMARY:Conference\nBEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\nEND:VALARM\n"),
            ""},
           {"the end as DURATION is the same end", once, replaced(once, "DTEND:19970701T203000Z", "DURATION:PT30M"),
            ""},
           {"the start in a zone is the same start", once,
            replaced(once, "DTSTART:19970701T200000Z", "DTSTART;TZID=America/New_York:19970701T160000"), ""},
           {"another subject: told, the answers hold", once, replaced(once, "Conference", "Talk"),
            "REQUEST to b c [#0]", 0},
           {"another time", once, moved, "REQUEST to b c [#1]", 1},
           {"another time, the client counted itself", once, replaced(moved, "SUMMARY", "SEQUENCE:4\nSUMMARY"),
            "REQUEST to b c [#4]", 4},
           {"one is not invited any more: the others hear of it", once, without_c,
            "CANCEL to c [#1] | REQUEST to b [#1]", 1},
           {"one more: the others hear of it", once, with_d, "REQUEST to d [#0] | REQUEST to b c [#0]", 0},
           {"it is called off", once, replaced(once, "SUMMARY", "STATUS:CANCELLED\nSUMMARY"), "CANCEL to b c [#1]", 1},
           {"it is removed", once, "", "CANCEL to b c [#1]"},
           {"no meeting any more", once, event(kOnce, ""), "CANCEL to b c [#1]", 1},
           {"nobody invited", "", event(kOnce, "ORGANIZER:mailto:a@example.com\n"), ""},
           {"the client sends itself", "",
            replaced(once, "ATTENDEE;RSVP=TRUE;CUTYPE=INDIVIDUAL;CN=B", "ATTENDEE;SCHEDULE-AGENT=CLIENT"),
            "REQUEST to c [#0]"},
           {"from now on the client sends itself", once,
            replaced(once, "ATTENDEE;RSVP=TRUE;CUTYPE=INDIVIDUAL;CN=B", "ATTENDEE;SCHEDULE-AGENT=NONE"),
            "CANCEL to b [#1]", 0},
           {"the client wants it sent again", once, replaced(once, "CN=B:", "CN=B;SCHEDULE-FORCE-SEND=REQUEST:"),
            "REQUEST to b [#0]"}})
    check_case(each);
}

TEST(PlanOrganizer, Series) {
  const std::string weekly = event(kWeekly);
  const std::string id = "RECURRENCE-ID;TZID=America/New_York:19970715T160000\n";
  const std::string moved =
      weekly +
      event(
          id +
          "DTSTART;TZID=America/New_York:19970715T180000\nDTEND;TZID=America/New_York:19970715T190000\nSUMMARY:Weekly");
  const std::string same =
      weekly +
      event(
          id +
          "DTSTART;TZID=America/New_York:19970715T160000\nDTEND;TZID=America/New_York:19970715T170000\nSUMMARY:Weekly");
  const std::string cut = replaced(weekly, "SUMMARY", "EXDATE;TZID=America/New_York:19970715T160000\nSUMMARY");
  const std::string off =
      weekly + event(id +
                     "DTSTART;TZID=America/New_York:19970715T160000\nDTEND;TZID=America/New_York:19970715T170000\n"
                     "STATUS:CANCELLED\nSUMMARY:Weekly");
  const std::string d_once =
      weekly + replaced(event(id + "DTSTART;TZID=America/New_York:19970715T160000\nDTEND;TZID=America/"
                                   "New_York:19970715T170000\nSUMMARY:Weekly"),
                        "DTSTART", "ATTENDEE:mailto:d@example.com\nDTSTART");
  const std::string no_c =
      weekly + event(id + "DTSTART;TZID=America/New_York:19970715T160000\nDTEND;TZID=America/"
                          "New_York:19970715T170000\nSUMMARY:Weekly",
                     "ORGANIZER:mailto:a@example.com\nATTENDEE:mailto:a@example.com\nATTENDEE:mailto:b@example.com\n");
  for (const Case& each : std::vector<Case>{
           {"a new series", "", weekly, "REQUEST to b c [#0]"},
           {"an instance moves: only it is told", weekly, moved, "REQUEST to b c [19970715T160000#1]"},
           {"an instance of its own that is as all are", weekly, same, ""},
           {"an instance goes", weekly, cut, "CANCEL to b c [19970715T160000#1]", 1},
           {"an instance is called off", weekly, off, "CANCEL to b c [19970715T160000#1]"},
           {"a moved instance goes", moved, cut, "CANCEL to b c [19970715T160000#1]", 1},
           {"an instance comes back", cut, weekly, "REQUEST to b c [#1]", 1},
           {"a moved instance moves back", moved, weekly, "REQUEST to b c [19970715T160000#1]"},
           {"somebody is asked to one instance", weekly, d_once,
            "REQUEST to d [19970715T160000#0] | REQUEST to b c [19970715T160000#0]"},
           {"somebody is spared one instance", weekly, no_c,
            "CANCEL to c [19970715T160000#1] | REQUEST to b [19970715T160000#1]"},
           {"all of it moves", weekly, replaced(weekly, "FREQ=WEEKLY", "FREQ=DAILY"), "REQUEST to b c [#1]", 1},
           {"the rule is written otherwise", weekly, replaced(weekly, "FREQ=WEEKLY;COUNT=10", "COUNT=10;FREQ=WEEKLY"),
            ""},
           {"the series is removed", moved, "", "CANCEL to b c [#1]"}})
    check_case(each);
}

TEST(PlanOrganizer, AskedAnewOnlyWhenTheTimeChanges) {
  Component before = calendar_of(event(kOnce));
  set_status(*attendee(before.components.front(), "b@example.com"), "ACCEPTED");
  Component after = before;
  after.components.front().set("SUMMARY", "Talk");
  auto plan = plan_change(user("a"), {.before = &before, .after = &after}, at_minute(5));
  EXPECT_EQ(status_in(plan.value().object, "b"), "ACCEPTED");
  EXPECT_FALSE(plan->is_altered);
  after.components.front().set("DTSTART", "19970701T190000Z");
  plan = plan_change(user("a"), {.before = &before, .after = &after}, at_minute(5));
  EXPECT_EQ(status_in(plan.value().object, "b"), "NEEDS-ACTION");
  EXPECT_EQ(status_in(plan->object, "a"), "ACCEPTED") << "the organiser says himself what he does";
  EXPECT_TRUE(plan->is_altered);
}

TEST(PlanOrganizer, LateAnswersStayWhereTheClientDidNotKnowThem) {
  Component before = calendar_of(event(kOnce));
  const Component after = before;
  set_status(*attendee(before.components.front(), "b@example.com"), "ACCEPTED");
  const auto plan = plan_change(user("a"), {.before = &before, .after = &after, .keeps_answers = true}, at_minute(5));
  EXPECT_EQ(status_in(plan.value().object, "b"), "ACCEPTED");
  EXPECT_TRUE(plan->messages.empty());
}

TEST(PlanOrganizer, NothingOfHisOwnIsSent) {
  const Component after = calendar_of(replaced(event(kOnce), "SUMMARY:Conference\n",
                                               "SUMMARY:Conference\nBEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\n"
                                               "END:VALARM\n"));
  const auto plan = plan_change(user("a"), {.before = nullptr, .after = &after}, at_minute(5));
  const Component& sent = plan.value().messages.at(0).calendar;
  EXPECT_TRUE(part_of(sent)->components.empty());
  EXPECT_EQ(part_of(sent)->value("DTSTAMP"), "19970611T190500Z");
  EXPECT_EQ(method_of(sent), Method::request);
}

TEST(PlanOrganizer, MayNotChangeWhoOrganizes) {
  const Component before = calendar_of(event(kOnce));
  const Component after = calendar_of(replaced(event(kOnce), "ORGANIZER:mailto:a@", "ORGANIZER:mailto:b@"));
  const auto plan = plan_change(user("a"), {.before = &before, .after = &after}, at_minute(5));
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, Errc::denied);
}

TEST(PlanAttendee, Table) {
  const std::string once = event(kOnce);
  const std::string accepted = replaced(once, "RSVP=TRUE;CUTYPE=INDIVIDUAL;CN=B", "PARTSTAT=ACCEPTED;CN=B");
  const std::string weekly = event(kWeekly);
  const std::string declined_one =
      weekly +
      replaced(
          event("RECURRENCE-ID;TZID=America/New_York:19970715T160000\nDTSTART;TZID=America/New_York:19970715T160000\n"
                "DTEND;TZID=America/New_York:19970715T170000\nSUMMARY:Weekly"),
          "RSVP=TRUE;CUTYPE=INDIVIDUAL;CN=B", "PARTSTAT=DECLINED;CN=B");
  const struct {
    const char* why;
    std::string before, after;
    const char* told;
    bool allowed = true;
  } cases[] = {
      {"he says yes", once, accepted, "REPLY to a [#0]"},
      {"he said it already", accepted, accepted, ""},
      {"he puts what came by mail", "", accepted, "REPLY to a [#0]"},
      {"he only keeps it", "", once, ""},
      {"his alarm is his own", once,
       replaced(once, "SUMMARY:Conference\n",
                "SUMMARY:Conference\nTRANSP:TRANSPARENT\nBEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\nEND:VALARM\n"),
       ""},
      {"he removes it", once, "", "REPLY to a [#0]"},
      {"he removes what was called off", replaced(once, "SUMMARY", "STATUS:CANCELLED\nSUMMARY"), "", ""},
      {"one instance without him", weekly, declined_one, "REPLY to a [19970715T160000#0]"},
      {"one instance taken out", weekly,
       replaced(weekly, "SUMMARY", "EXDATE;TZID=America/New_York:19970715T160000\nSUMMARY"),
       "REPLY to a [19970715T160000#0]"},
      {"his client answers", once, replaced(accepted, "ORGANIZER:", "ORGANIZER;SCHEDULE-AGENT=CLIENT:"), ""},
      {"the answer is wanted again", accepted, replaced(accepted, "ORGANIZER:", "ORGANIZER;SCHEDULE-FORCE-SEND=REPLY:"),
       "REPLY to a [#0]"},
      {"another time", once, replaced(once, "T203000Z", "T204500Z"), "", false},
      {"another subject", once, replaced(once, "Conference", "Party"), "", false},
      {"one more guest", once, replaced(once, "SUMMARY", "ATTENDEE:mailto:d@example.com\nSUMMARY"), "", false},
      {"another organiser", once, replaced(once, "ORGANIZER:mailto:a", "ORGANIZER:mailto:c"), "", false},
      {"an instance that the series does not have", weekly,
       weekly +
           event("RECURRENCE-ID:19970716T200000Z\nDTSTART:19970716T200000Z\nDTEND:19970716T210000Z\nSUMMARY:Weekly"),
       "", false},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.why);
    const Component before = calendar_of(each.before);
    const Component after = calendar_of(each.after);
    const auto plan = plan_change(
        user("b"), {.before = each.before.empty() ? nullptr : &before, .after = each.after.empty() ? nullptr : &after},
        at_minute(5));
    ASSERT_EQ(plan.has_value(), each.allowed) << (plan ? "" : plan.error().text);
    if (plan) {
      EXPECT_EQ(told(*plan), each.told);
    } else {
      EXPECT_EQ(plan.error().code, Errc::denied);
    }
  }
}

TEST(PlanAttendee, WhatTheOrganiserWroteStays) {
  const Component before = calendar_of(event(kOnce));
  Component after = before;
  Component& part = after.components.front();
  part.set("DTSTAMP", "19990101T000000Z");
  part.set("SEQUENCE", "7");
  set_status(*attendee(part, "c@example.com"), "DECLINED");
  set_status(*attendee(part, "b@example.com"), "TENTATIVE");
  const auto plan = plan_change(user("b"), {.before = &before, .after = &after}, at_minute(5));
  EXPECT_EQ(part_of(plan.value().object)->value("DTSTAMP"), "19970611T190000Z");
  EXPECT_EQ(icalendar::sequence(*part_of(plan->object)), 0);
  EXPECT_EQ(status_in(plan->object, "c"), "NEEDS-ACTION");
  EXPECT_EQ(status_in(plan->object, "b"), "TENTATIVE");
  const Component& reply = *part_of(plan->messages.at(0).calendar);
  EXPECT_EQ(reply.all("ATTENDEE").size(), 1U) << "an answer is about one alone";
}

TEST(PlanAttendee, Delegates) {
  const Component before = calendar_of(event(kOnce));
  const Component after = calendar_of(
      replaced(replaced(event(kOnce), "RSVP=TRUE;CUTYPE=INDIVIDUAL;CN=B",
                        "PARTSTAT=DELEGATED;DELEGATED-TO=\"mailto:e@example.com\";CN=B"),
               "SUMMARY", "ATTENDEE;RSVP=TRUE;DELEGATED-FROM=\"mailto:b@example.com\":mailto:e@example.com\nSUMMARY"));
  const auto plan = plan_change(user("b"), {.before = &before, .after = &after}, at_minute(5));
  ASSERT_TRUE(plan) << plan.error().text;
  EXPECT_EQ(told(*plan), "REPLY to a [#0] | REQUEST to e [#0]");
  EXPECT_EQ(plan->messages[1].from, "b@example.com");
}

TEST(PlanNobody, ForeignAndPlainObjectsAreLeftAlone) {
  const Component foreign = calendar_of(event(kOnce));
  const Component plain = calendar_of(event(kOnce, ""));
  for (const Component* after : {&foreign, &plain}) {
    const auto plan = plan_change(user("z"), {.before = nullptr, .after = after}, at_minute(5));
    EXPECT_EQ(plan.value().role, Role::none);
    EXPECT_TRUE(plan->messages.empty());
    EXPECT_EQ(plan->object, *after);
  }
}

}  // namespace
}  // namespace kontor::itip
