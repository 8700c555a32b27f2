// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/calendar/default_alarms.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "formats/icalendar/calendar.h"
#include "groupware/calendar/calendar_fixture.h"
#include "groupware/calendar/calendar_zone.h"
#include "groupware/keys.h"
#include "groupware/scheduling/alarm_sender.h"
#include "groupware/scheduling/scheduler.h"

namespace kontor::groupware {
namespace {

using std::chrono::hours;

std::string default_mail(const std::string& trigger) {
  return "BEGIN:VALARM\r\nACTION:EMAIL\r\nTRIGGER" + trigger + "\r\nEND:VALARM\r\n";
}

struct DefaultAlarmQueue final : Outbox {
  explicit DefaultAlarmQueue(Accounts& a) : accounts(a) {}
  Result<void> send(const OutgoingMail& mail) override {
    if (is_down) return fail(Errc::unavailable, "the queue is down");
    const auto content = accounts.content(mail.content);
    const std::string text = *content->read(0, static_cast<std::size_t>(content->size()));
    const auto at = text.find("\r\nSubject: ");
    sent.push_back(mail.recipients.at(0) + " " + text.substr(at + 11, text.find("\r\n", at + 2) - at - 11));
    return {};
  }
  Accounts& accounts;
  std::vector<std::string> sent;
  bool is_down = false;
};

// The clock stands at 2023-11-14T22:13:20Z.
class DefaultAlarmsTest : public CalendarTest {
 protected:
  void SetUp() override {
    CalendarTest::SetUp();
    queue = std::make_unique<DefaultAlarmQueue>(*accounts);
    begin();
  }
  void begin() {
    sender.reset();
    sender = std::make_unique<AlarmSender>(AlarmSender::Services{*accounts, *directory, clock, *queue});
    sender->listen();
  }
  std::vector<std::string> sent_at(Instant when) {
    clock.advance(when - clock.now());
    queue->sent.clear();
    sender->run();
    return queue->sent;
  }
  Result<void> try_set(DefaultAlarm which, const std::optional<std::string>& text, bool of_home = false,
                       FolderId folder = {}) {
    const DefaultAlarmPlace place{.folder = folder ? folder : calendar, .of_home = of_home};
    const auto done = account->update(
        Caller::system(), [&](Transaction& t) { return set_default_alarm(t, place, which, text, clock.now()); });
    return done ? Result<void>() : std::unexpected(done.error());
  }
  void set(DefaultAlarm which, const std::optional<std::string>& text, bool of_home = false, FolderId folder = {}) {
    must(try_set(which, text, of_home, folder));
  }
  FolderId make_calendar(const std::string& name) {
    FolderId made;
    change([&](Transaction& t) -> Result<void> {
      TRY(made, t.create_folder({.name = name, .kind = Kind::calendar}));
      return {};
    });
    return made;
  }
  DefaultAlarmMark mark() { return must(accounts->default_alarms(account->id())).value(); }

