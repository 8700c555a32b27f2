// SPDX-License-Identifier: AGPL-3.0-or-later
// Meetings among people of this server, and what is in their boxes.
#include <gtest/gtest.h>

#include "groupware/scheduling/scheduler_fixture.h"

namespace kontor::groupware {
namespace {

TEST_F(SchedulerTest, InvitationsAndAnswersFindTheirWay) {
  put(ada, itip::calendar_of(event(kWhen, people({"ben@example.org", "out@elsewhere.test", "nobody@example.org"}))));
  EXPECT_EQ(status(ben, "ben@example.org"), "NEEDS-ACTION");
  ASSERT_EQ(outside.sent.size(), 1U);
  EXPECT_EQ(outside.sent[0].recipients, std::vector<std::string>{"out@elsewhere.test"});
  EXPECT_EQ(outside.sent[0].sender, "ada@example.org");
  EXPECT_TRUE(itip::find_in_mail(sent_text(0)));
  EXPECT_EQ(waiting(ada), 0U);
  const auto object = kept(ada)->calendar;
  const auto told = [&](const char* address) {
    return std::string(itip::attendee(*itip::part_of(object), address)->parameter("SCHEDULE-STATUS"));
  };
  EXPECT_EQ(told("ben@example.org"), "1.2");
  EXPECT_EQ(told("out@elsewhere.test"), "1.1");
  EXPECT_EQ(told("nobody@example.org"), "3.7");

  const std::string tag = schedule_tag_of(kept(ada)->entry.etag);
  answer(ben, "ben@example.org", "ACCEPTED");
  EXPECT_EQ(status(ada, "ben@example.org"), "ACCEPTED");
  EXPECT_EQ(kept(ada)->tag, tag) << "an answer is no change of the meeting";
  EXPECT_EQ(waiting(ben), 0U);
  expect_sound();
}

TEST_F(SchedulerTest, PeopleSeeWhatCame) {
  put(ada, itip::calendar_of(event(kWhen, people({"ben@example.org", "room@example.org"}))));
  EXPECT_EQ(came_to(ben), std::vector<std::string>{"REQUEST"});
  EXPECT_EQ(came_to(ada), std::vector<std::string>{"REPLY"}) << "of the room";
  EXPECT_TRUE(came_to(room).empty()) << "nobody looks there";
  answer(ben, "ben@example.org", "ACCEPTED");
  EXPECT_EQ(came_to(ada), (std::vector<std::string>{"REPLY", "REPLY"}));
  // A proposal changes nothing by itself; who was not invited has none to make.
  const auto meeting = kept(ada)->calendar;
  for (const char* from : {"ben@example.org", "eve@elsewhere.test"}) {
    itip::Component proposal =
        itip::calendar_of(event(kLater, std::string("ATTENDEE:mailto:") + from + "\n"), "COUNTER");
    const itip::Message message{itip::Method::counter, from, {"ada@example.org"}, proposal};
    put_out(must(directory->principal(ben)), {message});
    scheduler->send_out(open(ben)->id());
  }
  EXPECT_EQ(came_to(ada), (std::vector<std::string>{"COUNTER", "REPLY", "REPLY"}));
  EXPECT_EQ(kept(ada)->calendar, meeting);
  expect_sound();
}

TEST_F(SchedulerTest, TheInboxIsBounded) {
  const auto stager = accounts->stage(tenant, Kind::files);
  must(stager->write("x"));
  const NewItem proto = inbox_item({itip::Method::request, "a@example.org", {}, {}}, must(stager->finish()));
  const auto add = [&] {
    NewItem item = proto;
    item.name.clear();
    must(open(ada)->update(Caller::system(),
                           [&](Transaction& transaction) { return add_to_inbox(transaction, item, clock.now()); }));
  };
  for (std::size_t i = 0; i < kMostInInbox + 3; ++i) add();
  EXPECT_EQ(came_to(ada).size(), kMostInInbox);
  clock.advance(kKeptInInbox + std::chrono::hours(1));
  add();
  EXPECT_EQ(came_to(ada).size(), 1U);
  expect_sound();
}

TEST_F(SchedulerTest, NothingOvertakesWhatCouldNotBeBrought) {
  put(ada, itip::calendar_of(event(kWhen, people({"out@elsewhere.test", "ben@example.org"}))), false);
  outside.is_down = true;
  outside.works_after = 1;
  put(ada, itip::calendar_of(event(kLater, people({"out@elsewhere.test", "ben@example.org"}))));
  EXPECT_EQ(outside.sent.size(), 0U) << "the second waits for the first";
  EXPECT_EQ(waiting(ada), 2U);
  EXPECT_EQ(status(ben, "ben@example.org"), "NEEDS-ACTION") << "others need not wait";
  scheduler->try_again();
  ASSERT_EQ(outside.sent.size(), 2U);
  EXPECT_NE(sent_text(0), sent_text(1));
  EXPECT_EQ(icalendar::sequence(*itip::part_of(itip::find_in_mail(sent_text(0))->calendar)), 0);
  EXPECT_EQ(icalendar::sequence(*itip::part_of(itip::find_in_mail(sent_text(1))->calendar)), 1);
}

TEST_F(SchedulerTest, ACrashLosesNothing) {
  const auto meeting = itip::calendar_of(event(kWhen, people({"ben@example.org", "out@elsewhere.test"})));
  put(ada, meeting, false);
  EXPECT_EQ(status(ben, "ben@example.org"), "nothing there");
  EXPECT_EQ(waiting(ada), 2U);
  reopen();
  restart();
  outside.is_down = true;
  scheduler->send_out_all();
  EXPECT_EQ(status(ben, "ben@example.org"), "NEEDS-ACTION");
  EXPECT_EQ(waiting(ada), 1U) << "what cannot leave waits";
  outside.is_down = false;
  scheduler->try_again();
  scheduler->send_out_all();
  EXPECT_EQ(waiting(ada), 0U);
  EXPECT_EQ(outside.sent.size(), 1U) << "once";
}

TEST_F(SchedulerTest, ACrashAfterTheQueueHasItSendsNothingTwice) {
  put(ada, itip::calendar_of(event(kWhen, people({"out@elsewhere.test"}))), false);
  outside.crashes = true;
  EXPECT_THROW(scheduler->send_out_all(), std::runtime_error);
  EXPECT_EQ(waiting(ada), 1U);
  outside.crashes = false;
  reopen();
  restart();
  scheduler->send_out_all();
  EXPECT_EQ(waiting(ada), 0U);
  EXPECT_EQ(outside.sent.size(), 1U);
  EXPECT_TRUE(outside.known.empty()) << "the queue need not remember it any more";
}

TEST_F(SchedulerTest, WhoHasNoRoomIsToldLater) {
  auto full = must(directory->principal(ben));
  full.quota = 1;
  must(directory->update_principal(full));
  put(ada, itip::calendar_of(event(kWhen, people({"ben@example.org"}))));
  EXPECT_FALSE(kept(ben));
  EXPECT_EQ(waiting(ada), 1U);
  full.quota = 0;
  must(directory->update_principal(full));
  scheduler->try_again();
  EXPECT_EQ(status(ben, "ben@example.org"), "NEEDS-ACTION");
  EXPECT_EQ(waiting(ada), 0U);
}

TEST_F(SchedulerTest, ACalendarOfTheOutboxsNameIsNone) {
  const auto account = open(ada);
  Added added;
  const NewItem item = make_item(Kind::calendar, icalendar::write(itip::calendar_of(event(kWhen, ""))));
  must(account->update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
    Transaction::NewFolder folder;
    folder.name = kOutboxName;
    folder.kind = Kind::calendar;
    TRY(const FolderId made, transaction.create_folder(folder));
    TRY(added, transaction.add(made, item));
    return {};
  }));
  scheduler->send_out_all();
  scheduler->send_out(account->id());
  EXPECT_TRUE(must(account->read(Caller::system()))->item(added.item)) << "it is no message to be sent";
  std::string other = event(kWhen, people({"ben@example.org"}));
  other.replace(other.find("UID:u1"), 6, "UID:u2");
  const auto meeting = itip::calendar_of(other);
  const auto owner = must(directory->principal(ada));
  const auto plan = must(scheduler->plan(owner, {.before = nullptr, .after = &meeting}));
  put_out(owner, plan.messages);
  scheduler->send_out(owner.account());
  EXPECT_TRUE(kept(ben, "u2"));
  EXPECT_EQ(waiting(ada), 0U);
}

