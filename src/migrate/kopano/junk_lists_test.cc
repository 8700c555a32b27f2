// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/junk_lists.h"

#include <gtest/gtest.h>

#include "formats/mapi/code_page.h"
#include "formats/mapi/cursor.h"
#include "formats/mapi/tags.h"

namespace kontor::migrate::kopano {
namespace {

// One sender, blocked or (behind "not") safe.
std::string sender_asked(std::string_view value, bool is_safe) {
  const std::string_view tag("\x1F\0\x1F\x0C", 4);
  std::string out = is_safe ? std::string("\2", 1) : std::string();
  return out.append(std::string_view("\3\0\0\1\0", 5)).append(tag).append(tag) + mapi::utf16le_of_utf8(value) +
         std::string(2, '\0');
}

mapi::Properties junk_rule(std::initializer_list<std::string> parts, std::int32_t state = 0x31) {
  std::string condition("\0\0\0", 3);
  mapi::append_le32(condition, parts.size());
  for (const std::string& part : parts) condition += part;
  mapi::Properties out;
  out.set(mapi::tag::kMessageClass, mapi::Value::of_text("IPM.ExtendedRule.Message"));
  out.set({.id = 0x65EB}, mapi::Value::of_text("JunkEmailRule"));
  out.set({.id = 0x65E9}, mapi::Value::of(state));
  out.set({.id = 0x0E9A}, mapi::Value::of_bytes(condition));
  return out;
}

TEST(KopanoJunkLists, become_ours) {
  archive::Settings settings;
  std::vector<SettingLoss> losses;
  take_junk_filter({junk_rule({sender_asked("bad@ads.example", false), sender_asked("friend@example.net", true)})},
                   true, settings, losses);
  EXPECT_EQ(settings.senders, (archive::Senders{{"friend@example.net"}, {"bad@ads.example"}}));
  EXPECT_TRUE(losses.empty());

  // Safe domains beat single senders here.
  mapi::Properties both = junk_rule({sender_asked("bad@ads.example", false), sender_asked("@ads.example", true)});
  both.set({.id = 0x6100}, mapi::Value::of(1));
  take_junk_filter({both}, true, settings, losses);
  ASSERT_EQ(losses.size(), 2u);
  EXPECT_NE(losses[0].why.find("bad@ads.example"), std::string::npos);
}

TEST(KopanoJunkLists, that_are_not_known_are_not_none) {
  std::vector<SettingLoss> losses;
  archive::Settings none, unknown, broken, off;
  take_junk_filter({}, true, none, losses);
  EXPECT_EQ(none.senders, archive::Senders()) << "nobody is listed";
  take_junk_filter({}, false, unknown, losses);
  EXPECT_FALSE(unknown.senders);
  EXPECT_TRUE(losses.empty());
  take_junk_filter({junk_rule({"\7"})}, true, broken, losses);
  EXPECT_FALSE(broken.senders);
  take_junk_filter({junk_rule({sender_asked("bad@ads.example", false)}, 0x30)}, true, off, losses);
  EXPECT_EQ(off.senders, archive::Senders());
  EXPECT_EQ(losses.size(), 2u) << "each is named";
}

}  // namespace
}  // namespace kontor::migrate::kopano
