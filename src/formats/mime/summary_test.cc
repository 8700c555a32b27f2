// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mime/summary.h"

#include <gtest/gtest.h>

#include <chrono>

#include "formats/mime/parser.h"
#include "formats/mime/summary_generated.h"

namespace kontor::mime {
namespace {

Summarized summarized(std::string_view message) {
  Parser parser;
  parser.feed(message);
  const Entity entity = parser.finish();
  return summarize(entity, parser.top_header());
}

TEST(Summary, HoldsWhatListsNeed) {
  const Summarized s = summarized(
      "Date: Mon, 2 Jan 2006 15:04:05 +0100\nSubject: Re: =?utf-8?q?=C3=84RGER?= mit IMAP\nFrom: A <a@x>\nTo: b@x, "
      "c@x\n"
      "Message-ID: <3@x>\nReferences: <1@x> <2@x> <1@x>\nIn-Reply-To: <2@x> <0@x>\n"
      "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\nContent-Type: image/png; name=a.png\n\n--b--\n");
  EXPECT_EQ(s.date->at.time_since_epoch().count(), 1136210645);
  EXPECT_EQ(s.date->zone_minutes, 60);
  EXPECT_EQ(s.base_subject, "ärger mit imap");
  EXPECT_TRUE(s.is_reply);
  EXPECT_EQ(s.message_id, "<3@x>");
  // Of an id that is there twice the later place counts, except for the first of all.
  EXPECT_EQ(s.references, (std::vector<std::string>{"<1@x>", "<2@x>", "<0@x>"}));

  ASSERT_TRUE(is_sound_summary(s.summary));
  const fb::Summary& table = *fb::GetSummary(s.summary.data());
  EXPECT_TRUE(table.has_sent());
  EXPECT_EQ(table.sent(), 1136210645);
  EXPECT_EQ(table.sent_zone(), 60);
  EXPECT_EQ(table.base_subject()->str(), "ärger mit imap");
  EXPECT_EQ(table.message_id()->str(), "<3@x>");
  EXPECT_EQ(table.references()->size(), 3U);
  EXPECT_TRUE(table.has_attachment());
  const fb::Entity& top = *table.top();
  EXPECT_TRUE(top.is_multipart());
  ASSERT_EQ(top.parts()->size(), 2U);
  EXPECT_EQ(top.parts()->Get(1)->type()->str(), "image");
  EXPECT_EQ(top.parts()->Get(1)->params()->Get(0)->value()->str(), "a.png");
  EXPECT_EQ(top.parts()->Get(1)->envelope(), nullptr);
  const fb::Envelope& envelope = *top.envelope();
  EXPECT_EQ(envelope.subject()->str(), "Re: =?utf-8?q?=C3=84RGER?= mit IMAP") << "raw";
  EXPECT_EQ(envelope.sender()->Get(0)->mailbox()->str(), "a");
  EXPECT_EQ(envelope.to()->size(), 2U);
  EXPECT_EQ(envelope.cc(), nullptr);
}

TEST(Summary, OfNothing) {
  const Summarized s = summarized("");
  EXPECT_FALSE(s.date);
  EXPECT_TRUE(s.message_id.empty());
  EXPECT_TRUE(s.references.empty());
  ASSERT_TRUE(is_sound_summary(s.summary));
  const fb::Summary& table = *fb::GetSummary(s.summary.data());
  EXPECT_FALSE(table.has_sent());
  EXPECT_EQ(table.top()->envelope()->subject(), nullptr) << "absent is not empty";
  EXPECT_EQ(fb::GetSummary(summarized("Subject:\n\n").summary.data())->top()->envelope()->subject()->str(), "");
}

TEST(Summary, KnowsWhetherTheMessageIdIsAll) {
  struct Case {
    const char* header;
    bool is_plain;
    const char* why;
  };
  const Case cases[] = {
      {"Message-ID: <1@x>\r\n\r\n", true, "one"},
      {"Subject: x\r\nMESSAGE-ID:\r\n <1@x>\r\n\r\n", true, "folded"},
      {"Subject: x\r\n\r\n", true, "none"},
      {"Message-ID:\r\n\r\n", true, "an empty one"},
      {"Message-ID: <1@x>\r\nMessage-ID: <2@x>\r\n\r\n", false, "two"},
      {"Message-ID: =?utf-8?q?=3C1=40x=3E?=\r\n\r\n", false, "encoded"},
  };
  for (const Case& test : cases) {
    const Summarized s = summarized(test.header);
    const fb::Summary& table = *fb::GetSummary(s.summary.data());
    EXPECT_EQ(table.plain_message_id(), test.is_plain) << test.why;
  }
}

TEST(Summary, KeepsTheFirstAndTheLatestReferences) {
  std::string header = "References:";
  for (int i = 0; i < 100; i++) header += " <" + std::to_string(i) + "@x>";
  const Summarized s = summarized(header + "\n\n");
  ASSERT_EQ(s.references.size(), 20U);
  EXPECT_EQ(s.references.front(), "<0@x>");
  EXPECT_EQ(s.references[1], "<81@x>");
  EXPECT_EQ(s.references.back(), "<99@x>");
}

TEST(Summary, TakesNothingBroken) {
  const std::string good = summarized("Subject: x\nTo: a@b, c@d\n\nx").summary;
  EXPECT_FALSE(is_sound_summary(""));
  EXPECT_FALSE(is_sound_summary("abc"));
  EXPECT_FALSE(is_sound_summary(std::string(64, '\xff')));
  EXPECT_FALSE(is_sound_summary(std::string_view(good).substr(0, good.size() / 2)));
}

TEST(Summary, DeepStructuresAreSound) {
  std::string message;
  for (int i = 0; i < 200; i++) message += "Content-Type: message/rfc822\n\n";
  EXPECT_TRUE(is_sound_summary(summarized(message).summary));
}

// 100 MiB of headers: a hundred parts with a parameter of a MiB each.
TEST(Summary, OfHugeHeadersStaysSmall) {
  const auto begin = std::chrono::steady_clock::now();
  const std::string part = "--b\nContent-Type: a/b; x=" + std::string(1 << 20, 'x') + "\n\nbody\n";
  const std::string first = "Content-Type: multipart/mixed; boundary=b\n\n";
  Parser parser;
  parser.feed(first);
  for (int i = 0; i < 100; i++) parser.feed(part);
  parser.feed("--b--\n");
  const Entity entity = parser.finish();
  ASSERT_EQ(entity.parts.size(), 100U);
  EXPECT_EQ(entity.parts[0].type, "a");
  EXPECT_EQ(entity.parts[99].type, "text");
  EXPECT_EQ(entity.parts[99].body_size, 4U);
  EXPECT_EQ(entity.parts[99].body_offset, first.size() + 100 * part.size() - 5);
  const Summarized s = summarize(entity, parser.top_header());
  EXPECT_LT(s.summary.size(), std::size_t{3} << 20);
  EXPECT_TRUE(is_sound_summary(s.summary));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

struct AttachmentCase {
  std::string_view message;
  bool expected;
  std::string_view why;
};

TEST(Summary, SaysWhetherThereAreAttachments) {
  const AttachmentCase cases[] = {
      {"\nx", false, "plain text"},
      {"Content-Type: text/html\n\nx", false, "HTML"},
      {"Content-Type: application/pdf\n\nx", true, "nothing but a document"},
      {"Content-Type: text/plain\nContent-Disposition: attachment\n\nx", true, "text that is attached"},
      {"Content-Type: multipart/alternative; boundary=b\n\n--b\n\nx\n--b\nContent-Type: text/calendar\n\ny\n--b--",
       false, "an invitation"},
      {"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\n\ny\n--b--", false,
       "two texts, the second a footer"},
      {"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\nContent-Type: text/plain; name=a.txt\n\ny\n--b--",
       true, "a named text"},
      {"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\nContent-Type: message/rfc822\n\ny\n--b--", true,
       "a message"},
      {"Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\nx\n--b\nContent-Type: "
       "image/png\nContent-ID: <i>\n\ny\n--b--",
       false, "an image inside the text"},
      {"Content-Type: multipart/signed; boundary=b\n\n--b\n\nx\n--b\nContent-Type: application/pgp-signature; "
       "name=s.asc\n\ny\n--b--",
       false, "a signature"},
      {"Content-Type: multipart/mixed\n\nx", false, "a multipart without parts"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(fb::GetSummary(summarized(c.message).summary.data())->has_attachment(), c.expected) << c.why;
}

}  // namespace
}  // namespace kontor::mime
