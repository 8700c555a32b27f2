// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/compare.h"

#include <gtest/gtest.h>

#include "protocols/import/imported_rules.h"
#include "protocols/import/ledger.h"
#include "protocols/import/settings_site.h"

namespace kontor::importing {
namespace {

namespace right = groupware::right;
using Differences = std::map<std::string, std::string>;

archive::Settings compared_settings() {
  archive::Settings out;
  out.language = "de";
  out.signatures = {{"1", "Office", "Greetings", false}, {"2", "Short", "A.", false}};
  out.categories = std::vector<archive::Category>();
  out.searches = {{"s", "All", "{}", {}, true}};
  out.rules = rules_text({filing_rule("Invoices", "Projekte \"A\"")});
  out.quota = 1 << 30;
  out.send_as = {"bob@example.org"};
  return out;
}

TEST(Comparison, finds_nothing_after_a_pass) {
  SettingsSite site;
  const auto settings = compared_settings();
  const std::vector<archive::Grant> grants = {{"bob@example.org", right::kRead | right::kSee}};
  const archive::AccountEnd end{true, {{"Shared", "Ben"}}};
  EXPECT_EQ(site.differences(settings, grants, end).size(), 8u) << "before it, nothing is here";
  EXPECT_EQ(site.pass(settings, grants, end).error, "");
  const auto before = site.account()->modseq();
  EXPECT_EQ(site.differences(settings, grants, end), Differences());
  EXPECT_EQ(site.same, 11u);
  EXPECT_EQ(site.account()->modseq(), before) << "it changes nothing";
}

TEST(Comparison, tells_who_changed_what) {
  SettingsSite site;
  auto settings = compared_settings();
  std::vector<archive::Grant> grants = {{"bob@example.org", right::kRead | right::kSee}};
  site.add_user("eve@example.org");
  EXPECT_EQ(site.pass(settings, grants).error, "");

  site.change([](auto& now) {
    now.signatures[0].text = "Mine";
    now.signatures.erase(now.signatures.begin() + 1);
    now.categories = {{"Own", "", false}};
  });
  settings.language = "fr";
  settings.quota = 2 << 20;
  settings.searches->clear();
  auto owner = *site.directory->by_address("ada@example.org");
  owner.send_as.clear();
  EXPECT_TRUE(site.directory->update_principal(owner));
  EXPECT_TRUE(put_rules(*site.account(), {.others = std::vector<sieve::Rule>()}));
  EXPECT_TRUE(site.account()->update(groupware::Caller::system(), [&](groupware::Transaction& t) -> Result<void> {
    groupware::Transaction::FolderChange change;
    change.grants = groupware::in_order(
        {{site.bob(), right::kSee}, {site.directory->by_address("eve@example.org")->id, right::kSee}});
    change.subscribed = !site.folder.subscribed;
    return t.change_folder(t.folders()->at_path(site.folder.path[0])->id, change);
  }));
  const std::string here = "was changed at the target since it came", gone = "was removed at the target since it came",
                    there = "was changed at the source since the last run";
  const Differences expected = {{"category/own", "is set at the target alone"},
                                {"language", there},
                                {"quota", there},
                                {"rules", gone},
                                {"search/s", "was removed at the source since the last run"},
                                {"send-as", gone},
                                {"signature/1", here},
                                {"signature/2", gone},
                                {"the rights of bob@example.org on Projekte \"A\"", here},
                                {"the rights of eve@example.org on Projekte \"A\"", "is set at the target alone"},
                                {"the subscription to Projekte \"A\"", here}};
  EXPECT_EQ(site.differences(settings, grants), expected);
}

TEST(Comparison, is_of_names_colours_and_settings_of_folders) {
  SettingsSite site;
  site.folder.colour = "#00ff00";
  site.folder.description = "All";
  site.folder.properties = {{"mapi", "kept"}, {"gone", "x"}};
  EXPECT_EQ(site.pass({}).error, "");
  EXPECT_EQ(site.differences({}), Differences());
  EXPECT_EQ(site.same, 6u) << "subscription, place, colour, description, two settings";
  EXPECT_TRUE(site.account()->update(groupware::Caller::system(), [&](groupware::Transaction& t) -> Result<void> {
    const auto id = t.folders()->at_path(site.folder.path[0])->id;
    groupware::Transaction::FolderChange change;
    change.colour = "#0000ff";
    TRY_VOID(t.change_folder(id, change));
    return t.rename_folder(id, FolderId(), "Mine");
  }));
  site.folder.description = "Some";
  site.folder.properties.erase("gone");
  site.folder.properties["mapi"] = "other";
  const std::string of = " of Projekte \"A\"";
  EXPECT_EQ(site.differences({}),
            (Differences{{"the name or place" + of, "was changed at the target since it came"},
                         {"the colour" + of, "was changed at the target since it came"},
                         {"the description" + of, "was changed at the source since the last run"},
                         {"the setting \"mapi\"" + of, "was changed at the source since the last run"},
                         {"the setting \"gone\"" + of, "was removed at the source since the last run"}}));
}

TEST(Comparison, is_of_the_account_that_was_asked_for) {
  SettingsSite site;
  std::string bytes = site.archive_of({}, std::nullopt);
  archive::Reader reader([&]() -> Result<std::string> { return std::exchange(bytes, {}); });
  const auto answers = compare_archive(reader, *site.account("bob@example.org"), *site.directory, "bob@example.org");
  ASSERT_FALSE(answers);
  EXPECT_EQ(answers.error().code, Errc::denied);
}

}  // namespace
}  // namespace kontor::importing
