// SPDX-License-Identifier: AGPL-3.0-or-later
#include <gtest/gtest.h>

#include "formats/document/frame.h"
#include "formats/document/kind.h"

namespace kontor::document {
namespace {

TEST(Readable, ByTypeThenByName) {
  struct Case {
    std::string_view type, name;
    bool expected;
    const char* why;
  };
  const Case cases[] = {
      {"application/pdf", "", true, "the type is enough"},
      {"Application/PDF", "x.bin", true, "whatever its case, whatever the name"},
      {"application/vnd.oasis.opendocument.text", "", true, "OpenDocument"},
      {"application/octet-stream", "Offer.PDF", true, "the type says nothing, the name does"},
      {"application/msword", "letter.docx", true, "an old type on a newer document"},
      {"application/msword", "letter.doc", false, "the old format itself is not read"},
      {"application/octet-stream", "offer.pdf.exe", false, "only the last ending counts"},
      {"application/octet-stream", "pdf", false, "no ending"},
      {"application/octet-stream", "", false, "nothing is known"},
      {"text/plain", "offer.pdf", false, "text is not a document"},
      {"image/png", "offer.pdf", false, "the type says something else"},
      {"application/zip", "all.zip", false, "an archive is not a document"},
  };
  for (const auto& c : cases) EXPECT_EQ(is_readable(c.type, c.name), c.expected) << c.why;
}

TEST(Frames, ComeInPiecesOfAnySize) {
  const std::string wire =
      frame_head(Tag::document, 4) + "PDF!" + frame_head(Tag::text, 0) + frame_head(Tag::invalid, 3) + "why";
  for (std::size_t piece = 1; piece <= wire.size(); ++piece) {
    FrameReader reader(10);
    std::string seen;
    for (std::size_t at = 0; at < wire.size();) {
      const auto used = reader.feed(std::string_view(wire).substr(at, piece));
      ASSERT_TRUE(used) << piece;
      at += *used;
      if (!reader.is_complete()) continue;
      const Frame frame = reader.take();
      seen += static_cast<char>(frame.tag) + frame.body + ";";
    }
    EXPECT_EQ(seen, "DPDF!;T;Iwhy;") << piece;
    EXPECT_TRUE(reader.is_empty());
  }
}

TEST(Frames, RefuseWhatTheyMustNot) {
  FrameReader small(10);
  EXPECT_EQ(small.feed(frame_head(Tag::document, 11)).error().code, Errc::too_large);
  FrameReader strict(10);
  EXPECT_EQ(strict.feed(std::string("X\0\0\0\1", 5)).error().code, Errc::invalid);
  FrameReader half(10);
  EXPECT_TRUE(half.feed("D"));
  EXPECT_FALSE(half.is_complete());
  EXPECT_FALSE(half.is_empty());
}

}  // namespace
}  // namespace kontor::document
