// SPDX-License-Identifier: AGPL-3.0-or-later
// Conversations, most of them those of RFC 5546 section 4.
#include "formats/itip/receive.h"

#include <gtest/gtest.h>

#include <string>

#include "formats/itip/instances.h"
#include "formats/itip/testing.h"

namespace kontor::itip {
namespace {

constexpr std::string_view kMeeting =
    "BEGIN:VEVENT\nORGANIZER:mailto:a@example.com\n"
    "ATTENDEE;ROLE=CHAIR;PARTSTAT=ACCEPTED;CN=A:mailto:a@example.com\n"
    "ATTENDEE;RSVP=TRUE;CUTYPE=INDIVIDUAL;CN=B:mailto:b@example.com\n"
    "ATTENDEE;RSVP=TRUE;CUTYPE=INDIVIDUAL;CN=C:mailto:c@example.com\n"
    "ATTENDEE;RSVP=FALSE;CUTYPE=ROOM;CN=Room:mailto:room@example.com\n"
    "DTSTAMP:19970611T190000Z\nDTSTART:19970701T200000Z\nDTEND:19970701T203000Z\nSUMMARY:Conference\n"
    "UID:calsrv.example.com-873970198738777@example.com\nSEQUENCE:0\nSTATUS:CONFIRMED\nEND:VEVENT";
constexpr std::string_view kSeries =
    "BEGIN:VEVENT\nUID:calsrv.example.com-873970198738777-8aa@example.com\nSEQUENCE:0\nRRULE:FREQ=MONTHLY;BYMONTHDAY=1;"
    "UNTIL=19980901T210000Z\nORGANIZER:mailto:a@example.com\n"
    "ATTENDEE;ROLE=CHAIR;PARTSTAT=ACCEPTED:mailto:a@example.com\n"
    "ATTENDEE;RSVP=TRUE:mailto:b@example.com\nATTENDEE;RSVP=TRUE:mailto:c@example.com\n"
    "DTSTART:19970601T210000Z\nDTEND:19970601T220000Z\nSUMMARY:Monthly\nLOCATION:Room 1\nDTSTAMP:19970526T083000Z\n"
    "END:VEVENT";

// A has planned it, B and C have it.
struct Meeting {
  explicit Meeting(std::string_view lines) { spread(a.put(calendar_of(lines), at_minute(0)), at_minute(0)); }
  // Brings each message to whom it is for; the last outcome for B.
  Result<Received> spread(const Result<Plan>& plan, const Setting& setting) {
    EXPECT_TRUE(plan) << (plan ? "" : plan.error().text);
    Result<Received> last = Received();
    if (!plan) return last;
    for (const Message& message : plan->messages)
      for (const std::string& to : message.to)
        for (Keeper* keeper : {&a, &b, &c})
          if (keeper->who.is(to)) {
            auto received = keeper->get(message, setting);
            if (keeper != &c) last = std::move(received);
          }
    return last;
  }
  // B's client answers, maybe one instance only.
  Result<Received> answer(Keeper& keeper, std::string_view status, int minute, std::string_view id = {}) {
    Component now = *keeper.kept;
    if (id.empty()) {
      set_status(*attendee(const_cast<Component&>(*part_of(now)), keeper.who), status);
    } else {
      Parts parts(now, test_zones());
      const PartKey key = parts.key(icalendar::parse_when(id).value()).value();
      Component part = parts.find_or_derive(key).value();
      set_status(*attendee(part, keeper.who), status);
      put_part(now, key, part, test_zones());
    }
    return spread(keeper.put(now, at_minute(minute)), at_minute(minute));
  }
  template <class Change>
  Result<Received> change(int minute, const Change& how) {
    Component now = *a.kept;
    how(now);
    return spread(a.put(now, at_minute(minute)), at_minute(minute));
  }

