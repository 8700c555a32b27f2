// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/settings.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/digest.h"
#include "groupware/rules/rule_list.h"
#include "protocols/import/settings_site.h"

namespace kontor::importing {
namespace {

namespace right = groupware::right;
using groupware::Caller;

archive::Settings sample_settings() {
  archive::Settings out;
  out.language = "de";
  out.time_zone = "Europe/Berlin";
  out.signatures = {{"1", "Büro", "Grüße", false}, {"2", "Kurz", "A.", false}};
  out.new_signature = "1";
  out.categories = {{"Kunde", "#ff0000", true}};
  out.favourites = {{"Projekte \"A\"", "", "Meins"}, {"nowhere", "", "Weg"}, {"", "bob@example.org", "calendar"}};
  out.searches = {{"s", "Alles", "{}", {"Projekte \"A\""}, true}};
  out.display = {{"webapp.theme", "dark"}};
  return out;
}

TEST(ImportedSettings, come_and_are_followed_once_for_each_change_at_the_source) {
  SettingsSite site;
  auto settings = sample_settings();
  const auto first = site.pass(settings);
  EXPECT_EQ(first.error, "");
  auto here = site.preferences();
  EXPECT_EQ(here.language, "de");
  EXPECT_EQ(here.time_zone, "Europe/Berlin");
  ASSERT_EQ(here.signatures.size(), 2u);
  EXPECT_EQ(here.signatures[0].text, "Grüße");
  EXPECT_EQ(here.new_signature, "1");
  EXPECT_EQ(here.categories, (std::vector<groupware::Category>{{"Kunde", "#ff0000", true}}));
  ASSERT_EQ(here.favourites.size(), 2u) << "a folder that did not come along is none";
  EXPECT_EQ(here.favourites[0].folder, site.account()->folders()->at_path("Projekte \"A\"")->id);
  EXPECT_EQ(here.favourites[1].owner, site.bob());
  ASSERT_EQ(here.searches.size(), 1u);
  EXPECT_EQ(here.searches[0].folders.size(), 1u);
  EXPECT_EQ(here.display.at("webapp.theme"), "dark");

  const auto before = site.account()->modseq();
  const auto again = site.pass(settings);
  EXPECT_EQ(again.counts.copied + again.counts.updated, 0u);
  EXPECT_EQ(site.account()->modseq(), before) << "the same again writes nothing";

  // Changed on both sides: the user's stays, and goes on staying.
  site.change([](auto& now) { now.signatures[0].text = "Mine"; });
  settings.signatures->at(0).text = "Theirs";
  settings.signatures->at(1).text = "B.";
  settings.language = "fr";
  const auto second = site.pass(settings);
  EXPECT_EQ(second.counts.updated, 2u);
  EXPECT_EQ(second.counts.kept, 1u);
  here = site.preferences();
  EXPECT_EQ(here.signatures[0].text, "Mine");
  EXPECT_EQ(here.signatures[1].text, "B.");
  EXPECT_EQ(here.language, "fr");
  settings.signatures->at(0).text = "Theirs again";
  site.pass(settings);
  EXPECT_EQ(site.preferences().signatures[0].text, "Mine");

  // What the user removed stays removed; what the source removes goes where nobody touched it.
  site.change([](auto& now) { now.categories.clear(); });
  settings.signatures->erase(settings.signatures->begin() + 1);
  settings.display.clear();
  site.pass(settings);
  here = site.preferences();
  EXPECT_TRUE(here.categories.empty());
  EXPECT_EQ(here.signatures.size(), 1u);
  EXPECT_TRUE(here.display.empty());

  // A source that says nothing of a list takes nothing away.
  settings.signatures.reset();
  site.pass(settings);
  EXPECT_EQ(site.preferences().signatures.size(), 1u);
}

TEST(ImportedSettings, what_cannot_be_kept_keeps_nothing_else_out) {
  SettingsSite site;
  auto settings = sample_settings();
  settings.signatures->push_back({"bad", "not text", "\xff", false});
  settings.categories->push_back({"odd", "reddish", false});
  EXPECT_EQ(site.pass(settings).error, "");
  EXPECT_EQ(site.preferences().signatures.size(), 2u);
  EXPECT_EQ(site.preferences().categories.size(), 1u);
  EXPECT_EQ(site.preferences().language, "de");
}

TEST(ImportedSettings, rules_file_into_the_folders_as_they_are_called_here) {
  SettingsSite site;
  archive::Settings settings;
  sieve::OutOfOfficeRule away;
  away.text = "Im Urlaub";
  settings.rules = rules_text({filing_rule("one", "Projekte \"A\""), filing_rule("two", "nowhere"), {"", false, away}});
  EXPECT_EQ(site.pass(settings).error, "");
  auto list = site.rules();
  ASSERT_EQ(list.rules.size(), 2u) << "a rule whose folder did not come along is left out";
  EXPECT_FALSE(list.rules[0].is_enabled) << "what was switched off stays off";
  EXPECT_EQ(std::get<sieve::OutOfOfficeRule>(list.rules[0].what).text, "Im Urlaub");
  EXPECT_EQ(std::get<sieve::FilterRule>(list.rules[1].what).actions[0].value, "Projekte \"A\"");
  EXPECT_EQ(site.account()->active_script().name, sieve::kRulesScript);

  // The answer and the rules are followed apart.
  const auto edit = [&](auto how) {
    EXPECT_TRUE(groupware::change_rules(*site.account(), Caller::system(), groupware::kServerSends,
                                        [&](sieve::RuleList& rules) -> Result<void> {
                                          how(rules);
                                          return {};
                                        }));
  };
  edit([](sieve::RuleList& rules) { rules.rules[1].name = "mine"; });
  away.text = "Wieder da";
  settings.rules = rules_text({filing_rule("other", "Projekte \"A\""), {"", true, away}});
  const auto second = site.pass(settings);
  EXPECT_EQ(second.counts.kept, 1u);
  list = site.rules();
  EXPECT_EQ(list.rules[1].name, "mine");
  EXPECT_TRUE(list.rules[0].is_enabled);
  EXPECT_EQ(std::get<sieve::OutOfOfficeRule>(list.rules[0].what).text, "Wieder da");

  settings.rules = "no JSON";
  EXPECT_EQ(site.pass(settings).error, "");
  EXPECT_EQ(site.rules().rules.size(), 2u) << "what cannot be read is not none";
  settings.rules = rules_text({});
  EXPECT_EQ(site.pass(settings).error, "");
  EXPECT_EQ(site.rules().rules.size(), 1u) << "an answer that is gone there goes here, the user's own rule stays";
}

TEST(ImportedSettings, senders_are_followed_one_by_one) {
  SettingsSite site;
  archive::Settings settings;
  const auto edit = [&](auto how) {
    EXPECT_TRUE(groupware::change_rules(*site.account(), Caller::system(), groupware::kServerSends,
                                        [&](sieve::RuleList& rules) -> Result<void> {
                                          how(rules);
                                          return {};
                                        }));
  };
  const auto lists = [&]() -> sieve::JunkRule {
    auto list = site.rules();
    const auto* found = sieve::find_rule<sieve::JunkRule>(list);
    return found == nullptr ? sieve::JunkRule() : *found;
  };
  using Entries = std::vector<std::string>;
  settings.rules = rules_text({filing_rule("one", "Projekte \"A\"")});
  settings.senders = {{"Friend@example.net", "@good.example"}, {"x@ads.example", "no address"}};
  const auto first = site.pass(settings);
  EXPECT_EQ(first.error, "");
  EXPECT_EQ(lists(), (sieve::JunkRule{{"@good.example", "friend@example.net"}, {"x@ads.example"}}));
  EXPECT_EQ(site.rules().rules.size(), 2u);
  EXPECT_TRUE(site.differences(settings).empty()) << "what cannot be a sender was named when it came";
  const auto before = site.account()->modseq();
  site.pass(settings);
  EXPECT_EQ(site.account()->modseq(), before) << "the same again writes nothing";

  // One's own sender freezes neither the other senders nor the rules.
  edit([](sieve::RuleList& rules) { sieve::find_rule<sieve::JunkRule>(rules)->always.push_back("mine@example.net"); });
  settings.senders = {{"friend@example.net"}, {"x@ads.example", "@more.example"}};
  settings.rules = rules_text({filing_rule("other", "Projekte \"A\"")});
  EXPECT_EQ(site.pass(settings).error, "");
  EXPECT_EQ(lists(), (sieve::JunkRule{{"friend@example.net"}, {"x@ads.example", "mine@example.net", "@more.example"}}));
  EXPECT_EQ(site.rules().rules.at(1).name, "other");
  EXPECT_EQ(site.differences(settings),
            (std::map<std::string, std::string>{{"sender/mine@example.net", "is set at the target alone"}}));

  // Who was taken off the list here stays off; a source that knows nothing of senders takes none away.
  edit([](sieve::RuleList& rules) { sieve::find_rule<sieve::JunkRule>(rules)->never.clear(); });
  EXPECT_EQ(site.pass(settings).error, "");
  EXPECT_EQ(lists().never, Entries());
  EXPECT_EQ(site.differences(settings).at("sender/friend@example.net"), "was removed at the target since it came");
  settings.senders.reset();
  EXPECT_EQ(site.pass(settings).error, "");
  EXPECT_EQ(lists().always.size(), 3u);
  settings.senders.emplace();
  EXPECT_EQ(site.pass(settings).error, "");
  EXPECT_EQ(lists().always, Entries{"mine@example.net"});
  EXPECT_EQ(site.rules().rules.size(), 2u);
}

TEST(ImportedSettings, long_lists_of_senders_keep_no_rule_out) {
  SettingsSite site;
  archive::Settings settings;
  settings.rules = rules_text({filing_rule("one", "Projekte \"A\"")});
  settings.senders.emplace();
  for (std::size_t i = 0; i < archive::kMaxSenders; ++i)
    settings.senders->blocked.push_back(fmt::format("{}{}@example.net", std::string(100, 'x'), i));
  EXPECT_EQ(site.pass(settings).error, "");
  ASSERT_EQ(site.rules().rules.size(), 1u);
  EXPECT_EQ(site.rules().rules[0].name, "one");
  settings.senders->blocked.resize(50);
  EXPECT_EQ(site.pass(settings).error, "");
  EXPECT_EQ(site.rules().rules.size(), 2u) << "they come as soon as they can";
}

TEST(ImportedSettings, rules_that_the_source_cannot_read_stay) {
  SettingsSite site;
  archive::Settings settings;
  sieve::OutOfOfficeRule away;
  away.text = "Weg";
  settings.rules = rules_text({filing_rule("one", "Projekte \"A\""), {"", true, away}});
  EXPECT_EQ(site.pass(settings).error, "");
  ASSERT_EQ(site.rules().rules.size(), 2u);
  away.text = "Noch weg";
  settings.rules = rules_text({{"", true, away}});
  settings.rules_are_unread = true;
  EXPECT_EQ(site.pass(settings).error, "");
  const auto list = site.rules();
  ASSERT_EQ(list.rules.size(), 2u) << "only the answer was told";
  EXPECT_EQ(std::get<sieve::OutOfOfficeRule>(list.rules[0].what).text, "Noch weg");
  settings.rules_are_unread = false;
  EXPECT_EQ(site.pass(settings).error, "");
  EXPECT_EQ(site.rules().rules.size(), 1u);
}

TEST(ImportedSettings, a_text_rule_gets_its_folder_quoted_and_what_it_requires) {
  SettingsSite site;
  archive::Settings settings;
  const std::string text =
      "if envelope :is \"from\" \"x@y.example\" { fileinto \"" + archive::folder_mark("Projekte \"A\"") + "\"; }\n";
  settings.rules = sieve::to_json({{{"by envelope", true, sieve::TextRule{text}}}, {"envelope", "fileinto"}});
  EXPECT_EQ(site.pass(settings).error, "");
  const auto list = site.rules();
  ASSERT_EQ(list.rules.size(), 1u);
  EXPECT_NE(std::get<sieve::TextRule>(list.rules[0].what).text.find(R"(fileinto "Projekte \"A\"")"), std::string::npos);
}

TEST(ImportedSettings, rights_are_followed_for_each_person) {
  SettingsSite site;
  using Grants = std::vector<groupware::Grant>;
  const archive::Settings none;
  const auto first = site.pass(
      none, {{{"bob@example.org", right::kReader}, {"", right::kFreeBusy}, {"carol@example.org", right::kReader}}});
  EXPECT_EQ(site.grants(), (Grants{{PrincipalId(), right::kFreeBusy}, {site.bob(), right::kReader}}));
  ASSERT_EQ(first.notes.size(), 1u);
  EXPECT_NE(first.notes[0].find("carol@example.org"), std::string::npos);

  site.add_user("carol@example.org");
  const auto carol = site.directory->by_address("carol@example.org")->id;
  const std::vector<archive::Grant> second = {{"bob@example.org", right::kEditor},
                                              {"carol@example.org", right::kReader}};
  site.pass(none, second);
  EXPECT_EQ(site.grants(), (Grants{{site.bob(), right::kEditor}, {carol, right::kReader}}));

  EXPECT_TRUE(site.account()->update(Caller::system(), [&](groupware::Transaction& t) -> Result<void> {
    groupware::Transaction::FolderChange change;
    change.grants = Grants{{carol, right::kReader}};
    return t.change_folder(t.folders()->at_path(site.folder.path[0])->id, change);
  }));
  site.pass(none, second);
  EXPECT_EQ(site.grants(), (Grants{{carol, right::kReader}})) << "who lost its rights here does not get them again";
  site.pass(none, {{{"bob@example.org", right::kReader}}});
  EXPECT_EQ(site.grants(), Grants{}) << "carol's end here as they did there; bob's were changed here";
  site.pass(none);
  EXPECT_EQ(site.grants(), Grants{});
}

TEST(ImportedSettings, passwords_quotas_and_senders_come_unless_they_were_set_here) {
  SettingsSite site;
  const char* kHash = "deadbe1217afb4ebd45640628875d8ce31efe8af";
  auto ada = *site.directory->by_address("ada@example.org");
  ada.status = directory::Status::active;
  EXPECT_TRUE(site.directory->update_principal(ada));
  archive::Settings settings;
  settings.password_hash = kHash;
  settings.quota = 1000;
  settings.send_as = {"bob@example.org", "nobody@example.org"};
  settings.delegates = {{"bob@example.org", false, false}};
  EXPECT_EQ(site.pass(settings).error, "");
  ada = *site.directory->by_address("ada@example.org");
  EXPECT_EQ(ada.quota, 1000u);
  EXPECT_EQ(ada.send_as, std::vector<PrincipalId>{site.bob()});
  EXPECT_EQ(ada.send_on_behalf, std::vector<PrincipalId>{site.bob()});
  // Changed there before anybody logged in here: it counts.
  settings.password_hash = "{SHA}" + std::string("W6ph5Mm5Pz8GgiULbPgzG37mj9g=");  // "password"
  settings.quota = 2000;
  site.pass(settings);
  EXPECT_EQ(site.directory->quota_bytes(ada.id), 2000u);
  EXPECT_TRUE(site.directory->authenticate("ada@example.org", "password", directory::Protocol::imap));
  // From then on the password is the one here.
  settings.password_hash = kHash;
  EXPECT_EQ(site.pass(settings).error, "");
  EXPECT_TRUE(site.directory->authenticate("ada@example.org", "password", directory::Protocol::imap));
  // A password that was set here is never replaced.
  SettingsSite other;
  const auto id = other.directory->by_address("ada@example.org")->id;
  EXPECT_TRUE(other.directory->set_password(id, "mine"));
  EXPECT_EQ(other.pass(settings).counts.kept, 1u);
}

TEST(ImportedSettings, passwords_are_compared_by_the_server_alone) {
  SettingsSite site;
  using Differences = std::map<std::string, std::string>;
  auto ada = *site.directory->by_address("ada@example.org");
  ada.status = directory::Status::active;
  EXPECT_TRUE(site.directory->update_principal(ada));
  archive::Settings settings;
  settings.password_hash = "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=";  // "password"
  EXPECT_EQ(site.pass(archive::Settings()).error, "");
  EXPECT_EQ(site.differences(settings), (Differences{{"password", "was not brought to the target"}}));
  EXPECT_EQ(site.pass(settings).error, "");
  EXPECT_EQ(site.differences(settings), Differences());
  archive::Settings other = settings;
  other.password_hash = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=";
  const std::string at_source = "was changed at the source since the last run";
  EXPECT_EQ(site.differences(other), (Differences{{"password", at_source}}));
  EXPECT_TRUE(site.directory->authenticate("ada@example.org", "password", directory::Protocol::imap));
  EXPECT_NE(site.directory->password_hash_digest(ada.id), sha256(settings.password_hash)) << "it is made anew";
  EXPECT_EQ(site.differences(settings), Differences()) << "the same password, proven here";
  EXPECT_EQ(site.differences(other), (Differences{{"password", at_source}}));

  SettingsSite own;
  EXPECT_TRUE(own.directory->set_password(own.directory->by_address("ada@example.org")->id, "mine"));
  EXPECT_EQ(own.pass(settings).counts.kept, 1u);
  EXPECT_EQ(own.differences(settings),
            (Differences{{"password", "is another at the target, where it was set before"}}));

  SettingsSite unknown;
  settings.password_hash = "{ROT26}x";
  EXPECT_EQ(unknown.pass(archive::Settings()).error, "");
  EXPECT_EQ(unknown.differences(settings).size(), 1u);
  EXPECT_EQ(unknown.pass(settings).error, "");
  EXPECT_EQ(unknown.differences(settings), Differences()) << "was named when it did not come";
  const auto before = unknown.account()->modseq();
  EXPECT_EQ(unknown.pass(settings).error, "");
  EXPECT_EQ(unknown.account()->modseq(), before) << "the same again writes nothing";
}

TEST(ImportedPrincipals, are_active_only_where_their_accounts_come_too) {
  TestSite site;
  std::string bytes;
  archive::Writer writer([&](std::string_view piece) -> Result<void> {
    bytes += piece;
    return {};
  });
  archive::Principal eve, bob;
  eve.address = "eve@example.org";
  eve.names = {"eve"};
  bob.address = "bert@example.org";
  EXPECT_TRUE(writer.principal(eve));
  EXPECT_TRUE(writer.principal(bob));
  EXPECT_TRUE(writer.finish());
  ImportOptions options;
  options.create_users = true;
  options.new_status = directory::Status::active;
  EXPECT_EQ(import_archive(site, bytes, options).error, "");
  EXPECT_EQ(site.directory->by_address("eve@example.org")->status, directory::Status::active);
  EXPECT_EQ(site.directory->by_address("bert@example.org")->status, directory::Status::inactive);
}

TEST(ImportedPrincipals, are_made_where_they_are_not_there) {
  TestSite site;
  const auto send = [&](bool may_create) {
    std::string bytes;
    archive::Writer writer([&](std::string_view piece) -> Result<void> {
      bytes += piece;
      return {};
    });
    EXPECT_TRUE(
        writer.principal({"group", "team@example.org", "Team", "", {}, {"ada@example.org", "eve@example.org"}, false}));
    archive::Principal in_other{"room", "room@other.example", "Room 1", "Other", {"r1@other.example"}, {}, true};
    in_other.tenant_quota = 5'000'000;
    EXPECT_TRUE(writer.principal(in_other));
    EXPECT_TRUE(writer.principal({"user", "eve@example.org", "Eve", "", {}, {}, false}));
    EXPECT_TRUE(writer.principal({"user", "ada@example.org", "Another name", "", {}, {}, false}));
    EXPECT_TRUE(writer.finish());
    ImportOptions options;
    options.create_users = may_create;
    options.only_principals = true;
    return import_archive(site, bytes, options);
  };
  const auto refused = send(false);
  EXPECT_EQ(refused.quarantined.size(), 3u);
  EXPECT_FALSE(site.directory->by_address("eve@example.org"));
  const auto made = send(true);
  EXPECT_EQ(made.error, "");
  EXPECT_EQ(made.counts.copied, 3u);
  EXPECT_EQ(made.counts.present, 1u);
  const auto team = *site.directory->by_address("team@example.org");
  EXPECT_EQ(team.kind, directory::PrincipalKind::group);
  EXPECT_EQ(team.members.size(), 2u) << "also a member that came after its group";
  const auto room = *site.directory->by_address("r1@other.example");
  EXPECT_EQ(room.kind, directory::PrincipalKind::room);
  EXPECT_TRUE(room.is_hidden);
  EXPECT_EQ(room.status, directory::Status::inactive);
  EXPECT_EQ(site.directory->tenant(room.tenant)->name, "other");
  EXPECT_EQ(site.directory->tenant(room.tenant)->default_quota, 5'000'000u);
  EXPECT_EQ(site.directory->tenant(team.tenant)->default_quota, 0u) << "a tenant that is here stays as it is";
  EXPECT_EQ(site.directory->by_address("ada@example.org")->name, "ada@example.org") << "who is here stays as it is";
  EXPECT_EQ(send(true).counts.copied, 0u);
  auto broken_off = team;
  broken_off.members.clear();
  EXPECT_TRUE(site.directory->update_principal(broken_off));
  EXPECT_EQ(send(true).counts.copied, 0u);
  EXPECT_EQ(site.directory->by_address("team@example.org")->members.size(), 2u) << "what broke off is made whole";
}

}  // namespace
}  // namespace kontor::importing
