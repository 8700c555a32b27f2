// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/push/push.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/bytes.h"
#include "groupware/calendar/calendar_fixture.h"
#include "groupware/keys.h"
#include "groupware/push/alarm_push.h"
#include "groupware/push/push_records.h"
#include "groupware/scheduling/alarm_sender.h"
#include "groupware/scheduling/timetable.h"
#include "store/engine.h"

namespace kontor::groupware {
namespace {

namespace json = boost::json;

// RFC 8291 appendix A.
std::string device_key() {
  return *from_base64("BCVxsr7N/eNgVRqvHtD0zTZsEc6+VV+JvLexhqUzORcxaOzi6+AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4");
}

NewPushSubscription a_device(const std::string& name = "phone") {
  return {name, "https://push.example.net/" + name, device_key(), std::string(16, 's'), {}, {}};
}

std::string shown_alarm(const std::string& lines, const std::string& action = "DISPLAY") {
  return "BEGIN:VALARM\r\nACTION:" + action + "\r\n" + lines + "END:VALARM\r\n";
}

struct NoMail final : Outbox {
  Result<void> send(const OutgoingMail&) override {
    ++sent;
    return {};
  }
  int sent = 0;
};

// The clock stands at 2023-11-14T22:13:20Z.
class PushTest : public CalendarTest {
 protected:
  void SetUp() override {
    CalendarTest::SetUp();
    begin();
  }
  void begin() {
    sender.reset();
    sender = std::make_unique<AlarmSender>(AlarmSender::Services{*accounts, *directory, clock, mail});
    sender->listen();
  }
  PushStore& pushes() { return accounts->pushes(); }
  std::vector<DuePush> waiting() { return must(pushes().due(account->id(), Instant::max(), 1000)); }
  void drop_waiting() {
    for (const DuePush& one : waiting()) must(pushes().settle(account->id(), one, {}));
  }
  PushSubscription verified(const NewPushSubscription& wanted) {
    const PushSubscription made = must(pushes().subscribe(account->id(), wanted));
    PushChange change;
    change.code = made.code;
    PushSubscription out = must(pushes().change(account->id(), made.id, change));
    drop_waiting();
    return out;
  }
  Errc refused(const NewPushSubscription& wanted) {
    const auto made = pushes().subscribe(account->id(), wanted);
    return made ? Errc::corrupt : made.error().code;
  }
  std::optional<Instant> run_at(Instant when) {
    clock.advance(when - clock.now());
    return sender->run();
  }
  json::object told(std::size_t index) { return json::parse(waiting().at(index).message.payload).as_object(); }
  std::string told(std::size_t index, const char* name) { return json::value_to<std::string>(told(index).at(name)); }

