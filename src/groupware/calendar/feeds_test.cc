// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/calendar/feeds.h"

#include <gtest/gtest.h>

#include "groupware/calendar/calendar_fixture.h"
#include "groupware/calendar/feed_keeper.h"
#include "groupware/calendar/free_busy.h"
#include "groupware/keys.h"
#include "groupware/scheduling/scheduler.h"
#include "store/engine.h"

namespace kontor::groupware {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Feeds, Addresses) {
  const struct {
    const char* source;
    const char* expected;  // "": refused
  } cases[] = {
      {"https://example.com/a.ics", "https://example.com/a.ics"},
      {" HTTP://example.com/a.ics\n", "http://example.com/a.ics"},
      {"webcal://ada:secret@example.com/a?key=1", "https://ada:secret@example.com/a?key=1"},
      {"file:///etc/passwd", ""},
      {"https:///a.ics", ""},
      {"https://exam ple.com/", ""},
      {"example.com/a.ics", ""},
      {"", ""},
  };
  for (const auto& [source, expected] : cases) {
    const auto sound = sound_feed({.source = source});
    EXPECT_EQ(sound ? sound->source : "", expected) << source;
  }
  EXPECT_FALSE(sound_feed({.source = "https://example.com/" + std::string(3000, 'x')}));
  EXPECT_EQ(must(sound_feed({.source = "https://a/", .refresh = seconds(1)})).refresh, kShortestRefresh);
  EXPECT_EQ(shown_source("https://ada:secret@example.com/a.ics?key=1#x"), "https://example.com/a.ics");
  EXPECT_EQ(shown_source("https://example.com?key"), "https://example.com");
  EXPECT_EQ(parse_refresh("PT1H"), seconds(3600));
  EXPECT_EQ(parse_refresh("P1W"), seconds(604800));
  EXPECT_EQ(parse_refresh("900"), seconds(900));
  for (const char* bad : {"", "soon", "-PT1H", "12x"}) EXPECT_FALSE(parse_refresh(bad)) << bad;
}

std::string vevent(const std::string& uid, const std::string& lines) {
  return "BEGIN:VEVENT\r\nUID:" + uid + "\r\nDTSTAMP:20231101T000000Z\r\nDTSTART:20231120T100000Z\r\n" + lines +
         "END:VEVENT\r\n";
}
std::string calendar_with(const std::string& parts) {
  return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nMETHOD:PUBLISH\r\n" + parts + "END:VCALENDAR\r\n";
}

TEST(Feeds, AreReadAsObjects) {
  const std::string alarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n";
  const std::string mail = "BEGIN:VALARM\r\nACTION:EMAIL\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n";
  const std::string text =
      calendar_with(vevent("a", "SUMMARY:A\r\nATTACH;MANAGED-ID=97S:https://example.com/x\r\n" + alarm + mail) +
                    "BEGIN:VTODO\r\nUID:t\r\nSUMMARY:T\r\nEND:VTODO\r\nBEGIN:VFREEBUSY\r\nUID:f\r\nEND:VFREEBUSY\r\n"
                    "BEGIN:VEVENT\r\nDTSTART:20231121T100000Z\r\nSUMMARY:No name\r\nEND:VEVENT\r\n");
  const FeedItems all = must(read_feed(text, {}));
  ASSERT_EQ(all.items.size(), 3U);
  EXPECT_EQ(all.left_out, 1U) << "busy times are no items";
  const std::string& first = all.items[0].text;
  EXPECT_EQ(first.find("METHOD"), std::string::npos);
  EXPECT_NE(first.find("ACTION:DISPLAY"), std::string::npos);
  EXPECT_EQ(first.find("ACTION:EMAIL"), std::string::npos) << "nobody else has us write mail";
  EXPECT_EQ(first.find("MANAGED-ID"), std::string::npos);
  EXPECT_NE(all.items[2].text.find("UID:" + all.items[2].uid.substr(0, 20)), std::string::npos);
  const FeedItems less =
      must(read_feed(text, {.strips_alarms = true, .strips_attachments = true, .strips_todos = true}));
  EXPECT_EQ(less.items.size(), 2U);
  EXPECT_EQ(less.items[0].text.find("VALARM"), std::string::npos);
  EXPECT_EQ(less.items[0].text.find("ATTACH"), std::string::npos);
  std::string later = text;
  later.replace(later.find("DTSTAMP:20231101"), 16, "DTSTAMP:20231102");
  EXPECT_EQ(must(read_feed(later, {})).items[0].digest, all.items[0].digest) << "written anew, it says the same";
  EXPECT_FALSE(read_feed("<html>Log in</html>", {}));
  EXPECT_FALSE(read_feed("", {}));
}

