// SPDX-License-Identifier: AGPL-3.0-or-later
// Rules as hidden messages, built byte for byte as [MS-OXORULE] sections 2.2.4 and 2.2.5 and [MS-OXCDATA] section 2.12
// say.
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "formats/mapi/code_page.h"
#include "formats/mapi/cursor.h"
#include "formats/mapi/rule_bytes.h"
#include "formats/mapi/rules.h"
#include "formats/mapi/tags.h"

namespace kontor::mapi {
namespace {

// Writes in one of the two widths.
struct RuleWriter {
  bool is_wide = true;

  std::string count(std::size_t number) const {
    std::string out;
    is_wide ? append_le32(out, number) : append_le16(out, number);
    return out;
  }
  static std::string u8(int value) { return std::string(1, static_cast<char>(value)); }
  static std::string u16(std::size_t value) {
    std::string out;
    append_le16(out, value);
    return out;
  }
  static std::string u32(std::size_t value) {
    std::string out;
    append_le32(out, value);
    return out;
  }
  static std::string tag(std::uint32_t id, std::uint32_t type) { return u32(id << 16U | type); }
  static std::string text(std::uint32_t id, std::string_view value) {
    return tag(id, 0x1F) + utf16le_of_utf8(value) + std::string(2, '\0');
  }
  std::string binary(std::uint32_t id, std::string_view value) const {
    return tag(id, 0x102) + count(value.size()) + std::string(value);
  }
  static std::string contains(std::uint32_t id, std::string_view value) {
    return u8(3) + u16(1) + u16(1) + tag(id, 0x1F) + text(id, value);
  }
  std::string all(std::initializer_list<std::string> parts) const {
    std::string out = u8(0) + count(parts.size());
    for (const std::string& part : parts) out += part;
    return out;
  }
  std::string action(int what, const std::string& data, std::size_t flavour = 0) const {
    const std::string body = u8(what) + u32(flavour) + u32(0) + data;
    return count(body.size()) + body;
  }
  std::string move(std::string_view store, std::string_view folder) const {
    return action(1, (is_wide ? "" : u8(1)) + count(store.size()) + std::string(store) + count(folder.size()) +
                         std::string(folder));
  }
  std::string actions(std::initializer_list<std::string> all) const {
    std::string out = no_names() + u32(1) + count(all.size());
    for (const std::string& one : all) out += one;
    return out;
  }
  static std::string no_names() { return u16(0); }
};

Properties rule_message(const char* name, const std::string& condition, const std::string& actions,
                        bool is_extended = true) {
  Properties out;
  out.set(tag::kMessageClass, Value::of_text(is_extended ? "IPM.ExtendedRule.Message" : "IPM.Rule.Version2.Message"));
  out.set({.id = 0x65EC}, Value::of_text(name));
  out.set({.id = 0x65EB}, Value::of_text("RuleOrganizer2"));
  out.set({.id = 0x65E9}, Value::of(0x11));
  out.set({.id = 0x65F3}, Value::of(7));
  out.set({.id = is_extended ? 0x0E9AU : 0x65F0U}, Value::of_bytes(condition));
  out.set({.id = is_extended ? 0x0E99U : 0x65EFU}, Value::of_bytes(actions));
  return out;
}

const RuleWriter kWide{true}, kNarrow{false};

RuleWorld message_world() {
  RuleWorld world;
  world.folder_of = [](std::string_view store, std::string_view folder) -> std::optional<std::string> {
    return store == "store" && folder == "folder" ? std::optional<std::string>("Projects") : std::nullopt;
  };
  world.template_of = [](std::string_view message) -> std::optional<ReplyTemplate> {
    if (message == "empty") return ReplyTemplate{"x", ""};
    return message == "template" ? std::optional(ReplyTemplate{"Thanks", "We will \"answer\" soon."}) : std::nullopt;
  };
  world.own_addresses = {"ada@example.org"};
  return world;
}

TEST(RuleMessages, AreRead) {
  for (const bool is_extended : {true, false}) {
    const RuleWriter& write = is_extended ? kWide : kNarrow;
    const std::string boss = write.u8(4) + write.u8(4) + write.tag(0x0C1D, 0x102) +
                             write.binary(0x0C1D, std::string_view("SMTP:BOSS@EXAMPLE.COM\0", 22));
    const std::string condition =
        write.no_names() +
        write.all({write.contains(0x37, "Größe"), boss, write.u8(2) + write.u8(8) + write.tag(0x1035, 0x1F),
                   write.u8(6) + write.u8(1) + write.tag(0x0E07, 3) + write.u32(0x10)});
    const std::string forward = write.action(7,
                                             write.count(1) + write.u8(1) + write.count(2) +
                                                 write.text(0x3003, "ben@example.net") + write.text(0x3001, "Ben"),
                                             3);
    const auto rule = rule_of_message(rule_message(
        "R", condition, write.actions({write.move("store", "folder"), write.action(11, ""), forward}), is_extended));
    ASSERT_TRUE(rule);
    EXPECT_EQ(rule->problem, "") << is_extended;
    EXPECT_EQ(rule->name, "R");
    EXPECT_EQ(rule->sequence, 7);
    EXPECT_EQ(rule->state, MailRule::kEnabled | MailRule::kStops);
    ASSERT_EQ(rule->actions.size(), 3U);
    EXPECT_EQ(rule->actions[0].folder, "folder");
    EXPECT_EQ(rule->actions[2].recipients.at(0).text_or_empty({.id = 0x3003}), "ben@example.net");
    const CarriedRule carried = carry_rule(*rule, message_world());
    ASSERT_TRUE(carried.rule);
    EXPECT_TRUE(carried.losses.empty());
    const std::string script = sieve::print({{*carried.rule}, carried.requires_more});
    EXPECT_EQ(script.substr(script.find("if "), script.find(" {\n") - script.find("if ")),
              "if allof (header :contains \"subject\" \"Größe\", address :is \"from\" \"boss@example.com\", not exists "
              "\"message-id\", header :mime :anychild :contains \"content-disposition\" \"attachment\")");
    EXPECT_TRUE(script.contains("fileinto :create \"Projects\"")) << script;
    EXPECT_TRUE(script.contains("redirect :copy \"ben@example.net\"")) << script;
  }
}

TEST(RuleMessages, NameTheirProperties) {
  const Guid set = Guid::of(0x00062008, 0, 0, 0xC000000000000046);
  const std::string names = RuleWriter::u16(2) + RuleWriter::u16(0x8001) + RuleWriter::u16(0x8002) +
                            RuleWriter::u32(0) + RuleWriter::u8(0) + std::string(set.view()) + RuleWriter::u32(0x8503) +
                            RuleWriter::u8(1) + std::string(set.view()) + RuleWriter::u8(8) + utf16le_of_utf8("Abc") +
                            std::string(2, '\0');
  const std::string condition = names + kWide.all({RuleWriter::u8(8) + RuleWriter::tag(0x8001, 0xB),
                                                   RuleWriter::u8(8) + RuleWriter::tag(0x8002, 0x1F)});
  const auto read = read_rule_condition(condition, {});
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(Tag(read->parts.at(0).property), (Tag{.id = 0x8503, .set = set}));
  EXPECT_EQ(read->parts.at(1).property.name, "Abc");
  EXPECT_FALSE(read_rule_condition(RuleWriter::no_names() + RuleWriter::u8(8) + RuleWriter::tag(0x8003, 0xB), {}));
}

TEST(RuleMessages, ThatAreDamagedAreNamed) {
  const std::string condition = RuleWriter::no_names() + RuleWriter::contains(0x37, "x");
  const std::string actions = kWide.actions({kWide.move("store", "folder")});
  for (std::size_t size = 0; size < condition.size(); ++size)
    EXPECT_FALSE(rule_of_message(rule_message("R", condition.substr(0, size), actions))->problem.empty()) << size;
  for (std::size_t size = 0; size < actions.size(); ++size)
    EXPECT_FALSE(rule_of_message(rule_message("R", condition, actions.substr(0, size)))->problem.empty()) << size;
  const auto rule = rule_of_message(rule_message("R", condition + "x", actions));
  EXPECT_FALSE(rule->problem.empty()) << "more than there should be";
  const CarriedRule carried = carry_rule(*rule, message_world());
  EXPECT_FALSE(carried.rule);
  EXPECT_EQ(carried.losses.size(), 1U);
  std::string deep = RuleWriter::no_names();
  for (int i = 0; i < 100; ++i) deep += RuleWriter::u8(2);
  EXPECT_EQ(read_rule_condition(deep, {}).error().code, Errc::too_large);
  Properties organizer;
  organizer.set(tag::kMessageClass, Value::of_text("IPM.RuleOrganizer"));
  EXPECT_TRUE(holds_rules("ipm.ruleorganizer"));
  EXPECT_FALSE(rule_of_message(organizer));
  EXPECT_FALSE(holds_rules("IPM.Note"));
}

TEST(RuleMessages, AnswerWithATemplate) {
  const std::string condition = RuleWriter::no_names() + RuleWriter::contains(0x37, "offer");
  const auto reply = [](std::string_view entry) {
    return kWide.action(3, kWide.count(entry.size()) + std::string(entry) + std::string(16, 'g'));
  };
  const auto carried = [&](const std::string& actions) {
    return carry_rule(*rule_of_message(rule_message("Offers", condition, actions)), message_world());
  };
  const CarriedRule one = carried(kWide.actions({reply("template"), kWide.move("store", "folder")}));
  ASSERT_TRUE(one.rule);
  EXPECT_EQ(one.losses.size(), 1U) << "how it answers is named";
  const std::string& text = std::get<sieve::TextRule>(one.rule->what).text;
  EXPECT_EQ(
      text,
      "if header :contains \"subject\" \"offer\" {\n"
      "  if not environment :is \"vnd.kontor.answered\" \"yes\" {\n"
      "    vacation :seconds 60 :subject \"Thanks\" :addresses [\"ada@example.org\"] :handle \"rule Offers\" \"We "
      "will \\\"answer\\\" soon.\";\n"
      "  }\n"
      "  fileinto :create \"Projects\";\n  stop;\n}\n");
  EXPECT_EQ(one.requires_more,
            (std::vector<std::string>{"environment", "fileinto", "mailbox", "vacation", "vacation-seconds"}));
  const CarriedRule gone = carried(kWide.actions({reply("gone")}));
  EXPECT_FALSE(gone.rule);
  EXPECT_FALSE(carried(kWide.actions({reply("empty")})).rule);
  EXPECT_EQ(carried(kWide.actions({reply("template"), reply("template")})).losses.size(), 2U);
}

}  // namespace
}  // namespace kontor::mapi
