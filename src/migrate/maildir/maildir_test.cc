// SPDX-License-Identifier: AGPL-3.0-or-later
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "migrate/files/scratch_directory.h"
#include "migrate/maildir/control_files.h"
#include "migrate/maildir/message_name.h"
#include "migrate/maildir/scan.h"
#include "migrate/names/item_flags.h"
#include "migrate/sources.h"

namespace kontor::migrate {
namespace {

namespace fs = std::filesystem;

SourceOptions maildir_options(const std::string& path) {
  SourceOptions options;
  options.kind = SourceKind::maildir;
  options.path = path;
  options.users = {SourceUser{"bob@example.org", "", "", ""}};
  return options;
}

TEST(MessageName, IsTakenApart) {
  struct Case {
    const char* name;
    const char* base;
    const char* letters;
  };
  for (const auto& c :
       {Case{"1.a.host:2,FS", "1.a.host", "FS"}, Case{"1.a.host,S=12,W=13:2,", "1.a.host,S=12,W=13", ""},
        Case{"1.a.host;2,S", "1.a.host", "S"}, Case{"1.a.host!2,RSa", "1.a.host", "RSa"},
        Case{"1.a.host", "1.a.host", ""}, Case{"12,34:2,S", "12,34", "S"}, Case{"1.a:2,S,extra", "1.a", "S"},
        Case{"1.a:1,x", "1.a", ""}, Case{"2,S", "2,S", ""}, Case{"1.a:", "1.a", ""}}) {
    const auto name = parse_message_name(c.name);
    EXPECT_EQ(name.base, c.base) << c.name;
    EXPECT_EQ(name.letters, c.letters) << c.name;
  }
  const auto name = parse_message_name("1700000000.M1P2.h,S=120,W=130:2,S");
  EXPECT_EQ(name.size, 120u);
  EXPECT_EQ(name.crlf_size, 130u);
  EXPECT_EQ(name.delivered->time_since_epoch().count(), 1700000000);
  EXPECT_EQ(parse_message_name(";2,5").base, ";2,5") << "a name of flags alone";
  EXPECT_FALSE(parse_message_name("1.a,S=x").size);
  EXPECT_FALSE(parse_message_name("99999999999.x").delivered);
}

TEST(UidList, IsReadInBothVersionsAndWhenDamaged) {
  const auto list = parse_uid_list(
      "3 V1275660208 N50 G3085f01b7f11094c501100008c4a11c1\n"
      "1 S10 W12 P00000001-x O2 G77 :1.a.host,S=10:2,S\n"
      "3 :2.b.host\n"
      "2 :3.c.host\n"  // out of order
      "7 :2.b.host\n"  // a name twice
      "x :4.d.host\n9\n\n"
      "60 W5 :5 with :colon.host\n");
  EXPECT_EQ(list.uid_validity, 1275660208u);
  EXPECT_EQ(list.uid_next, 61u);
  ASSERT_EQ(list.messages.size(), 3u);
  EXPECT_EQ(list.messages.at("1.a.host,S=10").pop3_uidl, "00000001-x");
  EXPECT_EQ(list.messages.at("1.a.host,S=10").pop3_order, "2");
  EXPECT_EQ(list.messages.at("1.a.host,S=10").guid, "77");
  EXPECT_EQ(list.messages.at("2.b.host").uid, 3u);
  EXPECT_EQ(list.messages.at("5 with :colon.host").uid, 60u);
  const auto courier = parse_uid_list("1 1275660208 25\n3 1.a.host\n20 1.b.host:2,S\n");
  EXPECT_EQ(courier.uid_next, 25u);
  EXPECT_EQ(courier.messages.at("1.b.host").uid, 20u);
  EXPECT_EQ(parse_uid_list("").uid_validity, 0u);
  EXPECT_EQ(parse_uid_list("9 V1 N2\n1 :a\n").uid_validity, 0u) << "a version nobody knows";
}

TEST(Subscriptions, AreReadInBothVersions) {
  using Names = std::set<std::string, std::less<>>;
  EXPECT_EQ(parse_subscriptions("INBOX\nA.B\nC/D\n"), (Names{"INBOX", "A.B", "C.D"}));
  EXPECT_EQ(parse_subscriptions("V\t2\n\nA\tB\nEntw&APw-rfe\n"), (Names{"A.B", "Entw&APw-rfe"}));
  EXPECT_EQ(parse_keyword_file("0 $Label1\n25 z\n26 lost\nx y\n"),
            (std::map<unsigned, std::string>{{0, "$Label1"}, {25, "z"}}));
}

TEST(DoubtfulTimes, AreThoseOfACopy) {
  std::vector<FileTimes> copied, delivered, spread, few;
  for (std::int64_t i = 0; i < 100; ++i) {
    copied.push_back({1'700'000'000 + i, 1'500'000'000 + i * 86'400});
    delivered.push_back({1'700'000'000 + i, 1'700'000'000 + i});
    spread.push_back({1'500'000'000 + i * 86'400, 0});
    if (i < 10) few.push_back({1'700'000'000, 0});
  }
  EXPECT_TRUE(are_times_doubtful(copied));
  EXPECT_FALSE(are_times_doubtful(delivered)) << "the names confirm that they came within the hour";
  EXPECT_FALSE(are_times_doubtful(spread));
  EXPECT_FALSE(are_times_doubtful(few));
}

TEST(MaildirSource, CarriesWhatAMaildirHolds) {
  ScratchDirectory scratch;
  for (const char* folder : {"", ".Entw&APw-rfe", ".Archive.2020", ".INBOX.x",
                             ".Gr\xc3\xbc\xc3\x9f"
                             "e",
                             ".junk-without-cur"})
    for (const char* part : {"cur", "new", "tmp"})
      if (std::string(folder) != ".junk-without-cur")
        fs::create_directories(scratch.path(std::string(folder) + "/" + part));
  scratch.write("subscriptions", "V\t2\n\nArchive\t2020\nTeam\tPl&AOQ-ne\nINBOX\tx\njunk-without-cur\n");
  scratch.write("cur/1000000000.a.host,S=9,W=11:2,FRSTDPa", "A: b\n\nx\r\n", 1'000'000'100);
  scratch.write("new/1000000001.b.host", "A: b\r\n\r\ny\r\n", 1'000'000'200);
  scratch.write("cur/1000000002.c.host;2,S", "A: b\n\nz", 1'000'000'300);
  scratch.write("dovecot-uidlist", "3 V77 N50 G00\n5 PuidlX :1000000000.a.host,S=9,W=11\n9 :1000000099.gone.host\n");
  scratch.write("dovecot-keywords", "0 Projekt\n");

  auto source = open_source(maildir_options(scratch.path()));
  ASSERT_TRUE(source) << source.error().text;
  EXPECT_EQ((*source)->accounts()->front().address, "bob@example.org");
  auto session = (*source)->open((*source)->accounts()->front());
  ASSERT_TRUE(session);
  const auto folders = (*session)->folders();
  ASSERT_TRUE(folders);
  std::map<std::vector<std::string>, SourceFolder> by_path;
  for (const auto& folder : *folders) by_path[folder.path] = folder;
  EXPECT_EQ(by_path.size(), 5u);
  EXPECT_EQ((by_path.at({"Entwürfe"}).role), "drafts");
  EXPECT_TRUE((by_path.at({"Archive", "2020"}).subscribed));
  EXPECT_FALSE((by_path.at({"Entwürfe"}).subscribed));
  EXPECT_TRUE((by_path.contains({"Grüße"}))) << "names in UTF-8";
  EXPECT_TRUE((by_path.contains({"INBOX", "x"})));
  const std::vector<SourcePath> others = {{"Team", "Pläne"}, {"junk-without-cur"}};
  EXPECT_EQ((*session)->other_subscriptions(), others) << "to what is no folder";
  const auto inbox = by_path.at({"INBOX"});
  EXPECT_EQ(inbox.uid_validity, 77u);
  EXPECT_EQ(inbox.messages, 3u);

  std::vector<SourceItem> items;
  const auto take = [&](const SourceItem& item) -> Result<void> {
    items.push_back(item);
    return {};
  };
  const auto pass = (*session)->list(inbox, {}, take);
  ASSERT_TRUE(pass);
  ASSERT_EQ(items.size(), 3u);
  EXPECT_EQ(items[0].key, "1000000000.a.host,S=9,W=11");
  EXPECT_EQ(items[0].uid, 5u);
  EXPECT_EQ(items[0].flags, kItemFlagged | kItemAnswered | kItemSeen | kItemDeleted | kItemDraft);
  EXPECT_EQ(items[0].keywords, (std::vector<std::string>{"$Forwarded", "Projekt"}));
  EXPECT_EQ(items[0].properties.at("pop3.uidl"), "uidlX");
  EXPECT_EQ(items[0].properties.at("line-ends"), "lf");
  EXPECT_EQ(items[0].date.at.time_since_epoch().count(), 1'000'000'100);
  EXPECT_EQ(items[1].uid, 50u) << "not listed ones are numbered from N on";
  EXPECT_EQ(items[1].flags, 0);
  EXPECT_EQ(items[1].properties.at("line-ends"), "crlf");
  EXPECT_EQ(items[2].uid, 51u);
  EXPECT_EQ(items[2].flags, kItemSeen);

  const auto content = [&](const SourceItem& item) {
    std::string out;
    const auto done = (*session)->fetch(inbox, item, [&](std::string_view piece) -> Result<void> {
      out.append(piece);
      return {};
    });
    return done ? out : "!" + std::string(kontor::name(done.error().code));
  };
  EXPECT_EQ(content(items[0]), "A: b\r\n\r\nx\r\n");
  EXPECT_EQ(content(items[1]), "A: b\r\n\r\ny\r\n");
  EXPECT_EQ(content(items[2]), "A: b\r\n\r\nz");
  // A message that moves, one that goes, one that cannot be read.
  fs::rename(scratch.path("new/1000000001.b.host"), scratch.path("cur/1000000001.b.host:2,S"));
  EXPECT_EQ(content(items[1]), "A: b\r\n\r\ny\r\n");
  fs::remove(scratch.path("cur/1000000002.c.host;2,S"));
  EXPECT_EQ(content(items[2]), "!not_found");

  items.clear();
  const auto changed = (*session)->list(inbox, pass->state, take);
  ASSERT_TRUE(changed);
  EXPECT_FALSE(changed->unchanged);
  EXPECT_EQ(items.size(), 2u);
  items.clear();
  const auto same = (*session)->list(inbox, changed->state, take);
  EXPECT_TRUE(same->unchanged);
  EXPECT_TRUE(items.empty());
}

TEST(MaildirSource, ReadsRealDirectoriesAndManyUsers) {
  ScratchDirectory scratch;
  for (const char* part : {"cur", "new"}) {
    fs::create_directories(scratch.path("example.org/ann/Maildir/") + part);
    fs::create_directories(scratch.path("example.org/ann/Maildir/Work/2020/") + part);
    fs::create_directories(scratch.path("example.com/bob/Maildir/") + part);
  }
  fs::create_directories(scratch.path("example.org/nobody"));
  SourceOptions options;
  options.kind = SourceKind::maildir;
  options.path = scratch.path("%d/%n/Maildir");
  auto source = open_source(options);
  ASSERT_TRUE(source) << source.error().text;
  const auto accounts = (*source)->accounts();
  ASSERT_TRUE(accounts);
  ASSERT_EQ(accounts->size(), 2u);
  EXPECT_EQ((*accounts)[0].address, "ann@example.org");
  EXPECT_EQ((*accounts)[1].address, "bob@example.com");
  auto session = (*source)->open((*accounts)[0]);
  ASSERT_TRUE(session);
  const auto folders = (*session)->folders();
  ASSERT_TRUE(folders);
  ASSERT_EQ(folders->size(), 3u);
  EXPECT_EQ((*folders)[1].path, std::vector<std::string>{"Work"});
  EXPECT_TRUE((*folders)[1].is_container);
  EXPECT_EQ((*folders)[2].path, (std::vector<std::string>{"Work", "2020"}));
  EXPECT_FALSE((*source)->open({"eve@example.org", ""}));
}

TEST(MaildirSource, FallsBackToHeadersWhereTimesWereLost) {
  ScratchDirectory scratch;
  fs::create_directories(scratch.path("cur"));
  for (int i = 0; i < 30; ++i)
    scratch.write("cur/m" + std::to_string(100 + i) + ":2,S",
                  "Received: from a by b; Sat, 01 Jan 2005 00:00:00 +0100\nReceived: from x by a; Fri, 31 Dec 2004 "
                  "22:00:00 +0000\n"
                  "Date: Thu, 30 Dec 2004 00:00:00 +0000\n\nx\n",
                  1'700'000'000 + i);
  auto source = open_source(maildir_options(scratch.path()));
  ASSERT_TRUE(source);
  auto session = (*source)->open((*source)->accounts()->front());
  const auto folders = (*session)->folders();
  ASSERT_TRUE(folders);
  std::size_t count = 0;
  const auto pass = (*session)->list(folders->front(), {}, [&](const SourceItem& item) -> Result<void> {
    EXPECT_TRUE(item.date_is_guess);
    EXPECT_EQ(item.date.at.time_since_epoch().count(), 1104534000) << "the newest Received";
    EXPECT_EQ(item.uid, 0u) << "without a list there are no UIDs";
    ++count;
    return {};
  });
  EXPECT_TRUE(pass);
  EXPECT_EQ(count, 30u);
}

}  // namespace
}  // namespace kontor::migrate