TEST(Feeds, TheirMeetingsAreNotOurs) {
  const FeedItems read = must(read_feed(
      calendar_with(vevent("a", "ORGANIZER:mailto:ada@example.org\r\nATTENDEE:mailto:ben@example.org\r\n")), {}));
  ASSERT_EQ(read.items.size(), 1U);
  EXPECT_NE(read.items[0].text.find("ORGANIZER;SCHEDULE-AGENT=CLIENT:"), std::string::npos);
  EXPECT_NE(read.items[0].text.find("ATTENDEE;SCHEDULE-AGENT=CLIENT:"), std::string::npos);
}

class FeedKeeperTest : public CalendarTest {
 protected:
  void SetUp() override {
    CalendarTest::SetUp();
    keeper = std::make_unique<FeedKeeper>(
        FeedKeeper::Services{*accounts, *directory, clock, [this](const Feed& feed) -> Result<FeedAnswer> {
                               ++asked;
                               last_asked = feed;
                               return answer;
                             }});
    keeper->listen();
    change([&](Transaction& t) -> Result<void> {
      Transaction::NewFolder made;
      made.name = "Holidays";
      made.kind = Kind::calendar;
      TRY(folder, t.create_folder(made));
      return t.set_feed(folder, FeedSettings{.source = "webcal://example.com/h.ics"});
    });
  }
  void says(const std::string& body, const std::string& etag = "\"1\"") {
    answer = FeedAnswer{200, body, etag, "then"};
  }
  Feed feed() { return must(accounts->feeds(account->id())).at(0); }
  std::map<std::string, std::string> etags() {
    std::map<std::string, std::string> out;
    must(reader()->entries(folder, [&](const Entry& entry) {
      out[entry.name] = entry.etag;
      return true;
    }));
    return out;
  }

  Result<FeedAnswer> answer = fail(Errc::unavailable, "nobody is there");
  Feed last_asked;
  int asked = 0;
  FolderId folder;
  std::unique_ptr<FeedKeeper> keeper;
};

TEST_F(FeedKeeperTest, BringsWhatIsNewAndNothingElse) {
  says(calendar_with(vevent("a", "SUMMARY:A\r\n") + vevent("b", "SUMMARY:B\r\n")));
  keeper->run();
  EXPECT_EQ(last_asked.settings.source, "https://example.com/h.ics");
  const auto first = etags();
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(feed().etag, "\"1\"");
  EXPECT_EQ(feed().checked, clock.now());
  EXPECT_EQ(feed().next, clock.now() + hours(1));
  EXPECT_EQ(asked, 1);
  keeper->run();
  EXPECT_EQ(asked, 1) << "it is not due";
  // Not changed, by the source's own word and by a look at it.
  const Modseq before = account->modseq();
  clock.advance(hours(1));
  answer = FeedAnswer{304, "", "", ""};
  keeper->run();
  EXPECT_EQ(last_asked.etag, "\"1\"");
  EXPECT_EQ(last_asked.last_modified, "then");
  clock.advance(hours(1));
  std::string same = calendar_with(vevent("a", "SUMMARY:A\r\n") + vevent("b", "SUMMARY:B\r\n"));
  same.replace(same.find("DTSTAMP:20231101"), 16, "DTSTAMP:20231114");
  says(same, "\"2\"");
  keeper->run();
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(account->modseq(), before) << "no change is logged";
  EXPECT_EQ(etags(), first);
  EXPECT_EQ(feed().etag, "\"2\"");
  // One changed, one gone, one new.
  clock.advance(hours(1));
  says(calendar_with(vevent("b", "SUMMARY:Changed\r\n") + vevent("c", "SUMMARY:C\r\n")), "\"3\"");
  keeper->run();
  const auto second = etags();
  EXPECT_EQ(second.size(), 2U);
  EXPECT_FALSE(second.contains("a.ics"));
  EXPECT_NE(second.at("b.ics"), first.at("b.ics"));
  EXPECT_TRUE(second.contains("c.ics"));
  std::size_t removed = 0;
  must(reader()->removed_items(Instant::min(), Instant::max(), [&](const RemovedItem&) { return ++removed, true; }));
  EXPECT_EQ(removed, 0U) << "what was is not kept";
  expect_sound();
}

