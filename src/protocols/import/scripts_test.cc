// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/scripts.h"

#include "protocols/import/mailbox_lines.h"

namespace kontor::importing {
namespace {

using groupware::Caller;

TEST(ImportedScripts, ComeOnceAndWhatWasChangedHereStays) {
  TestSite site;
  const auto account = site.account();
  const std::string good = "keep;\r\n";
  auto take = [&](const std::vector<archive::Script>& scripts) {
    auto answer = take_scripts(*account, "test:old", scripts);
    EXPECT_TRUE(answer) << (answer ? "" : answer.error().text);
    return answer ? *answer : archive::Answer();
  };
  auto put = [&](const std::string& name, const std::string& text) {
    EXPECT_TRUE(account->update(groupware::Caller::system(),
                                [&](groupware::Transaction& t) { return t.put_script(name, text); }));
  };
  auto text_of = [&](const std::string& name) {
    const auto reader = account->read(groupware::Caller::system());
    return (*reader)->script(name).value_or("(none)");
  };
  auto answer = take({{"main", good, true}, {"other", good, false}, {"bad\nname", good, false}});
  EXPECT_EQ(answer.counts.copied, 2U);
  ASSERT_EQ(answer.quarantined.size(), 1U);
  EXPECT_EQ(account->active_script().name, "main");
  answer = take({{"main", good, true}, {"other", good, false}});
  EXPECT_EQ(answer.counts.copied, 0U);
  EXPECT_EQ(answer.counts.present, 2U);

  answer = take({{"main", "no sieve at all", true}, {"other", good, false}});
  ASSERT_EQ(answer.quarantined.size(), 1U) << "it filters here, and what follows it could not";
  EXPECT_EQ(answer.quarantined[0].key, "main");
  EXPECT_EQ(text_of("main"), good);

  put("main", "stop;\r\n");
  EXPECT_TRUE(
      account->update(groupware::Caller::system(), [](groupware::Transaction& t) { return t.activate_script(""); }));
  answer = take({{"main", "discard;\r\n", true}, {"other", "discard;\r\n", false}});
  EXPECT_EQ(answer.counts.updated, 1U);
  EXPECT_EQ(answer.counts.kept, 1U);
  EXPECT_EQ(text_of("main"), "stop;\r\n") << "changed here";
  EXPECT_EQ(text_of("other"), "discard;\r\n") << "followed";
  EXPECT_EQ(account->active_script().name, "") << "made active once";

  put("mine", "stop;\r\n");
  answer = take({{"mine", good, false}});
  EXPECT_EQ(answer.quarantined.size(), 1U) << "another of the same name";
  answer = take({{"broken", "no sieve at all", true}});
  EXPECT_EQ(answer.counts.copied, 1U);
  EXPECT_NE(answer.note, "");
  EXPECT_EQ(account->active_script().name, "") << "it cannot run";
  const auto lines = verify_scripts(*account, "test:old");
  ASSERT_TRUE(lines);
  EXPECT_EQ(std::count(lines->begin(), lines->end(), '\n'), 3);
}

}  // namespace
}  // namespace kontor::importing
