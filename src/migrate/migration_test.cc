// SPDX-License-Identifier: AGPL-3.0-or-later
// The whole way: a source, the client, HTTPS, the importer, an account.
#include <gtest/gtest.h>

#include <thread>

#include "base/bytes.h"
#include "base/digest.h"
#include "migrate/dump.h"
#include "migrate/migration_bench.h"

namespace kontor::migrate {
namespace {

TEST(Migration, moves_an_account_and_proves_it) {
  Bench bench;
  bench.site.listen();
  auto first = bench.run();
  ASSERT_EQ(first.accounts.at(0).error, "");
  EXPECT_EQ(first.total().counts.copied, 28u);
  EXPECT_EQ(first.total().unaccounted(), 0);
  EXPECT_TRUE(first.is_clean());
  EXPECT_EQ(bench.site.items(), 28u);
  auto proof = bench.verify();
  EXPECT_EQ(proof.accounts.at(0).error, "");
  EXPECT_EQ(proof.total().compared, 28u);
  EXPECT_EQ(proof.total().differences, 0u) << to_json(proof);
  EXPECT_EQ(proof.total().counts.uids_changed, 0u);
  const auto fetches = bench.table.fetches;
  auto second = bench.run();
  EXPECT_EQ(second.total().counts.copied, 0u);
  EXPECT_EQ(second.total().present, 28u);
  EXPECT_EQ(second.total().unaccounted(), 0);
  EXPECT_TRUE(second.is_clean());
  EXPECT_EQ(bench.table.fetches, fetches) << "nothing is fetched again";
}

// Both logins' items have the same keys: what tells them apart is whose they are.
TEST(Migration, keeps_two_logins_of_one_source_apart_in_one_account) {
  Bench bench;
  bench.site.listen();
  auto ada = *bench.site.directory().by_address("ada@example.org");
  ada.addresses.push_back("bob@example.org");
  ASSERT_TRUE(bench.site.directory().update_principal(ada));
  auto mailboxes = bench.table.accounts;
  mailboxes["bob"] = {table_folder({"INBOX"}, 12), table_folder({"Gesendet"}, 5, "sent")};
  for (auto& folder : mailboxes["bob"])
    for (auto& one : folder.items) one.content = "X-Of: bob\r\n" + one.content;
  const std::pair<const char*, std::uint64_t> runs[] = {{"ada", 28}, {"bob", 17}, {"ada", 0}, {"bob", 0}};
  for (const auto& [login, copied] : runs) {
    bench.table.accounts = {{login, mailboxes[login]}};
    const auto report = bench.run(true);
    EXPECT_EQ(report.accounts.at(0).error, "") << login;
    EXPECT_EQ(report.total().counts.copied, copied) << login;
    EXPECT_EQ(report.total().counts.vanished, 0u) << login;
    const auto proof = bench.verify();
    EXPECT_EQ(proof.total().differences, 0u) << login << to_json(proof);
  }
  EXPECT_EQ(bench.site.items(), 45u);
}

// A source whose ledger an earlier version kept without the login: that is what one without logins does today.
TEST(Migration, asks_whose_an_earlier_versions_ledger_is) {
  for (const bool is_same_login : {true, false}) {
    Bench bench;
    bench.site.listen();
    bench.table.has_logins = false;
    ASSERT_TRUE(bench.run().is_clean());
    bench.table.has_logins = true;
    bench.table.fetches = 0;
    const auto refused = bench.run();
    EXPECT_NE(refused.accounts.at(0).error.find("--earlier-ledger take"), std::string::npos);
    EXPECT_EQ(bench.verify().accounts.at(0).error.find("earlier version") == std::string::npos, false);
    EXPECT_EQ(bench.site.items(), 28u);
    const auto settled = bench.run(false, is_same_login ? "take" : "leave");
    EXPECT_EQ(settled.accounts.at(0).error, "");
    EXPECT_EQ(settled.total().counts.copied, is_same_login ? 0u : 28u);
    EXPECT_EQ(bench.table.fetches, is_same_login ? 0 : 28);
    const auto again = bench.run();
    EXPECT_EQ(again.accounts.at(0).error, "") << "it was settled once for all";
    EXPECT_EQ(again.total().counts.copied, 0u);
    EXPECT_EQ(bench.verify().total().differences, 0u);
  }
}

TEST(Migration, sees_what_differs) {
  Bench bench;
  bench.site.listen();
  ASSERT_TRUE(bench.run().is_clean());
  auto& inbox = bench.table.accounts["ada"][0].items;
  inbox[0].content += "more";
  inbox[1].item.flags ^= 4;
  inbox[2].item.date = InternalDate(Instant(std::chrono::seconds(1)));
  inbox.push_back(table_item(99, "new"));
  inbox.erase(inbox.begin() + 3);
  const auto proof = bench.verify();
  EXPECT_FALSE(proof.is_clean());
  EXPECT_EQ(proof.total().differences, 5u) << to_json(proof);
}

TEST(Migration, goes_on_after_the_source_broke) {
  for (const int after : {0, 1, 7, 27}) {
    Bench bench;
    bench.site.listen();
    bench.table.breaks_after = after;
    const auto report = bench.run();
    EXPECT_EQ(report.accounts.at(0).error, "") << after;
    EXPECT_GE(report.accounts.at(0).attempts, 2) << after;
    EXPECT_EQ(report.total().counts.copied, 28u) << after;
    EXPECT_EQ(report.total().present, 0u) << after;
    EXPECT_EQ(report.total().unaccounted(), 0) << after;
    EXPECT_EQ(bench.site.items(), 28u) << after;
    EXPECT_EQ(bench.verify().total().differences, 0u) << after;
  }
}

TEST(Migration, carries_changes_moves_and_removals) {
  for (const bool has_state : {false, true}) {
    Bench bench;
    bench.site.listen();
    bench.table.has_state = has_state;
    ASSERT_TRUE(bench.run().is_clean());
    auto& folders = bench.table.accounts["ada"];
    folders[0].items[4].item.flags = 13;
    auto moved = folders[0].items[6];
    moved.item.key = "9:70";
    moved.item.uid = 70;
    folders[1].items.push_back(moved);
    folders[0].items.erase(folders[0].items.begin() + 6);  // moved away
    folders[0].items.erase(folders[0].items.begin());      // removed
    folders[2].items.push_back(table_item(50, "new"));
    bench.table.fetches = 0;
    auto report = bench.run(true);
    EXPECT_TRUE(report.is_clean()) << to_json(report);
    const auto sum = report.total();
    EXPECT_EQ(sum.counts.updated, 1u);
    EXPECT_EQ(sum.counts.moved, 1u);
    EXPECT_EQ(sum.counts.copied, 1u);
    EXPECT_EQ(sum.counts.vanished, 2u);
    EXPECT_EQ(sum.counts.removed, 1u);
    EXPECT_EQ(sum.unaccounted(), 0);
    EXPECT_EQ(bench.table.fetches, 2);
    EXPECT_EQ(bench.site.items(), 28u);
    const auto proof = bench.verify();
    EXPECT_EQ(proof.total().differences, 0u) << to_json(proof);
    report = bench.run();
    EXPECT_EQ(report.total().counts, archive::Counts()) << to_json(report);
    for (const auto& row : report.accounts.at(0).folders) EXPECT_EQ(row.unchanged, has_state) << row.name;
  }
}

TEST(Migration, follows_a_renamed_folder) {
  Bench bench;
  bench.site.listen();
  ASSERT_TRUE(bench.run().is_clean());
  auto& folder = bench.table.accounts["ada"][2].folder;
  folder.key = ".Neu";
  folder.path = {"Neu"};
  const auto report = bench.run();
  EXPECT_EQ(report.total().counts.moved, 3u) << to_json(report);
  EXPECT_EQ(report.total().counts.copied, 0u);
  EXPECT_EQ(bench.site.items(), 28u);
  EXPECT_EQ(bench.verify().total().differences, 0u);
}

TEST(Migration, names_what_did_not_come_along_exactly) {
  Bench bench;
  bench.site.listen();
  bench.table.accounts["ada"][0].items[2].losses = {"the colour", "the sound"};
  const auto report = bench.run();
  EXPECT_TRUE(report.is_clean());
  EXPECT_EQ(report.total().losses, 2u);
  const auto page = account_page(report, report.accounts.at(0));
  EXPECT_NE(page.find("<code>9:3</code> the sound"), std::string::npos);
  EXPECT_EQ(bench.run().total().losses, 0u) << "of what came in this run";
}

TEST(Migration, names_what_the_source_cannot_give) {
  Bench bench;
  bench.site.listen();
  bench.table.accounts["ada"][0].items[2].refusal = "the file has a hole";
  const auto report = bench.run();
  EXPECT_FALSE(report.is_clean());
  EXPECT_EQ(report.total().quarantined, 1u);
  EXPECT_EQ(report.total().counts.copied, 27u);
  EXPECT_EQ(report.total().unaccounted(), 0);
  const auto html = account_page(report, report.accounts.at(0));
  EXPECT_NE(html.find("the file has a hole"), std::string::npos);
  EXPECT_NE(html.find("9:3"), std::string::npos);
}

TEST(Migration, calls_nothing_of_something_a_failure) {
  Bench bench;
  bench.site.listen();
  for (auto& folder : bench.table.accounts["ada"]) {
    for (auto& item : folder.items) item.refusal = "no";
  }
  EXPECT_FALSE(bench.run().is_clean());
  bench.table.accounts["ada"].clear();
  EXPECT_TRUE(bench.run().is_clean()) << "an empty account is no failure";
}

TEST(Migration, takes_large_items_and_leaves_behind_what_it_is_told_to) {
  Bench bench;
  bench.site.listen();
  auto& folders = bench.table.accounts["ada"];
  folders[0].items.push_back(table_item(100, "large", 5'000'000));
  folders[0].items.push_back(table_item(102, "deleted"));
  folders[0].items.back().item.flags = 16;
  bench.mapping = *parse_mapping(R"(
default_domain = "example.org"
[items]
exclude_deleted = true
[[folder]]
path = "Projekte"
exclude = true
[[folder]]
role = "sent"
rename = "Alt/Post"
)");
  const auto report = bench.run();
  EXPECT_TRUE(report.is_clean()) << to_json(report);
  EXPECT_EQ(report.total().excluded, 4u);
  EXPECT_EQ(report.total().counts.copied, 26u);
  EXPECT_EQ(report.total().unaccounted(), 0);
  EXPECT_EQ(bench.verify().total().differences, 0u);
}

TEST(Migration, chooses_by_the_same_names_at_the_source_and_out_of_an_archive) {
  Bench bench;
  bench.site.listen();
  bench.table.names["ada"] = {"0A1B2C"};
  TableSource source(bench.table);
  const auto chosen = chosen_accounts(source, bench.mapping, {"0a1b2c"});
  ASSERT_EQ(chosen->size(), 1u);
  EXPECT_EQ(chosen->at(0).key, "ada");
  EXPECT_EQ(chosen_accounts(source, bench.mapping, {"ADA@example.org"})->size(), 1u);
  EXPECT_EQ(chosen_accounts(source, bench.mapping, {"0a1b2d"}).error().code, Errc::not_found);
  std::string bytes;
  ASSERT_TRUE(bench.dump(source, bytes));
  const auto import_only = [&](const std::vector<std::string>& only, RunReport& report) {
    bool given = false;
    archive::Reader reader([&]() -> Result<std::string> { return std::exchange(given, true) ? std::string() : bytes; });
    Bandwidth bandwidth(0);
    return import_archive(reader, bench.mapping, only, bench.site.target(), bandwidth, bench.stop, report);
  };
  RunReport other, by_name;
  const auto unmet = import_only({"cyd"}, other);
  ASSERT_FALSE(unmet);
  EXPECT_EQ(unmet.error().code, Errc::not_found);
  EXPECT_EQ(bench.site.items(), 0u) << "nothing that was not asked for";
  EXPECT_TRUE(import_only({"0a1b2c"}, by_name));
  EXPECT_EQ(by_name.total().counts.copied, 28u);
}

TEST(Migration, calls_people_by_one_address_whatever_the_mapping_named_them_by) {
  struct AddressedSource : TableSource {
    using TableSource::TableSource;
    Result<std::vector<SourceAccount>> accounts() override {
      return std::vector<SourceAccount>{{"ada", "ada.l@old.example"}, {"bob", "bob@old.example"}};
    }
  };
  Table table;
  AddressedSource source(table);
  Mapping mapping;
  mapping.users["ada"] = "ada@example.org";
  const auto complete = complete_mapping(source, mapping);
  ASSERT_TRUE(complete);
  EXPECT_EQ(complete->address("Ada.L@old.example"), "ada@example.org");
  EXPECT_EQ(complete->address("bob@old.example"), "bob@old.example");
}

TEST(Migration, goes_through_an_archive_too) {
  Bench bench;
  bench.site.listen();
  for (auto& item : bench.table.accounts["ada"][0].items) item.content += to_hex(random_bytes(20'000)) + "\r\n";
  bench.table.accounts["ada"][0].items[1].refusal = "cannot be read";
  TableSource source(bench.table);
  std::string bytes;
  auto dumped = bench.dump(source, bytes);
  ASSERT_TRUE(dumped) << dumped.error().text;
  EXPECT_EQ(dumped->total().quarantined, 1u);
  for (const std::size_t length : {bytes.size() / 2, bytes.size(), bytes.size()}) {
    const auto part = bytes.substr(0, length);
    bool given = false;
    archive::Reader reader([&]() -> Result<std::string> {
      if (std::exchange(given, true)) return std::string();
      return part;
    });
    Bandwidth bandwidth(0);
    RunReport report;
    const auto done = import_archive(reader, bench.mapping, {}, bench.site.target(), bandwidth, bench.stop, report);
    EXPECT_EQ(done.has_value(), length == bytes.size());
    if (done) {
      EXPECT_EQ(report.total().unaccounted(), 0) << to_json(report);
      EXPECT_EQ(report.total().quarantined, 1u);
    } else {
      EXPECT_GT(report.total().counts.copied, 0u) << "what came whole is kept";
    }
  }
  EXPECT_EQ(bench.site.items(), 27u);
}

TEST(Migration, works_only_in_its_window) {
  Bench bench;
  bench.site.listen();
  const int now = minute_of_day();
  RunOptions options;
  options.pass.target = bench.site.target();
  options.pass.mapping = &bench.mapping;
  options.pass.window = Window{(now + 720) % 1440, (now + 780) % 1440};  // half a day away
  options.showing = {false, {}};
  std::jthread ender([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    bench.stop.set();
  });
  TableSource source(bench.table);
  const auto report = run_migration(source, *chosen_accounts(source, bench.mapping, {}), options, bench.stop);
  EXPECT_EQ(report.accounts.at(0).error, "stopped");
  EXPECT_EQ(bench.table.fetches, 0);
  EXPECT_EQ(bench.site.items(), 0u);
}

}  // namespace
}  // namespace kontor::migrate