TEST_F(FeedKeeperTest, WhatHasNoUsableUidIsThereOnce) {
  const std::string uid(5000, 'u');
  for (const char* round : {"1", "2", "3"}) {
    says(calendar_with(vevent(uid + "a", "SUMMARY:A\r\n") +
                       vevent(uid + "b", "SUMMARY:B" + std::string(round) + "\r\n")));
    keeper->run();
    EXPECT_EQ(feed().error, "");
    EXPECT_EQ(etags().size(), 2U) << round;
    clock.advance(hours(1));
  }
  expect_sound();
}

TEST_F(FeedKeeperTest, FailuresAreSaidAndChangeNothing) {
  says(calendar_with(vevent("a", "SUMMARY:A\r\n")));
  keeper->run();
  const auto before = etags();
  const struct {
    Result<FeedAnswer> answer;
    const char* error;
  } cases[] = {
      {fail(Errc::unavailable, "nobody is there"), "nobody is there"},
      {FeedAnswer{200, "<html>", "", ""}, "something else"},
      {FeedAnswer{404, "", "", ""}, "not there (404)"},
      {FeedAnswer{401, "", "", ""}, "another login"},
      {FeedAnswer{500, "", "", ""}, "500"},
  };
  seconds pause(0);
  for (const auto& one : cases) {
    clock.advance(feed().next - clock.now());
    answer = one.answer;
    keeper->run();
    EXPECT_NE(feed().error.find(one.error), std::string::npos) << feed().error;
    EXPECT_EQ(etags(), before);
    EXPECT_GE(feed().next - clock.now(), pause) << "later and later";
    pause = feed().next - clock.now();
  }
  EXPECT_EQ(feed().failures, 5U);
  EXPECT_LE(pause, hours(24));
  clock.advance(feed().next - clock.now());
  says(calendar_with(vevent("a", "SUMMARY:A\r\n")));
  keeper->run();
  EXPECT_EQ(feed().failures, 0U);
  EXPECT_EQ(feed().error, "");
  EXPECT_EQ(etags(), before);
}

TEST_F(FeedKeeperTest, NobodyElseWrites) {
  says(calendar_with(vevent("a", "SUMMARY:A\r\n")));
  keeper->run();
  EXPECT_EQ(reader(as(ada))->rights(folder) & (right::kInsert | right::kExpunge), 0U);
  EXPECT_NE(reader(as(ada))->rights(folder) & right::kRead, 0U);
  const auto try_as = [&](const std::function<Result<void>(Transaction&)>& step) {
    const auto done = account->update(as(ada), step);
    return done ? Errc::corrupt : done.error().code;
  };
  const NewItem item = make_item(Kind::calendar, event("x", "DTSTART:20231120T100000Z\r\n"), "");
  EXPECT_EQ(try_as([&](Transaction& t) -> Result<void> {
              TRY_VOID(t.add(folder, item));
              return {};
            }),
            Errc::denied);
  EXPECT_EQ(try_as([&](Transaction& t) { return t.remove(folder, Uid(1)); }), Errc::denied);
  EXPECT_EQ(must(reader()->folder(folder))->properties.at(kTransparentCalendar), "true");
  // A calendar with something in it does not become one.
  put(event("mine", "DTSTART:20231120T100000Z\r\n"));
  EXPECT_EQ(try_as([&](Transaction& t) { return t.set_feed(calendar, FeedSettings{.source = "https://a/b"}); }),
            Errc::conflict);
  // Given up, it is the owner's, with what it holds.
  change([&](Transaction& t) { return t.set_feed(folder, std::nullopt); });
  EXPECT_TRUE(must(accounts->feeds(account->id())).empty());
  change([&](Transaction& t) { return t.remove(folder, Uid(1)); });
  expect_sound();
}

