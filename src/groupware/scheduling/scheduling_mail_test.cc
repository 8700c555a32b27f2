// SPDX-License-Identifier: AGPL-3.0-or-later
// Meetings by mail from outside.
#include <gtest/gtest.h>

#include "groupware/scheduling/scheduler_fixture.h"

namespace kontor::groupware {
namespace {

class SchedulingMailTest : public SchedulerTest {
 protected:
  std::string mail_of(const std::string& from, const std::string& method, const std::string& lines) {
    const itip::Message message{itip::Method::request, from, {}, itip::calendar_of(lines, method)};
    return itip::make_mail(message, {.from_name = "",
                                     .from = from,
                                     .to = "ada@example.org",
                                     .message_id = "<1@elsewhere.test>",
                                     .now = clock.now()});
  }
  void deliver(const std::string& bytes, bool is_proven) {
    Filter filter(*accounts, *directory, clock, {});
    filter.use(*scheduler);
    const Delivery delivery(*accounts, *directory, clock, QuotaPolicy::defer, &filter);
    Arrival arrival;
    arrival.is_author_proven = is_proven;
    must(delivery.deliver("ada@example.org", stage(bytes), arrival));
  }
  static std::string theirs(const std::string& lines) {
    return "BEGIN:VEVENT\nUID:u1\nDTSTAMP:20231101T000000Z\nORGANIZER:mailto:out@elsewhere.test\n"
           "ATTENDEE;RSVP=TRUE:mailto:ada@example.org\nSUMMARY:Theirs\n" +
           lines + "\nEND:VEVENT";
  }
};

TEST_F(SchedulingMailTest, InvitationsFromOutside) {
  deliver(mail_of("out@elsewhere.test", "REQUEST", theirs(kWhen)), false);
  EXPECT_FALSE(kept(ada)) << "nobody says that it is from him";
  deliver(mail_of("other@elsewhere.test", "REQUEST", theirs(kWhen)), true);
  EXPECT_FALSE(kept(ada)) << "not the organiser";
  deliver(mail_of("out@elsewhere.test", "REQUEST", theirs(kWhen)), true);
  ASSERT_TRUE(kept(ada));
  EXPECT_EQ(view(*open(ada), inbox(*open(ada)))->size(), 3U) << "the mail is there in any case";
  answer(ada, "ada@example.org", "ACCEPTED");
  ASSERT_EQ(outside.sent.size(), 1U);
  EXPECT_EQ(itip::method_of(itip::find_in_mail(sent_text(0))->calendar), itip::Method::reply);
  // What is there already may be changed by who is its organiser, and comes twice in vain.
  for (int i = 0; i < 2; ++i)
    deliver(mail_of("out@elsewhere.test", "CANCEL", theirs(std::string(kWhen) + "\nSTATUS:CANCELLED\nSEQUENCE:1")),
            false);
  EXPECT_TRUE(icalendar::is_cancelled(*itip::part_of(kept(ada)->calendar)));
}

// As after a crash: filed and noted, and not looked at.
TEST_F(SchedulingMailTest, WhatWasFiledAndNotLookedAtIsTakenLater) {
  const auto file = [&](const std::string& bytes, bool is_proven) {
    const auto content = stage(bytes);
    ItemId filed;
    must(open(ada)->update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
      NewItem item;
      item.content = content;
      TRY(const Added added, transaction.add(transaction.folders()->by_role(FolderRole::inbox)->id, item));
      filed = added.item;
      EXPECT_TRUE(may_have_calendar(content));
      return note_mail(transaction, {added.item, is_proven, clock.now()});
    }));
    return filed;
  };
  const auto noted = [&] { return must(noted_mail(*must(open(ada)->read(Caller::system())))).size(); };
  const std::string invitation = mail_of("out@elsewhere.test", "REQUEST", theirs(kWhen));
  file(invitation, true);
  reopen();
  restart();
  EXPECT_EQ(noted(), 1U);
  // While there is no room it waits.
  auto full = must(directory->principal(ada));
  full.quota = 1;
  must(directory->update_principal(full));
  scheduler->send_out_all();
  EXPECT_FALSE(kept(ada));
  EXPECT_EQ(noted(), 1U);
  full.quota = 0;
  must(directory->update_principal(full));
  scheduler->try_again();
  ASSERT_TRUE(kept(ada));
  EXPECT_EQ(noted(), 0U);
  EXPECT_EQ(came_to(ada), std::vector<std::string>{"REQUEST"});
  // The same again, an unproven one, and one that is gone.
  const auto etag = kept(ada)->entry.etag;
  file(invitation, true);
  file(mail_of("eve@elsewhere.test", "REQUEST", theirs(kLater)), false);
  const ItemId gone = file(invitation, true);
  must(open(ada)->update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
    TRY(const Item item, transaction.item(gone));
    TRY_VOID(transaction.remove(item.filings[0].folder, item.filings[0].uid));
    return transaction.purge_removed_item(gone);
  }));
  EXPECT_EQ(noted(), 3U);
  scheduler->send_out_all();
  EXPECT_EQ(noted(), 0U);
  EXPECT_EQ(kept(ada)->entry.etag, etag);
  EXPECT_EQ(came_to(ada).size(), 1U) << "never twice";
  // What nobody can take goes some day.
  file(invitation, true);
  deliver(mail_of("out@elsewhere.test", "REQUEST", theirs(kLater + std::string("\nSEQUENCE:3"))), true);
  EXPECT_EQ(noted(), 1U) << "what is delivered is looked at, and only that";
  EXPECT_EQ(itip::part_of(kept(ada)->calendar)->value("DTSTART"), "20231201T103000Z");
  expect_sound();
}

