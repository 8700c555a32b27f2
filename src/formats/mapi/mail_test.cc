// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/mail.h"

#include <gtest/gtest.h>

#include <map>

#include "base/bytes.h"
#include "formats/mapi/cursor.h"
#include "formats/mapi/entry_id.h"
#include "formats/mapi/mail_field.h"
#include "formats/mapi/mail_tags.h"
#include "formats/mime/decode.h"
#include "formats/mime/header.h"
#include "formats/mime/parser.h"

namespace kontor::mapi {
namespace {

using namespace std::string_literals;

struct Made {
  std::string mail;
  std::vector<std::string> losses;
};

Made made_of(const Message& message, const MailSource& source = {}) {
  Made made;
  const auto written = write_mail(message, source, [&](std::string_view piece) -> Result<void> {
    made.mail += piece;
    return {};
  });
  EXPECT_TRUE(written) << written.error().text;
  if (written) made.losses = written->losses;
  for (std::size_t at = made.mail.find('\n'); at != std::string::npos; at = made.mail.find('\n', at + 1))
    EXPECT_EQ(made.mail[at - 1], '\r') << at;
  return made;
}

std::string header_of(const Made& made) { return made.mail.substr(0, made.mail.find("\r\n\r\n") + 2); }

// "mixed(alternative(plain,html),png)": subtypes.
std::string shape_of(const mime::Entity& part) {
  std::string out = part.subtype;
  std::string inner;
  for (const mime::Entity& one : part.parts) inner += (inner.empty() ? "" : ",") + shape_of(one);
  if (part.message) inner = shape_of(*part.message);
  return inner.empty() ? out : out + "(" + inner + ")";
}
std::string shape_of(const Made& made) { return shape_of(mime::parse(made.mail)); }

std::string body_of(const mime::Entity& part, const std::string& mail) {
  std::string bytes;
  mime::BodyDecoder decoder(mime::parse_transfer_encoding(part.encoding));
  decoder.feed(std::string_view(mail).substr(part.body_offset, part.body_size), bytes);
  decoder.finish(bytes);
  return bytes;
}

Message text_message(std::string_view text) {
  Message message;
  message.properties.set(tag::kBody, Value::of_text(std::string(text)));
  return message;
}

Properties recipient(int kind, std::string name, std::string address) {
  Properties made;
  made.set(tag::kRecipientType, Value::of(kind));
  made.set(tag::kDisplayName, Value::of_text(std::move(name)));
  made.set(tag::kAddressType, Value::of_text("SMTP"));
  made.set(tag::kEmailAddress, Value::of_text(std::move(address)));
  return made;
}

Attachment file(std::string_view name, std::string_view type, std::string data) {
  Attachment made;
  made.properties.set(tag::kAttachMethod, Value::of(1));
  if (!name.empty()) made.properties.set(tag::kAttachLongFilename, Value::of_text(std::string(name)));
  if (!type.empty()) made.properties.set(tag::kAttachMimeTag, Value::of_text(std::string(type)));
  made.properties.set(tag::kAttachDataBinary, Value::of_bytes(std::move(data)));
  return made;
}

void set_html(Message& message, std::string html, int page) {
  message.properties.set(tag::kHtml, Value::of_bytes(std::move(html)));
  message.properties.set(tag::kInternetCodepage, Value::of(page));
}

TEST(Mail, HeaderIsMadeOfProperties) {
  Message message = text_message("Hello\nworld");
  Properties& from = message.properties;
  from.set(tag::kSubject, Value::of_text("Gr\xC3\xBC\xC3\x9F"
                                         "e\r\nBcc: x@example.org"));
  from.set(tag::kClientSubmitTime, Value::of_time(ticks_of_instant(Instant(std::chrono::seconds(1767225600)))));
  from.set(tag::kSentRepresentingName, Value::of_text("Chief, \"The\""));
  from.set(tag::kSentRepresentingSmtpAddress, Value::of_text("chief@example.org"));
  from.set(tag::kSenderName, Value::of_text("Sec"));
  from.set(tag::kSenderSmtpAddress, Value::of_text("sec@example.org"));
  from.set(tag::kInternetMessageId, Value::of_text("<1@x>"));
  from.set(tag::kInternetReferences, Value::of_text("<a@x>\r\n <b@x>"));
  from.set(tag::kInReplyToId, Value::of_text("b@x"));
  from.set(tag::kImportance, Value::of(2));
  from.set(tag::kSensitivity, Value::of(3));
  from.set(tag::kReadReceiptRequested, Value::of(true));
  from.set({.set = set::kInternetHeaders, .name = "X-Mailer"}, Value::of_text("Outlook"));
  from.set({.set = set::kInternetHeaders, .name = "Content-Type"}, Value::of_text("text/evil"));
  from.set({.set = set::kInternetHeaders, .name = "X Bad: name"}, Value::of_text("no"));
  message.recipients = {recipient(1, "An", "an@example.org"), recipient(2, "\xC3\x84n", "aen@example.org"),
                        recipient(3, "", "hidden@example.org"), recipient(1, "The Team", "")};
  const Made made = made_of(message);
  EXPECT_EQ(header_of(made),
            "Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n"
            "From: \"Chief, \\\"The\\\"\" <chief@example.org>\r\n"
            "Sender: Sec <sec@example.org>\r\n"
            "To: An <an@example.org>, The Team:;\r\n"
            "Cc: =?utf-8?B?w4Ru?= <aen@example.org>\r\n"
            "Bcc: hidden@example.org\r\n"
            "Subject: =?utf-8?B?R3LDvMOfZSAgQmNjOiB4QGV4YW1wbGUub3Jn?=\r\n"
            "Disposition-Notification-To: \"Chief, \\\"The\\\"\" <chief@example.org>\r\n"
            "Message-ID: <1@x>\r\n"
            "In-Reply-To: <b@x>\r\n"
            "References: <a@x> <b@x>\r\n"
            "Importance: high\r\nX-Priority: 1\r\n"
            "Sensitivity: Company-Confidential\r\n"
            "X-Mailer: Outlook\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=us-ascii\r\n"
            "Content-Transfer-Encoding: 7bit\r\n");
  EXPECT_TRUE(made.mail.ends_with("\r\n\r\nHello\r\nworld\r\n"));
  EXPECT_EQ(made.losses, std::vector<std::string>{"The recipient \"The Team\" has no address."});
}

TEST(Mail, SaysWhereTheSubjectLostACharacter) {
  Message message = text_message("x");
  message.properties.set(tag::kTransportMessageHeaders, Value::of_text("Subject: Umlute\r\n"));
  message.properties.set(tag::kSubject, Value::of_text("Uml\xEF\xBF\xBDute"));
  EXPECT_NE(header_of(made_of(message)).find("Subject: =?utf-8?"), std::string::npos);
  message.properties.set(tag::kTransportMessageHeaders, Value::of_text("Subject: =?utf-8?B?VW1sw6R1dGU=?=\r\n"));
  EXPECT_NE(header_of(made_of(message)).find("VW1sw6R1dGU="), std::string::npos) << "the block has it whole";
}

TEST(Mail, KeptHeaderIsReconciled) {
  Message message = text_message("x");
  message.properties.set(
      tag::kTransportMessageHeaders,
      Value::of_text(
          "Received: from a\r\n\tby b\r\nnonsense\r\nFrom: \"J\xC3\xB6rg\" <j@example.org>, k@example.org\r\n"
          "To: a@example.org\r\nSubject: Old\r\nDate: Mon, 5 Jan 2026 10:00:00 +0100\r\n"
          "Content-Type: text/plain; format=flowed; delsp=yes\r\nMIME-Version: 1.0\r\nX-Odd: \xC3\xA4\n"));
  message.properties.set(tag::kSubject, Value::of_text("New"));
  message.properties.set(tag::kImportance, Value::of(2));
  message.recipients = {recipient(1, "", "b@example.org")};
  const std::string kept =
      "Received: from a\r\n\tby b\r\n"
      "From: =?utf-8?B?SsO2cmc=?= <j@example.org>, k@example.org\r\n";
  const std::string rest =
      "Date: Mon, 5 Jan 2026 10:00:00 +0100\r\n"
      "X-Odd: =?utf-8?B?w6Q=?=\r\n";
  const std::string mime =
      "MIME-Version: 1.0\r\n"
      "Content-Type: text/plain; format=flowed; delsp=yes; charset=us-ascii\r\n"
      "Content-Transfer-Encoding: 7bit\r\n";
  EXPECT_EQ(header_of(made_of(message)), kept + "To: a@example.org\r\n" + rest + "Subject: New\r\n" + mime);
  message.properties.set(tag::kMessageClass, Value::of_text("IPM.Schedule.Meeting.Canceled"));
  EXPECT_EQ(header_of(made_of(message)), kept + "To: a@example.org\r\nSubject: Old\r\n" + rest + mime)
      << "the property is the meeting's";
  message.properties.set(tag::kMessageClass, Value::of_text("IPM.Note"));
  message.properties.set(tag::kMessageFlags, Value::of(8));
  EXPECT_EQ(header_of(made_of(message)), kept + rest + "To: b@example.org\r\nSubject: New\r\n" + mime)
      << "of a draft the recipients of now";
  message.properties.set(tag::kTransportMessageHeaders, Value::of_text("Reporting-MTA: dns; x"));
  EXPECT_FALSE(made_of(message).mail.contains("Reporting")) << "no header of a message";
}

TEST(Mail, TextsAreEncodedAsTheyNeed) {
  struct Case {
    std::string text, encoding, why;
  };
  const std::vector<Case> cases = {
      {"a\r\nb", "7bit", "plain"},
      {"Gr\xC3\xBC\xC3\x9F"
       "e an alle in der Stadt",
       "quoted-printable", "some letters"},
      {"\xE4\xBD\xA0\xE5\xA5\xBD", "base64", "all foreign"},
      {std::string(5000, 'x'), "quoted-printable", "a long line"},
      {"form\ffeed", "quoted-printable", "a control"},
  };
  for (const Case& one : cases) {
    const Made made = made_of(text_message(one.text));
    const mime::Entity entity = mime::parse(made.mail);
    EXPECT_EQ(entity.encoding, one.encoding) << one.why;
    std::string body = body_of(entity, made.mail);
    while (body.ends_with("\r\n")) body.resize(body.size() - 2);
    EXPECT_EQ(body, one.text) << one.why;
  }
}

TEST(Mail, BodiesAndWhatTheyShow) {
  Message message = text_message("text");
  set_html(message, "<meta charset=iso-8859-1><p>\xE4<img src=\"cid:Pic%401\">", 1252);
  EXPECT_EQ(shape_of(made_of(message)), "alternative(plain,html)");
  message.attachments.push_back(file("pic.png", "image/png", "P"));
  message.attachments.push_back(file("doc.pdf", "", "D"));
  EXPECT_EQ(shape_of(made_of(message)), "mixed(alternative(plain,html),png,pdf)");
  message.attachments[0].properties.set(tag::kAttachContentId, Value::of_text("pic@1"));
  const Made made = made_of(message);
  EXPECT_EQ(shape_of(made), "mixed(alternative(plain,related(html,png)),pdf)");
  EXPECT_TRUE(made.mail.contains("<meta charset=3Dutf-8><p>=C3=A4<img")) << made.mail;
  EXPECT_TRUE(made.mail.contains("Content-ID: <pic@1>\r\nContent-Disposition: inline;"));
  message.properties.remove(tag::kHtml);
  EXPECT_EQ(shape_of(made_of(message)), "mixed(plain,png,pdf)");
  EXPECT_EQ(shape_of(made_of(Message())), "plain") << "nothing at all is an empty text";
}

// As [MS-OXRTFCP] has it uncompressed.
std::string uncompressed(const std::string& rtf) {
  std::string out;
  for (const std::size_t word : {rtf.size() + 12, rtf.size(), std::size_t{0x414C454D}, std::size_t{0}})
    for (unsigned i = 0; i < 4; ++i) out += static_cast<char>(word >> (8 * i) & 0xFF);
  return out + rtf;
}

TEST(Mail, RtfIsWhatIsInIt) {
  Message message;
  message.properties.set(
      tag::kRtfCompressed,
      Value::of_bytes(uncompressed("{\\rtf1\\ansi\\fromhtml1{\\*\\htmltag64 <p>}Hi\\'e4{\\*\\htmltag72 </p>}}")));
  const Made html = made_of(message);
  EXPECT_EQ(shape_of(html), "html");
  message.properties.set(tag::kRtfCompressed, Value::of_bytes(uncompressed("{\\rtf1\\ansi {\\b bold}}")));
  const Made rtf = made_of(message);
  EXPECT_EQ(shape_of(rtf), "alternative(plain,rtf)");
  EXPECT_TRUE(rtf.losses.empty());
  message.properties.set(tag::kRtfCompressed, Value::of_bytes("nonsense"));
  EXPECT_EQ(made_of(message).losses.size(), 1U);
}

TEST(Mail, AttachmentsOfAllKinds) {
  Message message = text_message("x");
  message.attachments = {file("\xC3\x9C"
                              "bersicht; \"1\".txt",
                              "text/plain", "a"),
                         file("", "image/png", "b"),
                         file("unknown_content_type.bin", "bad type", "c"),
                         file("x.eml", "message/rfc822", "Subject: s\n\nb"),
                         file("y.eml", "message/rfc822", "\0\1\2"s),
                         file("z", "multipart/mixed", "no part")};
  Attachment link;
  link.properties.set(tag::kAttachMethod, Value::of(4));
  link.properties.set(tag::kAttachLongFilename, Value::of_text("plan.doc"));
  link.properties.set(tag::kAttachPathname, Value::of_text("\\\\server\\plan.doc"));
  message.attachments.push_back(link);
  Attachment gone = file("gone.bin", "", "");
  gone.properties.remove(tag::kAttachDataBinary);
  message.attachments.push_back(gone);
  const Made made = made_of(message);
  EXPECT_EQ(shape_of(made),
            "mixed(plain,plain,png,octet-stream,rfc822(plain),octet-stream,octet-stream,plain,octet-stream)");
  EXPECT_TRUE(made.mail.contains("filename*=utf-8''%C3%9Cbersicht%3B%20%221%22.txt"));
  EXPECT_FALSE(made.mail.contains("unknown_content_type"));
  EXPECT_EQ(made.losses, (std::vector<std::string>{
                             "The attachment \"plan.doc\" is not in the message but at \"\\\\server\\plan.doc\".",
                             "The attachment \"gone.bin\" has no content at the source."}));
  const auto parts = mime::parse(made.mail).parts;
  EXPECT_EQ(body_of(parts[7], made.mail), "\\\\server\\plan.doc\r\n");
}

std::string tnef_attribute(char level, std::uint32_t id, std::string_view data) {
  std::string out(1, level);
  std::size_t sum = 0;
  for (const char c : data) sum += static_cast<unsigned char>(c);
  append_le(out, id);
  append_le32(out, data.size());
  out += data;
  append_le16(out, sum);
  return out;
}

TEST(Mail, WhatIsInAWinmailDatTakesItsPlace) {
  const std::string tnef = "\x78\x9F\x3E\x22\x01\x00"s + tnef_attribute(1, 0x0002800C, "Inside\0"s) +
                           tnef_attribute(2, 0x00069002, "\1\0\0\0\0\0"s) + tnef_attribute(2, 0x00018010, "a.txt\0"s) +
                           tnef_attribute(2, 0x0006800F, "content");
  Message message = text_message("x");
  message.attachments = {file("winmail.dat", "", tnef), file("b.png", "", "P")};
  EXPECT_EQ(shape_of(made_of(message)), "mixed(plain,plain,png)");
  EXPECT_TRUE(made_of(message).mail.contains("filename=a.txt"));
  message.properties.remove(tag::kBody);
  EXPECT_TRUE(made_of(message).mail.contains("\r\n\r\nInside\r\n"));
  message.attachments[0] = file("winmail.dat", "application/ms-tnef", tnef.substr(0, tnef.size() - 4));
  EXPECT_EQ(shape_of(made_of(message)), "mixed(ms-tnef,png)") << "damaged, it stays what it is";
}

TEST(Mail, DataComesInPieces) {
  Message message = text_message("x");
  Attachment large = file("large.bin", "", "");
  large.properties.remove(tag::kAttachDataBinary);
  message.attachments.push_back(large);
  std::string all;
  const MailSource source = {.resolve = {},
                             .read = [&](const Attachment&, const TakePiece& take) -> Result<void> {
                               all.clear();
                               for (int i = 0; i < 1000; ++i) {
                                 const std::string piece(static_cast<std::size_t>(i % 91), static_cast<char>(i));
                                 all += piece;
                                 TRY_VOID(take(piece));
                               }
                               return {};
                             },
                             .calendar = {}};
  const Made made = made_of(message, source);
  EXPECT_EQ(body_of(mime::parse(made.mail).parts.at(1), made.mail), all);
  const MailSource broken = {
      .resolve = {},
      .read = [](const Attachment&, const TakePiece&) -> Result<void> { return fail(Errc::unavailable, "gone"); },
      .calendar = {}};
  EXPECT_EQ(write_mail(message, broken, [](std::string_view) -> Result<void> { return {}; }).error().code,
            Errc::unavailable);
  EXPECT_EQ(write_mail(message, source, [](std::string_view) { return Result<void>(fail(Errc::too_large, "full")); })
                .error()
                .code,
            Errc::too_large);
}

TEST(Mail, MessagesInMessages) {
  Message inner = text_message("inner");
  inner.properties.set(tag::kSubject, Value::of_text("In"));
  for (int i = 0; i < 3; ++i) {
    Message outer = text_message("outer");
    Attachment holder;
    holder.properties.set(tag::kAttachMethod, Value::of(5));
    holder.embedded.push_back(inner);
    outer.attachments.push_back(holder);
    inner = outer;
  }
  EXPECT_EQ(shape_of(made_of(inner)), "mixed(plain,rfc822(mixed(plain,rfc822(mixed(plain,rfc822(plain))))))");
  for (int i = 0; i < 30; ++i) {
    Message outer;
    outer.attachments.push_back(inner.attachments[0]);
    outer.attachments[0].embedded = {inner};
    inner = outer;
  }
  EXPECT_EQ(made_of(inner).losses, std::vector<std::string>{"A message that lies too deep in others is left out."});
}

TEST(Mail, ContactsAndEventsInMessages) {
  Message message = text_message("x");
  Attachment holder;
  holder.properties.set(tag::kAttachMethod, Value::of(5));
  holder.embedded.resize(1);
  holder.embedded[0].properties.set(tag::kMessageClass, Value::of_text("IPM.Contact"));
  holder.embedded[0].properties.set(tag::kDisplayName, Value::of_text("Ada"));
  message.attachments.push_back(holder);
  holder.embedded[0].properties.set(tag::kMessageClass, Value::of_text("IPM.Appointment"));
  message.attachments.push_back(holder);
  const MailSource source = {
      .resolve = {}, .read = {}, .calendar = [](const Message&) -> std::optional<Result<CalendarText>> {
        return CalendarText{.text = "BEGIN:VCALENDAR\r\n", .method = {}, .losses = {"A loss."}};
      }};
  const Made made = made_of(message, source);
  EXPECT_EQ(shape_of(made), "mixed(plain,vcard,calendar)");
  EXPECT_TRUE(made.mail.contains("filename=Ada.vcf"));
  EXPECT_EQ(made.losses, std::vector<std::string>{"A loss."});
  EXPECT_EQ(shape_of(made_of(message)), "mixed(plain,vcard,rfc822(plain))") << "nobody knows events";
}

TEST(Mail, EventsWithLargeFilesAreMessagesWithTheseInThem) {
  Message message = text_message("x");
  Attachment holder;
  holder.properties.set(tag::kAttachMethod, Value::of(5));
  holder.embedded.resize(1);
  holder.embedded[0].properties.set(tag::kMessageClass, Value::of_text("IPM.Appointment"));
  holder.embedded[0].attachments = {file("film.bin", "application/octet-stream", "a long film")};
  message.attachments.push_back(holder);
  const MailSource source = {
      .resolve = {}, .read = {}, .calendar = [](const Message&) -> std::optional<Result<CalendarText>> {
        return CalendarText{
            .text = "BEGIN:VCALENDAR\r\n", .method = {}, .losses = {"A loss."}, .lacks_attachments = true};
      }};
  const Made made = made_of(message, source);
  EXPECT_EQ(shape_of(made), "mixed(plain,rfc822(mixed(calendar,octet-stream)))");
  EXPECT_TRUE(made.mail.contains(to_base64("a long film")));
  EXPECT_EQ(made.losses, std::vector<std::string>{"A loss."});
}

TEST(Mail, MeetingsHaveTheirCalendar) {
  Message message = text_message("Come");
  message.properties.set(tag::kMessageClass, Value::of_text("IPM.Schedule.Meeting.Request"));
  const auto with = [](std::optional<Result<CalendarText>> answer) {
    return MailSource{.resolve = {}, .read = {}, .calendar = [answer](const Message&) { return answer; }};
  };
  const Made made =
      made_of(message, with(CalendarText{.text = "BEGIN:VCALENDAR\r\n", .method = "REQUEST", .losses = {}}));
  EXPECT_EQ(shape_of(made), "alternative(plain,calendar)");
  EXPECT_TRUE(made.mail.contains("Content-Type: text/calendar; method=REQUEST; charset=us-ascii\r\n"));
  message.properties.set(tag::kMessageClass, Value::of_text("IPM.Appointment"));
  EXPECT_EQ(shape_of(made_of(message, with(CalendarText{.text = "BEGIN:VCALENDAR\r\n", .method = {}, .losses = {}}))),
            "alternative(plain,calendar)")
      << "an event among mail";
  EXPECT_EQ(shape_of(made_of(message, with(std::nullopt))), "plain");
  const Made failed = made_of(message, with(fail(Errc::invalid, "It has no beginning.")));
  EXPECT_EQ(shape_of(failed), "plain");
  EXPECT_EQ(failed.losses, std::vector<std::string>{"What it says to calendars cannot be said: It has no beginning."});
}

TEST(Mail, SecuredMailStaysWhatItIs) {
  Message message = text_message("readable");
  message.properties.set(tag::kMessageClass, Value::of_text("IPM.Note.SMIME.MultipartSigned"));
  const std::string entity =
      "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\n\r\ns\r\n--b--\r\n";
  message.attachments = {file("", "multipart/signed", entity)};
  EXPECT_TRUE(made_of(message).mail.ends_with("MIME-Version: 1.0\r\n" + entity));
  message.attachments.push_back(file("more.bin", "application/octet-stream", "more"));
  EXPECT_EQ(shape_of(made_of(message)), "mixed(signed(plain,plain),octet-stream)") << "nothing is lost";
  message.properties.set(tag::kMessageClass, Value::of_text("IPM.Note.SMIME"));
  message.attachments = {
      file("smime.p7m", "application/pkcs7-mime", "\x30\x80\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x03\xA0")};
  const Made opaque = made_of(message);
  EXPECT_TRUE(
      opaque.mail.contains("Content-Type: application/pkcs7-mime;\r\n smime-type=enveloped-data;\r\n name=smime.p7m"))
      << opaque.mail;
  message.attachments.front().properties.set(tag::kAttachMimeTag, Value::of_text("application/octet-stream"));
  EXPECT_TRUE(made_of(message).mail.contains("Content-Type: application/pkcs7-mime;")) << "by its name";
  message.properties.set(tag::kMessageClass, Value::of_text("IPM.Note.SMIME.MultipartSigned"));
  message.attachments = {file("SMIME.p7m", "application/octet-stream", entity)};
  EXPECT_TRUE(made_of(message).mail.ends_with("MIME-Version: 1.0\r\n" + entity)) << "under the other's name";
  message.attachments = {file("", "multipart/signed", "nothing of a part")};
  EXPECT_EQ(shape_of(made_of(message)), "mixed(plain,octet-stream)");
  Message pgp;
  pgp.attachments = {file("", "application/pgp-encrypted", "Version: 1\r\n"), file("encrypted.asc", "", "secret")};
  EXPECT_EQ(shape_of(made_of(pgp)), "encrypted(pgp-encrypted,octet-stream)");
  pgp.properties.set(tag::kBody, Value::of_text("and words"));
  EXPECT_EQ(shape_of(made_of(pgp)), "mixed(plain,pgp-encrypted,octet-stream)");
  message.properties.set(tag::kMessageClass, Value::of_text("IPM.Note"));
  message.properties.set(tag::kTransportMessageHeaders,
                         Value::of_text("From: a@b\r\nContent-Type: multipart/signed; x=y\r\n"));
  EXPECT_EQ(made_of(message).losses.size(), 1U) << "what was signed is gone";
}

TEST(Mail, Reports) {
  Message failed = text_message("Your message was not delivered.");
  failed.properties.set(tag::kMessageClass, Value::of_text("REPORT.IPM.Note.NDR"));
  EXPECT_EQ(shape_of(made_of(failed)), "plain") << "of whom is not known";
  failed.recipients = {recipient(1, "An", "an@example.org")};
  failed.recipients[0].set(tag::kNonDeliveryReportStatusCode, Value::of(511));
  failed.recipients[0].set(tag::kSupplementaryInfo, Value::of_text("550 no such user\r\nX: y"));
  Attachment original;
  original.properties.set(tag::kAttachMethod, Value::of(5));
  original.embedded.push_back(text_message("hello"));
  failed.attachments.push_back(original);
  const Made made = made_of(failed);
  EXPECT_EQ(shape_of(made), "report(plain,delivery-status,rfc822(plain))");
  EXPECT_TRUE(
      made.mail.contains("Final-Recipient: rfc822; an@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n"
                         "Diagnostic-Code: smtp; 550 no such userX: y\r\n"))
      << made.mail;
  Message read = text_message("Read.");
  read.properties.set(tag::kMessageClass, Value::of_text("REPORT.IPM.Note.IPNRN"));
  read.properties.set(tag::kSenderSmtpAddress, Value::of_text("an@example.org"));
  read.properties.set(tag::kOriginalMessageId, Value::of_text("<o@x>"));
  const Made receipt = made_of(read);
  EXPECT_EQ(shape_of(receipt), "report(plain,disposition-notification)");
  EXPECT_TRUE(
      receipt.mail.contains("Final-Recipient: rfc822; an@example.org\r\nOriginal-Message-ID: <o@x>\r\n"
                            "Disposition: manual-action/MDN-sent-manually; displayed\r\n"));
}

TEST(MailField, FoldsAndEncodes) {
  for (const std::string& text :
       {std::string(3000, 'w'), std::string("=?utf-8?q?x?="), "\xF0\x9F\xA6\x8A"s + std::string(300, 'a'),
        std::string("a") + std::string(300, ' ') + "b", std::string("a") + std::string(1500, ' ') + "b",
        std::string(499, 'a') + std::string(400, ' ') + std::string(499, 'b') + std::string(400, ' ') + "c",
        std::string()}) {
    const std::string field = mapi::text_field("Subject", text);
    const auto value = mime::find_field(field, "Subject");
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(mime::decode_header(mime::unfold(*value)), text);
    for (std::size_t at = 0; at < field.size();) {
      const std::size_t end = field.find('\n', at);
      EXPECT_LE(end - at, 998U);
      EXPECT_NE(field.substr(at, end - at).find_first_not_of(" \r"), std::string::npos) << "no line of blanks";
      at = end + 1;
    }
  }
  std::vector<Mailbox> many;
  for (int i = 0; i < 300; ++i) many.push_back({.name = "Person, " + std::to_string(i), .address = "p@example.org"});
  const std::string field = people_field("To", many);
  EXPECT_EQ(mime::parse_addresses(*mime::find_field(field, "To"), 1000).size(), 300U);
  EXPECT_EQ(people_field("To", {}), "");
  EXPECT_EQ(plain_field("Received", "a" + std::string(1500, ' ') + "b"), "Received: a b\r\n");
  EXPECT_EQ(plain_field("Message-ID", std::string(1000, 'x')),
            "Message-ID: " + std::string(900, 'x') + "\r\n " + std::string(100, 'x') + "\r\n");
  const std::string name = parameter("filename", std::string(200, 'x') + "\xC3\xA4");
  EXPECT_TRUE(name.contains(";\r\n filename*0*=utf-8''xxx"));
  EXPECT_TRUE(name.ends_with("x%C3%A4"));
}

}  // namespace
}  // namespace kontor::mapi
