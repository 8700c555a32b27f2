// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/folder_digest.h"

#include <gtest/gtest.h>

namespace kontor::migrate::kopano {
namespace {

TEST(FolderDigest, comes_back_and_tells_what_changed) {
  FolderDigest before;
  before.highest_id = 4'000'000'000;
  before.parts = {{0, {1, 2, 3}}, {7, {400, UINT64_MAX, 5}}, {255, {1, 9, 9}}};
  const std::string bytes = print(before);
  EXPECT_EQ(parse_folder_digest(bytes), before);
  FolderDigest now = before;
  EXPECT_TRUE(now.changed_since(before).empty());
  now.parts[7].rows = 6;
  now.parts.erase(255);
  now.parts[3].items = 1;
  EXPECT_EQ(now.changed_since(before), (std::vector<std::uint32_t>{3, 7, 255}));
  EXPECT_EQ(parse_folder_digest(print(FolderDigest())), FolderDigest());
}

TEST(FolderDigest, is_nothing_else) {
  const std::string sound = print({.highest_id = 1, .parts = {{1, {1, 1, 1}}}});
  for (std::size_t size = 0; size < sound.size(); ++size)
    EXPECT_EQ(parse_folder_digest(sound.substr(0, size)).has_value(), size == 12) << size;
  EXPECT_FALSE(parse_folder_digest("kopano1 12 34 56 78"));
  EXPECT_FALSE(parse_folder_digest(sound + sound.substr(12))) << "a part twice";
  std::string beyond = sound;
  beyond[12] = 1;
  EXPECT_FALSE(parse_folder_digest(beyond)) << "there is no part 257";
}

}  // namespace
}  // namespace kontor::migrate::kopano
