// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/sieve/header_text.h"

#include <algorithm>

#include "base/bytes.h"
#include "formats/mime/decode.h"
#include "formats/mime/fields.h"
#include "formats/sieve/text_tools.h"

namespace kontor::sieve {
namespace {

constexpr std::size_t kLine = 78;          // RFC 5322 section 2.1.1
constexpr std::size_t kEncodedBytes = 42;  // in one encoded-word, which may have 75 characters

// One line of text: controls become blanks, and what is not UTF-8 is repaired.
std::string one_line(std::string_view value) {
  std::string text = mime::to_utf8(value, "utf-8").text;
  std::erase(text, '\r');
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 32 || c == 127) c = ' ';
  return std::string(mime::trim(text));
}

std::string encoded(std::string_view text, std::size_t used) {
  std::string out;
  while (!text.empty()) {
    const std::string_view part = cut_text(text, kEncodedBytes);
    text.remove_prefix(part.size());
    const std::string word = "=?utf-8?B?" + to_base64(part) + "?=";
    if (used + word.size() > kLine && used > 1) {
      out += "\r\n ";
      used = 1;
    } else if (!out.empty()) {
      out += ' ';
    }
    out += word;
    used += word.size() + 1;
  }
  return out;
}

// Broken at blanks; a word that is longer than a line stays whole.
std::string folded(std::string_view text, std::size_t used) {
  std::string out;
  while (!text.empty()) {
    const auto end = std::min(text.find(' ', 1), text.size());
    if (used + end > kLine && text.front() == ' ' && text.find_first_not_of(' ') < end) {
      out += "\r\n";
      used = 0;
    }
    out += text.substr(0, end);
    used += end;
    text.remove_prefix(end);
  }
  return out;
}

}  // namespace

std::string header_line(std::string_view name, std::string_view value) {
  const std::string text = one_line(value);
  const std::size_t used = name.size() + 2;
  return std::string(name) + ": " + (is_ascii(text) ? folded(text, used) : encoded(text, used)) + "\r\n";
}

}  // namespace kontor::sieve
