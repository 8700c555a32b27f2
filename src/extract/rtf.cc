// SPDX-License-Identifier: AGPL-3.0-or-later
#include "extract/rtf.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "extract/utf16.h"
#include "formats/mime/decode.h"

namespace kontor::extract {
namespace {

constexpr std::size_t kDeepestGroup = 1000;
constexpr std::size_t kLongestWord = 32;     // of a control word
constexpr std::size_t kFonts = 10'000;       // whose charset is remembered
constexpr std::size_t kBytesPending = 4096;  // before they are decoded

// Destinations that hold no text of the document. Those marked \* are skipped as well, unless kKeptDestinations has
// them.
constexpr auto kSkippedDestinations = std::to_array<std::string_view>({
    "bkmkend",
    "bkmkstart",
    "colortbl",
    "datafield",
    "fldinst",
    "fontemb",
    "generator",
    "info",
    "listtable",
    "nonesttables",
    "objdata",
    "pict",
    "private",
    "revtbl",
    "stylesheet",
    "tc",
    "themedata",
    "xe",
});
constexpr auto kKeptDestinations = std::to_array<std::string_view>({"annotation", "footnote", "shpinst", "shptxt"});

struct Symbol {
  std::string_view word;
  std::string_view utf8;
};
constexpr auto kSymbols = std::to_array<Symbol>({
    {"bullet", "•"},    {"cell", "\n"},    {"column", "\n"},   {"emdash", "—"}, {"emspace", " "},
    {"endash", "–"},    {"enspace", " "},  {"ldblquote", "“"}, {"line", "\n"},  {"lquote", "‘"},
    {"nestcell", "\n"}, {"nestrow", "\n"}, {"page", "\n"},     {"par", "\n"},   {"qmspace", " "},
    {"rdblquote", "”"}, {"row", "\n"},     {"rquote", "’"},    {"sect", "\n"},  {"tab", " "},
});
static_assert(std::ranges::is_sorted(kSkippedDestinations) && std::ranges::is_sorted(kSymbols, {}, &Symbol::word));

// Of \fcharset (RTF 1.9.1, "Font Table"); empty: as the document.
std::string_view charset_of_font(int number) {
  switch (number) {
    case 0:
      return "windows-1252";
    case 77:
      return "macintosh";
    case 128:
      return "cp932";
    case 129:
      return "cp949";
    case 134:
      return "cp936";
    case 136:
      return "cp950";
    case 161:
      return "windows-1253";
    case 162:
      return "windows-1254";
    case 163:
      return "windows-1258";
    case 177:
      return "windows-1255";
    case 178:
      return "windows-1256";
    case 186:
      return "windows-1257";
    case 204:
      return "windows-1251";
    case 222:
      return "windows-874";
    case 238:
      return "windows-1250";
    default:
      return {};
  }
}

std::string charset_of_page(int page) {
  if (page == 65001) return "utf-8";
  if (page == 10000) return "macintosh";
  const bool is_windows = page >= 1250 && page <= 1258;
  return (is_windows ? "windows-" : page == 437 || page == 850 ? "ibm" : "cp") + std::to_string(page);
}

class RtfReader {
 public:
  RtfReader(std::string_view document, Text& text) : left_(document), text_(text) {}

  Result<void> read() {
    while (!left_.empty() && !text_.is_full()) {
      const char c = left_.front();
      left_.remove_prefix(1);
      if (c == '{') {
        if (groups_.size() >= kDeepestGroup) return fail(Errc::invalid, "the RTF nests too deeply");
        groups_.push_back(group_);
      } else if (c == '}') {
        close_group();
        if (groups_.empty()) return {};
      } else if (c == '\\') {
        read_control();
      } else if (c != '\r' && c != '\n') {
        add_byte(c);
      }
    }
    flush();
    return text_.is_full() ? Result<void>() : fail(Errc::invalid, "the RTF breaks off");
  }

 private:
  struct Group {
    bool is_skipped = false;
    bool is_font_table = false;
    int font = -1;
    std::uint32_t stands_for_unicode = 1;  // \uc: how many bytes repeat a \u
  };

  void close_group() {
    flush();
    fallback_ = 0;
    if (groups_.empty()) return;
    group_ = groups_.back();
    groups_.pop_back();
  }

  void read_control() {
    if (left_.empty()) return;
    const char c = left_.front();
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return read_word();
    left_.remove_prefix(1);
    switch (c) {
      case '\'':
        return read_hex();
      case '*':
        is_starred_ = true;
        return;
      case '~':
        return add_text(" ");
      case '_':
        return add_byte('-');
      case '\r':
      case '\n':
        return add_text("\n");
      case '\\':
      case '{':
      case '}':
        return add_byte(c);
      default:
        return;  // an optional hyphen, an index mark
    }
  }

