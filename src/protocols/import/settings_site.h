// SPDX-License-Identifier: AGPL-3.0-or-later
// For tests: an account into which the passes of a source bring settings, rules and rights.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "groupware/rules/rule_list.h"
#include "protocols/import/compare.h"
#include "protocols/import/test_site.h"

namespace kontor::importing {

inline std::string rules_text(std::vector<sieve::Rule> rules) { return sieve::to_json({std::move(rules), {}}); }

inline sieve::Rule filing_rule(const std::string& name, const std::string& folder_key) {
  sieve::FilterRule filter;
  filter.conditions = {{sieve::Condition::What::subject, sieve::Condition::How::contains, "", {"invoice"}, 0, false}};
  filter.actions = {{sieve::FilterAction::What::file, archive::folder_mark(folder_key)}};
  return {name, true, filter};
}

struct SettingsSite : TestSite {
  SettingsSite() {
    add_user("bob@example.org");
    folder = made_folder({"Projekte \"A\""}, 7);
  }
  // What a source's pass sends that says this.
  std::string archive_of(const archive::Settings& settings, std::optional<std::vector<archive::Grant>> grants,
                         const archive::AccountEnd& end = {true}) {
    std::string bytes;
    archive::Writer writer([&](std::string_view piece) -> Result<void> {
      bytes += piece;
      return {};
    });
    archive::Folder described = folder;
    described.number = 1;
    described.grants = std::move(grants);
    EXPECT_TRUE(writer.account({"ada@example.org", "test:old"}));
    EXPECT_TRUE(writer.folder(described));
    EXPECT_TRUE(writer.settings(settings));
    EXPECT_TRUE(writer.end_account(end));
    EXPECT_TRUE(writer.finish());
    return bytes;
  }
  Imported pass(const archive::Settings& settings, std::optional<std::vector<archive::Grant>> grants = std::nullopt,
                const archive::AccountEnd& end = {true}) {
    ImportOptions options;
    options.live = true;
    return import_archive(*this, archive_of(settings, std::move(grants), end), options);
  }
  // What a verification finds, by its name.
  std::map<std::string, std::string> differences(const archive::Settings& settings,
                                                 std::optional<std::vector<archive::Grant>> grants = std::nullopt,
                                                 const archive::AccountEnd& end = {true}) {
    std::string bytes = archive_of(settings, std::move(grants), end);
    archive::Reader reader([&]() -> Result<std::string> { return std::exchange(bytes, {}); });
    const auto answers = compare_archive(reader, *account(), *directory, "ada@example.org");
    EXPECT_TRUE(answers) << answers.error().text;
    std::map<std::string, std::string> out;
    same = 0;
    for (const auto& answer : answers.value_or(std::vector<archive::Answer>())) {
      for (const auto& one : answer.different) out[one.key] = one.reason;
      same += answer.counts.present;
    }
    return out;
  }
  groupware::Preferences preferences() { return *(*account()->read(groupware::Caller::system()))->preferences(); }
  sieve::RuleList rules() { return *groupware::account_rules(**account()->read(groupware::Caller::system())); }
  void change(const std::function<void(groupware::Preferences&)>& how) {
    EXPECT_TRUE(account()->update(groupware::Caller::system(), [&](groupware::Transaction& t) -> Result<void> {
      auto now = *t.preferences();
      how(now);
      return t.set_preferences(now);
    }));
  }
  std::vector<groupware::Grant> grants() { return account()->folders()->at_path(folder.path[0])->grants; }
  PrincipalId bob() { return directory->by_address("bob@example.org")->id; }

  archive::Folder folder;
  std::uint64_t same = 0;  // that the last differences() found
};

}  // namespace kontor::importing
