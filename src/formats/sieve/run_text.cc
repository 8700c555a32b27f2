// SPDX-License-Identifier: AGPL-3.0-or-later
// Strings with variables in them, and what sets variables (RFC 5229).
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "formats/sieve/matcher.h"
#include "formats/sieve/runner.h"
#include "formats/sieve/text_tools.h"

namespace kontor::sieve {
namespace {

std::string change_first(std::string value, bool to_upper_case) {
  if (!value.empty()) {
    const std::string first = to_upper_case ? to_upper(value.substr(0, 1)) : to_lower(value.substr(0, 1));
    value[0] = first[0];
  }
  return value;
}

std::string quote_wildcards(std::string_view value) {
  std::string quoted;
  for (const char c : value) {
    if (c == '*' || c == '?' || c == '\\') quoted.push_back('\\');
    quoted.push_back(c);
  }
  return quoted;
}

// RFC 5435 section 6: all but unreserved characters.
std::string encode_url(std::string_view value) {
  std::string encoded;
  for (const char c : value) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (is_letter || c == '-' || c == '.' || c == '_' || c == '~') {
      encoded.push_back(c);
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

}  // namespace

std::string_view cut_text(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) bytes--;
  return text.substr(0, bytes);
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

Result<std::string> Runner::expand(const Text& text) {
  if (text.is_constant()) return text.constant();
  std::string out;
  for (const Piece& piece : text.pieces) {
    switch (piece.kind) {
      case Piece::Kind::literal:
        out += piece.text;
        break;
      case Piece::Kind::local:
        out += scope_->locals[piece.index];
        break;
      case Piece::Kind::global:
        if (const auto found = globals_.find(piece.text); found != globals_.end()) out += found->second;
        break;
      case Piece::Kind::match:
        if (piece.index < scope_->matches.size()) out += scope_->matches[piece.index];
        break;
    }
    if (out.size() > limits_.text_bytes)
      return fail(Errc::too_large, "A string grew too long by what its variables hold.");
  }
  TRY_VOID(spend_bytes(out.size()));
  return out;
}

Result<std::vector<std::string>> Runner::expand(const Argument& argument) {
  std::vector<std::string> out;
  out.reserve(argument.texts.size());
  for (const Text& text : argument.texts) {
    TRY(std::string value, expand(text));
    out.push_back(std::move(value));
  }
  return out;
}

Result<std::string> Runner::expand_tag(const Call& call, Tag tag) {
  const Argument* argument = call.find(tag);
  return argument ? expand(argument->texts[0]) : Result<std::string>("");
}

Result<void> Runner::assign(const Text& variable, std::string value) {
  const Piece& place = variable.pieces[0];
  value.resize(cut_text(value, limits_.variable_bytes).size());
  if (place.kind == Piece::Kind::local) {
    scope_->locals[place.index] = std::move(value);
    return {};
  }
  if (globals_.size() >= 256 && !globals_.contains(place.text))
    return fail(Errc::too_large, "There are too many global variables.");
  globals_[place.text] = std::move(value);
  return {};
}

// RFC 5229 section 4.1: from the highest precedence to the lowest.
Result<std::string> Runner::modify(const Call& call, std::string value) {
  TRY_VOID(spend_bytes(value.size()));
  if (call.has(Tag::lower)) value = to_lower(value);
  if (call.has(Tag::upper)) value = to_upper(value);
  if (call.has(Tag::lowerfirst)) value = change_first(std::move(value), false);
  if (call.has(Tag::upperfirst)) value = change_first(std::move(value), true);
  if (call.has(Tag::quotewildcard)) value = quote_wildcards(value);
  if (call.has(Tag::quoteregex)) value = quote_regex(value);
  if (call.has(Tag::encodeurl)) value = encode_url(value);
  if (call.has(Tag::length)) value = fmt::format("{}", characters(value));
  return value;
}

Result<void> Runner::do_set(const Call& call) {
  TRY(std::string value, expand(call.arguments[1].texts[0]));
  TRY(value, modify(call, std::move(value)));
  return assign(call.arguments[0].texts[0], std::move(value));
}

Result<bool> Runner::test_string(const Call& call) {
  TRY(Matcher matcher, Matcher::make(*this, call, &call.arguments[1]));
  for (const Text& source : call.arguments[0].texts) {
    TRY(const std::string value, expand(source));
    if (matcher.counts() && value.empty()) continue;  // RFC 5229 section 5
    TRY(const bool is_match, matcher.take(value));
    if (is_match) return true;
  }
  return matcher.end();
}

}  // namespace kontor::sieve
