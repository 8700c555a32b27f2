// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/calendar/facts.h"

#include <gtest/gtest.h>

#include "groupware/calendar/calendar_fixture.h"
#include "groupware/keys.h"
#include "store/engine.h"

namespace kontor::groupware {
namespace {

Description described(Kind kind, const std::string& bytes) {
  static const icalendar::ZoneDatabase zones;
  return describe(kind, bytes, zones, icalendar::utc_zone(), utc(2023, 11, 14));
}
Facts facts_of(const std::string& bytes) { return described(Kind::calendar, bytes).facts; }

TEST(Facts, OfAnEvent) {
  const Facts facts = facts_of(event("a@b",
                                     "DTSTART:20231115T100000Z\r\nDTEND:20231115T113000Z\r\nSUMMARY:Talk\\, long\r\n"
                                     "STATUS:confirmed\r\nORGANIZER:mailto:Ann@Example.org\r\n"
                                     "ATTENDEE:mailto:b@example.org\r\nTRANSP:TRANSPARENT\r\n"));
  EXPECT_EQ(facts.component, Facts::Component::event);
  EXPECT_EQ(facts.uid, "a@b");
  EXPECT_EQ(facts.summary, "Talk, long");
  EXPECT_EQ(facts.status, "CONFIRMED");
  EXPECT_EQ(facts.organizer, "ann@example.org");
  EXPECT_TRUE(facts.has_attendees);
  EXPECT_TRUE(facts.is_transparent);
  EXPECT_EQ(facts.first, utc(2023, 11, 15, 10));
  EXPECT_EQ(facts.last, utc(2023, 11, 15, 11, 30));
  EXPECT_FALSE(facts.is_recurring || facts.is_floating || facts.is_zoned || facts.has_alarms);
  EXPECT_EQ(facts.privacy, Privacy::open);
  EXPECT_EQ(facts.problem, "");
}

struct TimesCase {
  const char* lines;
  bool has_time, is_endless, is_recurring, is_floating;
  const char* why;
};

TEST(Facts, OfTimes) {
  const TimesCase cases[] = {
      {"DTSTART:20231115T100000Z\r\nRRULE:FREQ=DAILY\r\n", true, true, true, false, "never ends"},
      {"DTSTART:20231115T100000Z\r\nRRULE:FREQ=DAILY;COUNT=3\r\n", true, false, true, false, "ends"},
      {"DTSTART;VALUE=DATE:20231115\r\n", true, false, false, true, "a whole day"},
      {"DTSTART:20231115T100000\r\n", true, false, false, true, "floating"},
      {"DTSTART:20231115T100000Z\r\nRRULE:FREQ=SECONDLY;COUNT=100000000\r\n", true, true, true, false,
       "its end takes too long to find"},
  };
  for (const TimesCase& one : cases) {
    const Facts facts = facts_of(event("u", one.lines));
    EXPECT_EQ(facts.has_time(), one.has_time) << one.why;
    EXPECT_EQ(facts.has_time() && !facts.last, one.is_endless) << one.why;
    EXPECT_EQ(facts.is_recurring, one.is_recurring) << one.why;
    EXPECT_EQ(facts.is_floating, one.is_floating) << one.why;
    EXPECT_EQ(facts.problem, "") << one.why;
  }
  const Facts loose = described(Kind::tasks, todo("t", "SUMMARY:Some day\r\n")).facts;
  EXPECT_EQ(loose.first, Instant::min()) << "a task without times is there at any time";
  EXPECT_FALSE(loose.last);
}

struct ProblemCase {
  std::string bytes;
  const char* uid;
  const char* why;
};

TEST(Facts, WhatCannotBeUnderstoodSaysWhy) {
  const ProblemCase cases[] = {
      {"hello", "", "no calendar"},
      {"", "", "nothing"},
      {event("u", "DTSTART:20231115T100000Z\r\nRRULE:FREQ=NEVER\r\n"), "u", "a rule that is none"},
      {event("u", "DTSTART;TZID=Nowhere/Land:20231115T100000\r\n"), "u", "a zone that nobody knows"},
      {event("u", "SUMMARY:x\r\n"), "u", "no begin"},
      {event("", "DTSTART:20231115T100000Z\r\n"), "", "no UID"},
      {"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n", "", "no component"},
      {"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART:20231115T100000Z\r\nEND:VEVENT\r\n"
       "BEGIN:VEVENT\r\nUID:b\r\nDTSTART:20231115T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
       "", "two UIDs"},
      {std::string(kLargestDescribed + 1, 'x'), "", "too large"},
  };
  for (const ProblemCase& one : cases) {
    const Facts facts = facts_of(one.bytes);
    EXPECT_NE(facts.problem, "") << one.why;
    EXPECT_EQ(facts.uid, one.uid) << one.why;
  }
  EXPECT_EQ(facts_of("hello").privacy, Privacy::private_) << "it may be private for all that is known";
}

TEST(Facts, OfPrivacy) {
  EXPECT_EQ(facts_of(event("u", "DTSTART:20231115T100000Z\r\nCLASS:PUBLIC\r\n")).privacy, Privacy::open);
  EXPECT_EQ(facts_of(event("u", "DTSTART:20231115T100000Z\r\nCLASS:private\r\n")).privacy, Privacy::private_);
  EXPECT_EQ(facts_of(event("u", "DTSTART:20231115T100000Z\r\nCLASS:X-OURS\r\n")).privacy, Privacy::private_);
  EXPECT_EQ(
      facts_of(event("u", "DTSTART:20231115T100000Z\r\n") + event("v", "DTSTART:20231115T100000Z\r\nCLASS:PRIVATE\r\n"))
          .privacy,
      Privacy::private_);
  const Description hidden =
      described(Kind::calendar, event("u", "DTSTART:20231115T100000Z\r\nCLASS:CONFIDENTIAL\r\nSUMMARY:Secret\r\n"));
  EXPECT_EQ(hidden.facts.privacy, Privacy::confidential);
  EXPECT_GT(hidden.redacted_size, 0u);
  EXPECT_EQ(hidden.redacted_hash.size(), 32u);
  const Description same = described(
      Kind::calendar, event("u", "DTSTART:20231115T100000Z\r\nCLASS:CONFIDENTIAL\r\nSUMMARY:Other secret\r\n"));
  EXPECT_EQ(same.redacted_hash, hidden.redacted_hash) << "what others see is the same";
}

TEST(Facts, OfCards) {
  const Facts facts = described(Kind::contacts,
                                "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c1\r\nFN:Ann Example\r\nN:Example;Ann;;;\r\n"
                                "EMAIL;TYPE=work:ann@example.org\r\nEMAIL:ann@example.com\r\nEND:VCARD\r\n")
                          .facts;
  EXPECT_EQ(facts.component, Facts::Component::card);
  EXPECT_EQ(facts.uid, "c1");
  EXPECT_EQ(facts.summary, "Ann Example");
  EXPECT_EQ(facts.emails, (std::vector<std::string>{"ann@example.org", "ann@example.com"}));
  EXPECT_FALSE(facts.has_time());
  EXPECT_EQ(facts.privacy, Privacy::open);
  EXPECT_NE(described(Kind::contacts, "nothing").facts.problem, "");
}

class StoredFactsTest : public CalendarTest {};

TEST_F(StoredFactsTest, ComeWithTheItem) {
  const Added added = put(event("a@b", "DTSTART:20231115T100000Z\r\nSUMMARY:Talk\r\n"));
  EXPECT_EQ(added.name, "a@b.ics");
  EXPECT_EQ(must(reader()->facts(added.item)).summary, "Talk");
  replace(added.uid, event("a@b", "DTSTART:20231115T100000Z\r\nSUMMARY:Walk\r\n"));
  EXPECT_EQ(must(reader()->facts(added.item)).summary, "Walk");
  const Added task = must(try_put(*account, calendar, make_item(Kind::calendar, todo("t", ""))));
  EXPECT_EQ(must(reader()->entry(calendar, task.uid)).kind, Kind::tasks) << "by its component";
  const Added bad = put("not a calendar", "bad.ics");
  EXPECT_NE(must(reader()->facts(bad.item)).problem, "");
  EXPECT_EQ(must(reader()->named(calendar, "bad.ics")), bad.uid);
  expect_sound();
}

TEST_F(StoredFactsTest, UidsAreUniqueInAFolder) {
  const Added added = put(event("a@b", "DTSTART:20231115T100000Z\r\n"), "one.ics");
  const NewItem again = make_item(Kind::calendar, event("a@b", "DTSTART:20231116T100000Z\r\n"), "two.ics");
  EXPECT_EQ(try_put(*account, calendar, again).error().code, Errc::exists);
  FolderId other;
  change([&](Transaction& t) -> Result<void> {
    Transaction::NewFolder folder;
    folder.name = "Other";
    folder.kind = Kind::calendar;
    TRY(other, t.create_folder(folder));
    TRY_VOID(t.copy(calendar, added.uid, other));
    EXPECT_EQ(t.copy(calendar, added.uid, other, "again.ics").error().code, Errc::exists);
    return {};
  });
  EXPECT_EQ(must(reader()->with_uid(Kind::calendar, "a@b")).size(), 2u);
  EXPECT_EQ(must(reader()->with_uid(std::nullopt, "a@b")).front().item, added.item);
  EXPECT_TRUE(must(reader()->with_uid(Kind::tasks, "a@b")).empty());
  replace(added.uid, event("c@d", "DTSTART:20231115T100000Z\r\n"));
  EXPECT_EQ(must(reader()->with_uid(Kind::calendar, "a@b")).size(), 1u);
  EXPECT_EQ(must(reader()->with_uid(Kind::calendar, "c@d")).size(), 1u);
  must(try_put(*account, calendar, again));
  change([&](Transaction& t) { return t.remove_folder(other); });
  change([&](Transaction& t) -> Result<void> {
    TRY(const Uid uid, t.named(calendar, "two.ics"));
    return t.remove(calendar, uid);
  });
  EXPECT_TRUE(must(reader()->with_uid(Kind::calendar, "a@b")).empty());
  expect_sound();
}

TEST_F(StoredFactsTest, CheckMakesThemAnew) {
  const Added added = put(event("a@b",
                                "DTSTART:20231120T100000Z\r\nSUMMARY:Talk\r\nBEGIN:VALARM\r\nACTION:EMAIL\r\n"
                                "TRIGGER:-PT1H\r\nEND:VALARM\r\n"));
  const auto partition = store::account_partition(account->id());
  store::Batch batch;
  {
    const auto snapshot = must(engine->snapshot(partition));
    for (const char letter : {'E', 'P', 'Z', 'J'})
      must(snapshot->scan(key::all(letter), key::end(key::all(letter)), [&](store::Key key, store::Value) {
        batch.erase(std::string(key));
        return true;
      }));
  }
  batch.put(key::facts(ItemId(99)), "?");
  batch.put(key::times(calendar) + std::string(13, '\1'), "?");
  must(engine->commit(partition, batch, store::Durability::durable));
  EXPECT_GE(must(accounts->check({.repair = true, .read_content = false, .progress = {}})).faults.size(), 5u);
  expect_sound();
  EXPECT_EQ(must(reader()->with_uid(Kind::calendar, "a@b")).front().item, added.item);
  EXPECT_EQ(in_time(utc(2023, 11, 20), utc(2023, 11, 21)).size(), 1u);
  EXPECT_EQ(must(accounts->next_alarm(account->id())), utc(2023, 11, 20, 9));
}

}  // namespace
}  // namespace kontor::groupware