  Keeper a{"a"}, b{"b"}, c{"c"};
};

Component& series_of(Component& calendar) { return const_cast<Component&>(*part_of(calendar)); }

TEST(Receive, InviteAcceptMoveCancel) {  // RFC 5546 sections 4.2.1 to 4.2.3, 4.2.10
  Meeting meeting(kMeeting);
  ASSERT_TRUE(meeting.b.kept);
  EXPECT_EQ(meeting.b.kept->find("METHOD"), nullptr) << "what is stored has no METHOD";
  EXPECT_EQ(status_in(*meeting.b.kept, "b"), "NEEDS-ACTION");
  EXPECT_EQ(meeting.answer(meeting.b, "ACCEPTED", 1)->fate, Fate::stored);
  EXPECT_EQ(status_in(*meeting.a.kept, "b"), "ACCEPTED");
  EXPECT_EQ(status_in(*meeting.a.kept, "c"), "NEEDS-ACTION");

  meeting.change(2, [](Component& now) { series_of(now).set("LOCATION", "Room 2"); });
  EXPECT_EQ(part_of(*meeting.b.kept)->value("LOCATION"), "Room 2");
  EXPECT_EQ(status_in(*meeting.b.kept, "b"), "ACCEPTED") << "who said yes still does";

  const auto moved = meeting.change(3, [](Component& now) {
    series_of(now).set("DTSTART", "19970701T180000Z");
    series_of(now).set("DTEND", "19970701T190000Z");
  });
  EXPECT_TRUE(moved->is_significant);
  EXPECT_EQ(part_of(*meeting.b.kept)->value("DTSTART"), "19970701T180000Z");
  EXPECT_EQ(icalendar::sequence(*part_of(*meeting.b.kept)), 1);
  EXPECT_EQ(status_in(*meeting.b.kept, "b"), "NEEDS-ACTION");
  EXPECT_EQ(status_in(*meeting.a.kept, "b"), "NEEDS-ACTION");

  meeting.spread(meeting.a.remove(at_minute(4)), at_minute(4));
  EXPECT_TRUE(icalendar::is_cancelled(*part_of(*meeting.b.kept)));
}

TEST(Receive, WhatIsOldOrComesTwiceChangesNothing) {
  Meeting meeting(kMeeting);
  const auto first = meeting.a.put(*meeting.a.kept, at_minute(0));
  ASSERT_TRUE(first->messages.empty());
  Keeper fresh("a");
  const Plan invitation = fresh.put(calendar_of(kMeeting), at_minute(0)).value();
  EXPECT_EQ(meeting.b.get(invitation.messages.at(0), at_minute(1))->fate, Fate::nothing) << "twice";
  meeting.change(2, [](Component& now) { series_of(now).set("DTSTART", "19970701T190000Z"); });
  EXPECT_EQ(meeting.b.get(invitation.messages.at(0), at_minute(3))->fate, Fate::nothing) << "overtaken";
  EXPECT_EQ(part_of(*meeting.b.kept)->value("DTSTART"), "19970701T190000Z");

  // Answers: the later one holds, in whatever order they come.
  Component yes = *meeting.b.kept;
  set_status(*attendee(series_of(yes), "b@example.com"), "ACCEPTED");
  Component no = yes;
  set_status(*attendee(series_of(no), "b@example.com"), "DECLINED");
  const Plan said_yes = meeting.b.put(yes, at_minute(4)).value();
  const Plan said_no = meeting.b.put(no, at_minute(5)).value();
  EXPECT_EQ(meeting.a.get(said_no.messages.at(0), at_minute(6))->fate, Fate::stored);
  EXPECT_EQ(meeting.a.get(said_yes.messages.at(0), at_minute(7))->fate, Fate::nothing);
  EXPECT_EQ(meeting.a.get(said_no.messages.at(0), at_minute(8))->fate, Fate::nothing) << "twice";
  EXPECT_EQ(status_in(*meeting.a.kept, "b"), "DECLINED");
  // An answer to a time that is no more.
  meeting.change(9, [](Component& now) { series_of(now).set("DTSTART", "19970701T170000Z"); });
  EXPECT_EQ(meeting.a.get(said_no.messages.at(0), at_minute(10))->fate, Fate::nothing);
  EXPECT_EQ(status_in(*meeting.a.kept, "b"), "NEEDS-ACTION");
}

TEST(Receive, WhatIsTheRecipientsOwnStays) {
  Meeting meeting(kMeeting);
  Component own = *meeting.b.kept;
  Component& part = series_of(own);
  part.set("TRANSP", "TRANSPARENT");
  part.set("CATEGORIES", "Work,Boring");
  part.components.push_back(
      {.name = "VALARM",
       .properties = {{.name = "ACTION", .value = "DISPLAY"}, {.name = "TRIGGER", .value = "-PT5M"}}});
  ASSERT_TRUE(meeting.b.put(own, at_minute(1)));
  meeting.change(2, [](Component& now) { series_of(now).set("DTSTART", "19970701T190000Z"); });
  const Component& kept = *part_of(*meeting.b.kept);
  EXPECT_EQ(kept.value("DTSTART"), "19970701T190000Z");
  EXPECT_EQ(kept.value("TRANSP"), "TRANSPARENT");
  EXPECT_EQ(kept.value("CATEGORIES"), "Work,Boring");
  EXPECT_EQ(kept.components.size(), 1U);
}

TEST(Receive, AlarmsOfOthersAreNotTaken) {
  Component message = calendar_of(kMeeting, "REQUEST");
  series_of(message).components.push_back({.name = "VALARM", .properties = {{.name = "ACTION", .value = "EMAIL"}}});
  Keeper b("b");
  ASSERT_EQ(b.get({Method::request, "a@example.com", {}, message}, at_minute(1))->fate, Fate::stored);
  EXPECT_TRUE(part_of(*b.kept)->components.empty());
}

TEST(Receive, OneInstanceMoves) {  // sections 4.4.3 and 4.4.5
  Meeting meeting(kSeries);
  meeting.answer(meeting.b, "ACCEPTED", 1);
  meeting.change(2, [](Component& now) {
    Parts parts(now, test_zones());
    const PartKey key = parts.key(icalendar::parse_when("19970701T210000Z").value()).value();
    Component part = parts.derive(key).value();
    part.set("DTSTART", "19970703T210000Z");
    part.set("DTEND", "19970703T220000Z");
    put_part(now, key, part, test_zones());
  });
  EXPECT_EQ(part_of(*meeting.b.kept, "19970701T210000Z")->value("DTSTART"), "19970703T210000Z");
  EXPECT_EQ(status_in(*meeting.b.kept, "b"), "ACCEPTED") << "to the series";
  EXPECT_EQ(status_in(*meeting.b.kept, "b", "19970701T210000Z"), "NEEDS-ACTION") << "to the instance at its new time";
  meeting.answer(meeting.b, "DECLINED", 3, "19970701T210000Z");
  EXPECT_EQ(status_in(*meeting.a.kept, "b", "19970701T210000Z"), "DECLINED");
  EXPECT_EQ(status_in(*meeting.a.kept, "b"), "ACCEPTED");
}

TEST(Receive, AnAnswerToOneInstanceMakesItItsOwn) {
  Meeting meeting(kSeries);
  meeting.answer(meeting.b, "ACCEPTED", 1);
  meeting.answer(meeting.b, "DECLINED", 2, "19970801T210000Z");
  ASSERT_NE(part_of(*meeting.a.kept, "19970801T210000Z"), nullptr);
  EXPECT_EQ(status_in(*meeting.a.kept, "b", "19970801T210000Z"), "DECLINED");
  EXPECT_EQ(status_in(*meeting.a.kept, "b"), "ACCEPTED");
  // The organiser's next word about the series leaves it.
  meeting.change(3, [](Component& now) { series_of(now).set("DESCRIPTION", "Bring a pen"); });
  EXPECT_EQ(status_in(*meeting.b.kept, "b", "19970801T210000Z"), "DECLINED");
  // An answer to all of it holds for instances that were not answered otherwise.
  meeting.answer(meeting.c, "TENTATIVE", 4);
  EXPECT_EQ(status_in(*meeting.a.kept, "c", "19970801T210000Z"), "TENTATIVE");
}

TEST(Receive, OneInstanceIsCalledOff) {  // section 4.4.4
  Meeting meeting(kSeries);
  meeting.change(1,
                 [](Component& now) { add_exdate(series_of(now), icalendar::parse_when("19970701T210000Z").value()); });
  ASSERT_NE(part_of(*meeting.b.kept, "19970701T210000Z"), nullptr);
  EXPECT_TRUE(icalendar::is_cancelled(*part_of(*meeting.b.kept, "19970701T210000Z")));
  EXPECT_FALSE(icalendar::is_cancelled(*part_of(*meeting.b.kept)));
}

TEST(Receive, InstancesAreAdded) {  // section 4.4.6
  Meeting meeting(kSeries);
  const Component added = calendar_of(
      "BEGIN:VEVENT\nUID:calsrv.example.com-873970198738777-8aa@example.com\nSEQUENCE:1\n"
      "ORGANIZER:mailto:a@example.com\nATTENDEE:mailto:b@example.com\nDTSTAMP:19970626T093000Z\n"
      "DTSTART:19970715T210000Z\nDTEND:19970715T220000Z\nSUMMARY:Extra\nEND:VEVENT",
      "ADD");
  const Message message{Method::add, "a@example.com", {"b@example.com"}, added};
  ASSERT_EQ(meeting.b.get(message, at_minute(1))->fate, Fate::stored);
  EXPECT_EQ(part_of(*meeting.b.kept)->value("RDATE"), "19970715T210000Z");
  EXPECT_EQ(part_of(*meeting.b.kept, "19970715T210000Z")->value("SUMMARY"), "Extra");
  EXPECT_EQ(meeting.b.get(message, at_minute(2))->fate, Fate::nothing) << "twice";
  // Who has no series asks for it: sections 4.6.2, 4.4.10.
  Keeper late("b");
  const auto asked = late.get(message, at_minute(3));
  ASSERT_EQ(asked->answers.size(), 1U);
  EXPECT_EQ(asked->answers[0].method, Method::refresh);
  const auto sent = meeting.a.get(asked->answers[0], at_minute(4));
  ASSERT_EQ(sent.value().answers.size(), 1U);
  EXPECT_EQ(late.get(sent->answers[0], at_minute(5))->fate, Fate::stored);
}

TEST(Receive, AskedToOneInstanceOnly) {
  Meeting meeting(kSeries);
  Keeper d("d");
  Component now = *meeting.a.kept;
  Parts parts(now, test_zones());
  const PartKey key = parts.key(icalendar::parse_when("19970901T210000Z").value()).value();
  Component part = parts.derive(key).value();
  part.properties.push_back({.name = "ATTENDEE", .value = "mailto:d@example.com"});
  put_part(now, key, part, test_zones());
  for (const Message& message : meeting.a.put(now, at_minute(1)).value().messages)
    if (message.to.front() == "d@example.com") d.get(message, at_minute(1));
  ASSERT_TRUE(d.kept);
  EXPECT_EQ(part_of(*d.kept), nullptr) << "not the series";
  Component yes = *d.kept;
  set_status(*attendee(yes.components.back(), "d@example.com"), "ACCEPTED");
  for (const Message& message : d.put(yes, at_minute(2)).value().messages) meeting.a.get(message, at_minute(2));
  EXPECT_EQ(status_in(*meeting.a.kept, "d", "19970901T210000Z"), "ACCEPTED");
}

TEST(Receive, Delegation) {  // section 4.2.5
  Meeting meeting(kMeeting);
  Keeper e("e");
  Component now = *meeting.c.kept;
  Property& self = *attendee(series_of(now), "c@example.com");
  set_status(self, "DELEGATED");
  self.set("DELEGATED-TO", "mailto:e@example.com");
  Property delegate{.name = "ATTENDEE", .value = "mailto:e@example.com"};
  delegate.set("DELEGATED-FROM", "mailto:c@example.com");
  delegate.set("RSVP", "TRUE");
  series_of(now).properties.push_back(delegate);
  const Plan plan = meeting.c.put(now, at_minute(1)).value();
  ASSERT_EQ(plan.messages.size(), 2U);
  meeting.a.get(plan.messages[0], at_minute(1));
  EXPECT_EQ(status_in(*meeting.a.kept, "c"), "DELEGATED");
  EXPECT_EQ(status_in(*meeting.a.kept, "e"), "NEEDS-ACTION");
  e.takes_on_behalf = false;
  EXPECT_FALSE(e.get(plan.messages[1], at_minute(2))) << "by mail anybody could say so";
  e.takes_on_behalf = true;
  ASSERT_EQ(e.get(plan.messages[1], at_minute(2))->fate, Fate::stored) << "the delegator may pass it on";
  Component yes = *e.kept;
  set_status(*attendee(series_of(yes), "e@example.com"), "ACCEPTED");
  for (const Message& message : e.put(yes, at_minute(3)).value().messages) meeting.a.get(message, at_minute(3));
  EXPECT_EQ(status_in(*meeting.a.kept, "e"), "ACCEPTED");
}

TEST(Receive, DelegatesChangeNoMeetingsOfOthers) {
  Meeting meeting(kMeeting);
  const Component had = *meeting.b.kept;
  const auto forged = [](std::string_view organizer, std::string_view people) {
    return Message{Method::request,
                   "c@example.com",
                   {"b@example.com"},
                   calendar_of("BEGIN:VEVENT\nUID:calsrv.example.com-873970198738777@example.com\nSEQUENCE:9\n"
                               "DTSTAMP:19970612T190000Z\nDTSTART:19970702T200000Z\n" +
                                   std::string(organizer) + ":mailto:a@example.com\n" + std::string(people) +
                                   "ATTENDEE:mailto:b@example.com\nEND:VEVENT",
                               "REQUEST")};
  };
  EXPECT_FALSE(meeting.b.get(
      forged("ORGANIZER", "ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO=\"mailto:b@example.com\":mailto:c@example.com\n"),
      at_minute(5)));
  EXPECT_FALSE(meeting.b.get(forged("ORGANIZER;SENT-BY=\"mailto:c@example.com\"", ""), at_minute(5)));
  EXPECT_EQ(*meeting.b.kept, had);
}

Message reply_of(std::string_view from, std::string_view status) {
  return {Method::reply,
          std::string(from) + "@example.com",
          {"a@example.com"},
          calendar_of("BEGIN:VEVENT\nUID:calsrv.example.com-873970198738777@example.com\nSEQUENCE:0\n"
                      "DTSTAMP:19970612T190000Z\nORGANIZER:mailto:a@example.com\nATTENDEE;PARTSTAT=" +
                          std::string(status) + ":mailto:" + std::string(from) + "@example.com\nEND:VEVENT",
                      "REPLY")};
}

TEST(Receive, WhoWasNotInvitedAnswers) {  // "party crashers": section 3.2.3
  Meeting meeting(kMeeting);
  EXPECT_EQ(meeting.a.get(reply_of("x", "ACCEPTED"), at_minute(1))->fate, Fate::for_person);
  EXPECT_EQ(status_in(*meeting.a.kept, "x"), "not invited");
  EXPECT_EQ(meeting.a.get(reply_of("x", "ACCEPTED"), at_minute(1), true)->fate, Fate::stored);
  EXPECT_EQ(status_in(*meeting.a.kept, "x"), "ACCEPTED");
}

TEST(Receive, ProposalsAreForThePerson) {  // section 4.2.7
  Meeting meeting(kMeeting);
  Component proposal = calendar_of(kMeeting, "COUNTER");
  series_of(proposal).set("DTSTART", "19970701T160000Z");
  const auto received = meeting.a.get({Method::counter, "b@example.com", {}, proposal}, at_minute(1));
  EXPECT_EQ(received->fate, Fate::for_person);
  EXPECT_EQ(part_of(*meeting.a.kept)->value("DTSTART"), "19970701T200000Z");
  const auto stranger = meeting.a.get({Method::counter, "x@example.com", {}, proposal}, at_minute(1));
  EXPECT_FALSE(stranger);
}

TEST(Receive, WhoMayNotSaySo) {
  const struct {
    const char* why;
    Message message;
    const char* to;
  } cases[] = {
      {"an invitation in another's name",
       {Method::request, "x@example.com", {}, calendar_of(kMeeting, "REQUEST")},
       "b"},
      {"a cancellation by an attendee", {Method::cancel, "c@example.com", {}, calendar_of(kMeeting, "CANCEL")}, "b"},
      {"the organiser's own meeting from outside",
       {Method::request, "a@example.com", {}, calendar_of(kMeeting, "REQUEST")},
       "a"},
      {"an answer for somebody else", {Method::reply, "x@example.com", {}, reply_of("b", "DECLINED").calendar}, "a"},
      {"an answer to who is not the organiser", reply_of("c", "DECLINED"), "b"},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.why);
    Meeting meeting(kMeeting);
    Keeper& keeper = each.to[0] == 'a' ? meeting.a : meeting.b;
    const Component before = *keeper.kept;
    const auto received = keeper.get(each.message, at_minute(9));
    ASSERT_FALSE(received);
    EXPECT_EQ(received.error().code, Errc::denied);
    EXPECT_EQ(*keeper.kept, before);
  }
}

TEST(Receive, AnotherOrganiserCannotTakeOver) {
  Meeting meeting(kMeeting);
  Component theirs = calendar_of(kMeeting, "REQUEST");
  series_of(theirs).set("ORGANIZER", "mailto:x@example.com");
  series_of(theirs).set("SEQUENCE", "99");
  EXPECT_FALSE(meeting.b.get({Method::request, "x@example.com", {}, theirs}, at_minute(1)));
}

TEST(Receive, OthersCancellationsAndUninvitedCopies) {
  Meeting meeting(kMeeting);
  Component message = calendar_of(kMeeting, "CANCEL");
  Component& part = series_of(message);
  std::erase_if(part.properties, [](const Property& property) {
    return property.is("ATTENDEE") && !property.value.contains("c@example.com");
  });
  part.remove("STATUS");
  EXPECT_EQ(meeting.b.get({Method::cancel, "a@example.com", {}, message}, at_minute(1))->fate, Fate::nothing);
  Keeper stranger("z");
  EXPECT_EQ(stranger.get({Method::request, "a@example.com", {}, calendar_of(kMeeting, "REQUEST")}, at_minute(1))->fate,
            Fate::for_person);
  stranger.who.groups = {"c@example.com"};
  EXPECT_EQ(stranger.get({Method::request, "a@example.com", {}, calendar_of(kMeeting, "REQUEST")}, at_minute(1))->fate,
            Fate::stored)
      << "through a list";
}

TEST(Receive, InstancesInOtherZonesAreTheSame) {
  Keeper a("a");
  const std::string lines =
      "BEGIN:VEVENT\nUID:z\nDTSTAMP:19970526T083000Z\nORGANIZER:mailto:a@example.com\nATTENDEE:mailto:b@example.com\n"
      "DTSTART;TZID=America/New_York:19970701T160000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=5\nSUMMARY:Daily\n"
      "END:VEVENT";
  a.put(calendar_of(lines), at_minute(0));
  const Message reply{Method::reply,
                      "b@example.com",
                      {},
                      calendar_of("BEGIN:VEVENT\nUID:z\nDTSTAMP:19970612T083000Z\nORGANIZER:mailto:a@example.com\n"
                                  "ATTENDEE;PARTSTAT=DECLINED:mailto:b@example.com\nRECURRENCE-ID:19970703T200000Z\n"
                                  "END:VEVENT",
                                  "REPLY")};
  ASSERT_EQ(a.get(reply, at_minute(1))->fate, Fate::stored);
  const Component* part = part_of(*a.kept, "19970703T160000");
  ASSERT_NE(part, nullptr) << "written in the series' own zone";
  EXPECT_EQ(part->value("DTSTART"), "19970703T160000");
  EXPECT_EQ(status_in(*a.kept, "b", "19970703T160000"), "DECLINED");
}

TEST(Receive, Malformed) {
  Keeper b("b");
  for (const char* lines :
       {"BEGIN:VEVENT\nUID:a\nEND:VEVENT\nBEGIN:VEVENT\nUID:b\nEND:VEVENT", "BEGIN:VEVENT\nEND:VEVENT",
        "BEGIN:VFREEBUSY\nUID:1\nEND:VFREEBUSY", "BEGIN:VEVENT\nUID:a\nEND:VEVENT"}) {
    const auto received = b.get({Method::request, "a@example.com", {}, calendar_of(lines, "REQUEST")}, at_minute(0));
    ASSERT_FALSE(received) << lines;
    EXPECT_EQ(received.error().code, Errc::invalid);
  }
}

}  // namespace
}  // namespace kontor::itip
