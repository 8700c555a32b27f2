// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/scheduling/hidden_folder.h"

#include <gtest/gtest.h>

#include "groupware/accounts_fixture.h"
#include "groupware/scheduling/inbox.h"
#include "groupware/scheduling/post.h"

namespace kontor::groupware {
namespace {

class HiddenFolderTest : public AccountsTest {
 protected:
  FolderId make(Account& account, const std::string& name, const char* mark) {
    FolderId made;
    must(account.update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
      TRY(made, make_hidden_folder(transaction, name, mark));
      return {};
    }));
    return made;
  }
};

TEST_F(HiddenFolderTest, IsKnownByItsMarkAlone) {
  const auto account = open(ada);
  EXPECT_EQ(hidden_folder(*account->folders(), "test.mark"), nullptr);
  // Somebody has a folder of that name already, and another one whose property looks like the mark, but of mail.
  must(account->update(as(ada), [&](Transaction& transaction) -> Result<void> {
    Transaction::NewFolder own;
    own.name = "Notes of the server";
    own.kind = Kind::files;
    TRY_VOID(transaction.create_folder(own));
    own.name = "Mail";
    own.kind = Kind::mail;
    TRY(const FolderId mail, transaction.create_folder(own));
    Transaction::FolderChange change;
    change.properties["test.mark"] = "yes";
    return transaction.change_folder(mail, change);
  }));
  EXPECT_EQ(hidden_folder(*account->folders(), "test.mark"), nullptr);
  const FolderId made = make(*account, "Notes of the server", "test.mark");
  const auto found = hidden_folder(*account->folders(), "test.mark");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->id, made);
  EXPECT_EQ(found->name, "Notes of the server 2");
  EXPECT_EQ(found->kind, Kind::files);
  EXPECT_FALSE(found->subscribed);
  must(account->update(as(ada), [&](Transaction& transaction) -> Result<void> {
    return transaction.rename_folder(made, FolderId(), "Renamed");
  }));
  EXPECT_EQ(hidden_folder(*account->folders(), "test.mark")->id, made) << "whatever it is called";
  expect_sound();
}

TEST_F(HiddenFolderTest, TheInboxAndTheOutboxAreApart) {
  const auto account = open(ada);
  EXPECT_EQ(scheduling_inbox(*account->folders()), nullptr);
  const FolderId inbox = make(*account, kInboxName, kIsInbox);
  const FolderId outbox = make(*account, kOutboxName, kIsOutbox);
  EXPECT_NE(inbox, outbox);
  EXPECT_EQ(scheduling_inbox(*account->folders())->id, inbox);
  EXPECT_EQ(hidden_folder(*account->folders(), kIsOutbox)->id, outbox);
  must(account->update(Caller::system(), [&](Transaction& transaction) { return transaction.remove_folder(inbox); }));
  EXPECT_EQ(scheduling_inbox(*account->folders()), nullptr);
  EXPECT_EQ(hidden_folder(*account->folders(), kIsOutbox)->id, outbox);
}

}  // namespace
}  // namespace kontor::groupware
