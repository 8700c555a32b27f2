// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/distribution_list.h"

#include <gtest/gtest.h>

#include "formats/mapi/tags.h"
#include "formats/vcard/card.h"

namespace kontor::mapi {
namespace {

TEST(DistributionList, BecomesAGroup) {
  const std::string ann = print(EntryId(OneOffEntry{.name = "Ann", .type = "SMTP", .address = "ann+x@example.org"}));
  const std::string bob_copy = print(EntryId(OneOffEntry{.name = "Bob", .type = "ZARAFA", .address = "bob@Company"}));
  const std::string bob =
      print(EntryId(MemberEntry{0xB5, print(EntryId(DirectoryEntry{.row = 7, .external_id = "b"}))}));
  const std::string carl = print(EntryId(OneOffEntry{.name = "Carl", .type = "EX", .address = "/o=x/cn=carl"}));
  const std::string odd = print(EntryId(OneOffEntry{.name = "Odd", .type = "smtp", .address = "a b%@ö.org"}));
  Message list;
  list.properties.set(tag::kDistributionListName, Value::of_text("My, list"));
  list.properties.set(tag::kDistributionListOneOffMembers,
                      *Value::make(Type::binary, std::vector<std::string>{ann, bob_copy, carl, odd}));
  list.properties.set(tag::kDistributionListMembers,
                      *Value::make(Type::binary, std::vector<std::string>{ann, bob, carl}));
  const auto address_of = [](const EntryId& id) -> std::string {
    const auto* entry = std::get_if<DirectoryEntry>(&id);
    return entry != nullptr && entry->row == 7 ? "bob@example.org" : "";
  };
  const MadeCard made = group_card_of(list, "1", address_of);
  EXPECT_EQ(vcard::write(made.card),
            "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:1\r\nKIND:group\r\nFN:My\\, list\r\nMEMBER:mailto:ann+x@example.org\r\n"
            "MEMBER:mailto:bob@example.org\r\nMEMBER:mailto:a%20b%25@%C3%B6.org\r\nEND:VCARD\r\n");
  EXPECT_TRUE(vcard::is_group(made.card));
  ASSERT_EQ(made.losses.size(), 1U);
  EXPECT_TRUE(made.losses[0].contains("Carl"));
  EXPECT_EQ(made.kept, list.properties);
}

TEST(DistributionList, SaysWhichAddressOfAContactIsMeant) {
  Message list;
  std::vector<std::string> members;
  for (const std::uint8_t type : {0xC3, 0xD3, 0xE3, 0xF3, 0x83, 0xB4})
    members.push_back(print(EntryId(MemberEntry{type, "somebody"})));
  list.properties.set(tag::kDistributionListMembers, *Value::make(Type::binary, members));
  const auto address_of = [](const EntryId& id) -> std::string {
    const auto* contact = std::get_if<ContactEntry>(&id);
    if (contact == nullptr) return "first@example.org";
    return contact->contact == "somebody" ? std::to_string(contact->index) + "@example.org" : "";
  };
  EXPECT_EQ(
      vcard::members(group_card_of(list, "1", address_of).card),
      (std::vector<std::string>{"mailto:first@example.org", "mailto:1@example.org", "mailto:2@example.org",
                                "mailto:first@example.org", "mailto:first@example.org", "mailto:first@example.org"}));
}

TEST(DistributionList, HasTheMembersOfListsWithinIt) {
  const auto one_off = [](const std::string& address) {
    return print(EntryId(OneOffEntry{.name = address, .type = "SMTP", .address = address}));
  };
  const auto nested = [](std::uint32_t row) {
    return print(EntryId(MemberEntry{0xB4, print(EntryId(ObjectEntry{.version = 0, .row = row}))}));
  };
  const auto list_with = [](const char* name, std::vector<std::string> members) {
    Properties out;
    out.set(tag::kDistributionListName, Value::of_text(name));
    out.set(tag::kDistributionListMembers, *Value::make(Type::binary, std::move(members)));
    return out;
  };
  // The second has the first in it.
  const ListOf list_of = [&](const EntryId& id) -> std::optional<Properties> {
    const auto* entry = std::get_if<ObjectEntry>(&id);
    if (entry == nullptr || entry->row > 2) return std::nullopt;
    return entry->row == 1 ? list_with("First", {one_off("a@x.org"), nested(2)})
                           : list_with("Second", {one_off("B@x.org"), nested(1), one_off("c@x.org")});
  };
  Message list;
  list.properties = list_with("All", {one_off("b@x.org"), nested(1), nested(3), nested(2)});
  const MadeCard made = group_card_of(list, "1", [](const EntryId&) { return std::string(); }, list_of);
  EXPECT_EQ(vcard::members(made.card),
            (std::vector<std::string>{"mailto:b@x.org", "mailto:a@x.org", "mailto:c@x.org"}));
  ASSERT_EQ(made.losses.size(), 3U);
  EXPECT_TRUE(made.losses[0].contains("First"));
  EXPECT_TRUE(made.losses[1].contains("Second"));
  EXPECT_TRUE(made.losses[2].contains("has no address")) << "one that is gone";
}

TEST(DistributionList, WithoutCopiesOrMembers) {
  const auto nobody = [](const EntryId&) { return std::string(); };
  Message list;
  EXPECT_TRUE(group_card_of(list, "1", nobody).losses.empty());
  const std::string wrapped = print(
      EntryId(MemberEntry{0xB0, print(EntryId(OneOffEntry{.name = "D", .type = "SMTP", .address = "d@example.org"}))}));
  list.properties.set(tag::kDistributionListMembers,
                      *Value::make(Type::binary, std::vector<std::string>{wrapped, "", "junk"}));
  const MadeCard made = group_card_of(list, "1", nobody);
  EXPECT_EQ(vcard::members(made.card), std::vector<std::string>{"mailto:d@example.org"});
  EXPECT_EQ(made.losses.size(), 2U);
}

}  // namespace
}  // namespace kontor::mapi
