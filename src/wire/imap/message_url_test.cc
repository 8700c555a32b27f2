// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/message_url.h"

#include <gtest/gtest.h>

namespace kontor::wire::imap {
namespace {

TEST(MessageUrl, Parses) {
  // RFC 4469 section 5 and RFC 5092 section 9.
  auto url = parse_message_url("/Drafts;UIDVALIDITY=385759045/;UID=20/;section=HEADER");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->mailbox, "Drafts");
  EXPECT_EQ(url->uid_validity, 385759045U);
  EXPECT_EQ(url->uid, 20U);
  EXPECT_EQ(url->section.what, Section::What::header);

  url = parse_message_url("/gray%20council/%C3%BCber;uidvalidity=1/;uid=7/;SECTION=1.2/;PARTIAL=0.1024");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->mailbox, "gray council/über");
  EXPECT_EQ(url->section.part, (std::vector<std::uint32_t>{1, 2}));
  EXPECT_EQ(url->offset, 0U);
  EXPECT_EQ(url->length, 1024U);

  url = parse_message_url("/INBOX/;UID=2/;SECTION=1.HEADER.FIELDS%20(From%20To)/;PARTIAL=5");
  ASSERT_TRUE(url);
  EXPECT_FALSE(url->uid_validity);
  EXPECT_EQ(url->section.fields, (std::vector<std::string>{"From", "To"}));
  EXPECT_EQ(url->offset, 5U);
  EXPECT_FALSE(url->length);

  url = parse_message_url(";UID=3");
  ASSERT_TRUE(url);
  EXPECT_FALSE(url->mailbox);
  EXPECT_EQ(url->section.what, Section::What::whole);
}

TEST(MessageUrl, Refuses) {
  for (const char* text : {"",
                           "/",
                           "INBOX",
                           "/INBOX",
                           "/INBOX/;UID=",
                           "/INBOX/;UID=0",
                           "/INBOX/;UID=1x",
                           "imap://host/INBOX/;UID=1",
                           "//host/INBOX/;UID=1",
                           "//;UID=1",
                           "/;UID=1",
                           "/INBOX;UIDVALIDITY=0/;UID=1",
                           "/INBOX;UIDVALIDITY=1x/;UID=1",
                           "/a%2/;UID=1",
                           "/a%00/;UID=1",
                           "/a%zz/;UID=1",
                           "/INBOX/;UID=1/;SECTION=",
                           "/INBOX/;UID=1/;SECTION=FOO",
                           "/INBOX/;UID=1/;SECTION=MIME",
                           "/INBOX/;UID=1/;PARTIAL=",
                           "/INBOX/;UID=1/;PARTIAL=0.",
                           "/INBOX/;UID=1/;PARTIAL=0.0",
                           "/INBOX/;UID=1;EXPIRE=2005-12-31T23:59:59Z;URLAUTH=anonymous",
                           "/INBOX;FOO=1/;UID=1"}) {
    EXPECT_FALSE(parse_message_url(text)) << text;
  }
  EXPECT_FALSE(parse_message_url("/" + std::string(10'000, 'a') + "/;UID=1"));
}

}  // namespace
}  // namespace kontor::wire::imap
