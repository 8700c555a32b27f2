// SPDX-License-Identifier: AGPL-3.0-or-later
// What "${...}" means in a string: characters by number (RFC 5228 section 2.4.2.4), then variables (RFC 5229 section
// 3).
#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "base/bytes.h"
#include "formats/mime/body_codec.h"
#include "formats/sieve/compiler.h"

namespace kontor::sieve {
namespace {

constexpr std::uint32_t kMaxMatch = 31;  // RFC 5229 section 3.2 asks for 9

bool is_blank_char(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

void append_utf8(std::uint32_t c, std::string& out) {
  const auto add = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) return add(c);
  if (c < 0x800) {
    add(0xC0 | (c >> 6));
  } else {
    if (c < 0x10000) {
      add(0xE0 | (c >> 12));
    } else {
      add(0xF0 | (c >> 18));
      add(0x80 | ((c >> 12) & 0x3F));
    }
    add(0x80 | ((c >> 6) & 0x3F));
  }
  add(0x80 | (c & 0x3F));
}

// Hexadecimal numbers with blanks between; nothing if that is not what it is, or there are none.
std::optional<std::vector<std::uint32_t>> hex_numbers(std::string_view text, std::size_t max_digits) {
  std::vector<std::uint32_t> numbers;
  for (std::size_t at = 0; at < text.size();) {
    if (is_blank_char(text[at])) {
      at++;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && mime::hex_digit(text[end]) >= 0) end++;
    if (end == at) return std::nullopt;
    std::uint32_t number = 0;
    if (std::from_chars(text.data() + at, text.data() + end, number, 16).ec != std::errc()) number = 0xFFFFFFFF;
    if (max_digits > 0 && end - at > max_digits) return std::nullopt;
    numbers.push_back(number);
    at = end;
  }
  if (numbers.empty()) return std::nullopt;
  return numbers;
}

}  // namespace

bool is_variable_name(std::string_view name) {
  if (name.empty() || name.size() > 64) return false;
  for (const char c : name)
    if (!((c >= 'a' && c <= 'z') || c == '_' || (c >= '0' && c <= '9'))) return false;
  return name[0] < '0' || name[0] > '9';
}

std::string Compiler::decode_characters(const SyntaxString& string) {
  std::string_view rest = string.text;
  std::string out;
  for (std::size_t from; (from = rest.find("${")) != std::string_view::npos;) {
    out.append(rest.substr(0, from));
    rest.remove_prefix(from);
    const std::string kind = to_lower(rest.substr(2, 8));
    const bool is_hex = kind.starts_with("hex:"), is_unicode = kind.starts_with("unicode:");
    const std::size_t begin = is_hex ? 6 : 10;
    const auto stop =
        is_hex || is_unicode ? rest.find_first_not_of("0123456789abcdefABCDEF \t\r\n", begin) : std::string_view::npos;
    std::optional<std::vector<std::uint32_t>> numbers;
    if (stop != std::string_view::npos && rest[stop] == '}')
      numbers = hex_numbers(rest.substr(begin, stop - begin), is_hex ? 2 : 0);
    if (!numbers) {
      out.append("${");
      rest.remove_prefix(2);
      continue;
    }
    for (const std::uint32_t number : *numbers) {
      if (is_hex) {
        out.push_back(static_cast<char>(number));
      } else if (number > 0x10FFFF || (number >= 0xD800 && number < 0xE000)) {
        fault(string.at, "This string names a Unicode character that does not exist.");
      } else {
        append_utf8(number, out);
      }
    }
    rest.remove_prefix(stop + 1);
  }
  return out.append(rest);
}

Text Compiler::compile_text(const SyntaxString& string) {
  const std::string decoded = can(Capability::encoded_character) ? decode_characters(string) : string.text;
  Text text;
  std::string literal;
  const auto end_literal = [&] {
    if (!literal.empty()) text.pieces.push_back({Piece::Kind::literal, std::move(literal), 0});
    literal.clear();
  };
  std::string_view rest = decoded;
  while (can(Capability::variables)) {
    const auto from = rest.find("${");
    if (from == std::string_view::npos) break;
    literal.append(rest.substr(0, from));
    rest.remove_prefix(from);
    std::size_t end = 2;
    while (
        end < rest.size() && end < 200 &&
        (is_variable_name(to_lower(rest.substr(end, 1))) || (rest[end] >= '0' && rest[end] <= '9') || rest[end] == '.'))
      end++;
    const bool is_closed = end < rest.size() && rest[end] == '}' && end > 2;
    Text reference;
    if (is_closed && append_variable(rest.substr(2, end - 2), string.at, reference)) {
      end_literal();
      for (Piece& piece : reference.pieces) text.pieces.push_back(std::move(piece));
      rest.remove_prefix(end + 1);
    } else {
      literal.append("${");
      rest.remove_prefix(2);
    }
  }
  literal.append(rest);
  end_literal();
  return text;
}

// Whether `reference` names something. What does not is no reference, and stays as it is written.
bool Compiler::append_variable(std::string_view reference, Position at, Text& text) {
  const std::string name = to_lower(reference);
  if (name.find_first_not_of("0123456789") == std::string::npos) {
    std::uint32_t number = kMaxMatch + 1;
    std::from_chars(name.data(), name.data() + name.size(), number);
    if (number > kMaxMatch) fault(at, fmt::format("Matches are numbered from ${{0}} to ${{{}}}.", kMaxMatch));
    text.pieces.push_back({Piece::Kind::match, "", number});
    return true;
  }
  if (const auto dot = name.find('.'); dot != std::string::npos) {
    const std::string_view space = std::string_view(name).substr(0, dot), rest = std::string_view(name).substr(dot + 1);
    if (!is_variable_name(space) || !is_variable_name(rest)) return false;
    if (space == "global" && can(Capability::include)) {
      text.pieces.push_back({Piece::Kind::global, std::string(rest), 0});
    } else {
      fault(at, fmt::format("'{}' is no namespace of variables that is known here.", space));
    }
    return true;
  }
  if (!is_variable_name(name)) return false;
  if (globals_.contains(name)) {
    text.pieces.push_back({Piece::Kind::global, name, 0});
    return true;
  }
  const auto [found, is_new] = locals_.try_emplace(name, static_cast<std::uint32_t>(locals_.size()));
  if (is_new && locals_.size() > options_.limits.variables) fault(at, "The script has too many variables.");
  text.pieces.push_back({Piece::Kind::local, "", found->second});
  return true;
}

}  // namespace kontor::sieve