TEST_F(SchedulingMailTest, AnswersFromOutside) {
  put(ada, itip::calendar_of(event(kWhen, people({"out@elsewhere.test"}))));
  const std::string reply =
      "BEGIN:VEVENT\nUID:u1\nDTSTAMP:20231102T000000Z\nORGANIZER:mailto:ada@example.org\n"
      "ATTENDEE;PARTSTAT=ACCEPTED:mailto:out@elsewhere.test\nEND:VEVENT";
  deliver(mail_of("other@elsewhere.test", "REPLY", reply), true);
  EXPECT_EQ(status(ada, "out@elsewhere.test"), "NEEDS-ACTION") << "nobody answers for others";
  deliver(mail_of("out@elsewhere.test", "REPLY", reply), false);
  EXPECT_EQ(status(ada, "out@elsewhere.test"), "ACCEPTED");
}

TEST_F(SchedulingMailTest, NobodySpeaksForThoseWhoAreHere) {
  put(ada, itip::calendar_of(event(kWhen, people({"ben@example.org"}))));
  const std::string reply = mail_of("ben@example.org", "REPLY",
                                    "BEGIN:VEVENT\nUID:u1\nDTSTAMP:20231102T000000Z\nORGANIZER:mailto:ada@example.org\n"
                                    "ATTENDEE;PARTSTAT=DECLINED:mailto:ben@example.org\nEND:VEVENT");
  deliver(reply, false);
  EXPECT_EQ(status(ada, "ben@example.org"), "NEEDS-ACTION");
  deliver(reply, true);
  EXPECT_EQ(status(ada, "ben@example.org"), "DECLINED");
}

TEST_F(SchedulingMailTest, BrokenCalendarsDoNotHoldUpMail) {
  deliver(
      "From: out@elsewhere.test\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\n"
      "METHOD:REQUEST\r\nBEGIN:VEVENT\r\nDTSTART:never\r\nUID:u1\r\nRRULE:FREQ=SOMETIMES\r\nEND:VEVENT\r\n"
      "END:VCALENDAR\r\n",
      true);
  EXPECT_EQ(view(*open(ada), inbox(*open(ada)))->size(), 1U);
  EXPECT_FALSE(kept(ada));
}

}  // namespace
}  // namespace kontor::groupware
