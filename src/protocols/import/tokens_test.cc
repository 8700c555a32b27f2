// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/tokens.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "protocols/import/ledger.h"

namespace kontor::importing {
namespace {

TEST(Tokens, live_in_a_file_of_their_own) {
  const auto file = testing::TempDir() + "kontor-tokens-" + std::to_string(::getpid());
  ::unlink(file.c_str());
  FakeClock clock(Instant(std::chrono::seconds(1000)));
  const auto later = Instant(std::chrono::seconds(2000));
  auto first = add_token(file, "first", later, {"example.org"}, clock);
  auto second = add_token(file, "second", std::nullopt, {}, clock);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(add_token(file, "first", later, {}, clock).error().code, Errc::exists);
  struct stat info{};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  std::ifstream in(file);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(text.find(first->secret), std::string::npos);
  EXPECT_EQ(text.find(first->secret.substr(4)), std::string::npos);

  auto token = check_token(file, first->secret, clock.now());
  ASSERT_TRUE(token);
  EXPECT_EQ(token->label, "first");
  EXPECT_TRUE(token->allows("a@Example.org"));
  EXPECT_FALSE(token->allows("a@example.com"));
  EXPECT_FALSE(token->allows("example.org"));
  EXPECT_TRUE(check_token(file, second->secret, clock.now())->allows("a@b"));
  EXPECT_EQ(check_token(file, first->secret, later).error().code, Errc::denied);
  EXPECT_EQ(check_token(file, "", clock.now()).error().code, Errc::denied);
  EXPECT_EQ(check_token(file, first->secret + "x", clock.now()).error().code, Errc::denied);
  EXPECT_EQ(list_tokens(file)->size(), 2u);
  ASSERT_TRUE(remove_token(file, "first"));
  EXPECT_EQ(remove_token(file, "first").error().code, Errc::not_found);
  EXPECT_EQ(check_token(file, first->secret, clock.now()).error().code, Errc::denied);
  std::ofstream(file) << "{}";
  EXPECT_EQ(list_tokens(file).error().code, Errc::invalid);
  ::unlink(file.c_str());
  EXPECT_TRUE(list_tokens(file)->empty());
}

TEST(Ledger, marks_come_back_and_damage_is_seen) {
  ItemMark item;
  item.folder = FolderId(3);
  item.flags = 9;
  item.keywords = {"a", "b"};
  item.properties = {{"x", "y"}};
  item.date = InternalDate(Instant(std::chrono::seconds(-5)), -90);
  item.size = 1ull << 40;
  item.hash = std::string(32, 'h');
  item.is_vanished = true;
  const auto bytes = encode(item);
  auto back = decode_item_mark(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(encode(*back), bytes);
  EXPECT_EQ(back->date.zone_minutes, -90);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) EXPECT_FALSE(decode_item_mark(bytes.substr(0, cut))) << cut;
  FolderMark folder{"key", FolderId(7), 5, false, true, 12, "state"};
  const auto mark = encode(folder);
  auto folder_back = decode_folder_mark(mark);
  ASSERT_TRUE(folder_back);
  EXPECT_EQ(encode(*folder_back), mark);
  for (std::size_t cut = 0; cut < mark.size(); ++cut) EXPECT_FALSE(decode_folder_mark(mark.substr(0, cut))) << cut;
  const auto place = place_of_vanished(vanished_key(item.hash, 77, "k:1"));
  ASSERT_TRUE(place);
  EXPECT_EQ(place->code, 77u);
  EXPECT_EQ(place->item_key, "k:1");
  EXPECT_EQ(place_of_item(item_mark_key(78, "k"))->code, 78u);
}

}  // namespace
}  // namespace kontor::importing
