// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/archive/settings.h"

#include <gtest/gtest.h>

#include "formats/archive/reader.h"
#include "formats/archive/writer.h"

namespace kontor::archive {
namespace {

Settings full_settings() {
  Settings out;
  out.language = "de";
  out.time_zone = "Europe/Berlin";
  out.signatures = {{"1", "Büro", "<p>Grüße</p>", true}, {"2", "raw", "bad\xff", false}};
  out.new_signature = "1";
  out.reply_signature = "2";
  out.identities = {{"main", "Ada", "ada@example.org", "team@example.org", "1", ""}};
  out.categories = {{"Kunde, wichtig", "#ff0000", true}};
  out.favourites = {{"17", "", "Projekte"}, {"", "bob@example.org", "calendar"}};
  out.searches = {{"s1", "Ungelesen", R"({"notKeyword":"$seen"})", {"17", "18"}, false}};
  out.display = {{"webapp.calendar.first_day", "1"}};
  out.rules = R"({"rules":[]})";
  out.senders = {{"friend@example.net"}, {"@ads.example", "x@example.net"}};
  out.delegates = {{"bob@example.org", true, true}};
  out.send_as = {"bob@example.org"};
  out.quota = 5'000'000'000;
  out.booking = {true, false, false};
  out.password_hash = "deadbe1217afb4ebd45640628875d8ce31efe8af";
  return out;
}

TEST(ArchiveSettings, come_back_as_they_were_written) {
  for (const Settings& settings : {full_settings(), Settings()}) {
    const auto again = parse_settings(to_json(settings));
    ASSERT_TRUE(again) << again.error().text;
    EXPECT_EQ(*again, settings);
  }
  Principal group{"group", "team@example.org", "Team",       "acme", {"alle@example.org"}, {"ada@example.org"},
                  true,    {"team"},           5'000'000'000};
  const auto again = parse_principal(to_json(group));
  ASSERT_TRUE(again) << again.error().text;
  EXPECT_EQ(*again, group);
}

TEST(ArchiveSettings, are_refused_beyond_their_limits) {
  struct Case {
    const char* json;
    const char* why;
  };
  for (const auto& [json, why] : {Case{R"({"colour":"red"})", "unknown member"},
                                  {R"({"signatures":[{"name":"x"}]})", "no id"},
                                  {R"({"signatures":[7]})", "no object"},
                                  {R"({"signatures":{}})", "no list"},
                                  {R"({"categories":[{"name":""}]})", "no name"},
                                  {R"({"quota":-1})", "below zero"},
                                  {R"({"send_as":"bob"})", "no list"},
                                  {R"({"senders":[]})", "no object"},
                                  {R"({"senders":{"allowed":"x"}})", "no list of senders"},
                                  {R"({"senders":{"refused":[]}})", "no such list"},
                                  {R"({"delegates":[{"who":"bob","may":true}]})", "unknown member of an element"},
                                  {R"([])", "no object at all"}})
    EXPECT_FALSE(parse_settings(json)) << why;
  EXPECT_FALSE(parse_settings(R"({"new_signature":")" + std::string(kMaxSettingName + 1, 'x') + R"("})"));
  EXPECT_FALSE(parse_principal(R"({"kind":"printer","address":"a@b"})")) << "unknown kind";
  EXPECT_FALSE(parse_principal(R"({"kind":"user"})")) << "no address";
}

TEST(ArchiveSettings, lie_where_the_order_says) {
  std::string bytes;
  Writer writer([&](std::string_view piece) -> Result<void> {
    bytes += piece;
    return {};
  });
  Folder folder;
  folder.number = 1;
  folder.path = {"Projekte"};
  folder.grants = {{"bob@example.org", 0x1807}, {"", 0x800}};
  ASSERT_TRUE(writer.principal({.address = "bob@example.org"}));
  ASSERT_TRUE(writer.account({"ada@example.org", "test"}));
  ASSERT_TRUE(writer.folder(folder));
  ASSERT_TRUE(writer.settings(full_settings()));
  ASSERT_TRUE(writer.end_account({true}));
  ASSERT_TRUE(writer.finish());
  Reader reader([&]() -> Result<std::string> { return std::exchange(bytes, {}); });
  EXPECT_EQ(std::get<Principal>(*reader.next()).address, "bob@example.org");
  EXPECT_EQ(std::get<Account>(*reader.next()).address, "ada@example.org");
  EXPECT_EQ(std::get<Folder>(*reader.next()), folder);
  EXPECT_EQ(std::get<Settings>(*reader.next()), full_settings());
  EXPECT_TRUE(std::get<AccountEnd>(*reader.next()).is_complete);
  EXPECT_EQ(std::get<ArchiveEnd>(*reader.next()).accounts, 1u);
}

TEST(ArchiveSettings, grants_are_words) {
  Folder folder;
  folder.path = {"F"};
  folder.grants = {{"bob@example.org", 1u << 13 | 1u}};
  const std::string json = to_json(folder);
  EXPECT_NE(json.find(R"(["see","read-private"])"), std::string::npos) << json;
  EXPECT_FALSE(parse_folder(R"({"path":["F"],"grants":[{"who":"a","rights":["fly"]}]})"));
  EXPECT_FALSE(parse_folder(R"({"path":["F"],"grants":{}})"));
  EXPECT_TRUE(parse_folder(R"({"path":["F"],"grants":[]})")->grants);
  EXPECT_FALSE(parse_folder(R"({"path":["F"]})")->grants);
}

}  // namespace
}  // namespace kontor::archive
