// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/rules/scripts.h"

#include "groupware/accounts_fixture.h"
#include "groupware/rules/script_name.h"

namespace kontor::groupware {
namespace {

class ScriptsTest : public AccountsTest {
 protected:
  void SetUp() override {
    options.scripts_per_account = 3;
    options.largest_script = 100;
    AccountsTest::SetUp();
  }
  using Step = std::function<Result<void>(Transaction&)>;
  std::string run(const Step& step, PrincipalId who = {}) {
    const auto done = open(ada)->update(as(who ? who : ada), step);
    return done ? "ok" : std::string(name(done.error().code));
  }
  std::string all() {
    const auto reader = must(open(ada)->read(as(ada)));
    std::string out;
    for (const std::string& name : must(reader->scripts()))
      out += name + (name == reader->active_script().name ? "* " : " ");
    return out;
  }
};

TEST_F(ScriptsTest, AreKeptRenamedActivatedAndRemoved) {
  const auto put = [](const char* name) { return [name](Transaction& t) { return t.put_script(name, "keep;"); }; };
  EXPECT_EQ(run(put("b")), "ok");
  EXPECT_EQ(run(put("a")), "ok");
  EXPECT_EQ(all(), "a b ");
  const Modseq first = open(ada)->active_script().version;
  EXPECT_EQ(run([](Transaction& t) { return t.activate_script("b"); }), "ok");
  EXPECT_EQ(open(ada)->active_script().name, "b");
  EXPECT_NE(open(ada)->active_script().version, first);
  EXPECT_EQ(run([](Transaction& t) { return t.activate_script("c"); }), "not_found");
  EXPECT_EQ(run([](Transaction& t) { return t.remove_script("b"); }), "conflict");
  EXPECT_EQ(run([](Transaction& t) { return t.rename_script("b", "a"); }), "exists");
  EXPECT_EQ(run([](Transaction& t) { return t.rename_script("c", "d"); }), "not_found");
  EXPECT_EQ(run([](Transaction& t) { return t.rename_script("b", "ü"); }), "ok");
  EXPECT_EQ(all(), "a ü* ") << "it stays active";
  EXPECT_EQ(run(put("c")), "ok");
  EXPECT_EQ(run(put("d")), "over_quota");
  EXPECT_EQ(run(put("c")), "ok") << "in the place of itself";
  EXPECT_EQ(run([](Transaction& t) { return t.put_script("c", std::string(101, '#')); }), "too_large");
  EXPECT_EQ(run(put("a\nb")), "invalid");
  reopen();
  EXPECT_EQ(all(), "a c ü* ");
  EXPECT_EQ(must(must(open(ada)->read(as(ada)))->script("c")), "keep;");
  EXPECT_EQ(run([](Transaction& t) { return t.activate_script(""); }), "ok");
  EXPECT_EQ(run([](Transaction& t) { return t.remove_script("ü"); }), "ok");
  EXPECT_EQ(all(), "a c ");
  expect_sound();
}

TEST_F(ScriptsTest, AreTheirOwnersAlone) {
  must(open(ada)->update(as(ada), [&](Transaction& t) -> Result<void> {
    TRY_VOID(t.put_script("a", "keep;"));
    Transaction::FolderChange change;
    change.grants = std::vector<Grant>{{ben, right::kAll}};
    return t.change_folder(t.folders()->by_role(FolderRole::inbox)->id, change);
  }));
  const auto reader = must(open(ada)->read(as(ben)));
  EXPECT_EQ(reader->scripts().error().code, Errc::denied);
  EXPECT_EQ(reader->script("a").error().code, Errc::denied);
  EXPECT_EQ(run([](Transaction& t) { return t.put_script("b", "keep;"); }, ben), "denied");
  EXPECT_EQ(run([](Transaction& t) { return t.activate_script("a"); }, ben), "denied");
  EXPECT_EQ(run([](Transaction& t) { return t.activate_script(""); }, ben), "denied");
  EXPECT_EQ(run([](Transaction& t) { return t.remove_script("a"); }, ben), "denied");
  EXPECT_EQ(run([](Transaction& t) { return t.rename_script("a", "b"); }, ben), "denied");
}

TEST_F(ScriptsTest, WarningsNameWhatIsNotThere) {
  const auto compiled = compile_script(R"(require ["fileinto", "mailbox", "include", "variables"];
fileinto "Archive";
fileinto "Absent";
fileinto :create "New";
include "nobody";
include :optional "nobody";
fileinto "Absent ${1}";)",
                                       Sending::no);
  ASSERT_TRUE(compiled.program);
  const auto warnings = must(script_warnings(*compiled.program, *must(open(ada)->read(as(ada)))));
  ASSERT_EQ(warnings.size(), 2U);
  EXPECT_EQ(warnings[0], "line 3: there is no folder \"Absent\"; until there is, such mail stays in the inbox");
  EXPECT_EQ(warnings[1], "line 5: there is no script \"nobody\" to include");
}

TEST_F(ScriptsTest, NamesAreTextWithoutControls) {
  const std::pair<std::string, bool> cases[] = {{"main", true},
                                                {"Büro 1", true},
                                                {"", false},
                                                {std::string(512, 'x'), true},
                                                {std::string(513, 'x'), false},
                                                {"a\tb", false},
                                                {"\xFF", false},
                                                {"\xC2\x85", false},
                                                {"a\xE2\x80\xA8z", false}};
  for (const auto& [name, is_sound] : cases) EXPECT_EQ(is_script_name(name), is_sound) << name;
}

}  // namespace
}  // namespace kontor::groupware
