// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/sieve/compose.h"

#include <gtest/gtest.h>

#include "formats/mime/decode.h"
#include "formats/mime/parser.h"

namespace kontor::sieve {
namespace {

const ComposeContext kContext{"me@example.org", InternalDate(Instant(std::chrono::seconds(1'700'000'000)), 60),
                              "<new@example.org>"};

std::string body_of(const std::string& message) {
  const mime::Entity entity = mime::parse(message);
  mime::BodyDecoder decoder(mime::parse_transfer_encoding(entity.encoding));
  std::string text;
  decoder.feed(std::string_view(message).substr(entity.body_offset), text);
  decoder.finish(text);
  return text;
}

TEST(SieveCompose, Vacation) {
  VacationReply reply;
  reply.to = "jane@example.com";
  reply.text =
      "Gone \xC3\xBC"
      "ber=\nlunch \nback " +
      std::string(100, 'x') + " soon";
  reply.original_subject =
      "Gr\xC3\xBC\xC3\x9F"
      "e";
  reply.original_id = "<1@example.com>";
  reply.original_references = "<0@example.com> junk";
  const std::string message = compose(reply, kContext);
  EXPECT_EQ(
      message.substr(0, message.find("MIME-Version")),
      "From: me@example.org\r\nSubject: =?utf-8?B?QXV0bzogR3LDvMOfZQ==?=\r\nDate: Tue, 14 Nov 2023 23:13:20 +0100\r\n"
      "Message-ID: <new@example.org>\r\nTo: jane@example.com\r\nIn-Reply-To: <1@example.com>\r\n"
      "References: <0@example.com> <1@example.com>\r\nAuto-Submitted: auto-replied (vacation)\r\n"
      "X-Auto-Response-Suppress: All\r\n");
  EXPECT_EQ(body_of(message),
            "Gone \xC3\xBC"
            "ber=\r\nlunch \r\nback " +
                std::string(100, 'x') + " soon\r\n");
  for (std::size_t at = 0, end = 0; (end = message.find("\r\n", at)) != std::string::npos; at = end + 2)
    EXPECT_LE(end - at, 78U);

  reply.from =
      "Gr\xC3\xBC\xC3\x9F"
      "e <boss@example.org>";
  EXPECT_TRUE(compose(reply, kContext).starts_with("From: =?utf-8?B?R3LDvMOfZQ==?= <boss@example.org>\r\n"));
  reply.is_mime = true;
  reply.subject = "S";
  reply.from = "Boss <boss@example.org>";
  reply.text = "Content-Type: text/html\n\n<p>away</p>";
  const std::string html = compose(reply, kContext);
  EXPECT_TRUE(html.ends_with("MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<p>away</p>\r\n"));
  EXPECT_TRUE(html.starts_with("From: Boss <boss@example.org>\r\nSubject: S\r\n"));
}

TEST(SieveCompose, Notify) {
  Notify notify;
  notify.recipients = {"a@example.org", "b@example.org"};
  notify.importance = 1;
  notify.subject = "New mail\r\nBcc: evil@example.net";
  const std::string message = compose(notify, kContext);
  EXPECT_NE(message.find("To: a@example.org, b@example.org\r\n"), std::string::npos);
  EXPECT_NE(message.find("Auto-Submitted: auto-notified; owner-email=\"me@example.org\"\r\n"), std::string::npos);
  EXPECT_NE(message.find("Importance: High\r\n"), std::string::npos);
  EXPECT_NE(message.find("Subject: New mail Bcc: evil@example.net\r\n"), std::string::npos);
  EXPECT_EQ(body_of(message), "New mail\r\nBcc: evil@example.net\r\n");
}

}  // namespace
}  // namespace kontor::sieve
