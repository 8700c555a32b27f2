// SPDX-License-Identifier: AGPL-3.0-or-later
// The examples of RFC 5546 sections 4.2.4 to 4.2.10 and 4.4, in the words of the RFC: who gets what, and what is then
// in whose calendar.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "formats/itip/instances.h"
#include "formats/itip/testing.h"

namespace kontor::itip {
namespace {

constexpr const char* kUid = "UID:calsrv.example.com-873970198738777@example.com\n";

std::string vevent(const std::string& lines) { return "BEGIN:VEVENT\n" + std::string(kUid) + lines + "END:VEVENT"; }

// Section 4.2.4: A has asked B and C.
const std::string kAsked = vevent(
    "ORGANIZER:mailto:a@example.com\nATTENDEE;ROLE=CHAIR;PARTSTAT=ACCEPTED:mailto:a@example.com\n"
    "ATTENDEE;RSVP=TRUE;CUTYPE=INDIVIDUAL:mailto:b@example.com\n"
    "ATTENDEE;RSVP=TRUE;CUTYPE=INDIVIDUAL:mailto:c@example.com\nDTSTART:19970701T190000Z\nDTEND:19970701T200000Z\n"
    "SUMMARY:Discuss the Merits of the election results\nLOCATION:Green Conference Room\nSEQUENCE:0\n"
    "DTSTAMP:19970611T190000Z\nSTATUS:CONFIRMED\n");
// Section 4.4: a series; A has asked B.
const std::string kReviews = vevent(
    "ORGANIZER:mailto:a@example.com\nATTENDEE;ROLE=CHAIR;PARTSTAT=ACCEPTED:mailto:a@example.com\n"
    "ATTENDEE;RSVP=TRUE:mailto:b@example.com\nDTSTART:19970708T210000Z\nDTEND:19970708T220000Z\n"
    "RRULE:FREQ=WEEKLY;COUNT=10\nSUMMARY:Review\nSEQUENCE:3\nDTSTAMP:19970526T083000Z\nSTATUS:CONFIRMED\n");
// Section 4.2.5: C has delegated to E.
const std::string kDelegated = vevent(
    "ORGANIZER:mailto:a@example.com\nATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO=\"mailto:e@example.com\":mailto:c@"
    "example.com\nATTENDEE;RSVP=TRUE;DELEGATED-FROM=\"mailto:c@example.com\":mailto:e@example.com\n"
    "DTSTART:19970701T190000Z\nDTEND:19970701T200000Z\nSUMMARY:Phone Conference\nSEQUENCE:0\nSTATUS:CONFIRMED\n"
    "DTSTAMP:19970611T190000Z\n");
const std::string kDelegatedAtA = vevent(
    "ORGANIZER:mailto:a@example.com\nATTENDEE;ROLE=CHAIR;PARTSTAT=ACCEPTED:mailto:a@example.com\n"
    "ATTENDEE;RSVP=TRUE:mailto:b@example.com\n"
    "ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO=\"mailto:e@example.com\":mailto:c@example.com\n"
    "DTSTART:19970701T190000Z\nDTEND:19970701T200000Z\nSUMMARY:Phone Conference\nSEQUENCE:0\n"
    "DTSTAMP:19970611T190000Z\n");

std::string reply_of_e(const char* status) {
  return vevent("ORGANIZER:mailto:a@example.com\nATTENDEE;PARTSTAT=" + std::string(status) +
                ";DELEGATED-FROM=\"mailto:c@example.com\":mailto:e@example.com\n"
                "ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO=\"mailto:e@example.com\":mailto:c@example.com\n"
                "SEQUENCE:0\nREQUEST-STATUS:2.0;Success\nDTSTAMP:19970614T190000Z\n");
}

using Statuses = std::map<std::string, std::string>;

struct Step {
  const char* section;
  const char* why;
  const char* to;
  std::string has;  // empty: nothing
  const char* method;
  const char* from;
  std::string message;
  Fate fate;
  Statuses then = {};         // of who is in the series' own part of what is stored then
  std::string line = {};      // that it has, too
  std::string answered = {};  // "REFRESH to a"
};

std::string answers_of(const Received& received) {
  std::string out;
  for (const Message& answer : received.answers) {
    out += (out.empty() ? "" : ", ") + std::string(name(answer.method)) + " to";
    for (const std::string& to : answer.to) out += " " + to.substr(0, to.find('@'));
  }
  return out;
}

TEST(Rfc5546, WhatMessagesMakeOfCalendars) {
  const std::string counter_one = vevent(
      "ORGANIZER:mailto:a@example.com\nATTENDEE:mailto:b@example.com\nRECURRENCE-ID:19970715T210000Z\n"
      "DTSTART:19970715T220000Z\nDTEND:19970715T230000Z\nSEQUENCE:3\nDTSTAMP:19970627T190000Z\n"
      "COMMENT:I have another meeting at that time\n");
  const std::string counter = vevent(
      "ORGANIZER:mailto:a@example.com\nATTENDEE;ROLE=CHAIR;PARTSTAT=ACCEPTED:mailto:a@example.com\n"
      "ATTENDEE;RSVP=TRUE:mailto:b@example.com\nATTENDEE;RSVP=TRUE:mailto:c@example.com\n"
      "DTSTART:19970701T160000Z\nDTEND:19970701T170000Z\nDTSTAMP:19970612T190000Z\n"
      "SUMMARY:Discuss the Merits of the election results\nLOCATION:Blue Conference Room\nSEQUENCE:0\n");
  std::string changed = counter;
  changed.replace(changed.find("SEQUENCE:0"), 10, "SEQUENCE:1");
  const std::string refresh =
      vevent("ORGANIZER:mailto:a@example.com\nATTENDEE:mailto:b@example.com\nDTSTAMP:19970603T094000Z\n");
  const std::string asked_again = vevent(
      "ORGANIZER:mailto:a@example.com\n"
      "ATTENDEE;PARTSTAT=DECLINED;DELEGATED-FROM=\"mailto:c@example.com\":mailto:e@example.com\n"
      "ATTENDEE;RSVP=TRUE:mailto:c@example.com\nSEQUENCE:0\nSUMMARY:Phone Conference\n"
      "DTSTART:19970701T190000Z\nDTEND:19970701T200000Z\nDTSTAMP:19970614T200000Z\n"
      "COMMENT:DELEGATE (ATTENDEE mailto:e@example.com) DECLINED YOUR INVITATION\n");
  std::string not_asked_again = asked_again;
  not_asked_again.replace(not_asked_again.find("PARTSTAT=DECLINED"), 17, "PARTSTAT=ACCEPTED");
  const std::string added = vevent(
      "SEQUENCE:4\nORGANIZER:mailto:a@example.com\nATTENDEE:mailto:b@example.com\nDTSTAMP:19970626T093000Z\n"
      "DTSTART:19970717T210000Z\nDTEND:19970717T220000Z\nSUMMARY:Extra\n");
  std::string added_later = added;
  added_later.replace(added_later.find("SEQUENCE:4"), 10, "SEQUENCE:6");
  std::string series_added = added;
  series_added.replace(series_added.find("SUMMARY"), 7, "RRULE:FREQ=WEEKLY;COUNT=3\nSUMMARY");
  const Step steps[] = {
      {"4.2.4", "B proposes another time: A decides", "a", kAsked, "COUNTER", "b", counter, Fate::for_person},
      {"4.2.4",
       "A takes it over",
       "b",
       kAsked,
       "REQUEST",
       "a",
       changed,
       Fate::stored,
       {{"b", "NEEDS-ACTION"}},
       "LOCATION:Blue Conference Room"},
      {"4.2.4", "A does not want it: B is told", "b", kAsked, "DECLINECOUNTER", "a",
       vevent("ORGANIZER:mailto:a@example.com\nATTENDEE;RSVP=TRUE:mailto:b@example.com\n"
              "COMMENT:Sorry, I cannot change this meeting time\nSEQUENCE:0\nDTSTAMP:19970614T190000Z\n"),
       Fate::for_person},
      {"4.2.5",
       "A hears of E",
       "a",
       kAsked,
       "REPLY",
       "c",
       vevent("ORGANIZER:mailto:a@example.com\n"
              "ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO=\"mailto:e@example.com\":mailto:c@example.com\n"
              "SEQUENCE:0\nREQUEST-STATUS:2.0;Success\nDTSTAMP:19970611T190000Z\n"),
       Fate::stored,
       {{"b", "NEEDS-ACTION"}, {"c", "DELEGATED"}}},
      {"4.2.5",
       "E gets it from C",
       "e",
       "",
       "REQUEST",
       "c",
       kDelegated,
       Fate::stored,
       {{"c", "DELEGATED"}, {"e", "NEEDS-ACTION"}}},
      {"4.2.6",
       "E accepts: at A",
       "a",
       kDelegatedAtA,
       "REPLY",
       "e",
       reply_of_e("ACCEPTED"),
       Fate::stored,
       {{"c", "DELEGATED"}, {"e", "ACCEPTED"}}},
      {"4.2.6",
       "E accepts: at C",
       "c",
       kDelegated,
       "REPLY",
       "e",
       reply_of_e("ACCEPTED"),
       Fate::stored,
       {{"c", "DELEGATED"}, {"e", "ACCEPTED"}}},
      {"4.2.7",
       "E declines: at A",
       "a",
       kDelegatedAtA,
       "REPLY",
       "e",
       reply_of_e("DECLINED"),
       Fate::stored,
       {{"c", "DELEGATED"}, {"e", "DECLINED"}}},
      {"4.2.7",
       "A asks C again",
       "c",
       kDelegated,
       "REQUEST",
       "a",
       asked_again,
       Fate::stored,
       {{"c", "NEEDS-ACTION"}, {"e", "DECLINED"}}},
      {"4.2.7",
       "A has not heard of it yet: C stays delegated",
       "c",
       kDelegated,
       "REQUEST",
       "a",
       not_asked_again,
       Fate::stored,
       {{"c", "DELEGATED"}}},
      {"4.2.9",
       "A cancels",
       "b",
       kAsked,
       "CANCEL",
       "a",
       vevent("ORGANIZER:mailto:a@example.com\nATTENDEE:mailto:a@example.com\nATTENDEE:mailto:b@example.com\n"
              "COMMENT:Mr. B cannot attend.  It's raining.  Lets cancel.\nSEQUENCE:1\nSTATUS:CANCELLED\n"
              "DTSTAMP:19970613T190000Z\n"),
       Fate::stored,
       {},
       "STATUS:CANCELLED"},
      {"4.2.10",
       "B is not needed: no STATUS then",
       "b",
       kAsked,
       "CANCEL",
       "a",
       vevent("ORGANIZER:mailto:a@example.com\nATTENDEE:mailto:b@example.com\n"
              "COMMENT:You're off the hook for this meeting\nDTSTAMP:19970613T193000Z\nSEQUENCE:1\n"),
       Fate::stored,
       {},
       "STATUS:CANCELLED"},
      {"4.2.10", "others do not care", "c", kAsked, "CANCEL", "a",
       vevent("ORGANIZER:mailto:a@example.com\nATTENDEE:mailto:b@example.com\n"
              "DTSTAMP:19970613T193000Z\nSEQUENCE:1\n"),
       Fate::nothing},
      {"4.4.6", "one more instance", "b", kReviews, "ADD", "a", added, Fate::stored, {}, "RDATE:19970717T210000Z"},
      {"4.4.6", "without what it is added to", "b", "", "ADD", "a", added, Fate::nothing, {}, "", "REFRESH to a"},
      {"4.4.6",
       "something is missing between",
       "b",
       kReviews,
       "ADD",
       "a",
       added_later,
       Fate::nothing,
       {},
       "",
       "REFRESH to a"},
      {"4.4.7", "a whole series more", "b", kReviews, "ADD", "a", series_added, Fate::nothing, {}, "", "REFRESH to a"},
      {"4.4.8", "B asks for all of it", "a", kReviews, "REFRESH", "b", refresh, Fate::nothing, {}, "", "REQUEST to b"},
      {"4.4.9", "another time for one of them", "a", kReviews, "COUNTER", "b", counter_one, Fate::for_person},
  };
  for (const Step& step : steps) {
    SCOPED_TRACE(std::string(step.section) + ": " + step.why);
    Keeper keeper(step.to);
    if (!step.has.empty()) keeper.kept = calendar_of(step.has);
    const Component said = calendar_of(step.message, step.method);
    const Message message{*method_of(said), std::string(step.from) + "@example.com", {}, said};
    const auto received = keeper.get(message, at_minute(10'000));
    ASSERT_TRUE(received) << received.error().text;
    EXPECT_EQ(received->fate, step.fate) << received->why;
    EXPECT_EQ(received->is_significant || step.fate != Fate::for_person, true) << "what is for him is shown";
    EXPECT_EQ(answers_of(*received), step.answered);
    if (step.fate != Fate::stored) continue;
    for (const auto& [who, status] : step.then) EXPECT_EQ(status_in(*keeper.kept, who), status) << who;
    EXPECT_NE(icalendar::write(*keeper.kept).find("\r\n" + step.line), std::string::npos) << step.line;
    const auto again = keeper.get(message, at_minute(10'001));
    EXPECT_TRUE(!again || again->fate == Fate::nothing) << "a second time";
  }
}

TEST(Rfc5546, DelegatesAnswerBoth) {  // sections 4.2.6 and 4.2.7
  for (const char* status : {"ACCEPTED", "DECLINED"}) {
    Keeper e("e");
    e.kept = calendar_of(kDelegated);
    Component now = *e.kept;
    set_status(*attendee(now.components.back(), "e@example.com"), status);
    const Plan plan = e.put(now, at_minute(1)).value();
    ASSERT_EQ(plan.messages.size(), 1U);
    EXPECT_EQ(plan.messages[0].to, (std::vector<std::string>{"a@example.com", "c@example.com"}));
    EXPECT_EQ(status_in(plan.messages[0].calendar, "c"), "DELEGATED");
    EXPECT_EQ(status_in(plan.messages[0].calendar, "e"), status);
  }
}

// Mail says who sends it, not that C has asked him.
TEST(Rfc5546, NobodyMakesHimselfADelegate) {
  Keeper a("a");
  a.kept = calendar_of(kAsked);
  const Message message{Method::reply, "e@example.com", {}, calendar_of(reply_of_e("ACCEPTED"), "REPLY")};
  EXPECT_EQ(a.get(message, at_minute(1)).value().fate, Fate::for_person);
  EXPECT_EQ(status_in(*a.kept, "c"), "NEEDS-ACTION");
  Keeper b("b");
  b.kept = calendar_of(kAsked);
  EXPECT_FALSE(b.get(message, at_minute(1))) << "he has not delegated to E";
}

}  // namespace
}  // namespace kontor::itip
