// SPDX-License-Identifier: AGPL-3.0-or-later
// Settings, rights and people, from a source to an account.
#include <gtest/gtest.h>

#include "migrate/dump.h"
#include "migrate/migration_bench.h"

namespace kontor::migrate {
namespace {

// Ada's settings, and who else is at the source.
void add_settings(Bench& bench) {
  SourceSettings settings;
  settings.settings.language = "de";
  settings.settings.signatures = {{"1", "Büro", "Grüße", false}};
  settings.settings.send_as = {"bob"};
  settings.losses = {{"the rule \"Alt\"", "it asks for something"}};
  bench.table.settings = settings;
  bench.table.principals = {{"user", "bob", "Bob", "", {}, {}, false},
                            {"group", "team@new.example", "Team", "", {}, {"bob"}, false},
                            {"room", "room", "Raum", "", {}, {}, false}};
  bench.table.accounts["ada"][2].folder.grants = {{{"bob", 3}}};
}

void expect_settings(Bench& bench) {
  const auto reader = *bench.site.account()->read(groupware::Caller::system());
  EXPECT_EQ(reader->preferences()->language, "de");
  EXPECT_EQ(reader->preferences()->signatures.size(), 1u);
  const auto bob = bench.site.directory().by_address("bob@example.org");
  ASSERT_TRUE(bob);
  EXPECT_EQ(bob->status, directory::Status::inactive) << "nobody asked for his account";
  EXPECT_TRUE(bench.site.directory().by_address("team@new.example")) << "with its domain";
  EXPECT_EQ(bench.site.directory().by_address("ada@example.org")->send_as, std::vector<PrincipalId>{bob->id});
  const auto folder = reader->folders()->at_path("Projekte/Größe_2");
  ASSERT_TRUE(folder);
  EXPECT_EQ(folder->grants, (std::vector<groupware::Grant>{{bob->id, 3}}));
}

TEST(Migration, brings_settings_rights_and_people) {
  Bench bench;
  bench.site.listen();
  add_settings(bench);
  auto report = bench.run();
  EXPECT_FALSE(report.directory);
  EXPECT_FALSE(bench.site.directory().by_address("bob@example.org")) << "nobody is made who was not asked for";
  EXPECT_TRUE(report.is_clean()) << to_json(report);
  bench.create_users = true;
  report = bench.run();
  ASSERT_TRUE(report.directory);
  EXPECT_EQ(report.directory->folders.at(0).counts.copied, 3u);
  EXPECT_EQ(report.total().unaccounted(), 0) << to_json(report);
  expect_settings(bench);
  const auto& row = report.accounts[0].folders.back();
  ASSERT_EQ(row.lost.size(), 1u) << "what the source says is lost is in the report";
  EXPECT_EQ(row.lost[0].reason, "it asks for something");
}

TEST(Migration, brings_settings_through_an_archive_too) {
  Bench bench;
  bench.site.listen();
  add_settings(bench);
  TableSource source(bench.table);
  std::string bytes;
  const auto dumped = bench.dump(source, bytes);
  ASSERT_TRUE(dumped) << dumped.error().text;
  archive::Reader reader([&]() -> Result<std::string> { return std::exchange(bytes, {}); });
  Bandwidth bandwidth(0);
  RunReport report;
  auto target = bench.site.target();
  target.create_users = true;
  const auto done = import_archive(reader, bench.mapping, {}, target, bandwidth, bench.stop, report);
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_EQ(report.total().unaccounted(), 0) << to_json(report);
  expect_settings(bench);
}

TEST(Migration, makes_active_out_of_an_archive_whom_it_was_asked_for) {
  Bench bench;
  bench.site.listen();
  add_settings(bench);
  bench.table.accounts["bob"] = {};
  bench.table.accounts["cyd"] = {};
  bench.table.names["bob"] = {"0B0B"};
  bench.table.principals.push_back({"user", "cyd", "Cyd", "", {}, {}, false});
  TableSource source(bench.table);
  std::string bytes;
  ASSERT_TRUE(bench.dump(source, bytes));
  archive::Reader reader([&]() -> Result<std::string> { return std::exchange(bytes, {}); });
  Bandwidth bandwidth(0);
  RunReport report;
  auto target = bench.site.target();
  target.create_users = target.create_active = target.live = true;
  const auto done = import_archive(reader, bench.mapping, {"0b0b"}, target, bandwidth, bench.stop, report);
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_EQ(bench.site.directory().by_address("bob@example.org")->status, directory::Status::active);
  EXPECT_EQ(bench.site.directory().by_address("cyd@example.org")->status, directory::Status::inactive);
}

}  // namespace
}  // namespace kontor::migrate
