// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/mailbox.h"

#include <gtest/gtest.h>

#include "formats/mapi/attachment_data.h"
#include "formats/mapi/entry_id.h"
#include "formats/mapi/tags.h"

namespace kontor::mapi {
namespace {

using namespace std::string_literals;

std::string one_off(std::string name, std::string type, std::string address) {
  return print(EntryId(OneOffEntry{.name = std::move(name), .type = std::move(type), .address = std::move(address)}));
}

std::string user_entry(std::uint32_t row) {
  return print(EntryId(DirectoryEntry{.row = row, .external_id = "id" + std::to_string(row)}));
}

// Knows the user of row 7.
std::optional<Mailbox> directory(std::string_view entry) {
  const EntryId id = parse_entry_id(entry);
  const auto* user = std::get_if<DirectoryEntry>(&id);
  if (user == nullptr || user->row != 7) return std::nullopt;
  return Mailbox{.name = "Alma Berg", .address = "alma.berg@fjordline.example"};
}

struct RecipientCase {
  std::string entry, name, type, address, smtp, search_key;
  Mailbox expected;
  std::string_view why;
};

TEST(Mailbox, IsFoundWhereItIsSaidBest) {
  const std::vector<RecipientCase> cases = {
      {"", "Bo", "SMTP", "bo@example.org", "", "", {"Bo", "bo@example.org"}, "the plain case"},
      {user_entry(7),
       "Alma",
       "ZARAFA",
       "alma.berg@Fjordline",
       "",
       "",
       {"Alma", "alma.berg@fjordline.example"},
       "entry"},
      {user_entry(7),
       "",
       "ZARAFA",
       "alma.berg",
       "old@x.org",
       "",
       {"Alma Berg", "alma.berg@fjordline.example"},
       "the directory's name, and its address over what was kept"},
      {user_entry(8), "Gone", "ZARAFA", "gone@Fjordline", "gone@x.org", "", {"Gone", "gone@x.org"}, "SMTP property"},
      {user_entry(8), "Gone", "ZARAFA", "gone@Fjordline", "", "", {"Gone", ""}, "a login with its company"},
      {user_entry(8), "Gone", "ZARAFA", "gone@x.org", "", "", {"Gone", "gone@x.org"}, "an address all the same"},
      {user_entry(8), "", "ZARAFA", "gone", "", "", {"gone", ""}, "a login is better than nothing"},
      {one_off("Cy", "SMTP", "cy@example.org"), "", "", "", "", "", {"Cy", "cy@example.org"}, "one-off"},
      {one_off("Cy", "FAX", "+49 30 1"), "Cy", "FAX", "+49 30 1", "", "", {"Cy [FAX:+49 30 1]", ""}, "a fax"},
      {"", "", "FAX", "+49 30 1", "", "", {"[FAX:+49 30 1]", ""}, "a fax without a name"},
      {"", "Di", "ZARAFA", "di", "", "SMTP:DI@EXAMPLE.ORG\0"s, {"Di", "di@example.org"}, "search key"},
      {"", "Di", "ZARAFA", "di", "", "ZARAFA:DI@X.ORG\0"s, {"Di", ""}, "a search key of another type"},
      {"", "di@example.org", "", "", "", "", {"", "di@example.org"}, "the name is an address"},
      {"", "'di@example.org'", "SMTP", "", "", "", {"'di@example.org'", "di@example.org"}, "in quotes"},
      {"", "DI@example.org", "SMTP", "di@example.org", "", "", {"", "di@example.org"}, "a name that says no more"},
      {"", "Di", "SMTP", "mailto:di@example.org", "", "", {"Di", "di@example.org"}, "a scheme"},
      {"", "Di", "SMTP", "<di@example.org>", "", "", {"Di", "di@example.org"}, "in brackets"},
      {"", "Di\r\nBcc: x@y.z", "SMTP", "di@example.org\r\nX: y", "", "", {"DiBcc: x@y.z", ""}, "injected lines"},
      {"", "Ed", "EX", "/o=Org/cn=ed", "", "", {"Ed", ""}, "Exchange"},
      {"", "", "EX", "/o=Org/cn=ed", "", "", {"", ""}, "of which nothing is to be said"},
      {"", "Team", "MAPIPDL", "", "", "", {"Team", ""}, "a list in contacts"},
  };
  for (const RecipientCase& one : cases) {
    Properties recipient;
    const auto put = [&](const Tag& tag, const std::string& text) {
      if (!text.empty()) recipient.set(tag, Value::of_text(text));
    };
    if (!one.entry.empty()) recipient.set(tag::kEntryId, Value::of_bytes(one.entry));
    put(tag::kDisplayName, one.name);
    put(tag::kAddressType, one.type);
    put(tag::kEmailAddress, one.address);
    put(tag::kSmtpAddress, one.smtp);
    if (!one.search_key.empty()) recipient.set(tag::kSearchKey, Value::of_bytes(one.search_key));
    const Mailbox found = recipient_of(recipient, directory);
    EXPECT_EQ(found.name, one.expected.name) << one.why;
    EXPECT_EQ(found.address, one.expected.address) << one.why;
  }
}

TEST(Mailbox, KopanosRecipientsHaveTheirEntryElsewhere) {
  Properties recipient;
  recipient.set({.id = 0x6710}, Value::of_bytes(user_entry(7)));
  EXPECT_EQ(recipient_of(recipient, directory).address, "alma.berg@fjordline.example");
  EXPECT_EQ(recipient_of(recipient, {}).address, "") << "without a directory";
}

TEST(Mailbox, AuthorsOfMessages) {
  Properties message;
  EXPECT_EQ(from_of(message, directory), std::nullopt);
  EXPECT_EQ(sender_of(message, directory), std::nullopt);
  EXPECT_EQ(receiver_of(message, directory), std::nullopt);
  message.set(tag::kSentRepresentingName, Value::of_text("The chief"));
  message.set(tag::kSentRepresentingSmtpAddress, Value::of_text("chief@example.org"));
  message.set(tag::kSenderEntryId, Value::of_bytes(user_entry(7)));
  message.set({.id = 0x0044}, Value::of_text("All of us"));
  message.set({.id = 0x0078}, Value::of_text("us@example.org"));
  EXPECT_EQ(from_of(message, directory), (Mailbox{"The chief", "chief@example.org"}));
  EXPECT_EQ(sender_of(message, directory), (Mailbox{"Alma Berg", "alma.berg@fjordline.example"}));
  EXPECT_EQ(receiver_of(message, directory), (Mailbox{"All of us", "us@example.org"}));
  message.set({.id = 0x003F}, Value::of_bytes(user_entry(7)));
  EXPECT_EQ(receiver_of(message, directory)->name, "Alma Berg");
}

TEST(Mailbox, RepliesGoToAll) {
  Properties message;
  message.set(tag::kReplyRecipientEntries,
              Value::of_bytes(print_entry_list({one_off("Cy", "SMTP", "cy@example.org"), user_entry(7)})));
  EXPECT_EQ(reply_to_of(message, directory),
            (std::vector<Mailbox>{{"Cy", "cy@example.org"}, {"Alma Berg", "alma.berg@fjordline.example"}}));
  message.set(tag::kReplyRecipientNames, Value::of_text("First; Second"));
  EXPECT_EQ(reply_to_of(message, directory).at(1).name, "Second");
  message.set(tag::kReplyRecipientNames, Value::of_text("First; of all; Second"));
  EXPECT_EQ(reply_to_of(message, directory).at(1).name, "Alma Berg") << "names that do not match";
  message.remove(tag::kReplyRecipientEntries);
  message.set(tag::kReplyRecipientNames, Value::of_text("Nobody; x@example.org"));
  EXPECT_EQ(reply_to_of(message, directory), (std::vector<Mailbox>{{"", "x@example.org"}}));
}

TEST(Mailbox, KindsOfRecipients) {
  Properties recipient;
  EXPECT_EQ(recipient_kind(recipient), RecipientKind::to);
  for (const auto& [type, kind] : {std::pair{0, RecipientKind::originator}, std::pair{2, RecipientKind::cc},
                                   std::pair{0x10000003, RecipientKind::bcc}, std::pair{9, RecipientKind::to}}) {
    recipient.set(tag::kRecipientType, Value::of(type));
    EXPECT_EQ(recipient_kind(recipient), kind) << type;
  }
}

TEST(Mailbox, WhatAnAddressIs) {
  for (const std::string_view good : {"a@b", "a.b+c@example.org", "\"a,b\"@x", "\xC3\xA4@\xC3\xB6.example",
                                      "a@[192.0.2.1]", "a@[IPv6:2001:db8::1]", "o'neil@example.org"})
    EXPECT_TRUE(is_address(good)) << good;
  for (const std::string_view bad : {"", "a", "@b", "a@", "a b@c", "\"a b\"@c", "a@b c", "a@b\r\n", "a,b@c", "a@b@c;d",
                                     "a<b@c>", "\xFF@b", "a@b,c", "\"@b"})
    EXPECT_FALSE(is_address(bad)) << bad;
}

TEST(AttachmentData, IsThePropertysOrTheSources) {
  Attachment attachment;
  std::string taken;
  const TakePiece take = [&](std::string_view piece) -> Result<void> {
    taken += piece;
    return {};
  };
  EXPECT_EQ(read_data(attachment, {}, take).error().code, Errc::not_found);
  const ReadAttachment read = [](const Attachment&, const TakePiece& to) -> Result<void> {
    TRY_VOID(to("from the "));
    return to("source");
  };
  ASSERT_TRUE(read_data(attachment, read, take));
  EXPECT_EQ(taken, "from the source");
  taken.clear();
  attachment.properties.set(tag::kAttachDataBinary, Value::of_bytes("own"));
  ASSERT_TRUE(read_data(attachment, read, take));
  EXPECT_EQ(taken, "own");
}

}  // namespace
}  // namespace kontor::mapi
