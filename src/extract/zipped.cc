// SPDX-License-Identifier: AGPL-3.0-or-later
#include "extract/zipped.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>

#include "extract/members.h"
#include "extract/xml_text.h"
#include "formats/mime/decode.h"
#include "formats/mime/html_text.h"

namespace kontor::extract {
namespace {

constexpr std::size_t kUnpackedPiece = 64 << 10;
constexpr std::size_t kLargestPage = 8 << 20;  // of an e-book; what is beyond stays unread

struct CloseArchive {
  void operator()(archive* a) const { archive_read_free(a); }
};
using Archive = std::unique_ptr<archive, CloseArchive>;

Result<Archive> open_zip(std::string_view document) {
  Archive zip(archive_read_new());
  if (!zip) throw std::bad_alloc();
  archive_read_support_format_zip_seekable(zip.get());
  if (archive_read_open_memory(zip.get(), document.data(), document.size()) != ARCHIVE_OK)
    return fail(Errc::invalid, "the ZIP file is broken");
  return zip;
}

// What may still be unpacked of one document, over all turns.
class Unpacker {
 public:
  explicit Unpacker(std::uint64_t limit) : left_(limit) {}

  // Hands the present member over in pieces. Errors: invalid, and those of `take`.
  template <class Take>
  Result<void> each_piece(archive* zip, Take take) {
    std::string piece(kUnpackedPiece, '\0');
    for (;;) {
      const auto got = archive_read_data(zip, piece.data(), piece.size());
      if (got < 0) return fail(Errc::invalid, "a part of the document is broken or locked");
      if (got == 0) return {};
      const auto size = static_cast<std::size_t>(got);
      if (size > left_) return fail(Errc::invalid, "the document unpacks to too much");
      left_ -= size;
      TRY_VOID(take(std::string_view(piece).substr(0, size)));
    }
  }

 private:
  std::uint64_t left_;
};

class ZippedDocument {
 public:
  ZippedDocument(std::string_view document, const Limits& limits, Text& text)
      : document_(document), limits_(limits), text_(text), unpacker_(limits.unpacked) {}

  Result<void> read() {
    for (const Turn turn : kTurns) TRY_VOID(read_turn(turn));
    if (!is_known_) return fail(Errc::invalid, "the ZIP file holds no document of a known kind");
    // A member that is broken does not hide the others.
    return std::exchange(first_error_, {});
  }

 private:
  Result<void> read_turn(Turn turn) {
    TRY(const Archive zip, open_zip(document_));
    archive_entry* entry = nullptr;
    for (std::uint32_t count = 0; count < limits_.members && !text_.is_full(); ++count) {
      const int got = archive_read_next_header(zip.get(), &entry);
      if (got == ARCHIVE_EOF) return {};
      if (got < ARCHIVE_WARN) return fail(Errc::invalid, "the ZIP file is broken");
      const char* name = archive_entry_pathname(entry);
      if (name == nullptr) continue;
      const Member* member = find_member(name);
      if (std::string_view(name) == "mimetype" && turn == Turn::body) read_type(zip.get());
      if (member == nullptr || member->turn != turn || (member->reading == Reading::html && !is_book_)) continue;
      is_known_ = true;
      const auto done = member->reading == Reading::xml ? read_xml(zip.get(), *member) : read_page(zip.get());
      if (!done && first_error_) first_error_ = done;
      text_.line_end();
    }
    return {};
  }

  // EPUB names itself in the first member (OCF 3.3 section 4.3).
  void read_type(archive* zip) {
    std::array<char, 32> type{};
    const auto got = archive_read_data(zip, type.data(), type.size());
    if (got > 0 && std::string_view(type.data(), static_cast<std::size_t>(got)).starts_with("application/epub+zip"))
      is_book_ = true;
  }

  Result<void> read_xml(archive* zip, const Member& member) {
    XmlText xml(member.meanings, text_);
    TRY_VOID(unpacker_.each_piece(zip, [&](std::string_view piece) { return xml.feed(piece); }));
    return xml.finish();
  }

  Result<void> read_page(archive* zip) {
    std::string page;
    TRY_VOID(unpacker_.each_piece(zip, [&](std::string_view piece) -> Result<void> {
      page += piece.substr(0, kLargestPage - page.size());
      return {};
    }));
    text_.add(mime::html_text(mime::to_utf8(page, "utf-8").text, page.size()));
    return {};
  }

  std::string_view document_;
  const Limits& limits_;
  Text& text_;
  Unpacker unpacker_;
  bool is_book_ = false;
  bool is_known_ = false;
  Result<void> first_error_;
};

}  // namespace

Result<void> read_zipped(std::string_view document, const Limits& limits, Text& text) {
  return ZippedDocument(document, limits, text).read();
}

}  // namespace kontor::extract
