// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mime/reencode.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/bytes.h"
#include "formats/mime/decode.h"
#include "formats/mime/encoders.h"
#include "formats/mime/parser.h"

namespace kontor::mime {
namespace {

Result<std::string> reencoded(const std::string& message, Width width, std::size_t piece = 1 << 20) {
  std::string out;
  const WholeMessage whole{message.size(), [&](std::uint64_t offset, std::size_t length) -> Result<std::string> {
                             return message.substr(offset, std::min(length, piece));
                           }};
  TRY_VOID(reencode(whole, width, [&](std::string_view bytes) -> Result<void> {
    out += bytes;
    return {};
  }));
  return out;
}

// What each leaf means, in order: its type and its decoded bytes.
void leaves(const Entity& entity, const std::string& message, std::vector<std::pair<std::string, std::string>>& into) {
  if (entity.message) return leaves(*entity.message, message, into);
  for (const Entity& part : entity.parts) leaves(part, message, into);
  if (entity.is_multipart()) return;
  BodyDecoder decoder(parse_transfer_encoding(entity.encoding));
  std::string text;
  decoder.feed(std::string_view(message).substr(entity.body_offset, entity.body_size), text);
  decoder.finish(text);
  into.emplace_back(to_lower(entity.type + "/" + entity.subtype), text);
}
auto leaves_of(const std::string& message) {
  std::vector<std::pair<std::string, std::string>> out;
  leaves(parse(message), message, out);
  return out;
}

bool fits(const std::string& message, Width width) {
  std::size_t line = 0;
  for (std::size_t i = 0; i < message.size(); ++i) {
    const char c = message[i];
    if (c == '\0' || (width == Width::seven_bit && static_cast<unsigned char>(c) >= 0x80)) return false;
    if (c == '\n' && (i == 0 || message[i - 1] != '\r')) return false;
    if (c == '\r' && (i + 1 == message.size() || message[i + 1] != '\n')) return false;
    line = c == '\r' || c == '\n' ? 0 : line + 1;
    if (line > 998) return false;
  }
  return true;
}

struct Case {
  std::string message, seven, eight;  // as they come out; empty: it stays as it is; "!": it cannot be changed
  std::string why;
};

void check(const Case& one, Width width, const std::string& wanted) {
  for (const std::size_t piece : {1U, 3U, 1U << 20}) {
    const auto got = reencoded(one.message, width, piece);
    if (wanted == "!") {
      ASSERT_FALSE(got) << one.why;
      EXPECT_EQ(got.error().code, Errc::invalid) << one.why;
      continue;
    }
    ASSERT_TRUE(got) << one.why << ": " << got.error().text;
    EXPECT_EQ(*got, wanted.empty() ? one.message : wanted) << one.why;
  }
}

TEST(Reencode, PartByPart) {
  const std::string text = "Content-Type: text/plain; charset=utf-8\r\n";
  const std::string version = "MIME-Version: 1.0\r\n";
  const std::string nul("a\0b", 3);
  for (const Case& one : std::vector<Case>{
           {"Subject: x\r\n\r\nplain\r\n", "", "", "what fits stays"},
           {version + text +
                "Content-Transfer-Encoding: 8bit\r\n\r\nGr\xc3\xbc\xc3\x9f"
                "e aus dem schoenen Muenchen\r\n",
            version + text +
                "Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe aus dem schoenen Muenchen\r\n",
            "", "text with a few letters"},
           {version + text + "\r\n\xe6\x97\xa5\xe6\x9c\xac\r\n",
            version + text + "Content-Transfer-Encoding: base64\r\n\r\n5pel5pysDQo=", "", "text with many of them"},
           {"Subject: x\r\n\r\nGr\xfc\xdf"
            "e aus dem schoenen Muenchen\r\n",
            "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; "
            "charset=unknown-8bit\r\nContent-Transfer-Encoding: "
            "quoted-printable\r\n\r\nGr=FC=DFe aus dem schoenen Muenchen\r\n",
            "", "no MIME at all"},
           {version + "Content-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n" + nul,
            version + "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nYQBi",
            version + "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nYQBi", "binary"},
           {version + "Content-Transfer-Encoding: binary\r\n\r\nplain\r\n",
            version + "Content-Transfer-Encoding: 7bit\r\n\r\nplain\r\n",
            version + "Content-Transfer-Encoding: 7bit\r\n\r\nplain\r\n", "only the label is too much"},
           {version + text + "\r\nbare\nline\r\n",
            version + text + "Content-Transfer-Encoding: base64\r\n\r\nYmFyZQpsaW5lDQo=",
            version + text + "Content-Transfer-Encoding: base64\r\n\r\nYmFyZQpsaW5lDQo=", "LF alone is content"},
           {version +
                "Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: "
                "8bit\r\n\r\npre\xc3\xa4mble\r\n--b\r\n\r\none\r\n--b\r\n" +
                text + "content-transfer-encoding: 8BIT\r\n\r\nvier und zwei und drei \xc3\xa4\r\n--b--\r\nepi\r\n",
            version +
                "Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: "
                "7bit\r\n\r\npre??mble\r\n--b\r\n\r\none\r\n--b\r\n" +
                text +
                "Content-Transfer-Encoding: quoted-printable\r\n\r\nvier und zwei und drei =C3=A4\r\n--b--\r\nepi\r\n",
            "", "one part of several"},
           {version + "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSubject: in\r\n" + text +
                "\r\nvier und zwei und drei \xc3\xa4\r\n",
            version + "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\r\nSubject: in\r\n" + text +
                "Content-Transfer-Encoding: quoted-printable\r\n\r\nvier und zwei und drei =C3=A4\r\n",
            "", "a message in a message"},
           {version + "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n\xc3\xa4\r\n--b\r\nContent-Type: "
                      "application/pgp-signature\r\n\r\nx\r\n--b--\r\n",
            "!", "", "signed"},
           {version + "Content-Type: multipart/signed; boundary=b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n--b\r\n"
                      "Content-Transfer-Encoding: 8bit\r\n\r\nx\r\n--b--\r\n",
            version + "Content-Type: multipart/signed; boundary=b\r\nContent-Transfer-Encoding: 7bit\r\n\r\n--b\r\n"
                      "Content-Transfer-Encoding: 8bit\r\n\r\nx\r\n--b--\r\n",
            "", "signed, and it fits"},
           {"Subject: \xc3\xa4\r\n\r\nx\r\n", "!", "", "a header is not encoded"},
           {"Subject: x\ny\r\n\r\nx\r\n", "!", "!", "a header of broken lines"},
           {version + "Content-Type: message/partial\r\n\r\n\xc3\xa4\r\n", "!", "", "a type that must stay 7bit"},
           {version + "Content-Transfer-Encoding: x-own\r\n\r\n\xc3\xa4\r\n", "!", "", "an encoding that nobody knows"},
           {version + text + "Content-Transfer-Encoding: quoted-printable\r\n\r\n\xc3=A4\r\n",
            version + text + "Content-Transfer-Encoding: base64\r\n\r\nw6QNCg==", "", "an encoding that was broken"},
       }) {
    check(one, Width::seven_bit, one.seven);
    check(one, Width::eight_bit, one.eight);
  }
}

TEST(Reencode, LongLinesAreBroken) {
  const std::string message = "Content-Type: text/html\r\n\r\n" + std::string(3000, 'x') + "\r\n";
  for (const Width width : {Width::seven_bit, Width::eight_bit}) {
    const std::string out = reencoded(message, width).value();
    EXPECT_TRUE(fits(out, width));
    EXPECT_EQ(leaves_of(out), leaves_of(message));
  }
}

TEST(Encoders, QuotedPrintable) {
  struct Line {
    std::string text, wanted;
  };
  for (const Line& one : std::vector<Line>{{"", ""},
                                           {"a=b", "a=3Db"},
                                           {"end \r\nend\t\r\n", "end=20\r\nend=09\r\n"},
                                           {"end ", "end=20"},
                                           {"a \r b\n", "a =0D b=0A"},
                                           {"\r", "=0D"},
                                           {std::string(76, 'x'), std::string(75, 'x') + "=\r\nx"},
                                           {std::string(74, 'x') + "\xff", std::string(74, 'x') + "=\r\n=FF"}}) {
    for (std::size_t cut = 0; cut <= one.text.size(); ++cut) {
      QuotedPrintableWriter writer;
      std::string out;
      writer.feed(std::string_view(one.text).substr(0, cut), out);
      writer.feed(std::string_view(one.text).substr(cut), out);
      writer.finish(out);
      EXPECT_EQ(out, one.wanted) << "cut at " << cut;
    }
  }
}

TEST(Encoders, Base64) {
  std::string bytes;
  for (int i = 0; i < 200; ++i) bytes += static_cast<char>(i);
  for (const std::size_t size : {0U, 1U, 56U, 57U, 58U, 114U, 200U}) {
    for (std::size_t cut = 0; cut <= size; ++cut) {
      Base64Writer writer;
      std::string out;
      writer.feed(std::string_view(bytes).substr(0, cut), out);
      writer.feed(std::string_view(bytes).substr(cut, size - cut), out);
      writer.finish(out);
      EXPECT_LE(out.find('\r'), size > 57 ? 76U : std::string::npos);
      std::erase_if(out, [](char c) { return c == '\r' || c == '\n'; });
      EXPECT_EQ(out, to_base64(std::string_view(bytes).substr(0, size)));
    }
  }
}

// Nothing that can be read out of a message changes.
TEST(Reencode, TheCorpusMeansTheSame) {
  std::error_code error;
  int changed = 0, refused = 0, all = 0;
  for (const auto& entry : std::filesystem::directory_iterator(KONTOR_SOURCE_DIR "/../shared/corpus/eml", error)) {
    std::ifstream file(entry.path(), std::ios::binary);
    std::stringstream bytes;
    bytes << file.rdbuf();
    if (bytes.str().size() > 100'000) continue;  // slow without optimisation
    // Many of the files have LF alone, as no mail does that comes by SMTP.
    std::string message;
    for (const char c : bytes.str()) {
      if (c == '\n' && !message.ends_with('\r')) message += '\r';
      message += c;
    }
    for (const Width width : {Width::seven_bit, Width::eight_bit}) {
      ++all;
      const auto out = reencoded(message, width);
      if (!out) {
        EXPECT_EQ(out.error().code, Errc::invalid) << entry.path();
        ++refused;
        continue;
      }
      if (*out == message) continue;
      ++changed;
      EXPECT_EQ(leaves_of(*out), leaves_of(message)) << entry.path();
    }
  }
  if (all == 0) GTEST_SKIP() << "no corpus";
  std::cout << changed << " of " << all << " were changed, " << refused << " could not be\n";
}

}  // namespace
}  // namespace kontor::mime