  std::unique_ptr<DefaultAlarmQueue> queue;
  std::unique_ptr<AlarmSender> sender;
};

using Sent = std::vector<std::string>;

TEST_F(DefaultAlarmsTest, RemindOfWhatHasNone) {
  put(event("a", "DTSTART:20231120T100000Z\r\nSUMMARY:Bare\r\n"));
  put(event("b", "DTSTART:20231120T100000Z\r\nSUMMARY:Own\r\n" + default_mail(":-PT1H")));
  put(event("c",
            "DTSTART:20231120T100000Z\r\nSUMMARY:None\r\nBEGIN:VALARM\r\nACTION:NONE\r\n"
            "TRIGGER;VALUE=DATE-TIME:19760401T005545Z\r\nEND:VALARM\r\n"));
  put(event("d", "DTSTART:20231120T100000Z\r\nSUMMARY:Off\r\nSTATUS:CANCELLED\r\n"));
  put(event("e",
            "DTSTART:20231120T100000Z\r\nSUMMARY:Not mine\r\nORGANIZER:mailto:x@elsewhere.org\r\n"
            "ATTENDEE;PARTSTAT=DECLINED:mailto:ada@example.org\r\n"));
  set(DefaultAlarm::event_time, default_mail(":-PT15M"));
  EXPECT_EQ(sent_at(utc(2023, 11, 20, 9, 44)), Sent{"ada@example.org Reminder: Own"});
  EXPECT_EQ(mark().look, utc(2023, 11, 20, 9, 45));
  EXPECT_EQ(sent_at(utc(2023, 11, 20, 9, 45)), Sent{"ada@example.org Reminder: Bare"});
  begin();
  EXPECT_EQ(sent_at(utc(2023, 11, 20, 9, 46)), Sent{});
  expect_sound();
}

TEST_F(DefaultAlarmsTest, ComeToWhatComesLater) {
  set(DefaultAlarm::event_time, default_mail(":-PT15M"));
  EXPECT_EQ(sent_at(utc(2023, 11, 20, 9)), Sent{});
  EXPECT_EQ(mark().look, utc(2023, 11, 21, 9)) << "nothing is near";
  const Added added = put(event("a", "DTSTART:20231120T100000Z\r\nSUMMARY:Late\r\n"));
  EXPECT_EQ(sent_at(utc(2023, 11, 20, 9, 10)), Sent{});
  EXPECT_EQ(mark().look, utc(2023, 11, 20, 9, 45));
  // It moves, and is told of at its new time.
  replace(added.uid, event("a", "DTSTART:20231120T120000Z\r\nSUMMARY:Later\r\n"));
  EXPECT_EQ(sent_at(utc(2023, 11, 20, 9, 45)), Sent{});
  EXPECT_EQ(sent_at(utc(2023, 11, 20, 11, 45)), Sent{"ada@example.org Reminder: Later"});
  // What comes when its alarm is past has none.
  put(event("b", "DTSTART:20231120T115500Z\r\nSUMMARY:Too late\r\n"));
  EXPECT_EQ(sent_at(utc(2023, 11, 20, 11, 50)), Sent{});
  expect_sound();
}

TEST_F(DefaultAlarmsTest, ComeToInvitations) {
  Scheduler scheduler({.accounts = *accounts, .directory = *directory, .clock = clock});
  set(DefaultAlarm::event_time, default_mail(":-PT30M"), true);
  const auto read = must(
      icalendar::read("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:m\r\n"
                      "DTSTAMP:20231101T000000Z\r\nDTSTART:20231120T100000Z\r\nSUMMARY:Meeting\r\nSEQUENCE:0\r\n"
                      "ORGANIZER:mailto:ben@example.org\r\nATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:ada@example.org\r\n"
                      "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ben@example.org\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"));
  const auto organizer = must(directory->principal(ben));
  itip::Message message;
  message.method = itip::Method::request;
  message.from = "ben@example.org";
  message.to = {"ada@example.org"};
  message.calendar = read.calendars.front();
  const auto post = must(scheduler.stage(organizer, {message}));
  const auto from = open(ben);
  must(from->update(Caller::system(), [&](Transaction& t) { return scheduler.put(t, post); }));
  scheduler.send_out(from->id());
  ASSERT_EQ(names().size(), 1U) << "it is in the calendar";
  EXPECT_EQ(sent_at(utc(2023, 11, 20, 9, 30)), Sent{"ada@example.org Reminder: Meeting"});
  expect_sound();
}

TEST_F(DefaultAlarmsTest, OfTheCalendarBeforeThoseOfTheHome) {
  const FolderId work = make_calendar("Work"), quiet = make_calendar("Quiet");
  const FolderId tasks = by_role(*account, FolderRole::tasks);
  set(DefaultAlarm::event_time, default_mail(":-PT15M"), true);
  set(DefaultAlarm::task_time, default_mail(":PT0S"), true);
  set(DefaultAlarm::event_time, default_mail(";RELATED=END:PT0S"), false, work);
  set(DefaultAlarm::event_time, "", false, quiet);
  for (const auto& [folder, name] : {std::pair(calendar, "home"), {work, "work"}, {quiet, "quiet"}})
    must(try_put(*account, folder,
                 make_item(Kind::calendar, event(name, "DTSTART:20231120T100000Z\r\nDURATION:PT1H\r\nSUMMARY:" +
                                                           std::string(name) + "\r\n"))));
  must(try_put(*account, tasks, make_item(Kind::tasks, todo("t", "DUE:20231120T120000Z\r\nSUMMARY:task\r\n"))));
  must(try_put(*account, tasks,
               make_item(Kind::tasks, todo("u", "DUE:20231120T120000Z\r\nSUMMARY:done\r\nSTATUS:COMPLETED\r\n"))));
  EXPECT_EQ(sent_at(utc(2023, 11, 20, 9, 45)), Sent{"ada@example.org Reminder: home"});
  EXPECT_EQ(sent_at(utc(2023, 11, 20, 10, 59)), Sent{});
  EXPECT_EQ(sent_at(utc(2023, 11, 20, 11)), Sent{"ada@example.org Reminder: work"});
  EXPECT_EQ(sent_at(utc(2023, 11, 20, 12)), Sent{"ada@example.org Reminder: task"});
  expect_sound();
}

TEST_F(DefaultAlarmsTest, OfWholeDaysAreTheCalendarsDays) {
  change([&](Transaction& t) {
    Transaction::FolderChange zone;
    zone.properties[kCalendarZoneId] = "Asia/Tokyo";
    return t.change_folder(calendar, zone);
  });
  set(DefaultAlarm::event_date, default_mail(":-PT15H"));
  put(event("a", "DTSTART;VALUE=DATE:20231120\r\nSUMMARY:Day\r\n"));
  put(event("b", "DTSTART:20231120T000000Z\r\nSUMMARY:Timed\r\n"));
  // Nine in the morning of the day before, in Tokyo.
  EXPECT_EQ(sent_at(utc(2023, 11, 18, 23, 59)), Sent{});
  EXPECT_EQ(sent_at(utc(2023, 11, 19, 0)), Sent{"ada@example.org Reminder: Day"});
  EXPECT_EQ(sent_at(utc(2023, 11, 20, 0)), Sent{});
}

TEST_F(DefaultAlarmsTest, OfSeriesOneByOne) {
  set(DefaultAlarm::event_time, default_mail(":-PT15M"));
  put(event("a", "DTSTART:20231101T100000Z\r\nRRULE:FREQ=DAILY\r\nSUMMARY:Daily\r\n"));
  for (unsigned day = 15; day < 19; ++day)
    EXPECT_EQ(sent_at(utc(2023, 11, day, 9, 45)), Sent{"ada@example.org Reminder: Daily"}) << day;
  // What was missed is told for a day.
  EXPECT_EQ(sent_at(utc(2023, 11, 25, 9)), Sent{"ada@example.org Reminder: Daily"});
  set(DefaultAlarm::event_time, std::nullopt);
  EXPECT_EQ(sent_at(utc(2023, 11, 26, 9, 45)), Sent{});
  EXPECT_FALSE(must(accounts->default_alarms(account->id()))) << "nothing is looked for any more";
  expect_sound();
}

TEST_F(DefaultAlarmsTest, WaitForTheQueueAndAreNotLost) {
  set(DefaultAlarm::event_time, default_mail(":PT0S"));
  put(event("a", "DTSTART:20231120T100000Z\r\nSUMMARY:One\r\n"));
  put(event("b", "DTSTART:20231120T100100Z\r\nSUMMARY:Two\r\n"));
  queue->is_down = true;
  EXPECT_EQ(sent_at(utc(2023, 11, 20, 10)), Sent{});
  queue->is_down = false;
  begin();
  const Sent both = sent_at(utc(2023, 11, 20, 10, 5));
  EXPECT_EQ(both, (Sent{"ada@example.org Reminder: One", "ada@example.org Reminder: Two"}));
}

TEST_F(DefaultAlarmsTest, TellNothingOfTheTimeBeforeTheyWereSet) {
  put(event("a", "DTSTART:20231120T100000Z\r\nSUMMARY:One\r\n"));
  clock.advance(utc(2023, 11, 20, 9, 50) - clock.now());
  set(DefaultAlarm::event_time, default_mail(":-PT15M"));
  EXPECT_EQ(sent_at(utc(2023, 11, 20, 9, 51)), Sent{});
}

TEST_F(DefaultAlarmsTest, ThoseOfOthersAreTheirOwn) {
  share(ben, right::kEditor);
  const auto set_by = [&](PrincipalId who, bool is_own, const std::optional<std::string>& text) {
    must(account->update(Caller::user(who), [&](Transaction& t) {
      return set_default_alarm(t, {.folder = calendar, .is_own = is_own}, DefaultAlarm::event_time, text, clock.now());
    }));
  };
  const auto seen_by = [&](PrincipalId who, bool is_own) {
    return must(
        default_alarm(*reader(Caller::user(who)), {.folder = calendar, .is_own = is_own}, DefaultAlarm::event_time));
  };
  set_by(ada, true, default_mail(":-PT15M"));
  EXPECT_EQ(seen_by(ben, false), std::nullopt);
  set_by(ben, false, "");
  EXPECT_EQ(seen_by(ben, false), "");
  EXPECT_EQ(seen_by(ada, true), default_mail(":-PT15M"));
  set_by(ben, false, std::nullopt);
  EXPECT_EQ(seen_by(ben, false), std::nullopt);
}

TEST_F(DefaultAlarmsTest, AreAlarmsAndNothingElse) {
  const std::string display = "BEGIN:VALARM\r\nACTION:DISPLAY\r\n";
  const std::string bad[] = {
      "no calendar",
      "BEGIN:VEVENT\r\nEND:VEVENT\r\n",
      default_mail(":-PT15M") + "BEGIN:VEVENT\r\nUID:x\r\nEND:VEVENT\r\n",
      display + "TRIGGER:-PT15M\r\n",
      display + "END:VALARM\r\n",
      display + "TRIGGER:soon\r\nEND:VALARM\r\n",
      "BEGIN:VALARM\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\n",
      display + "TRIGGER;VALUE=DATE-TIME:20300101T000000Z\r\nEND:VALARM\r\n",
      display + "TRIGGER:-P400D\r\nEND:VALARM\r\n",
      display + "DESCRIPTION:" + std::string(9000, 'x') + "\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\n",
  };
  for (const std::string& text : bad) {
    const auto done = try_set(DefaultAlarm::event_time, text);
    ASSERT_FALSE(done) << text;
    EXPECT_EQ(done.error().code, Errc::invalid) << text;
  }
  std::string many;
  for (int i = 0; i < 11; ++i) many += default_mail(":-PT15M");
  EXPECT_FALSE(try_set(DefaultAlarm::event_time, many));
  EXPECT_TRUE(try_set(DefaultAlarm::event_time,
                      "BEGIN:VALARM\r\nACTION:NONE\r\nTRIGGER;VALUE=DATE-TIME:19760401T005545Z\r\nEND:VALARM\r\n"));
}

TEST_F(DefaultAlarmsTest, ADamagedMarkIsFoundAndBeginsAnew) {
  set(DefaultAlarm::event_time, default_mail(":-PT15M"));
  put(event("a", "DTSTART:20231120T100000Z\r\nSUMMARY:One\r\n"));
  store::Batch batch;
  batch.put(key::default_alarms(), "?");
  must(engine->commit(store::account_partition(account->id()), batch, store::Durability::durable));
  const auto report = must(accounts->check({.repair = true}));
  EXPECT_EQ(report.faults.size(), 1U);
  expect_sound();
  begin();
  EXPECT_EQ(sent_at(utc(2023, 11, 20, 9, 45)), Sent{"ada@example.org Reminder: One"});
}

}  // namespace
}  // namespace kontor::groupware
