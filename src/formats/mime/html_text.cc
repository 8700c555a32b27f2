// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mime/html_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include "formats/mime/fields.h"

namespace kontor::mime {
namespace {

// U+00A0 to U+00FF in their order.
constexpr std::string_view kLatinNames[] = {
    "nbsp",   "iexcl",  "cent",   "pound",  "curren", "yen",    "brvbar", "sect",   "uml",    "copy",   "ordf",
    "laquo",  "not",    "shy",    "reg",    "macr",   "deg",    "plusmn", "sup2",   "sup3",   "acute",  "micro",
    "para",   "middot", "cedil",  "sup1",   "ordm",   "raquo",  "frac14", "frac12", "frac34", "iquest", "Agrave",
    "Aacute", "Acirc",  "Atilde", "Auml",   "Aring",  "AElig",  "Ccedil", "Egrave", "Eacute", "Ecirc",  "Euml",
    "Igrave", "Iacute", "Icirc",  "Iuml",   "ETH",    "Ntilde", "Ograve", "Oacute", "Ocirc",  "Otilde", "Ouml",
    "times",  "Oslash", "Ugrave", "Uacute", "Ucirc",  "Uuml",   "Yacute", "THORN",  "szlig",  "agrave", "aacute",
    "acirc",  "atilde", "auml",   "aring",  "aelig",  "ccedil", "egrave", "eacute", "ecirc",  "euml",   "igrave",
    "iacute", "icirc",  "iuml",   "eth",    "ntilde", "ograve", "oacute", "ocirc",  "otilde", "ouml",   "divide",
    "oslash", "ugrave", "uacute", "ucirc",  "uuml",   "yacute", "thorn",  "yuml"};
static_assert(std::size(kLatinNames) == 96);

struct NamedCharacter {
  std::string_view name;
  std::uint32_t code;
};
constexpr NamedCharacter kOtherNames[] = {
    {"amp", '&'},      {"lt", '<'},       {"gt", '>'},        {"quot", '"'},      {"apos", '\''},     {"ndash", 0x2013},
    {"mdash", 0x2014}, {"lsquo", 0x2018}, {"rsquo", 0x2019},  {"sbquo", 0x201a},  {"ldquo", 0x201c},  {"rdquo", 0x201d},
    {"bdquo", 0x201e}, {"bull", 0x2022},  {"hellip", 0x2026}, {"lsaquo", 0x2039}, {"rsaquo", 0x203a}, {"euro", 0x20ac},
    {"trade", 0x2122}, {"ensp", 0x2002},  {"emsp", 0x2003},   {"thinsp", 0x2009}, {"zwnj", 0x200c},   {"zwj", 0x200d}};

// What is inside is never shown.
constexpr std::string_view kHiddenTags[] = {"head", "script", "style", "template", "title"};
// Words do not run across these.
constexpr std::string_view kInlineTags[] = {"a",      "abbr",   "b",     "big",  "code", "em", "font",  "i",
                                            "ins",    "kbd",    "label", "mark", "q",    "s",  "small", "span",
                                            "strike", "strong", "sub",   "sup",  "tt",   "u",  "wbr"};

constexpr std::size_t kLongestReference = 12;

void append_utf8(std::string& out, std::uint32_t code) {
  const bool is_character = code != 0 && code < 0x110000 && (code < 0xd800 || code > 0xdfff);
  if (!is_character) code = 0xfffd;
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xc0 | (code >> 6));
  } else if (code < 0x10000) {
    put(0xe0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3f));
  } else {
    put(0xf0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3f));
    put(0x80 | ((code >> 6) & 0x3f));
  }
  put(0x80 | (code & 0x3f));
}

std::optional<std::uint32_t> character_of(std::string_view name) {
  if (name.starts_with('#')) {
    name.remove_prefix(1);
    const bool is_hex = name.starts_with('x') || name.starts_with('X');
    if (is_hex) name.remove_prefix(1);
    std::uint32_t code = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), code, is_hex ? 16 : 10);
    if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
    return code;
  }
  for (const auto& known : kOtherNames)
    if (known.name == name) return known.code;
  const auto* const found = std::find(std::begin(kLatinNames), std::end(kLatinNames), name);
  if (found == std::end(kLatinNames)) return std::nullopt;
  return static_cast<std::uint32_t>(0xa0 + (found - std::begin(kLatinNames)));
}

template <std::size_t N>
bool is_one_of(const std::string_view (&names)[N], std::string_view name) {
  return std::any_of(std::begin(names), std::end(names), [&](std::string_view one) { return same_name(one, name); });
}

bool is_letter_or_digit(char c) { return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9'); }

class HtmlReader {
 public:
  HtmlReader(std::string_view html, std::size_t limit) : html_(html), limit_(limit) {}

  std::string read() {
    while (at_ < html_.size() && out_.size() < limit_) {
      const char c = html_[at_];
      if (c == '<' && begins_markup()) {
        skip_markup();
      } else if (c == '&') {
        take_reference();
      } else {
        is_white(c) ? put_blank() : out_.push_back(c);
        ++at_;
      }
    }
    return std::move(out_);
  }

 private:
  void put_blank() {
    if (!out_.empty() && out_.back() != ' ') out_.push_back(' ');
  }

  // "a < b" is text.
  bool begins_markup() const {
    if (at_ + 1 >= html_.size()) return false;
    const char next = html_[at_ + 1];
    return next == '/' || next == '!' || next == '?' || (lower(next) >= 'a' && lower(next) <= 'z');
  }

  void move_behind(std::string_view end, std::size_t from) {
    const std::size_t found = html_.find(end, from);
    at_ = found == std::string_view::npos ? html_.size() : found + end.size();
  }

  void skip_markup() {
    if (html_.substr(at_).starts_with("<!--")) return move_behind("-->", at_ + 4);
    const bool closes = html_[at_ + 1] == '/';
    std::size_t end = at_ + (closes ? 2 : 1);
    const std::size_t begin = end;
    while (end < html_.size() && is_letter_or_digit(html_[end])) ++end;
    const std::string_view name = html_.substr(begin, end - begin);
    move_behind(">", end);
    if (!is_one_of(kInlineTags, name)) put_blank();
    if (!closes && is_one_of(kHiddenTags, name)) skip_hidden(name);
  }

  // To the tag that closes `name`. Each kind of them is searched to the end at most once.
  void skip_hidden(std::string_view name) {
    for (std::size_t from = at_;;) {
      const std::size_t found = html_.find("</", from);
      if (found == std::string_view::npos) {
        at_ = html_.size();
        return;
      }
      from = found + 2;
      if (!same_name(html_.substr(from, name.size()), name)) continue;
      return move_behind(">", from);
    }
  }

  void take_reference() {
    const std::size_t end = html_.substr(at_, kLongestReference).find(';');
    const auto code = end == std::string_view::npos ? std::nullopt : character_of(html_.substr(at_ + 1, end - 1));
    if (code) {
      append_utf8(out_, *code);
      at_ += end + 1;
    } else {
      out_.push_back('&');
      ++at_;
    }
  }

  std::string_view html_;
  std::size_t limit_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string html_text(std::string_view html, std::size_t limit) { return HtmlReader(html, limit).read(); }

}  // namespace kontor::mime