  NoMail mail;
  std::unique_ptr<AlarmSender> sender;
};

TEST_F(PushTest, ADeviceIsVerifiedFirst) {
  std::vector<Instant> noted;
  pushes().on_push([&](AccountId, Instant at) { noted.push_back(at); });
  const PushSubscription made = must(pushes().subscribe(account->id(), a_device()));
  EXPECT_EQ(noted, std::vector<Instant>{clock.now()});
  EXPECT_EQ(must(pushes().next(account->id())), clock.now());
  ASSERT_EQ(waiting().size(), 1u);
  EXPECT_EQ(told(0, "@type"), "PushVerification");
  EXPECT_EQ(told(0, "pushSubscriptionId"), made.id);
  EXPECT_EQ(told(0, "verificationCode"), made.code);
  EXPECT_FALSE(made.is_live(clock.now()));
  PushChange wrong;
  wrong.code = "guess";
  EXPECT_EQ(pushes().change(account->id(), made.id, wrong).error().code, Errc::invalid);
  EXPECT_EQ(pushes().change(account->id(), "P0", {}).error().code, Errc::not_found);
  PushChange right;
  right.code = made.code;
  EXPECT_TRUE(must(pushes().change(account->id(), made.id, right)).is_live(clock.now()));
  sender.reset();
  account.reset();
  reopen();
  account = open(ada);
  ASSERT_EQ(must(pushes().subscriptions(account->id())).size(), 1u);
  EXPECT_EQ(must(pushes().subscriptions(account->id()))[0].url, "https://push.example.net/phone");
  must(pushes().unsubscribe(account->id(), made.id));
  EXPECT_EQ(pushes().unsubscribe(account->id(), made.id).error().code, Errc::not_found);
  expect_sound();
}

TEST_F(PushTest, RefusesWhatCannotBeTold) {
  const auto with = [](auto change) {
    NewPushSubscription out = a_device();
    change(out);
    return out;
  };
  std::string off_the_curve = device_key();
  off_the_curve.back() ^= 1;
  struct Case {
    NewPushSubscription wanted;
    const char* why;
  };
  const std::vector<Case> cases = {
      {with([](auto& s) { s.device = ""; }), "no device"},
      {with([](auto& s) { s.url = "http://push.example.net/"; }), "no TLS"},
      {with([](auto& s) { s.url = "https:///x"; }), "no host"},
      {with([](auto& s) { s.url = "https://user:secret@push.example.net/"; }), "a login"},
      {with([](auto& s) { s.url = "https://push.example.net/a b"; }), "a blank"},
      {with([](auto& s) { s.url = "https://push.example.net/\r\nX: y"; }), "a header"},
      {with([](auto& s) { s.url += std::string(2000, 'x'); }), "too long"},
      {with([](auto& s) { s.key.pop_back(); }), "half a key"},
      {with([&](auto& s) { s.key = off_the_curve; }), "a point that is not on the curve"},
      {with([](auto& s) { s.secret = "short"; }), "a short secret"},
      {with([](auto& s) { s.types = std::vector<std::string>(51, "Email"); }), "too many types"},
      {with([](auto& s) { s.types = std::vector<std::string>{""}; }), "a type without a name"},
  };
  for (const Case& one : cases) EXPECT_EQ(refused(one.wanted), Errc::invalid) << one.why;
  EXPECT_TRUE(waiting().empty());
}

TEST_F(PushTest, BoundsWhatAnAccountHas) {
  for (std::size_t i = 0; i < kMostPushSubscriptions; ++i) must(pushes().subscribe(account->id(), a_device()));
  EXPECT_EQ(refused(a_device()), Errc::over_quota);
  clock.advance(kUnverifiedPushSubscription);
  EXPECT_TRUE(must(pushes().subscriptions(account->id())).empty()) << "never verified";
  for (int i = 0; i < 30; ++i)
    must(pushes().unsubscribe(account->id(), must(pushes().subscribe(account->id(), a_device())).id));
  EXPECT_EQ(refused(a_device()), Errc::over_quota) << "in this hour";
}

TEST_F(PushTest, LastsAsLongAsItMay) {
  const Instant now = clock.now();
  const auto ends = [&](std::optional<Instant> wanted) {
    NewPushSubscription device = a_device();
    device.expires = wanted;
    return must(pushes().subscribe(account->id(), device)).expires - now;
  };
  EXPECT_EQ(ends({}), kUsualPushSubscription);
  EXPECT_EQ(ends(now), kShortestPushSubscription);
  EXPECT_EQ(ends(now + std::chrono::hours(24 * 10)), std::chrono::hours(24 * 10));
  EXPECT_EQ(ends(Instant::max()), kLongestPushSubscription);
  const PushSubscription device = verified(a_device());
  clock.advance(kUsualPushSubscription);
  EXPECT_FALSE(device.is_live(clock.now()));
  EXPECT_TRUE(must(pushes().subscriptions(account->id())).empty());
}

TEST_F(PushTest, ShownAlarmsGoToDevices) {
  const PushSubscription phone = verified(a_device());
  NewPushSubscription other = a_device("other");
  other.types = std::vector<std::string>{"Email"};
  verified(other);
  const Added added =
      put(event("u",
                "DTSTART;TZID=Europe/Berlin:20231120T100000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY\r\n"
                "SUMMARY:Plans \"A\"\r\nLOCATION:Room 1\r\n" +
                    shown_alarm("TRIGGER:-PT1H\r\nUID:a1\r\nDESCRIPTION:Soon\r\n") +
                    shown_alarm("TRIGGER:-PT1H\r\nATTENDEE:mailto:ada@example.org\r\n", "EMAIL") +
                    shown_alarm("TRIGGER:-PT1H\r\nPROXIMITY:ARRIVE\r\n") + shown_alarm("TRIGGER:-PT1H\r\n", "NONE")));
  EXPECT_EQ(run_at(utc(2023, 11, 20, 8)), utc(2023, 11, 21, 8));
  EXPECT_EQ(mail.sent, 1);
  ASSERT_EQ(waiting().size(), 1u) << "who wants them, and once";
  EXPECT_EQ(waiting()[0].message.subscription, phone.id);
  EXPECT_TRUE(waiting()[0].message.is_urgent);
  EXPECT_EQ(waiting()[0].message.payload,
            fmt::format(R"json({{"@type":"CalendarAlert","accountId":"{}","calendarEventId":"{}","uid":"u",)json"
                        R"json("recurrenceId":"2023-11-20T10:00:00","alertId":"a1","at":"2023-11-20T08:00:00Z",)json"
                        R"json("start":"2023-11-20T09:00:00Z","end":"2023-11-20T10:00:00Z",)json"
                        R"json("when":"Monday, 20 November 2023, 10:00 - 11:00 (Europe/Berlin)",)json"
                        R"json("title":"Plans \"A\"","location":"Room 1","text":"Soon"}})json",
                        account->id().value, added.item.value));
  begin();
  EXPECT_EQ(sender->run(), utc(2023, 11, 21, 8));
  EXPECT_EQ(waiting().size(), 1u) << "also not after a start";
  expect_sound();
}

