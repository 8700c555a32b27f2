// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/mapping.h"

#include <gtest/gtest.h>

#include "formats/archive/record.h"
#include "migrate/item_list.h"
#include "migrate/known.h"
#include "migrate/pacing.h"
#include "migrate/report.h"
#include "migrate/report_page.h"

namespace kontor::migrate {
namespace {

TEST(Mapping, says_where_users_and_folders_go) {
  const auto mapping = parse_mapping(R"(
default_domain = "new.example"
[users]
"Ada" = "ada.lovelace@New.example"
[domains]
"old.example" = "new.example"
[[folder]]
path = "Spam*"
exclude = true
[[folder]]
role = "trash"
exclude = true
[[folder]]
path = "Projekte"
rename = "Archiv/Projekte"
[[folder]]
path = "**/tmp"
exclude = true
)");
  ASSERT_TRUE(mapping) << mapping.error().text;
  const std::pair<const char*, const char*> users[] = {{"ada", "ada.lovelace@new.example"},
                                                       {"bob", "bob@new.example"},
                                                       {"Bob@OLD.example", "bob@new.example"},
                                                       {"bob@else.example", "bob@else.example"},
                                                       {"bob@new.example", "bob@new.example"}};
  for (const auto& [source, address] : users) EXPECT_EQ(mapping->address(source), address) << source;
  const struct {
    std::vector<std::string> path;
    const char* role;
    const char* goes;  // "-" = stays behind
  } folders[] = {
      {{"INBOX"}, "inbox", "INBOX"},
      {{"spam"}, "", "-"},
      {{"Spam2", "deep"}, "", "-"},
      {{"Papierkorb"}, "trash", "-"},
      {{"Projekte"}, "", "Archiv/Projekte"},
      {{"projekte", "2024"}, "", "Archiv/Projekte/2024"},
      {{"Projekte2"}, "", "Projekte2"},
      {{"a", "b", "tmp"}, "", "-"},
      {{"tmp"}, "", "tmp"},
      {{"a/b"}, "", "a\\/b"},
  };
  for (const auto& c : folders) {
    const auto got = mapping->destination(c.path, c.role);
    EXPECT_EQ(got.is_excluded ? "-" : join_path(got.path), c.goes) << join_path(c.path);
  }
  EXPECT_EQ(split_path("a\\/b/c"), (std::vector<std::string>{"a/b", "c"}));
}

TEST(Mapping, complains_of_what_it_does_not_understand) {
  const std::pair<const char*, const char*> cases[] = {
      {"users = 1", "line 1"},
      {"\n[[folder]]\npath = \"a\"", "rename or exclude"},
      {"[[folder]]\nexclude = true", "needs a path or a role"},
      {"[[folder]]\npath = \"a*\"\nrename = \"b\"", "plain path"},
      {"[[folder]]\npaht = \"a\"", "paht"},
      {"[items]\nlargest = -1", "largest"},
      {"surprise = 1", "surprise"},
      {"[users", "line 1"},
      {"[users]\na = 1", "a text"},
  };
  for (const auto& [text, says] : cases) {
    const auto got = parse_mapping(text);
    ASSERT_FALSE(got) << text;
    EXPECT_NE(got.error().text.find(says), std::string::npos) << got.error().text;
  }
}

TEST(Pacing, understands_windows_and_sizes) {
  const auto night = *parse_window("22:00-06:00");
  EXPECT_TRUE(night.holds(23 * 60));
  EXPECT_TRUE(night.holds(0));
  EXPECT_FALSE(night.holds(6 * 60));
  EXPECT_EQ(night.minutes_until_open(12 * 60), 600);
  EXPECT_EQ(night.minutes_until_open(1), 0);
  const auto day = *parse_window("08:30-17:00");
  EXPECT_TRUE(day.holds(8 * 60 + 30));
  EXPECT_FALSE(day.holds(17 * 60));
  EXPECT_EQ(day.minutes_until_open(18 * 60), 14 * 60 + 30);
  for (const char* bad : {"", "22-6", "24:00-06:00", "22:00-22:00", "22:00/06:00", "2a:00-06:00", "22:00-06:0"}) {
    EXPECT_FALSE(parse_window(bad)) << bad;
  }
  EXPECT_EQ(*parse_size("10M"), 10u << 20);
  EXPECT_EQ(*parse_size("900"), 900u);
  for (const char* bad : {"", "M", "-1", "1T", "99999999999999G"}) EXPECT_FALSE(parse_size(bad)) << bad;
}

TEST(Pacing, bounds_how_long_a_segment_takes) {
  using std::chrono::seconds;
  const struct {
    std::uint64_t bytes;
    std::chrono::milliseconds took;
    std::uint64_t expected;
    const char* why;
  } cases[] = {
      {4 << 20, seconds(1), 16 << 20, "a fast line: no more than 16 MiB"},
      {4 << 20, seconds(60), 2 << 20, "half as much takes half a minute"},
      {4 << 20, seconds(4000), 1 << 20, "a slow line: no less than 1 MiB"},
      {0, seconds(5), 1 << 20, "nothing to judge by"},
      {16 << 20, std::chrono::milliseconds(0), 16 << 20, "in no time"},
  };
  for (const auto& c : cases) EXPECT_EQ(segment_size(c.bytes, c.took), c.expected) << c.why;
  EXPECT_EQ(Bandwidth(0).piece(), UINT64_MAX);
  EXPECT_EQ(Bandwidth(10 << 20).piece(), std::uint64_t{10} << 18) << "a quarter of a second's";
  EXPECT_EQ(Bandwidth(100).piece(), 256u);
}

TEST(Mapping, takes_subscriptions_along) {
  const auto mapping = parse_mapping(
      "[[folder]]\npath = \"Old\"\nrename = \"New/Place\"\n[[folder]]\npath = \"Spam\"\nexclude = true\n");
  ASSERT_TRUE(mapping);
  using Paths = std::vector<std::vector<std::string>>;
  EXPECT_EQ(mapping->subscriptions({{"Old", "x"}, {"Spam", "y"}, {"Team"}}), (Paths{{"New", "Place", "x"}, {"Team"}}));
  EXPECT_EQ(mapping->subscriptions(Paths(5000, {"a"})).size(), archive::kMaxSubscriptions);
  EXPECT_LT(mapping->subscriptions(Paths(900, {std::string(3000, 'a')})).size(), 100u) << "a record has its limit";
}

TEST(Pacing, backs_off_within_bounds) {
  for (int attempt = 1; attempt < 40; ++attempt) {
    for (const std::uint64_t random : {0ull, 12345ull, ~0ull}) {
      const auto wait = back_off(attempt, random).count();
      const auto full = std::min<std::int64_t>(900'000, std::int64_t{1000} << std::min(attempt - 1, 20));
      EXPECT_GE(wait, full / 2);
      EXPECT_LE(wait, full);
    }
  }
}

TEST(Pacing, holds_the_bandwidth) {
  Bandwidth bandwidth(1'000'000);
  Stop stop;
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 10; ++i) bandwidth.take(60'000, stop);
  EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(300));
  stop.set();
  bandwidth.take(1'000'000'000, stop);  // does not wait
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(30));
}

TEST(ItemList, keeps_any_number_of_items) {
  for (const std::size_t memory : {std::size_t{0}, std::size_t{1} << 20}) {
    ItemList list(memory);
    std::vector<std::uint64_t> at;
    for (std::uint32_t i = 0; i < 3000; ++i) {
      SourceItem item;
      item.key = "key" + std::to_string(i) + std::string(i % 500, 'k');
      item.uid = i;
      item.flags = static_cast<std::uint8_t>(i % 32);
      item.keywords = {"a", std::to_string(i)};
      item.date = InternalDate(Instant(std::chrono::seconds(i)), -60);
      item.properties = {{"p", std::string(i == 7 ? 300'000 : 1, 'v')}};
      item.date_is_guess = i % 3 == 0;
      item.announced_size = i * 7;
      at.push_back(list.position());
      ASSERT_TRUE(list.add(item));
    }
    std::uint32_t next = 5;
    ASSERT_TRUE(list.each(at[5], list.position(), [&](const SourceItem& item) -> Result<void> {
      EXPECT_EQ(item.uid, next);
      EXPECT_EQ(item.key, "key" + std::to_string(next) + std::string(next % 500, 'k'));
      EXPECT_EQ(item.keywords, (std::vector<std::string>{"a", std::to_string(next)}));
      EXPECT_EQ(item.date.zone_minutes, -60);
      EXPECT_EQ(item.properties.at("p").size(), next == 7 ? 300'000u : 1u);
      EXPECT_EQ(item.date_is_guess, next % 3 == 0);
      EXPECT_EQ(item.announced_size, next * 7u);
      ++next;
      return {};
    }));
    EXPECT_EQ(next, 3000u);
  }
}

TEST(KnownItems, finds_what_was_added) {
  KnownItems known;
  for (const char* key : {"b", "a", "c"}) known.add({key, 5, *key == 'a'});
  known.seal();
  ASSERT_NE(known.find("a"), nullptr);
  EXPECT_TRUE(known.find("a")->is_vanished);
  EXPECT_EQ(known.find("aa"), nullptr);
  EXPECT_EQ(known.find(""), nullptr);
}

TEST(Report, adds_up_and_judges) {
  RunReport report;
  report.kind = "run";
  EXPECT_FALSE(report.is_clean()) << "no account is no success";
  auto& account = report.accounts.emplace_back();
  account.address = "<a@b>";
  auto& folder = account.folders.emplace_back();
  folder.name = "In & out";
  folder.source = 10;
  folder.counts.copied = 6;
  folder.present = 3;
  folder.excluded = 1;
  EXPECT_EQ(folder.unaccounted(), 0);
  EXPECT_TRUE(report.is_clean());
  folder.source = 11;
  EXPECT_FALSE(report.is_clean()) << "one is unaccounted for";
  folder.quarantine("k", "why");
  EXPECT_EQ(folder.unaccounted(), 0);
  EXPECT_FALSE(report.is_clean());
  report.remarks = {"a store <without> owner"};
  const auto whole = report_page(report, "out");
  EXPECT_EQ(whole.find("<a@b>"), std::string::npos);
  EXPECT_NE(whole.find("1 items could not be taken"), std::string::npos);
  EXPECT_NE(whole.find("a store &lt;without&gt; owner"), std::string::npos);
  EXPECT_NE(whole.find("href=\"out/" + page_name("<a@b>") + ".html\""), std::string::npos);
  const auto html = account_page(report, account);
  EXPECT_EQ(html.find("<a@b>"), std::string::npos);
  EXPECT_NE(html.find("In &amp; out"), std::string::npos);
  EXPECT_NE(to_json(report).find("\"unaccounted\":0"), std::string::npos);
}

TEST(Report, gives_each_account_a_page_of_its_own) {
  EXPECT_EQ(page_name("ada@example.org"), "ada@example.org");
  for (const std::string& address :
       std::vector<std::string>{"../x", "a/b", ".hidden", "", "ä@b", std::string(200, 'a')}) {
    const auto name = page_name(address);
    EXPECT_TRUE(name.starts_with("account-")) << address;
    EXPECT_EQ(name.find('/'), std::string::npos);
  }
  EXPECT_NE(page_name("a/b"), page_name("a_b"));
}

TEST(Report, tells_times) {
  const struct {
    double seconds;
    const char* text;
  } cases[] = {{0, "0 s"}, {59.6, "60 s"}, {150, "3 min"}, {7199, "120 min"}, {9000, "2 h 30 min"}};
  for (const auto& c : cases) EXPECT_EQ(spell_time(c.seconds), c.text);
}

TEST(Report, estimates_by_the_longest_account_and_by_the_sum) {
  RunReport report;
  report.concurrency = 2;
  for (const double seconds : {10.0, 20.0, 90.0}) report.accounts.emplace_back().estimate = seconds;
  EXPECT_EQ(report.estimate(), 90);
  report.concurrency = 1;
  EXPECT_EQ(report.estimate(), 120);
}

}  // namespace
}  // namespace kontor::migrate
