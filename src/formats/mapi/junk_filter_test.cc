// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/junk_filter.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "formats/mapi/code_page.h"
#include "formats/mapi/cursor.h"
#include "formats/mapi/tags.h"

namespace kontor::mapi {
namespace {

// Bytes of conditions, as [MS-OXCDATA] section 2.12 and the extended form of [MS-OXORULE] section 2.2.4 have them.
struct JunkBytes {
  static std::string u8(int value) { return std::string(1, static_cast<char>(value)); }
  static std::string u32(std::size_t value) {
    std::string out;
    append_le32(out, value);
    return out;
  }
  static std::string joined(int kind, std::initializer_list<std::string> parts) {
    std::string out = u8(kind) + u32(parts.size());
    for (const std::string& part : parts) out += part;
    return out;
  }
  static std::string all(std::initializer_list<std::string> parts) { return joined(0, parts); }
  static std::string any(std::initializer_list<std::string> parts) { return joined(1, parts); }
  static std::string none(const std::string& part) { return u8(2) + part; }
  // `how`: 0 the whole text, 1 a part of it; any case.
  static std::string text(std::uint32_t id, int how, std::string_view value) {
    const std::string tag = u32(id << 16U | 0x1FU);
    return u8(3) + u8(how) + u8(0) + u8(1) + u8(0) + tag + tag + utf16le_of_utf8(value) + std::string(2, '\0');
  }
  static std::string sender(std::string_view value) { return text(0x0C1F, 0, value); }
  static std::string sender_domain(std::string_view value) { return text(0x0C1F, 1, value); }
  static std::string recipient(std::string_view value) {
    return u8(9) + u32(0x0E12'000D) + text(0x3003, value.starts_with('@') ? 1 : 0, value);
  }
  static std::string rated_above(std::size_t level) {
    return u8(4) + u8(2) + u32(0x4076'0003) + u32(0x4076'0003) + u32(level);
  }
};

Properties junk_message(const std::string& condition) {
  Properties out;
  out.set(tag::kMessageClass, Value::of_text("IPM.ExtendedRule.Message"));
  out.set({.id = 0x65EB}, Value::of_text("JunkEmailRule"));
  out.set({.id = 0x65EC}, Value::of_text("Junk E-mail Rule"));
  out.set({.id = 0x65E9}, Value::of(0x31));
  out.set({.id = 0x0E9A}, Value::of_bytes(std::string(2, '\0') + condition));
  return out;
}

JunkFilter junk_read(const Properties& message) {
  const auto rule = rule_of_message(message);
  EXPECT_TRUE(rule && is_junk_filter(*rule));
  return junk_filter_of(*rule, message);
}

TEST(JunkFilters, HaveListsByWhatTheirPlaceMeans) {
  using B = JunkBytes;
  const auto condition = B::all(
      {B::any(
           {B::any({B::sender("Bad@Ads.example"), B::sender("both@example.net"), B::sender("")}),
            B::all({B::any({B::any({B::sender_domain("@spam.example"), B::sender_domain("plain.example")}),
                            B::rated_above(6)}),
                    B::none(B::any({B::any({B::sender_domain("@good.example")}), B::recipient("@lists.example")}))})}),
       B::none(B::any({B::any({B::sender("friend@example.net"), B::sender("both@example.net")}),
                       B::any({B::recipient("list@example.net")}),
                       B::any({B::sender("Contact@example.net"), B::sender("/o=Org/ou=X/cn=ada")})}))});
  Properties message = junk_message(condition);
  message.set({.id = 0x6100}, Value::of(1));
  message.set({.id = 0x6101}, Value::of(6));
  JunkFilter expected;
  expected.is_enabled = true;
  expected.blocked = {"bad@ads.example", "@spam.example", "@plain.example"};
  expected.safe = {"@good.example", "friend@example.net", "both@example.net", "contact@example.net"};
  expected.safe_recipients = {"@lists.example", "list@example.net"};
  expected.odd = {"@/o=org/ou=x/cn=ada"};
  expected.trusts_contacts = true;
  expected.threshold = 6;
  const JunkFilter filter = junk_read(message);
  EXPECT_EQ(filter.blocked, expected.blocked);
  EXPECT_EQ(filter.safe, expected.safe);
  EXPECT_EQ(filter.safe_recipients, expected.safe_recipients);
  EXPECT_EQ(filter, expected);
}

TEST(JunkFilters, NameWhatTheyCannotSay) {
  using B = JunkBytes;
  const JunkFilter other = junk_read(junk_message(B::any({B::text(0x0037, 1, "offer"), B::sender("a@b.example")})));
  EXPECT_TRUE(other.asks_more);
  EXPECT_EQ(other.blocked, std::vector<std::string>{"a@b.example"});
  EXPECT_TRUE(junk_read(junk_message(B::recipient("to@b.example"))).asks_more) << "recipients are never blocked";
  const std::string whole = B::any({B::sender("a@b.example")});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const JunkFilter broken = junk_read(junk_message(whole.substr(0, size)));
    EXPECT_NE(broken.problem, "") << size;
    EXPECT_TRUE(broken.blocked.empty());
  }
  Properties off = junk_message(whole);
  off.set({.id = 0x65E9}, Value::of(0x30));
  off.set({.id = 0x6101}, Value::of(static_cast<std::int32_t>(kJunkUnlessSafe)));
  EXPECT_FALSE(junk_read(off).is_enabled);
  EXPECT_EQ(junk_read(off).threshold, kJunkUnlessSafe);
}

}  // namespace
}  // namespace kontor::mapi
