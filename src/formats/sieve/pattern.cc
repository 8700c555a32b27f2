// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/sieve/pattern.h"

#include <re2/re2.h>

#include <algorithm>

namespace kontor::sieve {
namespace {

constexpr std::size_t kMaxExpression = 16 << 10;
constexpr std::int64_t kMaxMemory = 4 << 20;  // of one expression's automata
constexpr int kMaxGroups = 32;

}  // namespace

struct Pattern::Engine {
  Engine(std::string_view expression, const RE2::Options& options)
      : regex(re2::StringPiece(expression.data(), expression.size()), options) {}
  RE2 regex;
};

Pattern::Pattern(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}
Pattern::~Pattern() = default;

Result<std::shared_ptr<const Pattern>> Pattern::compile(Comparator comparator, std::string_view expression) {
  if (expression.size() > kMaxExpression) return fail(Errc::invalid, "This regular expression is too long.");
  RE2::Options options;
  options.set_posix_syntax(true);
  options.set_longest_match(true);
  options.set_perl_classes(true);
  options.set_word_boundary(true);
  options.set_log_errors(false);
  options.set_max_mem(kMaxMemory);
  options.set_case_sensitive(comparator == Comparator::octet);
  if (comparator == Comparator::octet) options.set_encoding(RE2::Options::EncodingLatin1);
  auto engine = std::make_unique<Engine>(expression, options);
  if (!engine->regex.ok())
    return fail(Errc::invalid, "This is no regular expression that can be used: " + engine->regex.error() + ".");
  return std::shared_ptr<const Pattern>(new Pattern(std::move(engine)));
}

std::optional<std::vector<std::string_view>> Pattern::find(std::string_view text) const {
  const int groups = std::min(engine_->regex.NumberOfCapturingGroups(), kMaxGroups - 1) + 1;
  std::vector<re2::StringPiece> found(static_cast<std::size_t>(groups));
  const re2::StringPiece whole(text.data(), text.size());
  if (!engine_->regex.Match(whole, 0, text.size(), RE2::UNANCHORED, found.data(), groups)) return std::nullopt;
  std::vector<std::string_view> captures;
  for (const re2::StringPiece& piece : found)
    captures.emplace_back(piece.data() ? std::string_view(piece.data(), piece.size()) : "");
  return captures;
}

std::string quote_regex(std::string_view text) {
  std::string quoted;
  for (const char c : text) {
    if (std::string_view(".*?[]|\\^$(){}+").find(c) != std::string_view::npos) quoted.push_back('\\');
    quoted.push_back(c);
  }
  return quoted;
}

}  // namespace kontor::sieve
