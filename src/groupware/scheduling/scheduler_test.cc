// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/scheduling/scheduler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "formats/icalendar/calendar.h"
#include "formats/itip/mail.h"
#include "formats/itip/testing.h"
#include "groupware/accounts_fixture.h"
#include "groupware/delivery.h"
#include "groupware/scheduling/inbox.h"
#include "groupware/scheduling/lookup.h"
#include "groupware/scheduling/post.h"

namespace kontor::groupware {
namespace {

// Keeps what is sent; may be out of order.
struct Outside final : Outbox {
  Result<void> send(const OutgoingMail& mail) override {
    if (is_down) {
      is_down = works_after-- != 1;
      return fail(Errc::unavailable, "the queue is down");
    }
    if (!mail.once.empty() && !known.insert(mail.once).second) return {};
    sent.push_back(mail);
    if (crashes) throw std::runtime_error("the process ends here");
    return {};
  }
  void forget(const std::string& once) override { known.erase(once); }
  std::vector<OutgoingMail> sent;
  std::set<std::string> known;
  bool crashes = false;
  bool is_down = false;
  int works_after = 0;  // failures; 0: it stays down
};

class SchedulerTest : public AccountsTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    directory::NewPrincipal wanted;
    wanted.kind = directory::PrincipalKind::room;
    wanted.address = "room@example.org";
    room = must(directory->add_principal(wanted)).id;
    restart();
  }

  void restart() {
    scheduler = std::make_unique<Scheduler>(Scheduler::Services{*accounts, *directory, clock, &outside});
  }

  static std::string event(const std::string& lines, const std::string& people) {
    return "BEGIN:VEVENT\nUID:u1\nDTSTAMP:20231101T000000Z\nORGANIZER:mailto:ada@example.org\n" + people + lines +
           "\nSUMMARY:Meeting\nEND:VEVENT\n";
  }
  static std::string people(const std::vector<std::string>& addresses) {
    std::string out = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ada@example.org\n";
    for (const std::string& address : addresses) out += "ATTENDEE;RSVP=TRUE:mailto:" + address + "\n";
    return out;
  }

  struct Kept {
    FolderId folder;
    Uid uid;
    Entry entry;
    itip::Component calendar;
    std::string tag;
  };
  // What the account has of the UID; nothing: it has none.
  std::optional<Kept> kept(PrincipalId who, const std::string& uid = "u1") {
    auto reader = must(open(who)->read(Caller::system()));
    const auto found = must(find_object(*reader, uid));
    if (!found) return std::nullopt;
    const Entry entry = must(reader->entry(found->folder, found->uid));
    const auto bytes = content(*open(who), entry.item);
    const Item item = must(reader->item(entry.item));
    const auto tag = item.properties.find(kScheduleTag);
    return Kept{found->folder, found->uid, entry, must(icalendar::read(bytes)).calendars.front(),
                tag == item.properties.end() ? "" : tag->second};
  }

  // As a client's PUT does it. `sends` false: the process dies before what is sent was brought.
  void put(PrincipalId who, const itip::Component& after, bool sends = true) {
    const auto owner = must(directory->principal(who));
    const auto had = kept(who);
    const auto plan = must(scheduler->plan(owner, {.before = had ? &had->calendar : nullptr, .after = &after}));
    const auto post = must(scheduler->stage(owner, plan.messages));
    NewItem item;
    item.kind = Kind::calendar;
    auto stager = accounts->stage(tenant, Kind::calendar);
    must(stager->write(icalendar::write(plan.object)));
    item.content = must(stager->finish());
    must(open(who)->update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
      if (had) TRY_VOID(transaction.replace(had->folder, had->uid, item));
      const auto calendar = transaction.folders()->by_role(FolderRole::calendar);
      if (!had) TRY_VOID(transaction.add(calendar->id, item));
      return scheduler->put(transaction, post);
    }));
    if (sends) scheduler->send_out(owner.account());
  }
  // Into the outbox, with nothing else.
  void put_out(const directory::Principal& owner, const std::vector<itip::Message>& messages) {
    const auto post = must(scheduler->stage(owner, messages));
    must(open(owner.id)->update(Caller::system(),
                                [&](Transaction& transaction) { return scheduler->put(transaction, post); }));
  }
  void answer(PrincipalId who, const std::string& address, const std::string& status) {
    itip::Component now = kept(who)->calendar;
    for (itip::Component& part : now.components)
      if (itip::Property* self = itip::is_scheduled(part) ? itip::attendee(part, address) : nullptr)
        itip::set_status(*self, status);
    put(who, now);
  }
  std::string status(PrincipalId where, const std::string& address) {
    const auto found = kept(where);
    if (!found) return "nothing there";
    const itip::Property* person = itip::attendee(*itip::part_of(found->calendar), address);
    return person == nullptr ? "not invited" : itip::status_of(*person);
  }
  std::size_t waiting(PrincipalId who) {
    const auto outbox = outbox_of(*open(who)->folders());
    return outbox ? outbox->total : 0;
  }
  // The methods of what is in the inbox, sorted.
  std::vector<std::string> came_to(PrincipalId who) {
    std::vector<std::string> out;
    const auto folder = scheduling_inbox(*open(who)->folders());
    if (!folder) return out;
    const auto reader = must(open(who)->read(Caller::system()));
    must(reader->entries(folder->id, [&](const Entry& entry) {
      out.push_back(inbox_method(must(reader->item(entry.item))));
      return true;
    }));
    std::ranges::sort(out);
    return out;
  }
  std::string sent_text(std::size_t index) {
    const auto bytes = accounts->content(outside.sent.at(index).content);
    return must(bytes->read(0, bytes->size()));
  }

  PrincipalId room;
  Outside outside;
  std::unique_ptr<Scheduler> scheduler;
};

constexpr const char* kWhen = "DTSTART:20231201T100000Z\nDTEND:20231201T110000Z";
constexpr const char* kLater = "DTSTART:20231201T103000Z\nDTEND:20231201T113000Z";

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