TEST_F(PushTest, GuestsDevicesAreToldOfTheirOwn) {
  share(ben, right::kReader);
  const std::string lines = "DTSTART:20231115T100000Z\r\nRRULE:FREQ=DAILY\r\nSUMMARY:Plans\r\n";
  const Added added = put(event("u", lines + shown_alarm("TRIGGER:-PT1H\r\nDESCRIPTION:hers\r\n")));
  const auto apart = must(reader(as(ben))->take_apart(
      calendar, added.uid, event("u", lines + shown_alarm("TRIGGER:-PT2H\r\nDESCRIPTION:his\r\n"))));
  must(account->update(as(ben), [&](Transaction& t) { return t.keep_own_parts(calendar, added.uid, apart->own); }));
  const AccountId guest = open(ben)->id();
  const PushSubscription made = must(pushes().subscribe(guest, a_device()));
  PushChange verify;
  verify.code = made.code;
  must(pushes().change(guest, made.id, verify));
  EXPECT_EQ(sender->run(), utc(2023, 11, 15, 8)) << "in the account of another";
  EXPECT_EQ(run_at(utc(2023, 11, 15, 8)), utc(2023, 11, 16, 8));
  EXPECT_TRUE(waiting().empty());
  std::vector<std::string> texts;
  for (const DuePush& one : must(pushes().due(guest, Instant::max(), 100))) {
    const json::object payload = json::parse(one.message.payload).as_object();
    if (!payload.contains("text")) continue;  // the verification
    texts.push_back(json::value_to<std::string>(payload.at("text")));
    EXPECT_EQ(json::value_to<std::string>(payload.at("accountId")), std::to_string(account->id().value));
  }
  EXPECT_EQ(texts, std::vector<std::string>{"his"});
  expect_sound();
}

TEST_F(PushTest, NobodyIsToldOfWhatWasBefore) {
  put(event("u", "DTSTART:20231101T100000Z\r\nRRULE:FREQ=DAILY\r\n" + shown_alarm("TRIGGER:PT0S\r\n")));
  EXPECT_FALSE(run_at(utc(2023, 11, 20, 9))) << "nobody wants to be told";
  EXPECT_TRUE(must(accounts->due_alarms(account->id(), clock.now(), 10)).empty());
  verified(a_device());
  EXPECT_EQ(sender->run(), utc(2023, 11, 20, 10));
  EXPECT_TRUE(waiting().empty());
  run_at(utc(2023, 11, 20, 10));
  EXPECT_EQ(waiting().size(), 1u);
  drop_waiting();
  EXPECT_EQ(run_at(utc(2023, 11, 25, 10)), utc(2023, 11, 26, 10));
  EXPECT_EQ(waiting().size(), 1u) << "what was missed is of no use after an hour";
  expect_sound();
}

