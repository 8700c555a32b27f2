// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/property.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "formats/mapi/code_page.h"
#include "formats/mapi/kept.h"
#include "formats/mapi/kopano_names.h"
#include "formats/mapi/tags.h"

namespace kontor::mapi {
namespace {

using namespace std::string_literals;

TEST(Guid, IsWrittenAsTheDocumentsDo) {
  EXPECT_EQ(print(set::kPublicStrings), "{00020329-0000-0000-C000-000000000046}");
  EXPECT_EQ(to_hex(set::kPublicStrings.view()), "2903020000000000c000000000000046");
  EXPECT_EQ(print(set::kMeeting), "{6ED8DA90-450B-101B-98DA-00AA003F1305}");
  EXPECT_EQ(parse_guid("6ed8da90-450b-101b-98da-00aa003f1305"), set::kMeeting);
  EXPECT_EQ(parse_guid(print(set::kKopanoImap)), set::kKopanoImap);
  for (const std::string_view bad : {"", "{}", "6ed8da90-450b-101b-98da-00aa003f130",
                                     "6ed8da90-450b-101b-98da00-aa003f1305", "6ed8da90-450b-101b-98da-00aa003f130g"})
    EXPECT_FALSE(parse_guid(bad).has_value()) << bad;
}

TEST(Tag, OfPublicStringsHasNoCase) {
  EXPECT_EQ((Tag{.set = set::kPublicStrings, .name = "KEYWORDS"}), tag::kKeywords);
  EXPECT_NE((Tag{.set = set::kKopanoArchive, .name = "Stubbed"}), (Tag{.set = set::kKopanoArchive, .name = "stubbed"}));
  EXPECT_EQ(print(tag::kKeywords), "{00020329-0000-0000-C000-000000000046}:Keywords");
  EXPECT_EQ(print(tag::kSubject), "0x0037");
}

TEST(Value, HasDataOfItsType) {
  EXPECT_FALSE(Value::make(Type::int32, std::string("1")).has_value());
  EXPECT_FALSE(Value::make(Type::text, std::string("\xFF")).has_value());
  EXPECT_FALSE(Value::make(Type::int16, std::int64_t{70'000}).has_value());
  EXPECT_FALSE(Value::make(static_cast<Type>(0x000D), std::string()).has_value()) << "objects have no value";
  EXPECT_EQ(Value::make(Type::int32, std::int64_t{4294967236}), Value::of(-60)) << "columns are unsigned";
  EXPECT_EQ(Value::make(Type::boolean, std::int64_t{26}), Value::of(true)) << "a count is true";
  EXPECT_TRUE(Value::make(Type::binary, std::vector<std::string>{"", "a"})->is_multiple());
}

TEST(Properties, AreReadByKind) {
  Properties bag;
  bag.set(tag::kSubject, Value::of_text("Tea"));
  bag.set(tag::kImportance, Value::of(2));
  bag.set(tag::kAppointmentStartWhole, Value::of_time(ticks_of_instant(Instant(std::chrono::seconds(1'700'000'000)))));
  bag.set(tag::kAppointmentEndWhole, Value::of_time(0));
  bag.set(tag::kKeywords, Value::of_texts({"red", "blue"}));
  bag.set(tag::kSearchKey, Value::of_bytes("SMTP:A@B\0"s));
  EXPECT_EQ(bag.text_or_empty(tag::kSubject), "Tea");
  EXPECT_EQ(bag.bytes(tag::kSubject), nullptr);
  EXPECT_EQ(bag.integer(tag::kImportance), 2);
  EXPECT_EQ(bag.time(tag::kAppointmentStartWhole), Instant(std::chrono::seconds(1'700'000'000)));
  EXPECT_EQ(bag.time(tag::kAppointmentEndWhole), std::nullopt) << "1601 is no time";
  EXPECT_EQ(bag.texts({.set = set::kPublicStrings, .name = "keywords"})->size(), 2U);
  EXPECT_EQ(bag.first_text({tag::kLocation, tag::kSubject}), "Tea");
  EXPECT_EQ(instant_of_ticks(ticks_of_instant(Instant(std::chrono::seconds(-1)))), Instant(std::chrono::seconds(-1)));
  EXPECT_EQ(instant_of_ticks(0x0CB34557A3DD4000), std::nullopt) << "4501-01-01";
}

TEST(KopanoNames, OfTheFixedRanges) {
  const std::pair<std::uint32_t, Tag> cases[] = {
      {0x800D, tag::kAppointmentStartWhole},
      {0x81A3, tag::kReminderSet},
      {0x80B5, tag::kFileUnder},
      {0x8343, tag::kGlobalObjectId},
      {0x8016, tag::kAppointmentRecur},
      {0x8071, tag::kTaskStatus},
      {0x82E0, tag::kNoteColor},
      {0x8105, tag::kDistributionListMembers},
  };
  for (const auto& [number, tag] : cases) {
    EXPECT_EQ(kopano_fixed_name(number), tag) << number;
    EXPECT_EQ(kopano_fixed_number(tag), number);
  }
  EXPECT_FALSE(kopano_fixed_name(0x8502).has_value());
  EXPECT_FALSE(kopano_fixed_number(tag::common(0x8600)).has_value()) << "outside of the range: has a row";
  EXPECT_FALSE(kopano_fixed_number(tag::kKeywords).has_value());
}

TEST(Kept, ReadsBackTheSame) {
  Properties bag;
  bag.set(tag::kSubject, Value::of_text("Grüße\0 mit NUL"s));
  bag.set(tag::kKeywords, Value::of_texts({"", "b"}));
  bag.set(tag::kAppointmentRecur, Value::of_bytes("\4\x30"));
  bag.set(tag::kPercentComplete, *Value::make(Type::float64, 0.25));
  bag.set(tag::kGlobalObjectId, *Value::make(Type::guid, std::vector<Guid>{set::kNote}));
  bag.set({.id = 0x67B3}, *Value::make(Type::int64, std::vector<std::int64_t>{-1, 2}));
  const std::string bytes = keep(bag);
  const auto again = read_kept(bytes);
  ASSERT_TRUE(again.has_value()) << again.error().text;
  EXPECT_EQ(*again, bag);
  EXPECT_EQ(keep(*again), bytes);
  EXPECT_EQ(keep({}), "");
  EXPECT_TRUE(read_kept("")->empty());
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    const auto part = read_kept(std::string_view(bytes).substr(0, cut));
    if (part) {
      EXPECT_LT(part->size(), bag.size());
    } else {
      EXPECT_EQ(part.error().code, Errc::corrupt);
    }
  }
  EXPECT_EQ(read_kept(bytes, {.properties = 2}).error().code, Errc::too_large);
  EXPECT_EQ(read_kept("KMP1\0\0\0\0\0\0\0"s).error().code, Errc::corrupt) << "a type that is none";
}

TEST(CodePage, BecomesUtf8) {
  const std::tuple<std::string_view, int, std::string_view> cases[] = {
      {"Gr\xFC\xDF"
       "e",
       1252, "Grüße"},
      {"\x82\xA0", 932, "あ"},
      {"\xC8\xE8", 1251, "Ии"},
      {"\xA4", 28605, "€"},
      {"plain", 20127, "plain"},
      {"\xC3\xA4", 65001, "ä"},
      {"\xC3\xA4", 0, "ä"},
      {"\xE4", 0, "ä"},
      {"\xE4", 99999, "ä"},
      {"\xD6\xD0", 936, "中"},
      {"\xBE\xC8", 949, "안"},
  };
  for (const auto& [bytes, page, text] : cases) EXPECT_EQ(decode_page(bytes, page), text) << page;
  EXPECT_EQ(utf8_of_utf16le("\x3D\xD8\x00\xDE!\0?"s), "😀!");
  EXPECT_EQ(utf16le_of_utf8("ä😀"), "\xE4\0\x3D\xD8\x00\xDE"s);
  EXPECT_EQ(utf8_of_utf16le("\x3D\xD8"), "\xEF\xBF\xBD") << "half a character";
}

}  // namespace
}  // namespace kontor::mapi
