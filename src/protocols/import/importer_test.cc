// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/importer.h"

#include "protocols/import/mailbox_lines.h"

namespace kontor::importing {
namespace {

using groupware::Caller;
using groupware::kAnswered;
using groupware::kFlagged;
using groupware::kSeen;

TEST(Importer, brings_a_mailbox_exactly_once) {
  TestSite site;
  const auto dump = dump_of(small_mailbox());
  const auto first = import_archive(site, dump);
  EXPECT_EQ(first.error, "");
  EXPECT_EQ(first.counts.copied, 4u);
  EXPECT_EQ(first.counts.uids_changed, 0u);
  const std::vector<std::string> expected = {"INBOX 3 " + size_of("a") + " 1 $Forwarded",
                                             "INBOX 7 " + size_of("bb") + " 0", "INBOX 9 " + size_of("bb") + " 0",
                                             "Projects/2024 1 " + size_of("ccc") + " 16"};
  EXPECT_EQ(lines_of(site), expected);
  const auto modseq = site.account()->modseq();
  const auto again = import_archive(site, dump);
  EXPECT_EQ(again.error, "");
  EXPECT_EQ(again.counts.copied, 0u);
  EXPECT_EQ(again.counts.present, 4u);
  EXPECT_EQ(site.account()->modseq(), modseq) << "a second run writes nothing";
  const auto table = site.account()->folders();
  EXPECT_EQ(table->at_path("INBOX")->uid_validity.value, 1000u);
  EXPECT_EQ(table->at_path("Projects/2024")->uid_validity.value, 2000u);
  EXPECT_TRUE(table->at_path("Projects")->is_container);
  const auto reader = *site.account()->read(Caller::system());
  const auto view = *reader->view(table->at_path("INBOX")->id);
  const auto item = *reader->item(view->at(0).item);
  EXPECT_EQ(item.internal_date.at.time_since_epoch().count(), 5);
  EXPECT_EQ(item.internal_date.zone_minutes, 60);
  const auto content = *reader->content(item.id);
  EXPECT_EQ(*content->read(0, 1000), made_message("a"));
}

TEST(Importer, goes_on_wherever_it_was_broken_off) {
  auto folders = small_mailbox();
  for (int i = 0; i < 30; ++i) {
    folders[1].items.push_back({"2000:" + std::to_string(10 + i),
                                static_cast<std::uint32_t>(10 + i),
                                made_message("m" + std::to_string(i)),
                                0,
                                {},
                                i});
  }
  const auto dump = dump_of(folders);
  ImportOptions options;
  options.batch.steps = 4;
  TestSite site;
  std::uint64_t copied = 0;
  for (std::size_t cut = 0; cut < dump.size(); cut += dump.size() / 40 + 1) {
    const auto part = import_archive(site, dump, options, cut);
    EXPECT_NE(part.error, "") << cut;
    copied += part.counts.copied;
  }
  const auto last = import_archive(site, dump, options);
  EXPECT_EQ(last.error, "");
  EXPECT_EQ(copied + last.counts.copied, 34u);
  EXPECT_EQ(lines_of(site).size(), 34u);
}

TEST(Importer, merges_flags_three_ways) {
  const struct {
    std::uint8_t base, source, target, expected;
    std::vector<std::string> base_words, source_words, target_words, expected_words;
    const char* why;
  } cases[] = {
      {0, kSeen, 0, kSeen, {}, {}, {}, {}, "set at the source"},
      {kSeen, 0, kSeen, 0, {}, {}, {}, {}, "cleared at the source"},
      {0, 0, kSeen, kSeen, {}, {}, {}, {}, "set here"},
      {kSeen, kSeen, 0, 0, {}, {}, {}, {}, "cleared here"},
      {0, kFlagged, kSeen, kSeen | kFlagged, {}, {}, {}, {}, "each side its own"},
      {kSeen, kSeen | kAnswered, 0, kAnswered, {}, {}, {}, {}, "one each"},
      {0, 0, 0, 0, {"a"}, {"a", "b"}, {"a", "c"}, {"a", "b", "c"}, "keywords from both"},
      {0, 0, 0, 0, {"a"}, {}, {"a", "c"}, {"c"}, "a keyword gone at the source"},
      {0, 0, 0, 0, {"A"}, {"a"}, {}, {}, "a keyword gone here; case does not count"},
  };
  for (const auto& c : cases) {
    TestSite site;
    std::vector<MadeFolder> folders(1);
    folders[0].record = made_folder({"INBOX"}, 1);
    folders[0].items = {{"1", 1, made_message("x"), c.base, c.base_words, 5}};
    ASSERT_EQ(import_archive(site, dump_of(folders)).counts.copied, 1u) << c.why;
    const auto account = site.account();
    const auto inbox = account->folders()->at_path("INBOX")->id;
    ASSERT_TRUE(account->update(Caller::system(), [&](groupware::Transaction& transaction) -> Result<void> {
      groupware::FlagChange change;
      change.names = {c.target, c.target_words};
      TRY_VOID(transaction.change_flags(inbox, Uid(1), change));
      return {};
    }));
    folders[0].items[0].flags = c.source;
    folders[0].items[0].keywords = c.source_words;
    for (int pass = 0; pass < 2; ++pass) {
      EXPECT_EQ(import_archive(site, dump_of(folders)).error, "");
      auto expected = "INBOX 1 " + size_of("x") + " " + std::to_string(c.expected);
      for (const auto& word : c.expected_words) expected += " " + word;
      auto got = lines_of(site);
      ASSERT_EQ(got.size(), 1u);
      std::vector<std::string> words, wanted;
      for (auto* pair : {&got[0], &expected}) {
        auto& list = pair == &expected ? wanted : words;
        for (std::size_t at = 0; at != std::string::npos;) {
          const auto end = pair->find(' ', at);
          list.push_back(pair->substr(at, end - at));
          at = end == std::string::npos ? end : end + 1;
        }
        std::sort(list.begin(), list.end());
      }
      EXPECT_EQ(words, wanted) << c.why << ", pass " << pass;
    }
  }
}

TEST(Importer, moves_what_moved_at_the_source) {
  TestSite site;
  auto folders = small_mailbox();
  ASSERT_EQ(import_archive(site, dump_of(folders)).counts.copied, 4u);
  const auto account = site.account();
  const auto id = (*(*account->read(Caller::system()))->view(account->folders()->at_path("INBOX")->id))->at(0).item;
  auto moved = folders[0].items[0];
  moved.key = "2000:5";
  moved.uid = 5;
  moved.flags = kSeen | kFlagged;
  folders[0].items.erase(folders[0].items.begin());
  folders[1].items.push_back(moved);
  const auto pass = import_archive(site, dump_of(folders));
  EXPECT_EQ(pass.error, "");
  EXPECT_EQ(pass.counts.moved, 1u);
  EXPECT_EQ(pass.counts.copied, 0u);
  EXPECT_EQ(pass.counts.vanished, 1u);
  const std::vector<std::string> expected = {"INBOX 7 " + size_of("bb") + " 0", "INBOX 9 " + size_of("bb") + " 0",
                                             "Projects/2024 1 " + size_of("ccc") + " 16",
                                             "Projects/2024 5 " + size_of("a") + " 5 $Forwarded"};
  EXPECT_EQ(lines_of(site), expected);
  const auto view = *(*account->read(Caller::system()))->view(account->folders()->at_path("Projects/2024")->id);
  EXPECT_EQ(view->at(1).item, id) << "it is the same item";
  EXPECT_EQ(import_archive(site, dump_of(folders)).counts.present, 4u);
}

TEST(Importer, follows_messages_that_change_where_the_source_says_so) {
  TestSite site;
  std::vector<MadeFolder> folders(1);
  folders[0].record = made_folder({"INBOX"}, 1);
  folders[0].items = {{"a", 1, made_message("draft"), kFlagged, {}, 5, "", "1", {{"importance", "high"}, {"none", ""}}},
                      {"b", 2, made_message("other"), 0, {}, 5, "", "1"}};
  ASSERT_EQ(import_archive(site, dump_of(folders)).counts.copied, 2u);
  const auto account = site.account();
  const auto inbox = account->folders()->at_path("INBOX")->id;
  const auto properties_of = [&](Uid uid) {
    const auto reader = *account->read(Caller::system());
    const auto view = *reader->view(inbox);
    for (std::size_t i = 0; i < view->size(); ++i)
      if (view->at(i).uid == uid) return reader->item(view->at(i).item)->properties;
    return std::map<std::string, std::string>();
  };
  EXPECT_EQ(properties_of(Uid(1)), (std::map<std::string, std::string>{{"importance", "high"}}))
      << "empty ones are none";
  const auto modseq = account->modseq();
  EXPECT_EQ(import_archive(site, dump_of(folders)).counts.present, 2u);
  EXPECT_EQ(account->modseq(), modseq) << "a second run writes nothing";
  // Saved again without a change, then with one.
  folders[0].items[1].fingerprint = "2";
  folders[0].items[1].kept = {{"importance", "low"}};
  auto pass = import_archive(site, dump_of(folders));
  EXPECT_EQ(pass.counts.updated, 1u);
  EXPECT_EQ(properties_of(Uid(2)).at("importance"), "low");
  folders[0].items[0].fingerprint = "2";
  folders[0].items[0].content = made_message("finished");
  folders[0].items[0].kept = {{"importance", ""}};
  pass = import_archive(site, dump_of(folders));
  EXPECT_EQ(pass.error, "");
  EXPECT_EQ(pass.counts.updated, 1u);
  const std::vector<std::string> expected = {"INBOX 2 " + size_of("other") + " 0",
                                             "INBOX 3 " + size_of("finished") + " " + std::to_string(kFlagged)};
  EXPECT_EQ(lines_of(site), expected) << "another message, with the flags that it has here";
  EXPECT_TRUE(properties_of(Uid(3)).empty());
  EXPECT_EQ(import_archive(site, dump_of(folders)).counts.present, 2u);
}

TEST(Importer, takes_each_item_whole_or_not_at_all) {
  TestSite site;
  auto folders = small_mailbox();
  ASSERT_EQ(import_archive(site, dump_of(folders)).counts.copied, 4u);
  const auto account = site.account();
  const auto before = lines_of(site);
  // It moved, to a folder that its user removed here, and has more keywords than an item can have.
  auto moved = folders[0].items[0];
  moved.key = "2000:5";
  moved.uid = 5;
  for (int i = 0; i < 600; ++i) moved.keywords.push_back("k" + std::to_string(i));
  folders[0].items.erase(folders[0].items.begin());
  folders[1].items = {moved, {"2000:6", 6, made_message("dddd"), 0, {}, 9}};
  ASSERT_TRUE(account->update(Caller::system(), [&](groupware::Transaction& transaction) -> Result<void> {
    return transaction.remove_folder(account->folders()->at_path("Projects/2024")->id);
  }));
  const auto here = lines_of(site);
  auto pass = import_archive(site, dump_of(folders));
  EXPECT_EQ(pass.error, "");
  ASSERT_EQ(pass.quarantined.size(), 1u);
  EXPECT_EQ(pass.quarantined[0].key, "2000:5");
  EXPECT_EQ(pass.counts.moved, 0u);
  EXPECT_EQ(pass.counts.copied, 1u) << "the next item is taken";
  auto expected = here;
  expected.push_back("Projects/2024 6 " + size_of("dddd") + " 0");
  EXPECT_EQ(lines_of(site), expected) << "the item that failed is where it was";
  EXPECT_LT(site.account()->folders()->all().size(), 100u);
  EXPECT_EQ((*account->read(Caller::system()))->keywords()->names().size(), 1u) << "none of its keywords stayed";
  // When the source mends it, it moves.
  folders[1].items[0].keywords = {"fine"};
  pass = import_archive(site, dump_of(folders));
  EXPECT_EQ(pass.quarantined.size(), 0u);
  EXPECT_EQ(pass.counts.moved, 1u);
  EXPECT_EQ(lines_of(site).size(), before.size());
}

TEST(Importer, survives_a_new_uidvalidity) {
  TestSite site;
  auto folders = small_mailbox();
  ASSERT_EQ(import_archive(site, dump_of(folders)).counts.copied, 4u);
  const auto before = lines_of(site);
  folders[0].record.uid_validity = 5555;
  std::uint32_t uid = 1;
  for (auto& item : folders[0].items) {
    item.uid = uid++;
    item.key = "5555:" + std::to_string(item.uid);
  }
  ImportOptions options;
  options.delete_vanished = true;
  const auto pass = import_archive(site, dump_of(folders), options);
  EXPECT_EQ(pass.error, "");
  EXPECT_EQ(pass.counts.moved, 3u);
  EXPECT_EQ(pass.counts.copied, 0u);
  EXPECT_EQ(pass.counts.removed, 0u);
  EXPECT_EQ(lines_of(site), before);
}

TEST(Importer, removes_vanished_items_only_when_asked_and_untouched) {
  TestSite site;
  auto folders = small_mailbox();
  ASSERT_EQ(import_archive(site, dump_of(folders)).counts.copied, 4u);
  const auto account = site.account();
  ASSERT_TRUE(account->update(Caller::system(), [&](groupware::Transaction& transaction) -> Result<void> {
    groupware::FlagChange change;
    change.mode = groupware::FlagChange::Mode::add;
    change.names.flags = kFlagged;
    TRY_VOID(transaction.change_flags(account->folders()->at_path("INBOX")->id, Uid(7), change));
    return {};
  }));
  folders[0].items.resize(1);  // 7 and 9 are gone at the source; 7 was flagged here
  auto pass = import_archive(site, dump_of(folders));
  EXPECT_EQ(pass.counts.vanished, 2u);
  EXPECT_EQ(lines_of(site).size(), 4u);
  ImportOptions options;
  options.delete_vanished = true;
  pass = import_archive(site, dump_of(folders), options);
  EXPECT_EQ(pass.counts.vanished, 0u) << "they were reported before";
  EXPECT_EQ(pass.counts.removed, 1u);
  EXPECT_EQ(pass.counts.kept, 1u);
  EXPECT_EQ(lines_of(site).size(), 3u);
}

TEST(Importer, does_not_believe_that_a_folder_was_emptied) {
  TestSite site;
  std::vector<MadeFolder> folders(1);
  folders[0].record = made_folder({"INBOX"}, 1);
  for (std::uint32_t i = 1; i <= 60; ++i) {
    folders[0].items.push_back({std::to_string(i), i, made_message("m" + std::to_string(i)), 0, {}, i});
  }
  ASSERT_EQ(import_archive(site, dump_of(folders)).counts.copied, 60u);
  auto emptied = folders;
  emptied[0].items.clear();
  ImportOptions options;
  options.delete_vanished = true;
  auto pass = import_archive(site, dump_of(emptied), options);
  EXPECT_EQ(pass.counts.removed, 0u);
  EXPECT_EQ(pass.counts.kept, 60u);
  ASSERT_EQ(pass.notes.size(), 1u);
  pass = import_archive(site, dump_of(folders), options);  // the source is back
  EXPECT_EQ(pass.counts.present, 60u);
  EXPECT_EQ(lines_of(site).size(), 60u);
  ASSERT_EQ(import_archive(site, dump_of(emptied)).counts.vanished, 60u);
  options.override_threshold = true;
  EXPECT_EQ(import_archive(site, dump_of(emptied), options).counts.removed, 60u);
  EXPECT_EQ(lines_of(site).size(), 0u);
}

TEST(Importer, respects_the_quota) {
  TestSite site;
  site.add_user("bob@example.org", directory::Status::inactive, 1000);
  std::vector<MadeFolder> folders(1);
  folders[0].record = made_folder({"INBOX"}, 1);
  folders[0].items = {{"1", 1, made_message("small")},
                      {"2", 2, made_message(std::string(2000, 'x'))},
                      {"3", 3, made_message("small too")}};
  const auto dump = dump_of(folders, "bob@example.org");
  auto pass = import_archive(site, dump);
  EXPECT_EQ(pass.error, "");
  EXPECT_EQ(pass.counts.copied, 2u);
  ASSERT_EQ(pass.quarantined.size(), 1u);
  EXPECT_EQ(pass.quarantined[0].key, "2");
  EXPECT_NE(pass.quarantined[0].reason.find("full"), std::string::npos);
  ImportOptions options;
  options.ignore_quota = true;
  pass = import_archive(site, dump, options);
  EXPECT_EQ(pass.counts.copied, 1u);
  EXPECT_EQ(pass.counts.present, 2u);
}

TEST(Importer, guards_the_account) {
  TestSite site;
  site.add_user("live@example.org", directory::Status::active);
  std::vector<MadeFolder> folders(1);
  folders[0].record = made_folder({"INBOX"}, 1);
  folders[0].items = {{"1", 1, made_message("x")}};
  ImportOptions live, create, only, token;
  live.live = true;
  create.create_users = true;
  only.only_address = "ada@example.org";
  token.may_import = [](std::string_view address) { return address.starts_with("ada"); };
  const struct {
    const char* address;
    ImportOptions options;
    const char* says;
  } cases[] = {
      {"ada@example.org", {}, ""},
      {"live@example.org", {}, "is active"},
      {"live@example.org", live, ""},
      {"new@example.org", {}, "no user"},
      {"new@example.org", create, ""},
      {"new@elsewhere.org", create, "elsewhere.org"},
      {"live@example.org", only, "may not touch"},
      {"live@example.org", token, "may not touch"},
  };
  for (const auto& c : cases) {
    const auto got = import_archive(site, dump_of(folders, c.address), c.options);
    if (*c.says == 0) {
      EXPECT_EQ(got.error, "") << c.address;
    } else {
      EXPECT_NE(got.error.find(c.says), std::string::npos) << c.address << ": " << got.error;
    }
  }
  EXPECT_EQ(site.directory->by_address("new@example.org")->status, directory::Status::inactive);
}

TEST(Importer, asks_for_content_that_it_lacks) {
  TestSite site;
  std::string bytes;
  archive::Writer writer([&](std::string_view piece) -> Result<void> {
    bytes += piece;
    return {};
  });
  ASSERT_TRUE(writer.account({"ada@example.org", "test:old"}));
  auto folder = made_folder({"INBOX"}, 1);
  folder.number = 1;
  ASSERT_TRUE(writer.folder(folder));
  archive::Item item;
  item.folder = 1;
  item.key = "1";
  item.content = archive::Item::Content::known;
  item.sha256 = std::string(32, 'h');
  ASSERT_TRUE(writer.item(item, nullptr));
  item.key = "2";
  item.content = archive::Item::Content::none;
  item.sha256.clear();
  ASSERT_TRUE(writer.item(item, nullptr));
  item.key = "3";
  item.content = archive::Item::Content::refused;
  item.reason = "the disk has a hole";
  ASSERT_TRUE(writer.item(item, nullptr));
  ASSERT_TRUE(writer.end_account({false}));
  ASSERT_TRUE(writer.finish());
  const auto got = import_archive(site, bytes);
  EXPECT_EQ(got.error, "");
  EXPECT_EQ(got.needed, (std::vector<std::string>{"1", "2"}));
  ASSERT_EQ(got.quarantined.size(), 1u);
  EXPECT_EQ(got.quarantined[0], (archive::Quarantined{"3", "the disk has a hole"}));
}

}  // namespace
}  // namespace kontor::importing