TEST_F(FeedKeeperTest, WhereItComesFromIsForThoseWhoAdministerIt) {
  change([&](Transaction& t) {
    return t.set_feed(folder, FeedSettings{.source = "https://ada:secret@example.com/h.ics"});
  });
  const auto share_with_ben = [&](std::uint32_t rights) {
    change([&](Transaction& t) {
      Transaction::FolderChange grants;
      grants.grants = {{ben, rights}};
      return t.change_folder(folder, grants);
    });
  };
  for (const std::uint32_t rights : {right::kReader, right::kEditor}) {
    share_with_ben(rights);
    EXPECT_TRUE(reader(as(ben))->folder(folder));
    EXPECT_EQ(reader(as(ben))->feed(folder).error().code, Errc::denied);
    EXPECT_EQ(account
                  ->update(as(ben),
                           [&](Transaction& t) -> Result<void> {
                             TRY_VOID(t.feed(folder));
                             return {};
                           })
                  .error()
                  .code,
              Errc::denied);
  }
  share_with_ben(right::kAll);
  EXPECT_TRUE(must(reader(as(ben))->feed(folder)));
  EXPECT_EQ(must(reader(as(ada))->feed(folder))->settings.source, "https://ada:secret@example.com/h.ics");
}

TEST_F(FeedKeeperTest, NoInvitationsComeThere) {
  EXPECT_EQ(
      account
          ->update(as(ada), [&](Transaction& t) { return t.set_feed(calendar, FeedSettings{.source = "https://a/b"}); })
          .error()
          .code,
      Errc::conflict)
      << "it is empty, but the default one";
  const auto choose = [&](FolderId chosen) {
    change([&](Transaction& t) {
      Transaction::FolderChange wanted;
      wanted.properties[kTakesInvitations] = "yes";
      return t.change_folder(chosen, wanted);
    });
  };
  choose(folder);
  EXPECT_EQ(must(invitation_folder(*account->folders(), Kind::calendar))->id, calendar);
  FolderId other;
  change([&](Transaction& t) -> Result<void> {
    Transaction::NewFolder made;
    made.name = "Meetings";
    made.kind = Kind::calendar;
    TRY(other, t.create_folder(made));
    return {};
  });
  choose(other);
  EXPECT_EQ(must(invitation_folder(*account->folders(), Kind::calendar))->id, other);
  EXPECT_FALSE(account->update(
      as(ada), [&](Transaction& t) { return t.set_feed(other, FeedSettings{.source = "https://a/b"}); }));
}

TEST_F(FeedKeeperTest, GoesWithItsFolder) {
  change([&](Transaction& t) { return t.remove_folder(folder); });
  EXPECT_TRUE(must(accounts->feeds(account->id())).empty());
  keeper->run();
  EXPECT_EQ(asked, 0);
  expect_sound();
}

TEST_F(FeedKeeperTest, AnAccountHasNotAnyNumberOfThem) {
  std::size_t made = 1;
  const auto one_more = [&] {
    return account->update(as(ada), [&](Transaction& t) -> Result<void> {
      Transaction::NewFolder wanted;
      wanted.name = "Feed " + std::to_string(made);
      wanted.kind = Kind::calendar;
      TRY(const FolderId id, t.create_folder(wanted));
      return t.set_feed(id, FeedSettings{.source = "https://example.com/h.ics"});
    });
  };
  for (; made < kMostFeeds; ++made) must(one_more());
  const auto refused = one_more();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::over_quota);
  keeper->run();
  EXPECT_EQ(asked, static_cast<int>(kMostFeeds)) << "one after another, each has its turn";
  expect_sound();
}

TEST_F(FeedKeeperTest, OthersGoOnAfterARestart) {
  keeper.reset();
  asked = 0;
  FeedKeeper next({*accounts, *directory, clock, [this](const Feed&) -> Result<FeedAnswer> {
                     ++asked;
                     return answer;
                   }});
  says(calendar_with(vevent("a", "SUMMARY:A\r\n")));
  next.listen();
  next.run();
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(etags().size(), 1U);
}

TEST_F(FeedKeeperTest, CheckKnowsThem) {
  const auto partition = store::account_partition(account->id());
  store::Batch batch;
  batch.erase(key::feed(folder));
  batch.put(key::feed(calendar), "?");
  must(engine->commit(partition, batch, store::Durability::durable));
  EXPECT_EQ(must(accounts->check({.repair = true, .read_content = false, .progress = {}})).faults.size(), 2U);
  expect_sound();
  EXPECT_NE(reader(as(ada))->rights(folder) & right::kInsert, 0U) << "it is the owner's";
}

}  // namespace
}  // namespace kontor::groupware
