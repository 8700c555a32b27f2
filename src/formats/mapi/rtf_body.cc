// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/rtf_body.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "formats/mapi/code_page.h"
#include "formats/mapi/cursor.h"

namespace kontor::mapi {
namespace {

constexpr std::size_t kDeepestGroup = 1000;
constexpr std::size_t kLongestWord = 32;
constexpr std::size_t kMostFonts = 10'000;
constexpr std::size_t kWordsOfHead = 10;  // \fromhtml1 stands among them ([MS-OXRTFEX] section 2.2.3.1)
constexpr int kNoFont = -1;

// Destinations without text of the body; those behind \* are skipped but for \htmltag.
constexpr auto kLeftOut = std::to_array<std::string_view>({
    "bkmkend", "bkmkstart", "colortbl",   "datafield",    "fldinst",    "fontemb", "footer",
    "footerf", "footerl",   "footerr",    "generator",    "header",     "headerf", "headerl",
    "headerr", "info",      "listtable",  "nonesttables", "nonshppict", "objdata", "pict",
    "private", "revtbl",    "stylesheet", "themedata",    "xe",
});

struct NamedCharacter {
  std::string_view word;
  std::string_view utf8;
  std::string_view html;  // [MS-OXRTFEX] section 2.2.3.2
};
constexpr auto kNamedCharacters = std::to_array<NamedCharacter>({
    {"bullet", "•", "&bull;"},
    {"cell", "\t", "\t"},
    {"emdash", "—", "&mdash;"},
    {"emspace", " ", "&emsp;"},
    {"endash", "–", "&ndash;"},
    {"enspace", " ", "&ensp;"},
    {"ldblquote", "“", "&ldquo;"},
    {"line", "\r\n", "\r\n"},
    {"lquote", "‘", "&lsquo;"},
    {"page", "\r\n", "\r\n"},
    {"par", "\r\n", "\r\n"},
    {"qmspace", " ", " "},
    {"rdblquote", "”", "&rdquo;"},
    {"row", "\r\n", "\r\n"},
    {"rquote", "’", "&rsquo;"},
    {"sect", "\r\n", "\r\n"},
    {"tab", "\t", "\t"},
});
static_assert(std::ranges::is_sorted(kLeftOut) && std::ranges::is_sorted(kNamedCharacters, {}, &NamedCharacter::word));

// Of \fcharset; 0: as the document.
int page_of_charset(int charset) {
  constexpr auto kCharsetPages = std::to_array<std::pair<int, int>>({
      {0, 1252},
      {77, 10000},
      {128, 932},
      {129, 949},
      {130, 1361},
      {134, 936},
      {136, 950},
      {161, 1253},
      {162, 1254},
      {163, 1258},
      {177, 1255},
      {178, 1256},
      {186, 1257},
      {204, 1251},
      {222, 874},
      {238, 1250},
      {254, 437},
      {255, 850},
  });
  const auto* found = std::ranges::lower_bound(kCharsetPages, charset, {}, &std::pair<int, int>::first);
  return found != kCharsetPages.end() && found->first == charset ? found->second : 0;
}

class RtfBodyReader {
 public:
  explicit RtfBodyReader(std::string_view rtf) : left_(rtf) {}

  RtfBody read() {
    while (!left_.empty() && !is_done_) {
      const char c = left_.front();
      left_.remove_prefix(1);
      if (c == '{')
        open_group();
      else if (c == '}')
        close_group();
      else if (c == '\\')
        read_control();
      else if (c != '\r' && c != '\n' && c != '\0')
        add_byte(c);
    }
    flush();
    body_.is_damaged = body_.is_damaged || !is_done_;
    return std::move(body_);
  }

 private:
  struct Group {
    bool is_left_out = false;
    bool is_font_table = false;
    bool is_tag = false;      // \*\htmltag: markup as it was
    bool is_for_rtf = false;  // \htmlrtf: not of the HTML
    int font = kNoFont;
    std::uint32_t repeats = 1;  // \uc: how many characters repeat a \u
  };

  void open_group() {
    flush();
    repeated_ = 0;
    is_starred_ = false;
    if (groups_.size() >= kDeepestGroup) {
      body_.is_damaged = is_done_ = true;
      return;
    }
    groups_.push_back(group_);
  }

  void close_group() {
    flush();
    repeated_ = 0;
    is_starred_ = false;
    if (!groups_.empty()) {
      group_ = groups_.back();
      groups_.pop_back();
    }
    is_done_ = groups_.empty();
  }

  void read_control() {
    if (left_.empty()) return;
    const char c = left_.front();
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return read_word();
    left_.remove_prefix(1);
    switch (c) {
      case '\'':
        if (const auto byte = from_hex(left_.substr(0, 2)); byte && byte->size() == 1) {
          left_.remove_prefix(2);
          add_byte(byte->front());
        }
        return;
      case '*':
        is_starred_ = true;
        return;
      case '~':
        return add_text(body_.kind == RtfBody::Kind::html ? "&nbsp;" : "\xC2\xA0");
      case '_':
        return add_text(body_.kind == RtfBody::Kind::html ? "&shy;" : "-");
      case '\r':
      case '\n':
        return add_text("\r\n");
      case '\\':
      case '{':
      case '}':
        return add_byte(c);
      default:
        return;
    }
  }

