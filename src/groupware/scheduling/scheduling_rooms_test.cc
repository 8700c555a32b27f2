// SPDX-License-Identifier: AGPL-3.0-or-later
// Meetings in rooms.
#include <gtest/gtest.h>

#include "groupware/scheduling/scheduler_fixture.h"

namespace kontor::groupware {
namespace {

TEST_F(SchedulerTest, RoomsAnswerAtOnce) {
  put(ada, itip::calendar_of(event(kWhen, people({"room@example.org"}))));
  EXPECT_EQ(status(room, "room@example.org"), "ACCEPTED");
  EXPECT_EQ(status(ada, "room@example.org"), "ACCEPTED");
  // Another meeting at that time.
  std::string other = event(kLater, people({"room@example.org"}));
  other.replace(other.find("UID:u1"), 6, "UID:u2");
  const auto calendar = itip::calendar_of(other);
  const auto owner = must(directory->principal(ada));
  const auto plan = must(scheduler->plan(owner, {.before = nullptr, .after = &calendar}));
  put_out(owner, plan.messages);
  scheduler->send_out(owner.account());
  const auto refused = kept(room, "u2");
  ASSERT_TRUE(refused);
  EXPECT_EQ(itip::status_of(*itip::attendee(*itip::part_of(refused->calendar), "room@example.org")), "DECLINED");
  // The first one moves within its own time: it is not in its own way.
  itip::Component moved = kept(ada)->calendar;
  const_cast<itip::Component&>(*itip::part_of(moved)).set("DTSTART", "20231201T103000Z");
  put(ada, moved);
  EXPECT_EQ(status(ada, "room@example.org"), "ACCEPTED");
}

TEST_F(SchedulerTest, WhoApprovesIsTold) {
  auto principal = must(directory->principal(room));
  principal.booking.answer = directory::BookingPolicy::Answer::by_approval;
  principal.booking.approvers = {ben};
  must(directory->update_principal(principal));
  put(ada, itip::calendar_of(event(kWhen, people({"room@example.org"}))));
  EXPECT_EQ(status(ada, "room@example.org"), "TENTATIVE");
  ASSERT_EQ(outside.sent.size(), 1U);
  EXPECT_EQ(outside.sent[0].recipients, std::vector<std::string>{"ben@example.org"});
  // He answers in the room's calendar.
  answer(room, "room@example.org", "ACCEPTED");
  EXPECT_EQ(status(ada, "room@example.org"), "ACCEPTED");
}

TEST_F(SchedulerTest, NobodyAcceptsForARoom) {
  const std::string claimed = people({}) + "ATTENDEE;PARTSTAT=ACCEPTED:mailto:room@example.org\n";
  put(ada, itip::calendar_of(event(kWhen, people({"room@example.org"}))));
  std::string other = event(kLater, claimed);
  other.replace(other.find("UID:u1"), 6, "UID:u2");
  const auto owner = must(directory->principal(ada));
  const auto send = [&](const std::string& text) {
    const auto calendar = itip::calendar_of(text);
    const auto plan = must(scheduler->plan(owner, {.before = nullptr, .after = &calendar}));
    put_out(owner, plan.messages);
    scheduler->send_out(owner.account());
    const auto found = kept(room, "u2");
    return found ? itip::status_of(*itip::attendee(*itip::part_of(found->calendar), "room@example.org")) : "nothing";
  };
  EXPECT_EQ(send(other), "DECLINED");
  // Accepted at another time, and moved without a new SEQUENCE.
  const std::string then = "20231205T103000Z\nDTEND:20231205T113000Z";
  const std::string at = "20231201T103000Z\nDTEND:20231201T113000Z";
  std::string elsewhere = other;
  elsewhere.replace(elsewhere.find(at), at.size(), then);
  elsewhere.replace(elsewhere.find("DTSTAMP:20231101T000000Z"), 24, "SEQUENCE:5\nDTSTAMP:20231101T000001Z");
  EXPECT_EQ(send(elsewhere), "ACCEPTED");
  elsewhere.replace(elsewhere.find(then), then.size(), at);
  elsewhere.replace(elsewhere.find("00001Z"), 6, "00002Z");
  EXPECT_EQ(send(elsewhere), "DECLINED");
}

TEST_F(SchedulerTest, RoomsSayWhenTheyAreTaken) {
  auto principal = must(directory->principal(room));
  principal.booking.most_conflicts = 1;
  must(directory->update_principal(principal));
  put(ada, itip::calendar_of(event(kWhen, people({"room@example.org"}))));
  std::string weekly = event(std::string("DTSTART:20231124T100000Z\nDTEND:20231124T110000Z\nRRULE:FREQ=WEEKLY;COUNT=3"),
                             people({"room@example.org"}));
  weekly.replace(weekly.find("UID:u1"), 6, "UID:u2");
  const auto calendar = itip::calendar_of(weekly);
  const auto owner = must(directory->principal(ada));
  NewItem item = make_item(Kind::calendar, icalendar::write(calendar));
  must(try_put(*open(ada), by_role(*open(ada), FolderRole::calendar), item));
  put_out(owner, must(scheduler->plan(owner, {.before = nullptr, .after = &calendar})).messages);
  scheduler->send_out(owner.account());
  const auto reader = must(open(ada)->read(Caller::system()));
  std::string reply;
  must(reader->entries(scheduling_inbox(*open(ada)->folders())->id, [&](const Entry& entry) {
    const auto text = content(*open(ada), entry.item);
    if (text.find("UID:u2") != std::string::npos) reply = text;
    return true;
  }));
  std::string unfolded;
  for (std::size_t i = 0; i < reply.size(); ++i) {
    if (reply.compare(i, 3, "\r\n ") == 0)
      i += 2;
    else
      unfolded += reply[i];
  }
  EXPECT_NE(unfolded.find("COMMENT:It is taken: Friday\\, 01 December 2023\\, 10:00 - 11:00 (UTC)"), std::string::npos)
      << unfolded;
}

}  // namespace
}  // namespace kontor::groupware