TEST_F(SchedulerTest, ACalendarOfTheInboxsNameIsNone) {
  const auto account = open(ben);
  Added added;
  NewItem item = make_item(Kind::calendar, icalendar::write(itip::calendar_of(event(kWhen, ""))));
  item.internal_date = InternalDate(Instant(std::chrono::seconds(1)));
  must(account->update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
    Transaction::NewFolder folder;
    folder.name = kInboxName;
    folder.kind = Kind::calendar;
    TRY(const FolderId made, transaction.create_folder(folder));
    TRY(added, transaction.add(made, item));
    return {};
  }));
  std::string other = event(kWhen, people({"ben@example.org"}));
  other.replace(other.find("UID:u1"), 6, "UID:u2");
  const auto meeting = itip::calendar_of(other);
  const auto owner = must(directory->principal(ada));
  const auto plan = must(scheduler->plan(owner, {.before = nullptr, .after = &meeting}));
  put_out(owner, plan.messages);
  scheduler->send_out(owner.account());
  EXPECT_TRUE(kept(ben, "u2"));
  EXPECT_TRUE(must(account->read(Caller::system()))->item(added.item)) << "it is no message that grew old";
}

TEST_F(SchedulerTest, OthersHearWhoComes) {
  std::vector<PrincipalId> guests;
  std::vector<std::string> addresses;
  for (int i = 0; i < 6; ++i) {
    addresses.push_back("guest" + std::to_string(i) + "@example.org");
    guests.push_back(add_user(addresses.back()));
  }
  addresses.push_back("out@elsewhere.test");
  put(ada, itip::calendar_of(event(kWhen, people(addresses))));
  const std::size_t mailed = outside.sent.size();
  const std::string tag = kept(guests[1])->tag;
  const auto seen = came_to(guests[1]);
  std::uint64_t commits = 0;
  const auto watch = open(guests[5])->watch([&](const Notice&) { ++commits; });
  for (int i = 0; i < 5; ++i)
    answer(guests[static_cast<std::size_t>(i)], addresses[static_cast<std::size_t>(i)], "ACCEPTED");
  EXPECT_EQ(status(guests[1], addresses[0]), "NEEDS-ACTION");
  scheduler->try_again();
  EXPECT_EQ(status(guests[1], addresses[0]), "NEEDS-ACTION") << "others may answer soon, too";
  clock.advance(kAnswersWait);
  reopen();
  restart();
  scheduler->send_out_all();  // after a start
  for (int i = 0; i < 5; ++i) EXPECT_EQ(status(guests[5], addresses[static_cast<std::size_t>(i)]), "ACCEPTED") << i;
  EXPECT_EQ(status(guests[1], addresses[1]), "ACCEPTED");
  EXPECT_EQ(kept(guests[1])->tag, tag) << "it is the same meeting";
  EXPECT_EQ(came_to(guests[1]), seen) << "nothing that one has to look at";
  EXPECT_EQ(outside.sent.size(), mailed) << "the world gets no mail for that";
  EXPECT_EQ(waiting(ada), 0U);
  // The next ones wait longer.
  answer(guests[0], addresses[0], "DECLINED");
  clock.advance(kAnswersWait);
  scheduler->try_again();
  EXPECT_EQ(status(guests[5], addresses[0]), "ACCEPTED");
  clock.advance(kAnswersWait);
  scheduler->try_again();
  EXPECT_EQ(status(guests[5], addresses[0]), "DECLINED");
  EXPECT_EQ(status(guests[0], addresses[0]), "DECLINED") << "his own word is not overtaken";
  scheduler->try_again();
  expect_sound();
}

