// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/tnef.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "formats/mapi/code_page.h"
#include "formats/mapi/cursor.h"
#include "formats/mapi/tags.h"

namespace kontor::mapi {
namespace {

using namespace std::string_literals;

std::string attribute(std::uint8_t level, std::uint32_t id, std::string_view data) {
  std::string out(1, static_cast<char>(level));
  append_le(out, id);
  append_le32(out, data.size());
  out += data;
  std::size_t sum = 0;
  for (const char c : data) sum += static_cast<unsigned char>(c);
  append_le16(out, sum);
  return out;
}

std::string padded(std::string_view data) {
  std::string out;
  append_le32(out, data.size());
  out += data;
  while (out.size() % 4 != 0) out += '\0';
  return out;
}

std::string head(std::uint16_t type, std::uint16_t id) {
  std::string out;
  append_le(out, type);
  append_le(out, id);
  return out;
}

std::string stream(std::string_view attributes) { return "\x78\x9F\x3E\x22\x01\x00"s + std::string(attributes); }

std::string sample() {
  const std::string one("\1\0\0\0", 4);
  std::string properties("\5\0\0\0", 4);
  properties += head(0x001F, 0x0037) + one + padded(utf16le_of_utf8("Größe") + "\0\0"s);
  properties += head(0x000B, 0x0E1B) + "\1\0\0\0"s;
  properties += head(0x101E, 0x8001) + std::string(set::kPublicStrings.view()) + "\1\0\0\0"s +
                padded(utf16le_of_utf8("Keywords") + "\0\0"s) + "\2\0\0\0"s + padded("red\0"s) + padded("bl\xE5\0"s);
  properties += head(0x0040, 0x8002) + std::string(set::kAppointment.view()) + "\0\0\0\0\x0D\x82\0\0"s +
                "\0\x80\x3E\xD5\xDE\xB1\x9D\x01"s;
  properties += head(0x0102, 0x1009) + one + padded("rtf");
  std::string inner = stream(attribute(1, 0x00018004, "Inner\0"s));
  std::string object("\1\0\0\0", 4);
  object += head(0x000D, 0x3701) + one + padded(std::string(Guid::of(0x00020307, 0, 0, set::kTail).view()) + inner);
  std::string recipients("\2\0\0\0", 4);
  for (const std::string_view who : {"Ann", "Bob"})
    recipients += one + head(0x001E, 0x3001) + one + padded(std::string(who) + '\0');
  return stream(attribute(1, 0x00069007, "\xE4\x04\0\0\0\0\0\0"s) + attribute(1, 0x00078008, "IPM.Note\0"s) +
                attribute(1, 0x00018004, "Old subject\0"s) + attribute(1, 0x0002800C, "K\xF6rper\0"s) +
                attribute(1, 0x00038005, "\xEA\x07\x0B\0\x16\0\x10\0\x1C\0\2\0\0\0"s) +
                attribute(1, 0x00008000, "\4\0\x1B\0\4\0\x0F\0Joe\0SMTP:joe@a.org\0"s) +
                attribute(1, 0x00069003, properties) + attribute(1, 0x00069004, recipients) +
                attribute(2, 0x00069002, "\1\0\0\0\0\0"s) + attribute(2, 0x00018010, "a.txt\0"s) +
                attribute(2, 0x0006800F, "content\0"s) + attribute(2, 0x00069002, "\1\0\0\0\0\0"s) +
                attribute(2, 0x00069005, object));
}

TEST(Tnef, BecomesProperties) {
  const auto found = read_tnef(sample());
  ASSERT_TRUE(found.has_value()) << found.error().text;
  EXPECT_TRUE(found->damages.empty()) << found->damages.front();
  const Message& message = found->message;
  EXPECT_EQ(message.properties.text_or_empty(tag::kSubject), "Größe") << "the property, not the attribute";
  EXPECT_EQ(message.properties.text_or_empty(tag::kMessageClass), "IPM.Note");
  EXPECT_EQ(message.properties.text_or_empty(tag::kBody), "Körper");
  EXPECT_EQ(message.properties.text_or_empty(tag::kSenderEmailAddress), "joe@a.org");
  EXPECT_EQ(message.properties.text_or_empty(tag::kSenderName), "Joe");
  using namespace std::chrono;
  EXPECT_EQ(message.properties.time(tag::kClientSubmitTime),
            sys_days(year(2026) / 11 / 22) + hours(16) + minutes(28) + seconds(2));
  ASSERT_NE(message.properties.texts(tag::kKeywords), nullptr);
  EXPECT_EQ(*message.properties.texts(tag::kKeywords), (std::vector<std::string>{"red", "blå"}));
  EXPECT_TRUE(message.properties.has(tag::kAppointmentStartWhole));
  EXPECT_EQ(*message.properties.bytes(tag::kRtfCompressed), "rtf");
  ASSERT_EQ(message.recipients.size(), 2U);
  EXPECT_EQ(message.recipients[1].text_or_empty(tag::kDisplayName), "Bob");
  ASSERT_EQ(message.attachments.size(), 2U);
  EXPECT_EQ(message.attachments[0].properties.text_or_empty(tag::kAttachFilename), "a.txt");
  EXPECT_EQ(*message.attachments[0].properties.bytes(tag::kAttachDataBinary), "content\0"s);
  ASSERT_EQ(message.attachments[1].embedded.size(), 1U);
  EXPECT_EQ(message.attachments[1].properties.integer(tag::kAttachMethod), 5);
  EXPECT_EQ(message.attachments[1].embedded[0].properties.text_or_empty(tag::kSubject), "Inner");
}

TEST(Tnef, IsNotTrusted) {
  const std::string whole = sample();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto part = read_tnef(std::string_view(whole).substr(0, size));
    EXPECT_EQ(part.has_value(), size >= 4) << size;
  }
  EXPECT_FALSE(read_tnef(std::string_view(whole).substr(0, whole.size() - 1))->damages.empty());
  std::string wrong = whole;
  wrong[wrong.size() - 1] = static_cast<char>(wrong.back() + 1);
  EXPECT_EQ(read_tnef(wrong)->damages.size(), 1U) << "a check sum";
  EXPECT_EQ(read_tnef(whole, {.depth = 1}).error().code, Errc::too_large);
  EXPECT_EQ(read_tnef(whole, {.properties = 3}).error().code, Errc::too_large);
  EXPECT_EQ(read_tnef(whole, {.recipients = 1}).error().code, Errc::too_large);
  EXPECT_EQ(read_tnef(whole, {.attachments = 1}).error().code, Errc::too_large);
  EXPECT_EQ(read_tnef("BEGIN:VCALENDAR").error().code, Errc::invalid);
  const auto late = read_tnef(stream(attribute(1, 0x00038005, "\xFF\x7F\x0B\0\x16\0\x10\0\x1C\0\2\0\0\0"s)));
  EXPECT_FALSE(late->message.properties.has(tag::kClientSubmitTime)) << "the year 32767";
}

// The attachments of a file of the corpus, with their sizes; what is damaged in brackets.
std::string facts_of(const ReadTnef& found) {
  std::string facts;
  for (const Attachment& attachment : found.message.attachments) {
    const std::string* data = attachment.properties.bytes(tag::kAttachDataBinary);
    facts += std::string(attachment.properties.first_text({tag::kAttachLongFilename, tag::kAttachFilename})) + "=" +
             std::to_string(data == nullptr ? 0 : data->size()) + " ";
  }
  for (const std::string& damage : found.damages) facts += "[" + damage + "]";
  return facts;
}

TEST(TnefCorpus, IsReadWhole) {
  const std::map<std::string, std::string> expected = {
      {"058fea7a0e60c0c1", "zappa_av1.jpg=2937 bookmark.htm=85805 "},
      {"2541f6ee15522b8c", "208225__5_seconds__Voice_Mail.mp3=10656 "},
      {"4fd97f456648c8c5", "VIA_Nytt_1402.doc=61952 VIA_Nytt_1402.pdf=213685 VIA_Nytt_14021.htm=68919 "},
      {"664b47ff71630f5c", "spaconsole2.cfg=8387 image001.png=3815 image002.png=3573 image003.png=3792 "},
      {"7911d4628f886826", "AUTHORS=244 "},
      {"a1298fa6420a15f6", "image001.jpg=11250 image002.jpg=9583 image003.png=7147 [The TNEF breaks off.]"},
      {"c2409f5d39f6e119", "allproductsmar2000.dat=279 "},
  };
  std::error_code error;
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(KONTOR_SOURCE_DIR "/../shared/corpus/tnef", error)) {
    std::ifstream file(entry.path(), std::ios::binary);
    std::stringstream bytes;
    bytes << file.rdbuf();
    const auto found = read_tnef(bytes.str());
    ASSERT_TRUE(found.has_value()) << entry.path() << ": " << found.error().text;
    ++files;
    if (const auto known = expected.find(entry.path().stem().string()); known != expected.end()) {
      EXPECT_EQ(facts_of(*found), known->second) << entry.path();
    }
  }
  if (files == 0) GTEST_SKIP() << "no corpus";
}

}  // namespace
}  // namespace kontor::mapi
