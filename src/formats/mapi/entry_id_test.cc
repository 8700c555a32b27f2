// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/entry_id.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace kontor::mapi {
namespace {

using namespace std::string_literals;

std::string bytes_of(std::string_view hex) { return from_hex(hex).value(); }

// Each is printed again as it was read.
template <class T>
T read_as(std::string_view hex) {
  const std::string bytes = bytes_of(hex);
  const EntryId id = parse_entry_id(bytes);
  EXPECT_EQ(to_hex(print(id)), to_lower(hex));
  const T* found = std::get_if<T>(&id);
  EXPECT_NE(found, nullptr) << hex;
  return found == nullptr ? T() : *found;
}

constexpr std::string_view kMessage =
    "00000000"
    "0102030405060708090a0b0c0d0e0f10"
    "0100000005000000"
    "1112131415161718191a1b1c1d1e1f20"
    "00000000";
constexpr std::string_view kUser =
    "00000000"
    "AC21A95040D3EE48B319FBA753304425"
    "0100000006000000"
    "05000000"
    "595778705932553d00000000";  // base64 of "alice"

TEST(EntryId, OfKopanosObjects) {
  const auto message = read_as<ObjectEntry>(kMessage);
  EXPECT_EQ(message.kind, ObjectEntry::Kind::message);
  EXPECT_EQ(message.object.bytes[0], 0x11);
  EXPECT_EQ(message.server, "");
  const auto old = read_as<ObjectEntry>("000000000102030405060708090a0b0c0d0e0f1000000000010000002a00000000000000");
  EXPECT_EQ(old.kind, ObjectEntry::Kind::store);
  EXPECT_EQ(old.row, 42U);
  const auto store = read_as<ObjectEntry>(
      "000000000102030405060708090a0b0c0d0e0f1001000000010000001112131415161718191a1b1c1d1e1f20"
      "70736575646f3a2f2f61000000000000");
  EXPECT_EQ(store.server, "pseudo://a") << "and what follows the NUL is padding";
}

TEST(EntryId, OfKopanosDirectory) {
  const auto user = read_as<DirectoryEntry>(kUser);
  EXPECT_EQ(user.kind, DirectoryEntry::Kind::user);
  EXPECT_EQ(user.row, 5U);
  EXPECT_EQ(user.external_id, "alice");
  const auto system =
      read_as<DirectoryEntry>("00000000AC21A95040D3EE48B319FBA75330442500000000060000000200000000000000");
  EXPECT_EQ(system.row, 2U);
  const auto said =
      parse_entry_id(from_hex("00000000AC21A95040D3EE48B319FBA753304425000000000600000002000000616263640000").value());
  EXPECT_EQ(std::get<DirectoryEntry>(said).external_id, "") << "version 0 has none, whatever stands there";
  EXPECT_EQ(system.external_id, "");
}

TEST(EntryId, OfPeopleInNoDirectory) {
  const OneOffEntry wide{.flags = 0x9001, .name = "Ann Müller", .type = "SMTP", .address = "ann@example.org"};
  EXPECT_EQ(parse_entry_id(print(EntryId(wide))), EntryId(wide));
  // [MS-OXCDATA] section 2.2.5.1's fields with 8-bit text.
  const auto narrow = read_as<OneOffEntry>(
      "00000000812B1FA4BEA310199D6E00DD010F540200000100"
      "4A6F6500534D5450006A6F65406100");
  EXPECT_EQ(narrow.name, "Joe");
  EXPECT_EQ(narrow.type, "SMTP");
  EXPECT_EQ(narrow.address, "joe@a");
}

TEST(EntryId, OfExchangeAndOutlook) {
  const auto user = read_as<ExchangeEntry>(
      "00000000DCA740C8C042101AB4B908002B2FE1820100000000000000"
      "2F6F3D6578616D706C652F636E3D6A6F6500");
  EXPECT_EQ(user.distinguished_name, "/o=example/cn=joe");
  const ContactEntry contact{.index = 1, .contact = bytes_of(kMessage)};
  EXPECT_EQ(parse_entry_id(print(EntryId(contact))), EntryId(contact));
  const ContactEntry kopano{
      .form = ContactEntry::Form::kopano, .version = 0, .kind = 6, .index = 2, .contact = bytes_of(kMessage)};
  EXPECT_EQ(parse_entry_id(print(EntryId(kopano))), EntryId(kopano));
}

TEST(EntryId, IsUnwrapped) {
  const auto member = read_as<MemberEntry>("00000000C091ADD3519DCF11A4A900AA0047FAA4C3"s + std::string(kMessage));
  EXPECT_EQ(member.type, 0xC3);
  EXPECT_EQ(unwrap(print(EntryId(member))), parse_entry_id(bytes_of(kMessage)));
  const auto wrapped = read_as<WrappedStoreEntry>(
      "0000000038A1BB1005E5101AA1BB08002B2A56C20000"
      "7A6172616661"
      "36636C69656E742E646C6C00"
      "000000000102030405060708090a0b0c0d0e0f1001000000010000001112131415161718191a1b1c1d1e1f2000000000");
  EXPECT_EQ(wrapped.provider, "zarafa6client.dll");
  EXPECT_TRUE(std::holds_alternative<ObjectEntry>(unwrap(print(EntryId(wrapped)))));
}

TEST(EntryId, OfNoKnownForm) {
  for (const std::string& bytes :
       {""s, "\0"s, std::string(20, '\0'), std::string(200, 'x'), bytes_of(kUser).substr(0, 31)}) {
    const EntryId id = parse_entry_id(bytes);
    EXPECT_TRUE(std::holds_alternative<UnknownEntry>(id)) << to_hex(bytes);
    EXPECT_EQ(print(id), bytes);
  }
}

TEST(EntryList, IsPaddedToFour) {
  const std::vector<std::string> entries = {"abc", "", "12345678"};
  const std::string bytes = print_entry_list(entries);
  EXPECT_EQ(to_hex(bytes),
            "03000000180000000300000061626300000000000800000031323334353637"
            "38");
  EXPECT_EQ(parse_entry_list(bytes).value(), entries);
  EXPECT_EQ(parse_entry_list(bytes.substr(0, bytes.size() - 1)).value().size(), 2U) << "cut off: what is whole stays";
  EXPECT_FALSE(parse_entry_list("\1\0\0\0\4\0\0\0\x40"s).has_value());
  EXPECT_FALSE(parse_entry_list("").has_value());
}

TEST(PersistedFolders, HaveTheirBlock) {
  std::string blocks =
      "\x01\x80\x07\x00\x01\x00\x03\x00"s + "rss" + "\x04\x80\x06\x00\x01\x00\x02\x00"s + "td" + "\0\0\0\0"s;
  const auto found = parse_persisted_folders(blocks);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].block, 0x8001);
  EXPECT_EQ(found[1].entry, "td");
  EXPECT_TRUE(parse_persisted_folders("\x01\x80\xFF\x00"s).empty());
}