TEST_F(SchedulerTest, ManyAnswersMakeFewMessages) {
  int told = 0;
  const PrincipalId who = ada;
  // One answer each seven minutes for a day.
  for (int minute = 0; minute < 24 * 60; minute += 7) {
    must(open(who)->update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
      TRY(const Instant due, note_answer(transaction, ItemId(1), clock.now()));
      EXPECT_LE(due - clock.now(), kLongestAnswersWait);
      return {};
    }));
    clock.advance(std::chrono::minutes(7));
    const auto noted = must(noted_answers(*must(open(who)->read(Caller::system()))));
    ASSERT_EQ(noted.size(), 1U);
    if (!noted[0].due || *noted[0].due > clock.now()) continue;
    ++told;
    must(open(who)->update(Caller::system(), [&](Transaction& transaction) {
      return answers_are_told(transaction, noted[0], clock.now());
    }));
  }
  EXPECT_LE(told, 14);
  EXPECT_GE(told, 6);
}

TEST_F(SchedulerTest, GroupsAreInvitedOneByOne) {
  directory::NewPrincipal wanted;
  wanted.kind = directory::PrincipalKind::group;
  wanted.address = "team@example.org";
  const PrincipalId cid = add_user("cid@example.org");
  auto team = must(directory->add_principal(wanted));
  team.members = {ada, ben, cid};
  must(directory->update_principal(team));
  put(ada, itip::calendar_of(event(kWhen, people({"team@example.org"}))));
  EXPECT_EQ(status(ada, "ben@example.org"), "NEEDS-ACTION");
  const auto object = kept(ada)->calendar;
  EXPECT_EQ(itip::attendee(*itip::part_of(object), "ben@example.org")->parameter("MEMBER"), "mailto:team@example.org");
  EXPECT_EQ(itip::part_of(object)->all("ATTENDEE").size(), 4U) << "Ada is there already";
  answer(ben, "ben@example.org", "ACCEPTED");
  answer(cid, "cid@example.org", "DECLINED");
  EXPECT_EQ(status(ada, "ben@example.org"), "ACCEPTED");
  EXPECT_EQ(status(ada, "cid@example.org"), "DECLINED");
  // Without the group its members are not wanted any more.
  itip::Component alone = kept(ada)->calendar;
  std::erase_if(const_cast<itip::Component*>(itip::part_of(alone))->properties, [](const itip::Property& property) {
    return property.is("ATTENDEE") && property.value == "mailto:team@example.org";
  });
  put(ada, alone);
  EXPECT_TRUE(icalendar::is_cancelled(*itip::part_of(kept(ben)->calendar)));
  EXPECT_EQ(status(ada, "ben@example.org"), "not invited");
  expect_sound();
}

