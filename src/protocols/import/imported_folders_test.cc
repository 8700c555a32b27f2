// SPDX-License-Identifier: AGPL-3.0-or-later
// Where folders go, and their subscriptions.
#include "protocols/import/mailbox_lines.h"

namespace kontor::importing {
namespace {

using groupware::Caller;

TEST(Importer, follows_a_folder_that_was_renamed) {
  TestSite site;
  auto folders = small_mailbox();
  ASSERT_EQ(import_archive(site, dump_of(folders)).counts.copied, 4u);
  auto gone = folders[1];
  gone.record.is_gone = true;
  gone.items.clear();
  folders[1].record.key = "Renamed";
  folders[1].record.path = {"Renamed"};
  folders.push_back(gone);
  auto pass = import_archive(site, dump_of(folders));
  EXPECT_EQ(pass.error, "");
  EXPECT_EQ(pass.counts.moved, 1u);
  EXPECT_EQ(pass.counts.copied, 0u);
  EXPECT_EQ(lines_of(site).back(), "Renamed 1 " + size_of("ccc") + " 16");
  EXPECT_NE(site.account()->folders()->at_path("Projects/2024"), nullptr) << "nothing is removed unless asked";
  ImportOptions options;
  options.delete_vanished = true;
  pass = import_archive(site, dump_of(folders), options);
  EXPECT_EQ(pass.error, "");
  EXPECT_EQ(pass.counts.removed, 0u);
  EXPECT_EQ(site.account()->folders()->at_path("Projects/2024"), nullptr);
  EXPECT_EQ(lines_of(site).size(), 4u);
}

// Folders of a source that knows them by numbers: names and places change under the same key.
std::vector<MadeFolder> numbered_mailbox() {
  std::vector<MadeFolder> folders = {{made_folder({"Work"}, 7), {{"1", 1, made_message("a")}}},
                                     {made_folder({"Work", "Old"}, 8), {{"2", 2, made_message("b")}}},
                                     {made_folder({"Work", "Old", "Deep"}, 9), {{"3", 3, made_message("c")}}}};
  for (std::size_t i = 0; i < folders.size(); ++i) folders[i].record.key = std::to_string(100 + i);
  folders[0].record.properties["mapi"] = "kept";
  folders[0].record.description = "All of it";
  return folders;
}

std::vector<std::string> mail_paths_of(TestSite& site) {
  std::vector<std::string> out;
  const auto table = site.account()->folders();
  for (const auto& folder : table->all())
    if (folder->kind == groupware::Kind::mail && folder->role == groupware::FolderRole::none)
      out.push_back(table->path(folder->id));
  std::ranges::sort(out);
  return out;
}

TEST(Importer, follows_mail_folders_that_are_renamed_and_moved_under_their_key) {
  using Paths = std::vector<std::string>;
  TestSite site;
  auto folders = numbered_mailbox();
  ASSERT_EQ(import_archive(site, dump_of(folders)).counts.copied, 3u);
  EXPECT_EQ(mail_paths_of(site), (Paths{"Work", "Work/Old", "Work/Old/Deep"}));
  const auto work = site.account()->folders()->at_path("Work");
  EXPECT_EQ(work->properties.at("mapi"), "kept");
  EXPECT_EQ(work->description, "All of it");
  const auto before = site.account()->modseq();
  EXPECT_EQ(import_archive(site, dump_of(folders)).error, "");
  EXPECT_EQ(site.account()->modseq(), before) << "the same again writes nothing";

  folders[0].record.path = {"Labour"};
  folders[1].record.path = {"Labour", "Past"};
  folders[2].record.path = {"Deep"};
  folders[0].record.properties["mapi"] = "new";
  const auto moved = import_archive(site, dump_of(folders));
  EXPECT_EQ(moved.error, "");
  EXPECT_EQ(moved.counts.copied, 0u);
  EXPECT_EQ(mail_paths_of(site), (Paths{"Deep", "Labour", "Labour/Past"}));
  EXPECT_EQ(site.account()->folders()->at_path("Labour")->id, work->id);
  EXPECT_EQ(site.account()->folders()->at_path("Labour")->properties.at("mapi"), "new");

  // Renamed here: the source's further names do not count for it, and what is below it follows it.
  ASSERT_TRUE(site.account()->update(Caller::system(), [&](groupware::Transaction& transaction) {
    return transaction.rename_folder(work->id, FolderId(), "Mine");
  }));
  folders[0].record.path = {"Office"};
  folders[1].record.path = {"Office", "Gone"};
  EXPECT_EQ(import_archive(site, dump_of(folders)).error, "");
  EXPECT_EQ(mail_paths_of(site), (Paths{"Deep", "Mine", "Mine/Gone"}));

  // What is taken is tried again.
  folders[2].record.path = {"Mine"};
  EXPECT_EQ(import_archive(site, dump_of(folders)).error, "");
  EXPECT_EQ(mail_paths_of(site), (Paths{"Deep", "Mine", "Mine/Gone"}));
  ASSERT_TRUE(site.account()->update(Caller::system(), [&](groupware::Transaction& transaction) {
    return transaction.rename_folder(work->id, FolderId(), "Own");
  }));
  EXPECT_EQ(import_archive(site, dump_of(folders)).error, "");
  EXPECT_EQ(mail_paths_of(site), (Paths{"Mine", "Own", "Own/Gone"}));
}

TEST(Importer, leaves_removed_what_was_removed_here) {
  TestSite site;
  const auto folders = small_mailbox();
  ASSERT_EQ(import_archive(site, dump_of(folders)).counts.copied, 4u);
  const auto account = site.account();
  ASSERT_TRUE(account->update(Caller::system(), [&](groupware::Transaction& transaction) -> Result<void> {
    TRY_VOID(transaction.remove(account->folders()->at_path("INBOX")->id, Uid(7)));
    return transaction.remove_folder(account->folders()->at_path("Projects/2024")->id);
  }));
  const auto pass = import_archive(site, dump_of(folders));
  EXPECT_EQ(pass.error, "");
  EXPECT_EQ(pass.counts.copied, 0u);
  EXPECT_EQ(lines_of(site).size(), 2u);
  EXPECT_EQ(account->folders()->at_path("Projects/2024"), nullptr);
}

std::string dump_of_subscriptions(const std::vector<std::vector<std::string>>& paths, bool is_complete = true) {
  std::string out;
  archive::Writer writer([&](std::string_view piece) -> Result<void> {
    out += piece;
    return {};
  });
  EXPECT_TRUE(writer.account({"ada@example.org", "test:old"}));
  EXPECT_TRUE(writer.end_account({is_complete, paths}));
  EXPECT_TRUE(writer.finish());
  return out;
}

TEST(Importer, carries_subscriptions_to_what_is_no_folder) {
  TestSite site;
  const auto account = site.account();
  using Names = std::vector<std::string>;
  const auto others = [&] { return (*account->read(Caller::system()))->other_subscriptions(); };
  ASSERT_TRUE(account->update(Caller::system(), [&](groupware::Transaction& transaction) -> Result<void> {
    groupware::Transaction::FolderChange change;
    change.subscribed = false;
    return transaction.change_folder(account->folders()->at_path("Junk")->id, change);
  }));
  const std::vector<std::vector<std::string>> paths = {
      {"Team", "a/b"}, {"Gone"}, {"Junk"}, {std::string(200, 'x'), std::string(200, 'y'), std::string(200, 'z')}};
  ASSERT_EQ(import_archive(site, dump_of_subscriptions(paths)).error, "");
  EXPECT_EQ(others(), (Names{"Gone", "Team/a_b"})) << "what is too long is left out";
  EXPECT_TRUE(account->folders()->at_path("Junk")->subscribed) << "a folder here that is none there";
  const auto modseq = account->modseq();
  ASSERT_EQ(import_archive(site, dump_of_subscriptions(paths)).error, "");
  EXPECT_EQ(account->modseq(), modseq) << "a second run writes nothing";
  ASSERT_TRUE(account->update(Caller::system(), [&](groupware::Transaction& transaction) -> Result<void> {
    TRY_VOID(transaction.subscribe_other("Own", true));
    return transaction.subscribe_other("Gone", false);
  }));
  ASSERT_EQ(import_archive(site, dump_of_subscriptions(paths)).error, "");
  EXPECT_EQ(others(), (Names{"Own", "Team/a_b"})) << "what was changed here stays";
  ASSERT_EQ(import_archive(site, dump_of_subscriptions({}, false)).error, "");
  EXPECT_EQ(others(), (Names{"Own", "Team/a_b"})) << "an incomplete archive ends nothing";
  ASSERT_EQ(import_archive(site, dump_of_subscriptions({})).error, "");
  EXPECT_EQ(others(), Names{"Own"}) << "what ended at the source ends here";
}

TEST(Importer, merges_folders_by_role) {
  const struct {
    std::vector<std::string> path;
    const char* role;
    const char* expected;
    const char* why;
  } cases[] = {
      {{"Gesendet"}, "sent", "Gesendet", "an unused standard folder takes the source's name"},
      {{"INBOX", "Sent Items"}, "sent", "INBOX/Sent Items", "and its place"},
      {{"Sent"}, "sent", "Sent", "the same name"},
      {{"Post"}, "", "Post", "no role"},
      {{"inbox"}, "", "INBOX", "INBOX has one spelling"},
      {{"All Mail"}, "all", "All Mail", "a view's role is not carried"},
  };
  for (const auto& c : cases) {
    TestSite site;
    std::vector<MadeFolder> folders(1);
    folders[0].record = made_folder(c.path, 77, c.role);
    folders[0].items = {{"1", 4, made_message("x")}};
    ASSERT_EQ(import_archive(site, dump_of(folders)).error, "") << c.why;
    const auto got = lines_of(site);
    ASSERT_EQ(got.size(), 1u) << c.why;
    EXPECT_EQ(got[0], std::string(c.expected) + " 4 " + size_of("x") + " 0") << c.why;
    const auto table = site.account()->folders();
    if (std::string_view(c.role) == "sent") {
      EXPECT_EQ(table->path(table->by_role(groupware::FolderRole::sent)->id), c.expected) << c.why;
    }
    EXPECT_EQ(table->at_path(c.expected)->uid_validity.value, 77u) << c.why;
  }
}

TEST(Importer, merges_into_a_used_folder_of_the_role) {
  TestSite site;
  std::vector<MadeFolder> folders(1);
  folders[0].record = made_folder({"Sent"}, 5, "sent");
  folders[0].items = {{"1", 1, made_message("x")}};
  ASSERT_EQ(import_archive(site, dump_of(folders)).counts.copied, 1u);
  // Another folder of the same source and role must not be mixed into it; one of another source may.
  folders.push_back({made_folder({"Gesendet"}, 6, "sent"), {{"9", 9, made_message("y")}}});
  ASSERT_EQ(import_archive(site, dump_of(folders)).counts.copied, 1u);
  const std::vector<std::string> expected = {"Sent 1 " + size_of("x") + " 0", "Gesendet 9 " + size_of("y") + " 0"};
  EXPECT_EQ(lines_of(site), expected);
}

TEST(Importer, rewrites_impossible_names_and_counts_them) {
  const std::pair<std::string, std::string> names[] = {{"a/b", "a_b"},
                                                       {" x ", "x"},
                                                       {"", "_"},
                                                       {"tab\there", "tab_here"},
                                                       {"bad\xff", "bad_"},
                                                       {"gut", "gut"},
                                                       {std::string(300, 'n'), std::string(250, 'n')},
                                                       {"\xc2\x85", "_"}};
  for (const auto& [name, expected] : names) EXPECT_EQ(sound_name(name), expected) << name;
  TestSite site;
  std::vector<MadeFolder> folders(2);
  folders[0].record = made_folder({"a/b"}, 1);
  folders[0].items = {{"1", 1, made_message("x"), 0, {"\\Odd", "two words", "$Fine"}}};
  folders[1].record = made_folder({"a_b"}, 2);
  folders[1].items = {{"1", 1, made_message("y")}};
  const auto pass = import_archive(site, dump_of(folders));
  EXPECT_EQ(pass.error, "");
  EXPECT_EQ(pass.counts.copied, 2u);
  EXPECT_EQ(pass.counts.names_rewritten, 3u);
  EXPECT_EQ(lines_of(site)[0], "a_b 1 " + size_of("x") + " 0 Odd two_words $Fine");
}

}  // namespace
}  // namespace kontor::importing