TEST_F(PushTest, SnoozedAlarmsComeAgain) {
  verified(a_device());
  const std::string begin_event = "DTSTART:20231120T100000Z\r\n";
  const Added added = put(event("u", begin_event + shown_alarm("UID:a\r\nTRIGGER:-PT15M\r\n")));
  run_at(utc(2023, 11, 20, 9, 45));
  ASSERT_EQ(waiting().size(), 1u);
  drop_waiting();
  // RFC 9074 section 7.3: the alarm is acknowledged, and one beside it is for later.
  replace(added.uid,
          event("u", begin_event + shown_alarm("UID:a\r\nTRIGGER:-PT15M\r\nACKNOWLEDGED:20231120T094530Z\r\n") +
                         shown_alarm(
                             "UID:b\r\nTRIGGER;VALUE=DATE-TIME:20231120T095500Z\r\nRELATED-TO;RELTYPE=SNOOZE:a\r\n")));
  EXPECT_FALSE(run_at(utc(2023, 11, 20, 9, 55)));
  ASSERT_EQ(waiting().size(), 1u);
  EXPECT_EQ(told(0, "alertId"), "b");
  EXPECT_TRUE(told(0).at("recurrenceId").is_null());
}

TEST_F(PushTest, WaitsUntilItIsSettled) {
  verified(a_device());
  put(event("u", "DTSTART:20231120T100000Z\r\n" + shown_alarm("TRIGGER:PT0S\r\n", "AUDIO")));
  run_at(utc(2023, 11, 20, 10));
  const DuePush first = waiting().at(0);
  EXPECT_EQ(first.at, clock.now());
  must(pushes().settle(account->id(), first, clock.now() + std::chrono::minutes(1)));
  EXPECT_TRUE(must(pushes().due(account->id(), clock.now(), 10)).empty());
  ASSERT_EQ(waiting().size(), 1u);
  EXPECT_EQ(waiting()[0].message.attempts, 1u);
  EXPECT_EQ(must(pushes().next(account->id())), clock.now() + std::chrono::minutes(1));
  must(pushes().settle(account->id(), waiting()[0], {}));
  EXPECT_TRUE(waiting().empty());
}

TEST_F(PushTest, CheckMendsItsRecords) {
  verified(a_device());
  const auto partition = store::account_partition(account->id());
  store::Batch batch;
  batch.put(key::push_subscriptions(), "nonsense");
  batch.put(key::push(clock.now(), 7), "nonsense");
  must(engine->commit(partition, batch, store::Durability::durable));
  EXPECT_FALSE(pushes().subscriptions(account->id()));
  const CheckReport report = must(accounts->check({.repair = true}));
  EXPECT_EQ(report.faults.size(), 2u);
  expect_sound();
  EXPECT_TRUE(must(pushes().subscriptions(account->id())).empty());
}

TEST(PushPayload, FitsWhateverTheEventSays) {
  const std::string nasty(5000, '"');
  lines::Component calendar, event, alarm;
  event.name = "VEVENT";
  event.set("UID", nasty);
  event.set("SUMMARY", nasty);
  event.set("LOCATION", nasty);
  event.set("DTSTART", "20231120T100000Z");
  alarm.name = "VALARM";
  alarm.set("DESCRIPTION", std::string(5000, '\\'));
  alarm.set("UID", nasty);
  event.components.push_back(alarm);
  calendar.components.push_back(event);
  const lines::Component& held = calendar.components[0];
  const icalendar::ZoneDatabase zones;
  const std::string payload =
      alarm_payload(AccountId(1), DueAlarm{}, {Instant(), Instant(), Instant(), &held, &held.components[0]}, calendar,
                    zones, *icalendar::utc_zone());
  EXPECT_LE(payload.size(), kLargestPushPayload);
  EXPECT_TRUE(json::parse(payload).is_object());
}

TEST(Timetable, GivesAnAccountToOneAtATime) {
  Timetable table;
  const auto at = [](int seconds) { return Instant(std::chrono::seconds(seconds)); };
  table.note(AccountId(1), at(20));
  table.note(AccountId(1), at(10));
  table.note(AccountId(1), at(30));
  table.note(AccountId(2), at(15));
  EXPECT_FALSE(table.take(at(9)));
  EXPECT_EQ(table.take(at(12)), AccountId(1));
  table.note(AccountId(1), at(11));
  EXPECT_FALSE(table.take(at(12))) << "somebody has it";
  EXPECT_EQ(table.next(), at(15));
  table.release(AccountId(1));
  EXPECT_EQ(table.take(at(12)), AccountId(1));
  table.release(AccountId(1));
  EXPECT_EQ(table.next(), at(15));
  table.end();
  EXPECT_FALSE(table.take(at(100)));
  EXPECT_FALSE(table.wait(system_clock(), std::chrono::seconds(100)));
}

}  // namespace
}  // namespace kontor::groupware
