// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/sieve/matcher.h"

#include <fmt/format.h>

#include <cstring>

#include "formats/sieve/compare.h"
#include "formats/sieve/glob.h"
#include "formats/sieve/text_tools.h"

namespace kontor::sieve {
namespace {

constexpr std::size_t kMaxMatches = 32;

bool contains(std::string_view text, std::string_view part) {
  return part.empty() ||
         memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;  // linear, unlike find()
}

}  // namespace

Result<Matcher> Matcher::make(Runner& runner, const Call& call, const Argument* keys) {
  Matcher matcher(runner, call);
  matcher.takes_all_ = keys == nullptr;
  if (!keys) return matcher;
  for (std::size_t i = 0; i < keys->texts.size(); i++) {
    TRY(const std::string text, runner.expand(keys->texts[i]));
    TRY_VOID(runner.spend(1 + text.size() / 16));
    if (call.op == Op::hasflag && call.match != Tag::regex) {
      matcher.add_flag_keys(text);
      continue;
    }
    Key key;
    key.text = text;
    if (call.match == Tag::is || call.match == Tag::contains || call.match == Tag::value || call.match == Tag::count) {
      key.folded = fold(call.comparator, key.text);
    } else if (call.match == Tag::regex) {
      key.pattern = i < call.patterns.size() ? call.patterns[i] : nullptr;
      if (!key.pattern) {
        TRY_VOID(runner.spend(1000));
        TRY(key.pattern, Pattern::compile(call.comparator, key.text));
      }
    }
    matcher.keys_.push_back(std::move(key));
  }
  return matcher;
}

// A list of flags has several in one string, too (RFC 5232 section 2).
void Matcher::add_flag_keys(std::string_view text) {
  for (;;) {
    const auto end = text.find(' ');
    const std::string_view flag = text.substr(0, end);
    const bool is_only = keys_.empty() && end == std::string_view::npos;
    if (!flag.empty() || is_only) keys_.push_back({std::string(flag), fold(call_->comparator, flag), nullptr});
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

Result<bool> Matcher::take(std::string_view value) {
  count_++;
  if (counts()) return false;
  if (takes_all_) return true;
  TRY_VOID(runner_->spend_bytes(value.size()));
  const bool folds = call_->match == Tag::is || call_->match == Tag::contains || call_->match == Tag::value;
  const std::string folded = folds ? fold(call_->comparator, value) : std::string();
  for (const Key& key : keys_) {
    TRY(const bool is_match, matches(key, value, folded));
    if (is_match) return true;
  }
  return false;
}

Result<bool> Matcher::matches(const Key& key, std::string_view value, std::string_view folded) {
  TRY_VOID(runner_->spend(1));
  switch (call_->match) {
    case Tag::is:
      return order(call_->comparator, folded, key.folded) == 0;
    case Tag::value:
      return holds(call_->relation, order(call_->comparator, folded, key.folded));
    case Tag::contains:
      TRY_VOID(runner_->spend_bytes(folded.size()));
      return contains(folded, key.folded);
    case Tag::matches: {
      std::uint64_t cost = 0;
      const auto captures = match_glob(call_->comparator, value, key.text, cost);
      TRY_VOID(runner_->spend_bytes(cost * 4));
      if (captures) remember(*captures, value);
      return captures.has_value();
    }
    case Tag::regex: {
      TRY_VOID(runner_->spend_bytes(value.size() * 4));
      auto captures = key.pattern->find(value);
      if (captures) {
        const std::string_view whole = captures->front();
        captures->erase(captures->begin());
        remember(*captures, whole);
      }
      return captures.has_value();
    }
    case Tag::list: {
      const auto& holds_value = runner_->environment_.list_holds;
      return holds_value && holds_value(key.text, value);
    }
    default:
      return false;
  }
}

// RFC 5229 section 3.2.
void Matcher::remember(const std::vector<std::string_view>& captures, std::string_view whole) {
  Runner::Scope& scope = *runner_->scope_;
  if (!has(scope.program->required, Capability::variables)) return;
  scope.matches.clear();
  const auto keep = [&](std::string_view text) {
    scope.matches.emplace_back(cut_text(text, runner_->limits_.variable_bytes));
  };
  keep(whole);
  for (const std::string_view capture : captures)
    if (scope.matches.size() < kMaxMatches) keep(capture);
}

// RFC 5231 section 6: the number of values, compared as text by the comparator.
Result<bool> Matcher::end() {
  if (!counts()) return false;
  const std::string count = fmt::format("{}", count_);
  for (const Key& key : keys_)
    if (holds(call_->relation, order(call_->comparator, count, key.folded))) return true;
  return false;
}

}  // namespace kontor::sieve
