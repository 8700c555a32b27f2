// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/archive/answer.h"

#include <gtest/gtest.h>

namespace kontor::archive {
namespace {

TEST(Answer, lines_come_back) {
  Answer answer;
  answer.account = "a@b";
  answer.folder = "Gel\xf6scht";
  answer.counts.copied = 3;
  answer.counts.uids_changed = 1;
  answer.quarantined = {{"k\xff", "why"}};
  answer.needed = {"x", "y"};
  answer.error = Error(Errc::over_quota, "full");
  answer.done = true;
  auto back = parse_answer(to_line(answer));
  ASSERT_TRUE(back) << back.error().text;
  EXPECT_EQ(back->folder, answer.folder);
  EXPECT_EQ(back->counts, answer.counts);
  EXPECT_EQ(back->quarantined, answer.quarantined);
  EXPECT_EQ(back->needed, answer.needed);
  EXPECT_EQ(back->error->code, Errc::over_quota);
  EXPECT_TRUE(back->done);
  for (const char* bad : {"", "{", "[]", R"({"copied":-1})", R"({"what":1})", R"({"quarantined":[1]})"}) {
    EXPECT_FALSE(parse_answer(bad)) << bad;
  }
}

TEST(Answer, digests_keep_any_key) {
  for (const std::string key : {"1:2", "a b", "%41", "\xff\n", "1700000000.M1P2.host,S=3"}) {
    auto back = parse_digest_line(to_line(DigestLine{key, 0xfedcba9876543210, true}));
    ASSERT_TRUE(back) << key;
    EXPECT_EQ(back->key, key);
    EXPECT_EQ(back->state, 0xfedcba9876543210u);
    EXPECT_TRUE(back->is_vanished);
  }
  for (const char* bad : {"", "key", "key zz", "k%4 1", "key 1 w"}) EXPECT_FALSE(parse_digest_line(bad)) << bad;
}

TEST(Answer, verification_lines_come_back) {
  TargetItem item;
  item.key = "7:1";
  item.uid = 5;
  item.flags = 17;
  item.keywords = {"$Junk"};
  item.date = InternalDate(Instant(std::chrono::seconds(1'000'000)), 60);
  item.size = 99;
  item.sha256 = std::string(32, '\x81');
  auto back = parse_target_item(to_line(item));
  ASSERT_TRUE(back) << back.error().text;
  EXPECT_EQ(back->flags, 17);
  EXPECT_EQ(back->keywords, item.keywords);
  EXPECT_EQ(back->date, item.date);
  EXPECT_EQ(back->sha256, item.sha256);
  auto folder = parse_ledger_folder(to_line(LedgerFolder{"f", 1, 2, std::string("\0s", 2), true}));
  ASSERT_TRUE(folder);
  EXPECT_EQ(folder->state, std::string("\0s", 2));
  auto account = parse_target_account(to_line(TargetAccount{"a@b", "inactive", 1, 2, 3}));
  ASSERT_TRUE(account);
  EXPECT_EQ(account->limit, 2u);
}

}  // namespace
}  // namespace kontor::archive
