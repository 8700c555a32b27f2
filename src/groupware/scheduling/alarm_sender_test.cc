// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/scheduling/alarm_sender.h"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

#include "formats/icalendar/calendar.h"
#include "groupware/calendar/calendar_fixture.h"
#include "groupware/scheduling/alarm_mail.h"

namespace kontor::groupware {
namespace {

std::string email_alarm(const std::string& lines) {
  return "BEGIN:VALARM\r\nACTION:EMAIL\r\n" + lines + "END:VALARM\r\n";
}

struct SentAlarm {
  std::string to, message;
};

// What was put into the queue; may be out of order.
struct AlarmQueue final : Outbox {
  explicit AlarmQueue(Accounts& a) : accounts(a) {}
  Result<void> send(const OutgoingMail& mail) override {
    if (is_down) return fail(Errc::unavailable, "the queue is down");
    EXPECT_EQ(mail.kind, OutgoingKind::alarm);
    if (!known.insert(mail.once).second) return {};
    const auto content = accounts.content(mail.content);
    sent.push_back({mail.recipients.at(0), *content->read(0, static_cast<std::size_t>(content->size()))});
    if (crashes) throw std::runtime_error("the process ends here");
    return {};
  }
  void forget(const std::string& once) override { known.erase(once); }
  std::string field(std::size_t index, const std::string& name) const {
    const std::string& text = sent.at(index).message;
    const auto at = text.find("\r\n" + name + ": ");
    const auto begin = at + name.size() + 4;
    return at == std::string::npos ? "" : text.substr(begin, text.find("\r\n", begin) - begin);
  }
  std::vector<std::string> recipients() const {
    std::vector<std::string> out;
    for (const SentAlarm& one : sent) out.push_back(one.to);
    return out;
  }

  Accounts& accounts;
  std::vector<SentAlarm> sent;
  std::set<std::string> known;
  bool is_down = false, crashes = false;
};

// The clock stands at 2023-11-14T22:13:20Z.
class AlarmSenderTest : public CalendarTest {
 protected:
  void SetUp() override {
    CalendarTest::SetUp();
    queue = std::make_unique<AlarmQueue>(*accounts);
    begin();
  }
  void begin() {
    sender.reset();
    sender = std::make_unique<AlarmSender>(AlarmSender::Services{*accounts, *directory, clock, *queue});
    sender->listen();
  }
  std::optional<Instant> run_at(Instant when) {
    clock.advance(when - clock.now());
    return sender->run();
  }

