// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/mail_field.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "formats/mapi/line_text.h"

namespace kontor::mapi {
namespace {

constexpr std::size_t kLine = 78;                // RFC 5322 section 2.1.1
constexpr std::size_t kEncodedBytes = 42;        // in one encoded-word, which may have 75 characters
constexpr std::size_t kLongestHeaderWord = 500;  // a line must not have more than 998
constexpr std::size_t kMostBlanks = 400;         // behind each other: no line is broken there
constexpr std::size_t kLongestPlainWord = 900;   // of what cannot be encoded
constexpr std::size_t kParameterBytes = 60;      // in one continuation

bool is_atom_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").contains(c);
}

bool has_long_word(std::string_view text) {
  std::size_t word = 0;
  std::size_t blanks = 0;
  for (const char c : text) {
    word = c == ' ' ? 0 : word + 1;
    blanks = c == ' ' ? blanks + 1 : 0;
    if (word > kLongestHeaderWord || blanks > kMostBlanks) return true;
  }
  return false;
}

bool needs_encoding(std::string_view text) { return !is_ascii(text) || text.contains("=?") || has_long_word(text); }

// `used` characters stand in the line already.
std::string encoded_words(std::string_view text, std::size_t used) {
  std::string out;
  while (!text.empty()) {
    std::size_t size = std::min(kEncodedBytes, text.size());
    while (size < text.size() && size > 1 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
    const std::string word = "=?utf-8?B?" + to_base64(text.substr(0, size)) + "?=";
    text.remove_prefix(size);
    if (used + word.size() > kLine && used > 1) {
      out += "\r\n ";
      used = 1;
    } else if (!out.empty()) {
      out += ' ';
      ++used;
    }
    out += word;
    used += word.size();
  }
  return out;
}

std::string folded(std::string_view text, std::size_t used) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' ', 1), text.size());
    const std::string_view word = text.substr(0, end);
    // A line of blanks alone would end the header for some.
    if (used + end > kLine && word.front() == ' ' && word.find_first_not_of(' ') != std::string_view::npos &&
        used > 1) {
      out += "\r\n";
      used = 0;
    }
    out += word;
    used += end;
    text.remove_prefix(end);
  }
  return out;
}

std::string phrase(std::string_view name, std::size_t used) {
  if (needs_encoding(name)) return encoded_words(name, used);
  const auto is_plain = [](char c) { return is_atom_character(c) || c == ' '; };
  if (std::ranges::all_of(name, is_plain) && !name.contains("  ")) return folded(name, used);
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return folded(quoted + '"', used);
}

std::string mailbox_text(const Mailbox& person, std::size_t used) {
  if (person.address.empty()) return phrase(person.name, used) + ":;";
  if (person.name.empty()) return person.address;
  std::string out = phrase(person.name, used);
  const std::size_t line = out.rfind('\n');
  const std::size_t column = line == std::string::npos ? used + out.size() : out.size() - line - 1;
  out += column + person.address.size() + 3 > kLine ? "\r\n <" : " <";
  return out + person.address + ">";
}

std::string trimmed_line(std::string_view text) {
  std::string out;
  for (const char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
  const std::size_t begin = out.find_first_not_of(' ');
  if (begin == std::string::npos) return {};
  return out.substr(begin, out.find_last_not_of(' ') - begin + 1);
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return static_cast<unsigned char>(c) > ' ' && static_cast<unsigned char>(c) < 0x7F &&
           !std::string_view("()<>@,;:\\\"/[]?=").contains(c);
  });
}

}  // namespace

std::string text_field(std::string_view name, std::string_view text) {
  const std::string line = trimmed_line(text);
  const std::size_t used = name.size() + 2;
  return fmt::format("{}: {}\r\n", name, needs_encoding(line) ? encoded_words(line, used) : folded(line, used));
}

std::string people_field(std::string_view name, const std::vector<Mailbox>& people) {
  if (people.empty()) return {};
  std::string out = fmt::format("{}: ", name);
  std::size_t used = out.size();
  for (std::size_t i = 0; i < people.size(); ++i) {
    std::string one = mailbox_text(people[i], used);
    const std::size_t first = std::min(one.find('\r'), one.size());
    if (i > 0 && used + first > kLine) {
      out += "\r\n ";
      used = 1;
      one = mailbox_text(people[i], used);
    }
    out += one;
    const std::size_t line = one.rfind('\n');
    used = line == std::string::npos ? used + one.size() : one.size() - line - 1;
    if (i + 1 < people.size()) out += ", ";
    used += 2;
  }
  std::string lines;
  lines.reserve(out.size() + 2);
  for (std::size_t at = 0; at < out.size(); ++at)
    if (!std::string_view(out).substr(at).starts_with(" \r\n")) lines += out[at];  // a blank that would end a line
  return lines + "\r\n";
}

std::string plain_field(std::string_view name, std::string_view value) {
  std::string line;
  std::size_t word = 0;
  for (const char c : trimmed_line(value)) {
    if (c == ' ' && line.ends_with(' ')) continue;
    if (c != ' ' && word == kLongestPlainWord) {
      line += ' ';
      word = 0;
    }
    word = c == ' ' ? 0 : word + 1;
    line += static_cast<unsigned char>(c) >= 0x80 ? '?' : c;
  }
  return fmt::format("{}: {}\r\n", name, folded(line, name.size() + 2));
}

std::string date_field(std::string_view name, Instant at) {
  return fmt::format("{}: {:%a, %d %b %Y %H:%M:%S} +0000\r\n", name, fmt::gmtime(at.time_since_epoch().count()));
}

std::string parameter(std::string_view name, std::string_view value) {
  const std::string line = one_line(value);
  if (is_ascii(line) && line.size() <= kParameterBytes) {
    if (is_token(line)) return fmt::format(";\r\n {}={}", name, line);
    std::string quoted;
    for (const char c : line) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
    return fmt::format(";\r\n {}=\"{}\"", name, quoted);
  }
  std::vector<std::string> pieces(1);
  for (const char c : line) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = (is_atom_character(c) && c != '%' && c != '\'' && c != '*') || c == '.';
    if (pieces.back().size() + 3 > kParameterBytes) pieces.emplace_back();
    pieces.back() += is_plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  if (pieces.size() == 1) return fmt::format(";\r\n {}*=utf-8''{}", name, pieces[0]);
  std::string out;
  for (std::size_t i = 0; i < pieces.size(); ++i)
    out += fmt::format(";\r\n {}*{}*={}{}", name, i, i == 0 ? "utf-8''" : "", pieces[i]);
  return out;
}

}  // namespace kontor::mapi