TEST(GlobalObjectId, KnowsTheUid) {
  const GlobalObjectId foreign = global_object_id_of("abc@example.org");
  EXPECT_EQ(to_hex(print(foreign)),
            "040000008200e00074c5b7101a82e00800000000000000000000000000000000000000001c000000"
            "7643616c2d55696401000000"
            "616263406578616d706c652e6f726700");
  EXPECT_EQ(uid_of(parse_global_object_id(print(foreign)).value()), "abc@example.org");

  // An instance of 2026-08-03 of Outlook's own event: the same UID as the series'.
  const std::string hex =
      "040000008200E00074C5B7101A82E00807EA0803A0B1C2D3E4F5C80100000000000000001000000000112233445566778899AABBCCDDEEF"
      "F";
  auto id = parse_global_object_id(bytes_of(hex));
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(std::tuple(id->year, id->month, id->day), std::tuple(2026, 8, 3));
  EXPECT_EQ(to_upper(to_hex(print(*id))), hex);
  std::string clean = hex;
  clean.replace(32, 8, "00000000");
  EXPECT_EQ(uid_of(*id), clean);
  EXPECT_EQ(to_upper(to_hex(print(global_object_id_of(clean)))), clean);
  EXPECT_FALSE(parse_global_object_id(bytes_of(hex).substr(0, 50)).has_value());
  // python-kopano writes 1 as the length: what follows tells items apart all the same.
  std::string wrong = clean;
  wrong.replace(72, 8, "01000000");
  EXPECT_EQ(uid_of(parse_global_object_id(bytes_of(wrong)).value()), wrong);
}

}  // namespace
}  // namespace kontor::mapi
