// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/accounts_fixture.h"

namespace kontor::groupware {
namespace {

class AnnotationsTest : public AccountsTest {
 protected:
  static Errc refused(Account& account, const Caller& caller, FolderId folder, const std::string& entry,
                      const std::optional<std::string>& value) {
    const auto done = annotate(account, caller, folder, entry, value);
    return done ? Errc::exists : done.error().code;
  }
  static Result<Modseq> annotate(Account& account, const Caller& caller, FolderId folder, const std::string& entry,
                                 const std::optional<std::string>& value) {
    return account.update(caller, [&](Transaction& transaction) { return transaction.annotate(folder, entry, value); });
  }
  static std::map<std::string, std::string> seen(Account& account, const Caller& caller, FolderId folder) {
    return must(must(account.read(caller))->annotations(folder));
  }
  void share(Account& account, FolderId folder, std::uint32_t rights) {
    must(account.update(as(ada), [&](Transaction& transaction) {
      Transaction::FolderChange change;
      change.grants = std::vector<Grant>{{ben, rights}};
      return transaction.change_folder(folder, change);
    }));
  }
};

TEST_F(AnnotationsTest, SharedOnesFollowTheRightsAndPrivateOnesTheCaller) {
  using Entries = std::map<std::string, std::string>;
  auto account = open(ada);
  const FolderId box = inbox(*account);
  must(annotate(*account, as(ada), box, "/shared/comment", "for all"));
  must(annotate(*account, as(ada), box, "/private/comment", "for ada"));
  share(*account, box, right::kSee | right::kRead);
  EXPECT_EQ(seen(*account, as(ben), box), (Entries{{"/shared/comment", "for all"}}));
  EXPECT_EQ(refused(*account, as(ben), box, "/shared/comment", "no"), Errc::denied);
  must(annotate(*account, as(ben), box, "/private/comment", "for ben"));
  EXPECT_EQ(seen(*account, as(ben), box), (Entries{{"/private/comment", "for ben"}, {"/shared/comment", "for all"}}));
  EXPECT_EQ(seen(*account, as(ada), box), (Entries{{"/private/comment", "for ada"}, {"/shared/comment", "for all"}}));
  share(*account, box, right::kSee | right::kRead | right::kWriteFlags);
  must(annotate(*account, as(ben), box, "/shared/comment", std::nullopt));
  EXPECT_EQ(seen(*account, as(ada), box), (Entries{{"/private/comment", "for ada"}}));
  EXPECT_EQ(refused(*account, as(ben), FolderId(), "/private/comment", "x"), Errc::denied);
  must(annotate(*account, as(ada), FolderId(), "/private/comment", "mine"));
  EXPECT_EQ(refused(*account, as(ada), FolderId(), "/shared/comment", "x"), Errc::denied);
  EXPECT_EQ(refused(*account, as(ada), box, "/other/comment", "x"), Errc::invalid);
  expect_sound();
}

TEST_F(AnnotationsTest, AreBounded) {
  auto account = open(ada);
  const FolderId box = inbox(*account);
  const std::string most(Transaction::kLargestAnnotation, 'x');
  EXPECT_EQ(refused(*account, as(ada), box, "/private/a", most + "x"), Errc::too_large);
  for (const char* entry : {"/private/a", "/private/b", "/private/c"})
    must(annotate(*account, as(ada), box, entry, most));
  EXPECT_EQ(refused(*account, as(ada), box, "/private/d", most), Errc::over_quota);
  must(annotate(*account, as(ada), box, "/private/a", most));  // in the place of itself
  must(annotate(*account, as(ada), box, "/shared/d", most));   // a purse of its own
  const FolderId sent = account->folders()->by_role(FolderRole::sent)->id;
  for (int i = 0; i < 100; ++i) must(annotate(*account, as(ada), sent, "/private/" + std::to_string(i), "x"));
  EXPECT_EQ(refused(*account, as(ada), sent, "/private/one-more", "x"), Errc::over_quota);
}

TEST_F(AnnotationsTest, EndWithTheirFolder) {
  auto account = open(ada);
  FolderId made;
  must(account->update(as(ada), [&](Transaction& transaction) -> Result<void> {
    Transaction::NewFolder folder;
    folder.name = "box";
    TRY(made, transaction.create_folder(folder));
    return transaction.annotate(made, "/private/comment", "x");
  }));
  must(account->update(as(ada), [&](Transaction& transaction) { return transaction.remove_folder(made); }));
  reopen();
  account = open(ada);
  const auto left = must(account->read(as(ada)))->annotations(made);
  EXPECT_FALSE(left);
  expect_sound();
}

}  // namespace
}  // namespace kontor::groupware
