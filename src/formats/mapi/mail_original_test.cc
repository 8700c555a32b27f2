// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/mail_original.h"

#include <gtest/gtest.h>

#include "formats/mapi/mail_tags.h"

namespace kontor::mapi {
namespace {

constexpr std::string_view kOriginal =
    "From: a@example.org\r\nTo: b@example.org\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe_=F0=9F=A6=8A?=\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello world\r\n"
    "--b\r\nContent-Type: image/png\r\nContent-Disposition: attachment; filename=x.png\r\n\r\nP\r\n"
    "--b--\r\n";

// As a server keeps kOriginal, opened by its user an hour later.
Message as_kept() {
  Message message;
  Properties& from = message.properties;
  from.set(tag::kSubject, Value::of_text("Gr\xC3\xBC\xC3\x9F"
                                         "e "));
  from.set(tag::kBody, Value::of_text("Hello  world\n"));
  from.set(tag::kCreationTime, Value::of_time(131'000'000'000'000'000));
  from.set(tag::kLastModificationTime, Value::of_time(131'000'036'000'000'000));
  message.attachments.resize(1);
  return message;
}

bool is_stale(const Message& message, std::string_view original) {
  const auto state = check_original(message, {}, [&](const TakePiece& take) { return take(original); });
  EXPECT_TRUE(state);
  EXPECT_EQ(state && state->is_stale, state && !state->why.empty());
  return state && state->is_stale;
}

std::string with(std::string_view from, std::string_view to) {
  std::string text(kOriginal);
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(MailOriginal, CountsUntilSomethingElseIsSaid) {
  const Message kept = as_kept();
  EXPECT_FALSE(is_stale(kept, kOriginal));
  struct Case {
    std::string from, to;
    bool is_stale;
    std::string_view why;
  };
  const std::vector<Case> cases = {
      {"Hello world", "Hello\r\n world", false, "blanks"},
      {"Hello world", "Good bye", true, "another text"},
      {"Hello world", "Hello \xFF", false, "damaged"},
      {"charset=utf-8", "charset=x-nobody-knows", false, "a charset that others read otherwise"},
      {"Gr=C3=BC=C3=9Fe", "Regards", true, "another subject"},
      {"=?utf-8?q?Gr=C3=BC=C3=9Fe_=F0=9F=A6=8A?=",
       "Gr\xFC\xDF"
       "e",
       false, "raw bytes of an unknown charset"},
      {"Subject:", "Subject: second\r\nSubject:", false, "one of two"},
      {"Content-Disposition: attachment; filename=x.png", "X: y", false, "a part without a name"},
      {"--b--", "--b\r\nContent-Disposition: attachment; filename=y\r\n\r\nQ\r\n--b--", true, "one was removed"},
      {"image/png\r\nContent-Disposition: attachment; filename=x.png", "text/plain", true, "one was added"},
      {"image/png", "application/ms-tnef", false, "one part that is many"},
  };
  for (const Case& one : cases) EXPECT_EQ(is_stale(kept, with(one.from, one.to)), one.is_stale) << one.why;
}

TEST(MailOriginal, HtmlIsWhatCountsWhereItIs) {
  const std::string original =
      "Subject: s\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Hello <b>w\xC3\xB6rld</b></p>\r\n";
  Message kept = as_kept();
  kept.attachments.clear();
  kept.properties.set(tag::kSubject, Value::of_text("s"));
  kept.properties.set(tag::kHtml, Value::of_bytes("<html><p>Hello <i>w\xF6rld</i></p></html>"));
  kept.properties.set(tag::kInternetCodepage, Value::of(1252));
  kept.properties.set(tag::kBody, Value::of_text("made by the server"));
  EXPECT_FALSE(is_stale(kept, original));
  kept.properties.set(tag::kHtml, Value::of_bytes("<p>Hello again</p>"));
  EXPECT_TRUE(is_stale(kept, original));
  kept.properties.remove(tag::kHtml);
  EXPECT_TRUE(is_stale(kept, original)) << "a text was written instead";
  kept.properties.set(tag::kBody, Value::of_text("Hello w\xC3\xB6rld"));
  EXPECT_FALSE(is_stale(kept, original));
}

TEST(MailOriginal, IsNotAskedOfWhatNobodyTouched) {
  const auto never = [](const TakePiece&) -> Result<void> { return fail(Errc::unavailable, "It must not be read."); };
  Message kept = as_kept();
  EXPECT_EQ(check_original(kept, {}, never).error().code, Errc::unavailable);
  kept = as_kept();
  kept.properties.set(tag::kMessageDeliveryTime, *kept.properties.find(tag::kLastModificationTime));
  EXPECT_FALSE(check_original(kept, {}, never)->is_stale) << "changed as it came";
  kept = as_kept();
  kept.properties.set({.set = set::kKopanoArchive, .name = "stubbed"}, Value::of(true));
  EXPECT_FALSE(check_original(kept, {}, never)->is_stale) << "the archive has the rest";
}

TEST(MailOriginal, DraftsAreContinued) {
  Message kept = as_kept();
  Properties to;
  to.set(tag::kSmtpAddress, Value::of_text("B@example.org"));
  kept.recipients = {to};
  kept.properties.set(tag::kMessageFlags, Value::of(8));
  EXPECT_FALSE(is_stale(kept, kOriginal));
  kept.recipients[0].set(tag::kSmtpAddress, Value::of_text("c@example.org"));
  EXPECT_TRUE(is_stale(kept, kOriginal));
  kept.properties.set(tag::kMessageFlags, Value::of(0));
  EXPECT_FALSE(is_stale(kept, kOriginal)) << "who got it is no matter of now";
}

TEST(MailOriginal, OfLargeMailTheBeginningIsRead) {
  std::string large(kOriginal);
  large.insert(large.size() - 8, std::string(std::size_t{8} << 20, 'x'));
  EXPECT_FALSE(is_stale(as_kept(), large));
  EXPECT_TRUE(is_stale(as_kept(), "Subject: other\r\n" + std::string(std::size_t{8} << 20, 'x')));
}

TEST(MailOriginal, OfABeginningOnlyTheTextCounts) {
  Message kept = as_kept();
  kept.attachments.clear();
  EXPECT_TRUE(judge_original(kept, {}, kOriginal, true).is_stale) << "the file was removed";
  EXPECT_FALSE(judge_original(kept, {}, kOriginal, false).is_stale) << "nobody has counted";
}

TEST(MailOriginal, MeetingsAndSecuredMailDifferByThemselves) {
  Message kept = as_kept();
  for (const auto& [kind, is_other] : {std::pair("IPM.Schedule.Meeting.Request", false),
                                       std::pair("IPM.Note.SMIME", false), std::pair("IPM.Note", true)}) {
    kept.properties.set(tag::kMessageClass, Value::of_text(kind));
    EXPECT_EQ(is_stale(kept, with("Hello world", "Good bye")), is_other) << kind;
  }
}

}  // namespace
}  // namespace kontor::mapi