  void read_hex() {
    const auto byte = from_hex(left_.substr(0, 2));
    if (!byte || byte->empty()) return;
    left_.remove_prefix(2);
    add_byte(byte->front());
  }

  void read_word() {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    std::size_t end = 0;
    while (end < left_.size() && end < kLongestWord && is_letter(left_[end])) ++end;
    const std::string_view word = left_.substr(0, end);
    left_.remove_prefix(end);
    std::optional<int> number;
    end = left_.starts_with('-') ? 1 : 0;
    if (end < left_.size() && is_digit(left_[end])) {
      std::int64_t value = 0;
      for (; end < left_.size() && is_digit(left_[end]); ++end)
        value = std::min<std::int64_t>(value * 10 + (left_[end] - '0'), INT32_MAX);
      if (left_.front() == '-') value = -value;
      number = static_cast<int>(value);
      left_.remove_prefix(end);
    }
    if (left_.starts_with(' ')) left_.remove_prefix(1);
    take_word(word, number);
  }

  void take_word(std::string_view word, std::optional<int> number) {
    const bool was_starred = std::exchange(is_starred_, false);
    if (word == "bin") {
      left_.remove_prefix(
          std::min<std::size_t>(left_.size(), static_cast<std::size_t>(std::max(number.value_or(0), 0))));
      return;
    }
    if (group_.is_skipped) return;
    const bool is_unknown = was_starred && std::ranges::find(kKeptDestinations, word) == kKeptDestinations.end();
    if (is_unknown || std::ranges::binary_search(kSkippedDestinations, word)) {
      group_.is_skipped = true;
    } else if (word == "u" && number) {
      add_unicode(static_cast<char16_t>(*number));
    } else if (word == "uc") {
      group_.stands_for_unicode = static_cast<std::uint32_t>(std::clamp(number.value_or(1), 0, 16));
    } else if (const auto symbol = std::ranges::lower_bound(kSymbols, word, {}, &Symbol::word);
               symbol != kSymbols.end() && symbol->word == word) {
      add_text(symbol->utf8);
    } else {
      take_charset(word, number);
    }
  }

  void take_charset(std::string_view word, std::optional<int> number) {
    if (word == "fonttbl") {
      group_.is_font_table = true;
    } else if (word == "f" && number) {
      flush();
      group_.font = *number;
    } else if (word == "plain") {
      flush();
      group_.font = -1;
    } else if (word == "fcharset" && number && group_.is_font_table && fonts_.size() < kFonts) {
      fonts_[group_.font] = charset_of_font(*number);
    } else if (word == "ansicpg" && number && *number > 0) {
      charset_ = charset_of_page(*number);
    } else if (word == "mac") {
      charset_ = "macintosh";
    } else if (word == "pc") {
      charset_ = "ibm437";
    } else if (word == "pca") {
      charset_ = "ibm850";
    } else if (word == "header" || word == "footer" || word == "footnote") {
      add_text("\n");
    }
  }

  bool is_taking() const { return !group_.is_skipped && !group_.is_font_table; }

  void add_byte(char c) {
    is_starred_ = false;
    if (fallback_ > 0) {
      --fallback_;
      return;
    }
    if (!is_taking()) return;
    if (!unicode_.empty()) flush();
    bytes_ += c;
    // Where a line could end no character is cut, in any charset of RTF.
    if (bytes_.size() >= kBytesPending && (c == ' ' || bytes_.size() >= 2 * kBytesPending)) flush();
  }

  void add_unicode(char16_t c) {
    fallback_ = group_.stands_for_unicode;
    if (!is_taking()) return;
    if (!bytes_.empty()) flush();
    unicode_ += c;
    if (unicode_.size() >= kBytesPending && (c & 0xFC00) != 0xD800) flush();
  }

  void add_text(std::string_view utf8) {
    fallback_ = 0;
    if (!is_taking()) return;
    flush();
    text_.add(utf8);
  }

  // What is pending is all bytes of one charset, or all UTF-16.
  void flush() {
    if (!bytes_.empty()) {
      const auto font = fonts_.find(group_.font);
      const bool says = font != fonts_.end() && !font->second.empty();
      text_.add(mime::to_utf8(bytes_, says ? font->second : std::string_view(charset_)).text);
    }
    if (!unicode_.empty()) text_.add(utf16_to_utf8(unicode_));
    bytes_.clear();
    unicode_.clear();
  }

  std::string_view left_;
  Text& text_;
  std::vector<Group> groups_;
  Group group_;
  std::map<int, std::string_view> fonts_;  // number to charset
  std::string charset_ = "windows-1252";
  bool is_starred_ = false;
  std::uint32_t fallback_ = 0;  // bytes to come that repeat a \u
  std::string bytes_;
  std::u16string unicode_;
};

}  // namespace

Result<void> read_rtf(std::string_view document, Text& text) { return RtfReader(document, text).read(); }

}  // namespace kontor::extract
