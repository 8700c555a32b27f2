// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/preferences.h"

#include <gtest/gtest.h>

#include "groupware/accounts_fixture.h"

namespace kontor::groupware {
namespace {

Preferences sample_preferences() {
  Preferences out;
  out.language = "fr";
  out.time_zone = "Europe/Paris";
  out.signatures = {{"1", "Bureau", "<b>À bientôt</b>", true}};
  out.new_signature = "1";
  out.identities = {{"main", "Ada", "ada@example.org", "", "1", "1"}};
  out.categories = {{"Client", "#00ff7f", true}, {"Privé", "", false}};
  out.favourites = {{FolderId(3), PrincipalId(), "Projets"}, {FolderId(), PrincipalId(9), ""}};
  out.searches = {{"s", "Non lus", "{}", {FolderId(3), FolderId(4)}, false}};
  out.display = {{"webapp.theme", "dark"}};
  return out;
}

TEST(Preferences, come_back_as_they_were_stored) {
  for (const Preferences& one : {sample_preferences(), Preferences()}) {
    const auto again = decode_preferences(encode(one));
    ASSERT_TRUE(again);
    EXPECT_EQ(*again, one);
  }
  EXPECT_FALSE(decode_preferences("no such record"));
}

TEST(Preferences, are_refused_where_they_make_no_sense) {
  struct Case {
    const char* why;
    void (*spoil)(Preferences&);
  };
  EXPECT_EQ(fault_of(sample_preferences()), "");
  for (const auto& [why, spoil] :
       {Case{"two signatures of one id", [](Preferences& p) { p.signatures.push_back(p.signatures[0]); }},
        {"a signature without an id", [](Preferences& p) { p.signatures[0].id.clear(); }},
        {"text that is none", [](Preferences& p) { p.signatures[0].text = "\xff"; }},
        {"a signature that is too long", [](Preferences& p) { p.signatures[0].text.assign(kPreferenceText + 1, 'x'); }},
        {"a colour that is none", [](Preferences& p) { p.categories[0].colour = "red"; }},
        {"one category twice", [](Preferences& p) { p.categories[1].name = "CLIENT"; }},
        {"too many favourites", [](Preferences& p) { p.favourites.resize(kPreferenceEntries + 1); }},
        {"a search without an id", [](Preferences& p) { p.searches[0].id.clear(); }},
        {"a NUL in a name", [](Preferences& p) { p.identities[0].name = std::string("a\0b", 3); }}}) {
    Preferences spoilt = sample_preferences();
    spoil(spoilt);
    EXPECT_NE(fault_of(spoilt), "") << why;
  }
}

class StoredPreferences : public AccountsTest {};

TEST_F(StoredPreferences, AreTheOwnersAlone) {
  auto account = open(ada);
  Preferences wanted = sample_preferences();
  const auto set = [&](PrincipalId who) {
    return account->update(as(who), [&](Transaction& t) { return t.set_preferences(wanted); });
  };
  EXPECT_EQ(must(must(account->read(as(ada)))->preferences()), Preferences());
  const Modseq first = must(set(ada));
  EXPECT_EQ(must(set(ada)), first) << "the same again is no change";
  EXPECT_EQ(set(ben).error().code, Errc::denied);
  wanted.language = "en";
  must(set(ada));
  reopen();
  account = open(ada);
  EXPECT_EQ(must(must(account->read(Caller::system()))->preferences()), wanted);
  must(account->update(as(ada), [&](Transaction& t) -> Result<void> {
    Transaction::FolderChange change;
    change.grants = {{ben, right::kAll}};
    return t.change_folder(inbox(*account), change);
  }));
  EXPECT_EQ(must(account->read(as(ben)))->preferences().error().code, Errc::denied);
  wanted.categories[0].colour = "green";
  EXPECT_EQ(set(ada).error().code, Errc::invalid);
}

}  // namespace
}  // namespace kontor::groupware
