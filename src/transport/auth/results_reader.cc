// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/auth/results_reader.h"

#include <algorithm>

#include "base/bytes.h"
#include "transport/auth/results.h"

namespace kontor::transport {
namespace {

constexpr std::size_t kMostResults = 100;
constexpr std::size_t kMostProperties = 20;

bool is_results_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Comments become a space, quoted strings what they stand for: one text for each part between semicolons, in which
// what was quoted cannot be taken for the grammar's own. Words are split at white space, and at the first "=" of each.
class ResultWords {
 public:
  explicit ResultWords(std::string_view text) : rest_(text) {}

  // The next word of this part: a bare text up to white space, "=" or ";", or a quoted one. "=" and ";" are words of
  // their own.
  struct Word {
    enum class Kind : std::uint8_t { text, equals, end_of_part, end } kind = Kind::end;
    std::string text{};
  };

  // `is_value`: behind "=", where a value may have one itself (base64).
  Word next(bool is_value) {
    skip_results_space(rest_);
    if (rest_.empty()) return {Word::Kind::end};
    if (rest_.front() == ';') return take(Word::Kind::end_of_part);
    if (!is_value && rest_.front() == '=') return take(Word::Kind::equals);
    Word out{Word::Kind::text};
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (c == '"') {
        quoted(out.text);
        continue;
      }
      if (is_results_space(c) || c == ';' || c == '(' || (c == '=' && !is_value)) break;
      out.text += c;
      rest_.remove_prefix(1);
    }
    return out;
  }

 private:
  Word take(Word::Kind kind) {
    rest_.remove_prefix(1);
    return {kind};
  }
  void quoted(std::string& into) {
    for (rest_.remove_prefix(1); !rest_.empty() && rest_.front() != '"'; rest_.remove_prefix(1)) {
      if (rest_.front() == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
      into += rest_.front();
    }
    if (!rest_.empty()) rest_.remove_prefix(1);
  }

  std::string_view rest_;
};

// The name of a method without its version: "dkim/1".
std::string method_name(std::string_view text) { return to_lower(text.substr(0, text.find('/'))); }

}  // namespace

std::string_view ReadResult::property(std::string_view name) const {
  const auto found = std::ranges::find(properties, name, [](const auto& one) { return std::string_view(one.first); });
  return found == properties.end() ? std::string_view() : std::string_view(found->second);
}

std::optional<ReadResults> read_results(std::string_view value) {
  using Kind = ResultWords::Word::Kind;
  ResultWords words(value);
  ReadResults out;
  auto word = words.next(false);
  if (word.kind != Kind::text || word.text.empty()) return std::nullopt;
  out.server = std::move(word.text);
  while (word.kind != Kind::end && word.kind != Kind::end_of_part) word = words.next(false);
  while (word.kind != Kind::end && out.methods.size() < kMostResults) {
    ReadResult one;
    std::string name;
    for (word = words.next(false); word.kind == Kind::text || word.kind == Kind::equals; word = words.next(false)) {
      if (word.kind == Kind::text) {
        // "dkim / 1" and "header . d" may be in pieces.
        const bool goes_on =
            name.ends_with('.') || name.ends_with('/') || word.text.starts_with('.') || word.text.starts_with('/');
        name = goes_on ? name + word.text : std::move(word.text);
        continue;
      }
      const auto said = words.next(true);
      if (said.kind != Kind::text) {
        word = said;
        break;
      }
      if (one.method.empty()) {
        one.method = method_name(name);
        one.result = to_lower(said.text);
      } else if (one.properties.size() < kMostProperties) {
        one.properties.emplace_back(to_lower(name), said.text);
      }
      name.clear();
    }
    if (!one.method.empty()) out.methods.push_back(std::move(one));
  }
  return out;
}

std::string domain_of_property(std::string_view value) {
  std::string out = to_lower(value.substr(value.rfind('@') + 1));
  while (out.ends_with('.')) out.pop_back();
  return out;
}

}  // namespace kontor::transport