  std::unique_ptr<AlarmQueue> queue;
  std::unique_ptr<AlarmSender> sender;
};

TEST_F(AlarmSenderTest, SendsWhatIsDueOnce) {
  put(event("u", "DTSTART:20231120T100000Z\r\nDURATION:PT1H\r\nSUMMARY:Plans\r\n" + email_alarm("TRIGGER:-PT1H\r\n")));
  EXPECT_EQ(run_at(utc(2023, 11, 20, 8, 59)), utc(2023, 11, 20, 9)) << "told by the commit";
  EXPECT_TRUE(queue->sent.empty());
  EXPECT_FALSE(run_at(utc(2023, 11, 20, 9)));
  ASSERT_EQ(queue->recipients(), std::vector<std::string>{"ada@example.org"});
  EXPECT_EQ(queue->field(0, "Subject"), "Reminder: Plans");
  EXPECT_EQ(queue->field(0, "Auto-Submitted"), "auto-generated");
  begin();
  EXPECT_FALSE(run_at(utc(2023, 11, 20, 9, 1)));
  EXPECT_EQ(queue->sent.size(), 1u) << "also not after a start";
  expect_sound();
}

TEST_F(AlarmSenderTest, GuestsAreRemindedByTheirOwn) {
  share(ben, right::kReader);
  const std::string lines = "DTSTART:20231115T100000Z\r\nRRULE:FREQ=DAILY\r\nSUMMARY:Plans\r\n";
  const Added added = put(event("u", lines + email_alarm("TRIGGER:-PT1H\r\n")));
  const auto says = [&](const std::string& trigger) {
    const auto apart = must(reader(as(ben))->take_apart(calendar, added.uid, event("u", lines + email_alarm(trigger))));
    must(account->update(as(ben), [&](Transaction& t) { return t.keep_own_parts(calendar, added.uid, apart->own); }));
  };
  says("TRIGGER:-PT2H\r\n");
  EXPECT_EQ(run_at(utc(2023, 11, 15, 7)), utc(2023, 11, 15, 8)) << "told by the commit";
  EXPECT_EQ(run_at(utc(2023, 11, 15, 8)), utc(2023, 11, 15, 9));
  EXPECT_EQ(queue->recipients(), std::vector<std::string>{"ben@example.org"});
  EXPECT_EQ(run_at(utc(2023, 11, 15, 9)), utc(2023, 11, 16, 8));
  EXPECT_EQ(queue->recipients(), (std::vector<std::string>{"ben@example.org", "ada@example.org"}));
  begin();
  EXPECT_EQ(run_at(utc(2023, 11, 15, 9, 1)), utc(2023, 11, 16, 8)) << "also after a start";
  // What becomes of the event is his, too.
  replace(added.uid, event("u", "DTSTART:20231115T120000Z\r\nRRULE:FREQ=DAILY\r\nSUMMARY:Plans\r\n"));
  EXPECT_EQ(run_at(utc(2023, 11, 15, 9, 2)), utc(2023, 11, 15, 10));
  EXPECT_EQ(run_at(utc(2023, 11, 15, 10)), utc(2023, 11, 16, 10));
  EXPECT_EQ(queue->sent.size(), 3u);
  // What he may not read any more, or not all of, reminds him of nothing.
  replace(added.uid, event("u", "DTSTART:20231115T120000Z\r\nRRULE:FREQ=DAILY\r\nCLASS:PRIVATE\r\n"));
  EXPECT_FALSE(run_at(utc(2023, 11, 16, 10)));
  EXPECT_EQ(queue->sent.size(), 3u);
  expect_sound();
}

TEST_F(AlarmSenderTest, KnowsTheNextOfASeries) {
  put(event("u", "DTSTART:20231101T100000Z\r\nRRULE:FREQ=DAILY\r\n" + email_alarm("TRIGGER:PT0S\r\n")));
  begin();
  EXPECT_EQ(sender->run(), utc(2023, 11, 15, 10)) << "noted before it began";
  EXPECT_EQ(run_at(utc(2023, 11, 15, 10)), utc(2023, 11, 16, 10));
  EXPECT_EQ(run_at(utc(2023, 11, 16, 10)), utc(2023, 11, 17, 10));
  EXPECT_EQ(queue->sent.size(), 2u);
  EXPECT_NE(queue->field(0, "Message-ID"), queue->field(1, "Message-ID"));
}

TEST_F(AlarmSenderTest, WhatWasMissedIsSentForADay) {
  put(event("u", "DTSTART:20231101T100000Z\r\nRRULE:FREQ=DAILY\r\n" + email_alarm("TRIGGER:PT0S\r\n")));
  put(event("v", "DTSTART:20231115T100000Z\r\n" + email_alarm("TRIGGER:PT0S\r\n")));
  EXPECT_EQ(run_at(utc(2023, 11, 20, 9)), utc(2023, 11, 20, 10));
  EXPECT_EQ(queue->sent.size(), 1u) << "of yesterday";
}

TEST_F(AlarmSenderTest, WaitsForTheQueue) {
  put(event("u", "DTSTART:20231120T100000Z\r\n" + email_alarm("TRIGGER:PT0S\r\n")));
  queue->is_down = true;
  const auto again = run_at(utc(2023, 11, 20, 10));
  ASSERT_TRUE(again);
  EXPECT_GT(*again, utc(2023, 11, 20, 10));
  queue->is_down = false;
  EXPECT_FALSE(run_at(*again));
  EXPECT_EQ(queue->sent.size(), 1u);
}

TEST_F(AlarmSenderTest, ACrashRepeatsNone) {
  put(event("u", "DTSTART:20231120T100000Z\r\n" + email_alarm("TRIGGER:PT0S\r\n")));
  queue->crashes = true;
  run_at(utc(2023, 11, 20, 10));
  queue->crashes = false;
  begin();
  EXPECT_FALSE(sender->run());
  ASSERT_EQ(queue->sent.size(), 1u);
  EXPECT_TRUE(queue->field(0, "Message-ID").starts_with("<alarm."));
  EXPECT_TRUE(queue->known.empty()) << "it is noted as done: the queue need not remember it";
}

TEST_F(AlarmSenderTest, BoundsWhatOneAccountSends) {
  put(event("u", "DTSTART:20231115T100000Z\r\nRRULE:FREQ=SECONDLY\r\n" + email_alarm("TRIGGER:PT0S\r\n")));
  EXPECT_EQ(run_at(utc(2023, 11, 15, 10, 30)), utc(2023, 11, 15, 11));
  EXPECT_EQ(queue->sent.size(), AlarmSender::kMostInAnHour);
}

TEST_F(AlarmSenderTest, TheSuspendedGetNone) {
  put(event("u", "DTSTART:20231120T100000Z\r\n" + email_alarm("TRIGGER:PT0S\r\n")));
  auto owner = must(directory->principal(ada));
  owner.status = directory::Status::suspended;
  must(directory->update_principal(owner));
  EXPECT_FALSE(run_at(utc(2023, 11, 20, 10)));
  EXPECT_TRUE(queue->sent.empty());
}

TEST_F(AlarmSenderTest, GoesToThoseWhomTheOwnerMayMake) {
  directory::NewPrincipal group;
  group.kind = directory::PrincipalKind::group;
  group.address = "all@example.org";
  must(directory->add_principal(group));
  const auto owner = must(directory->principal(ada));
  struct Case {
    std::string attendees;
    std::vector<std::string> expected;
    std::string why;
  };
  const std::vector<Case> cases = {
      {"", {"ada@example.org"}, "nobody is named: the owner"},
      {"ATTENDEE:mailto:Ada@Example.org\r\nATTENDEE:mailto:ada@example.org\r\n", {"ada@example.org"}, "each once"},
      {"ATTENDEE:mailto:ben@example.org\r\n", {"ben@example.org"}, "of the same tenant"},
      {"ATTENDEE:mailto:eve@elsewhere.test\r\n", {"ada@example.org"}, "not to the world"},
      {"ATTENDEE:mailto:nobody@example.org\r\n", {"ada@example.org"}, "nobody has it"},
      {"ATTENDEE:mailto:all@example.org\r\n", {"ada@example.org"}, "not to groups"},
      {"ATTENDEE:tel:+1\r\n", {"ada@example.org"}, "no address"},
  };
  for (const Case& one : cases) {
    const auto read = icalendar::read(event("u", "DTSTART:20231120T100000Z\r\n" + email_alarm(one.attendees)));
    const auto& alarm = read->calendars.at(0).components.at(0).components.at(0);
    EXPECT_EQ(alarm_recipients(alarm, owner, *directory), one.expected) << one.why;
  }
}

TEST_F(AlarmSenderTest, TellsTheTimeWhereTheEventIs) {
  struct Case {
    std::string lines, subject, text, why;
  };
  const std::string trigger = "TRIGGER:PT0S\r\n";
  const std::vector<Case> cases = {
      {"DTSTART;TZID=Europe/Berlin:20240703T100000\r\nDURATION:PT1H\r\nSUMMARY:Plans\r\nLOCATION:Room 1\r\n" +
           email_alarm(trigger),
       "Reminder: Plans",
       "What:   Plans\nWhen:   Wednesday, 03 July 2024, 10:00 - 11:00 (Europe/Berlin)\nWhere:  Room 1\n", "zoned"},
      {"DTSTART:20240703T100000Z\r\nSUMMARY:Plans\r\nDESCRIPTION:Bring ideas\r\n" +
           email_alarm(trigger + "SUMMARY:Soon\\nnow\r\nDESCRIPTION:Wake up\r\n"),
       "Soon now", "What:   Plans\nWhen:   Wednesday, 03 July 2024, 10:00 (UTC)\n\nWake up\n\nBring ideas\n",
       "the alarm's own words, on one line where it must be"},
      {"DTSTART;VALUE=DATE:20240703\r\nSUMMARY:Trip\r\n" + email_alarm(trigger), "Reminder: Trip",
       "What:   Trip\nWhen:   Wednesday, 03 July 2024\n", "a whole day"},
      {"DTSTART:20240703T100000\r\n" + email_alarm(trigger), "Reminder: (no subject)",
       "When:   Wednesday, 03 July 2024, 10:00\n", "floating"},
      {"DTSTART;TZID=Europe/Berlin:20240601T100000\r\nRRULE:FREQ=MONTHLY;BYMONTHDAY=1\r\nSUMMARY:Rent\r\n" +
           email_alarm(trigger),
       "Reminder: Rent", "What:   Rent\nWhen:   Monday, 01 July 2024, 10:00 (Europe/Berlin)\n", "the instance"},
  };
  for (const Case& one : cases) {
    const auto read = icalendar::read(event("u", one.lines));
    const lines::Component& calendar = read->calendars.at(0);
    icalendar::Budget budget(10'000);
    const auto alarms = must(
        next_alarms(calendar, "u", AlarmWay::mail, utc(2024, 6, 2), accounts->zones(), accounts->home_zone(), budget));
    ASSERT_EQ(alarms.size(), 1u) << one.why;
    const AlarmText told = alarm_text(alarms[0], calendar, accounts->zones(), *accounts->home_zone());
    EXPECT_EQ(told.subject, one.subject) << one.why;
    EXPECT_EQ(told.text, one.text) << one.why;
  }
}

}  // namespace
}  // namespace kontor::groupware
