// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/running.h"

#include "protocols/import/test_site.h"

namespace kontor::importing {
namespace {

TEST(RunningImports, has_one_for_each_account) {
  RunningImports running(3);
  auto first = running.begin(AccountId(7));
  ASSERT_TRUE(first);
  auto second = running.begin(AccountId(7));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::conflict);
  auto other = running.begin(AccountId(8));
  ASSERT_TRUE(other);
  auto late = running.begin(AccountId());
  ASSERT_TRUE(late) << "a refused one gives its place back";
  EXPECT_EQ(running.begin(AccountId(9)).error().code, Errc::unavailable);
  EXPECT_EQ((*late)->claim(AccountId(7)).error().code, Errc::conflict);
  EXPECT_TRUE((*late)->claim(AccountId(9)));
  EXPECT_TRUE((*late)->claim(AccountId(9)));
  EXPECT_TRUE((*late)->claim(AccountId(10))) << "on to the next account of an archive";
  first->reset();
  EXPECT_TRUE((*late)->claim(AccountId(7)));
  late->reset();
  EXPECT_TRUE(running.begin(AccountId(7)));
}

TEST(RunningImports, know_an_account_by_all_its_addresses) {
  TestSite site;
  site.add_user("bob@example.org");
  auto bob = *site.directory->by_address("bob@example.org");
  bob.addresses.push_back("robert@example.org");
  ASSERT_TRUE(site.directory->update_principal(bob));
  std::vector<MadeFolder> folders(1);
  folders[0].record = made_folder({"INBOX"}, 1);
  folders[0].items = {{"1", 1, made_message("x")}};
  RunningImports running(9);
  const auto under_way = *running.begin(bob.account());
  const auto mine = *running.begin(AccountId());
  ImportOptions options;
  options.claim = [&](AccountId account) { return mine->claim(account); };
  for (const char* address : {"bob@example.org", "robert@example.org"}) {
    const auto got = import_archive(site, dump_of(folders, address), options);
    EXPECT_NE(got.error.find("another import"), std::string::npos) << address << ": " << got.error;
    EXPECT_EQ(got.counts.copied, 0u);
  }
  EXPECT_EQ(import_archive(site, dump_of(folders), options).counts.copied, 1u) << "others go on";
}

}  // namespace
}  // namespace kontor::importing
