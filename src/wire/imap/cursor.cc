// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/cursor.h"

#include <algorithm>
#include <charconv>

#include "base/bytes.h"

namespace kontor::wire::imap {
namespace {

bool is_quoted_special(char c) { return c == '"' || c == '\\'; }

std::optional<std::uint8_t> system_flag(std::string_view name) {
  struct Known {
    std::string_view name;
    std::uint8_t bit;
  };
  static constexpr Known kKnown[] = {{"Seen", flag::kSeen},
                                     {"Answered", flag::kAnswered},
                                     {"Flagged", flag::kFlagged},
                                     {"Draft", flag::kDraft},
                                     {"Deleted", flag::kDeleted}};
  for (const auto& known : kKnown) {
    if (iequals(known.name, name)) return known.bit;
  }
  return std::nullopt;
}

}  // namespace

bool is_atom_char(char c) {
  return c > 0x20 && c < 0x7f && std::string_view("(){%*\"\\]").find(c) == std::string_view::npos;
}

bool is_astring_char(char c) { return is_atom_char(c) || c == ']'; }

void Cursor::fail(std::string_view what) {
  if (error_.empty()) error_ = what;
  rest_ = {};
}

bool Cursor::finish() {
  if (!failed() && !rest_.empty()) fail("unexpected text after the arguments");
  return !failed();
}

void Cursor::space() { expect(' '); }

void Cursor::expect(char c) {
  if (take(c) || failed()) return;
  if (c == ' ') return fail(rest_.empty() ? "an argument is missing" : "a blank is missing");
  fail(std::string("expected '") + c + "'");
}

bool Cursor::take(char c) {
  if (rest_.empty() || rest_.front() != c) return false;
  rest_.remove_prefix(1);
  return true;
}

void Cursor::skip(std::size_t count) { rest_.remove_prefix(std::min(count, rest_.size())); }

bool Cursor::take_word(std::string_view word) {
  if (rest_.size() < word.size() || !iequals(rest_.substr(0, word.size()), word)) return false;
  if (rest_.size() > word.size() && is_atom_char(rest_[word.size()])) return false;
  rest_.remove_prefix(word.size());
  return true;
}

std::string_view Cursor::tag() {
  std::size_t length = 0;
  while (length < rest_.size() && is_astring_char(rest_[length]) && rest_[length] != '+') ++length;
  if (length == 0) {
    fail("a tag is missing");
    return {};
  }
  const auto found = rest_.substr(0, length);
  rest_.remove_prefix(length);
  return found;
}

std::string_view Cursor::atom() {
  std::size_t length = 0;
  while (length < rest_.size() && is_atom_char(rest_[length])) ++length;
  if (length == 0) {
    fail("expected an atom");
    return {};
  }
  const auto found = rest_.substr(0, length);
  rest_.remove_prefix(length);
  return found;
}

std::string Cursor::quoted() {
  std::string out;
  rest_.remove_prefix(1);
  for (std::size_t i = 0; i < rest_.size(); ++i) {
    char c = rest_[i];
    if (c == '"') {
      rest_.remove_prefix(i + 1);
      return out;
    }
    if (c == '\\') {
      if (++i == rest_.size() || !is_quoted_special(rest_[i])) break;
      c = rest_[i];
    } else if (c == '\r' || c == '\n' || c == '\0') {
      break;
    }
    out.push_back(c);
  }
  fail("a quoted string is broken");
  return {};
}

// The bytes of the literal that is next, which begins with "{".
std::optional<std::string> Cursor::literal_bytes() {
  std::uint32_t size = 0;
  const char* const end = rest_.data() + rest_.size();
  auto [next, error] = std::from_chars(rest_.data() + 1, end, size);
  if (error == std::errc()) {
    if (next != end && *next == '+') ++next;
    const auto left = static_cast<std::size_t>(end - next);
    if (left >= 3 && std::string_view(next, 3) == "}\r\n" && left - 3 >= size) {
      std::string out(next + 3, size);
      rest_.remove_prefix(static_cast<std::size_t>(next - rest_.data()) + 3 + size);
      return out;
    }
  }
  fail("a literal is broken");
  return std::nullopt;
}

std::string Cursor::literal() {
  auto bytes = literal_bytes();
  if (!bytes) return {};
  if (bytes->find('\0') == std::string::npos) return *std::move(bytes);
  fail("NUL in a literal");
  return {};
}

std::string Cursor::literal8() {
  expect('~');
  if (peek() != '{') fail("expected a literal");
  return failed() ? std::string() : literal_bytes().value_or(std::string());
}

std::string Cursor::string() {
  if (peek() == '"') return quoted();
  if (peek() == '{') return literal();
  fail("expected a string");
  return {};
}

std::string Cursor::astring() {
  if (peek() == '"' || peek() == '{') return string();
  std::size_t length = 0;
  while (length < rest_.size() && is_astring_char(rest_[length])) ++length;
  if (length == 0) {
    fail(rest_.empty() ? "an argument is missing" : "expected a string");
    return {};
  }
  std::string found(rest_.substr(0, length));
  rest_.remove_prefix(length);
  return found;
}

std::optional<std::string> Cursor::nstring() {
  if (take_word("NIL")) return std::nullopt;
  return string();
}

std::string Cursor::list_pattern() {
  if (peek() == '"' || peek() == '{') return string();
  std::size_t length = 0;
  while (length < rest_.size() && (is_astring_char(rest_[length]) || rest_[length] == '%' || rest_[length] == '*')) {
    ++length;
  }
  if (length == 0) {
    fail("expected a pattern");
    return {};
  }
  std::string found(rest_.substr(0, length));
  rest_.remove_prefix(length);
  return found;
}

std::uint64_t Cursor::number64() {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
  if (rest_.empty() || error != std::errc() || value > (~std::uint64_t{0} >> 1)) {
    fail("expected a number");
    return 0;
  }
  rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
  return value;
}

std::uint32_t Cursor::number() {
  const std::uint64_t value = number64();
  if (value > 0xffff'ffff) {
    fail("a number is too large");
    return 0;
  }
  return static_cast<std::uint32_t>(value);
}

std::uint32_t Cursor::nz_number() {
  const std::uint32_t value = number();
  if (value == 0) fail("a number must not be zero");
  return value;
}

SequenceSet Cursor::sequence_set() {
  const auto length = rest_.starts_with('$') ? 1 : std::min(rest_.find_first_not_of("0123456789:,*"), rest_.size());
  auto set = SequenceSet::parse(rest_.substr(0, length));
  if (!set) {
    fail("expected a set of messages");
    return {};
  }
  rest_.remove_prefix(length);
  return *std::move(set);
}

void Cursor::add_flag(FlagList& flags) {
  if (!take('\\')) {
    const auto keyword = atom();
    if (flags.keywords.size() == kMaxFlags) return fail("too many flags");
    flags.keywords.emplace_back(keyword);
    return;
  }
  const auto name = atom();
  if (failed()) return;
  const auto bit = system_flag(name);
  if (!bit) return fail(iequals(name, "Recent") ? "\\Recent cannot be set" : "there is no such system flag");
  flags.system |= *bit;
}

FlagList Cursor::flag_list() {
  FlagList flags;
  expect('(');
  if (take(')')) return flags;
  do add_flag(flags);
  while (take(' '));
  expect(')');
  return flags;
}

FlagList Cursor::store_flags() {
  if (peek() == '(') return flag_list();
  FlagList flags;
  do add_flag(flags);
  while (take(' '));
  return flags;
}

std::optional<LiteralMark> trailing_literal(std::string_view line) {
  if (!line.ends_with('}')) return std::nullopt;
  const auto open = line.rfind('{');
  if (open == std::string_view::npos) return std::nullopt;
  LiteralMark mark;
  std::string_view inside = line.substr(open + 1, line.size() - open - 2);
  if (inside.ends_with('+')) {
    mark.synchronising = false;
    inside.remove_suffix(1);
  }
  if (inside.empty() || inside.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  const auto [end, error] = std::from_chars(inside.data(), inside.data() + inside.size(), mark.size);
  if (error != std::errc()) mark.size = ~std::uint64_t{0};
  mark.binary = open > 0 && line[open - 1] == '~';
  mark.at = mark.binary ? open - 1 : open;
  return mark;
}

}  // namespace kontor::wire::imap