  void read_word() {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    std::size_t end = 0;
    while (end < left_.size() && end < kLongestWord && is_letter(left_[end])) ++end;
    const std::string_view word = left_.substr(0, end);
    left_.remove_prefix(end);
    end = left_.starts_with('-') ? 1 : 0;
    std::optional<int> number;
    if (end < left_.size() && is_digit(left_[end])) {
      std::int64_t value = 0;
      for (; end < left_.size() && is_digit(left_[end]); ++end)
        value = std::min<std::int64_t>(value * 10 + (left_[end] - '0'), INT32_MAX);
      number = static_cast<int>(left_.front() == '-' ? -value : value);
      left_.remove_prefix(end);
    }
    if (left_.starts_with(' ')) left_.remove_prefix(1);
    ++words_;
    take_word(word, number, std::exchange(is_starred_, false));
  }

  void take_word(std::string_view word, std::optional<int> number, bool was_starred) {
    if (word == "bin") {
      left_.remove_prefix(std::min(left_.size(), static_cast<std::size_t>(std::max(number.value_or(0), 0))));
    } else if (group_.is_left_out) {
      return;
    } else if (was_starred) {
      group_.is_tag = word == "htmltag" && body_.kind == RtfBody::Kind::html;
      group_.is_left_out = !group_.is_tag;
    } else if (std::ranges::binary_search(kLeftOut, word)) {
      group_.is_left_out = true;
    } else if (word == "u" && number) {
      add_unicode(static_cast<char16_t>(*number));
    } else if (const auto* named = std::ranges::lower_bound(kNamedCharacters, word, {}, &NamedCharacter::word);
               named != kNamedCharacters.end() && named->word == word) {
      add_text(body_.kind == RtfBody::Kind::html ? named->html : named->utf8);
    } else if (word == "htmlrtf") {
      flush();
      group_.is_for_rtf = number != 0;
    } else {
      take_setting(word, number);
    }
  }

  void take_setting(std::string_view word, std::optional<int> number) {
    if (word == "fromhtml" && number.value_or(1) != 0 && words_ <= kWordsOfHead) {
      body_.kind = RtfBody::Kind::html;
    } else if (word == "fromtext" && words_ <= kWordsOfHead) {
      body_.kind = RtfBody::Kind::text;
    } else if (word == "uc") {
      group_.repeats = static_cast<std::uint32_t>(std::clamp(number.value_or(1), 0, 16));
    } else if (word == "ansicpg") {
      if (number.value_or(0) > 0) page_ = *number;
    } else if (word == "mac") {
      page_ = 10000;
    } else if (word == "pc") {
      page_ = 437;
    } else if (word == "pca") {
      page_ = 850;
    } else if (word == "fonttbl") {
      group_.is_font_table = true;
    } else if (word == "f" || word == "plain") {
      flush();
      group_.font = word == "f" ? number.value_or(kNoFont) : kNoFont;
    } else if (word == "fcharset" && group_.is_font_table && fonts_.size() < kMostFonts) {
      fonts_[group_.font] = page_of_charset(number.value_or(0));
    }
  }

  bool is_taking() const {
    if (group_.is_left_out || group_.is_font_table) return false;
    return body_.kind != RtfBody::Kind::html || !group_.is_for_rtf;
  }

  void add_byte(char c) {
    is_starred_ = false;
    if (repeated_ > 0) {
      --repeated_;
      return;
    }
    if (!is_taking()) return;
    if (!wide_.empty()) flush();
    bytes_ += c;
  }

  void add_unicode(char16_t c) {
    repeated_ = group_.repeats;
    if (!is_taking()) return;
    if (!bytes_.empty()) flush();
    append_le(wide_, static_cast<std::uint16_t>(c));
  }

  void add_text(std::string_view utf8) {
    if (repeated_ > 0) {
      --repeated_;
      return;
    }
    if (!is_taking()) return;
    flush();
    body_.text += utf8;
  }

  // What is pending is all bytes of one code page, or all UTF-16.
  void flush() {
    if (!bytes_.empty()) {
      const auto font = fonts_.find(group_.font);
      // Markup is in the document's own page ([MS-OXRTFEX] section 2.2.3.2).
      const bool says = !group_.is_tag && font != fonts_.end() && font->second != 0;
      body_.text += decode_page(bytes_, says ? font->second : page_);
    }
    if (!wide_.empty()) body_.text += utf8_of_utf16le(wide_);
    bytes_.clear();
    wide_.clear();
  }

  std::string_view left_;
  RtfBody body_;
  std::vector<Group> groups_;
  Group group_;
  std::map<int, int> fonts_;  // number to code page
  int page_ = 1252;
  std::size_t words_ = 0;
  bool is_starred_ = false;
  bool is_done_ = false;
  std::uint32_t repeated_ = 0;  // characters to come that repeat a \u
  std::string bytes_, wide_;
};

}  // namespace

RtfBody read_rtf_body(std::string_view rtf) { return RtfBodyReader(rtf).read(); }

}  // namespace kontor::mapi