// What a migration brings was said before: nobody is told again. What is said later finds it.
TEST_F(SchedulerTest, ImportedMeetingsAreSilentAndKnown) {
  const auto import = [&](PrincipalId who, const std::string& text) {
    const FolderId calendar = by_role(*open(who), FolderRole::calendar);
    must(try_put(*open(who), calendar, make_item(Kind::calendar, icalendar::write(itip::calendar_of(text)))));
  };
  import(ada, event(kWhen, people({"ben@example.org", "out@elsewhere.test"})));
  import(ben, event(kWhen, people({"ben@example.org", "out@elsewhere.test"})));
  scheduler->send_out_all();
  EXPECT_EQ(waiting(ada), 0U);
  EXPECT_EQ(outside.sent.size(), 0U);
  EXPECT_TRUE(came_to(ben).empty());
  const std::string tag = schedule_tag_of(kept(ada)->entry.etag);
  answer(ben, "ben@example.org", "ACCEPTED");
  EXPECT_EQ(status(ada, "ben@example.org"), "ACCEPTED");
  EXPECT_EQ(kept(ada)->tag, tag) << "an answer is no change";
  itip::Component moved = kept(ada)->calendar;
  const_cast<itip::Component&>(*itip::part_of(moved)).set("DTSTART", "20231201T103000Z");
  put(ada, moved);
  EXPECT_EQ(itip::part_of(kept(ben)->calendar)->value("DTSTART"), "20231201T103000Z");
  EXPECT_EQ(outside.sent.size(), 1U);
}

}  // namespace
}  // namespace kontor::groupware
