// SPDX-License-Identifier: AGPL-3.0-or-later
// Configuration: every room declares its options beside its code, bound to the fields of its own options struct; a TOML
// file fills them. One declaration gives the parser, `kontor config show` and docs/config.md.
//
//   void declare(config::Schema& schema, Options& into) {
//     schema.duration("lmtp.idle_timeout", into.idle_timeout, {1s, 1h}, {"How long ..."});
//   }
//
// The default of an option is what its field holds when it is declared. Keys are dotted: "lmtp.idle_timeout" is
// `idle_timeout` in the table `[lmtp]`. Not thread-safe. The fields must outlive the schema.
#pragma once

#include <algorithm>
#include <chrono>
#include <compare>
#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace kontor::config {

// "5G", "64 KiB", "1000": powers of 1024. Errors: invalid.
Result<std::uint64_t> parse_size(std::string_view text);
std::string format_size(std::uint64_t bytes);  // the shortest form that parse_size reads back: "5G", "1000"

// "30s", "500ms", "15m", "2h", "7d". Errors: invalid.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
std::string format_duration(std::chrono::milliseconds time);

// How many single-character changes make `a` into `b` (a swap of neighbours counts as one).
std::size_t edit_distance(std::string_view a, std::string_view b);

// A value of a TOML file, without its library.
using Value = std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>>;

// For people. `about` is one paragraph of Markdown; `reloads`: SIGHUP takes a new value up without a restart.
struct About {
  std::string text;
  bool reloads = false;
};

struct Range {
  std::uint64_t low = 0;
  std::uint64_t high = std::numeric_limits<std::int64_t>::max();
};
struct TimeRange {
  std::chrono::milliseconds low;
  std::chrono::milliseconds high;
};

// Says what is wrong with a text value, or nothing.
using Check = std::function<Result<void>(std::string_view)>;

struct Entry {
  std::string key;
  std::string type;      // "duration"
  std::string allowed;   // "from 1s to 1h"; empty if anything of the type is
  std::string standard;  // the default, as TOML
  About about;
  std::function<Result<void>(const Value&)> set;
  std::function<std::string()> show;  // the present value, as TOML
};

struct Problem {
  auto operator<=>(const Problem&) const = default;

  std::uint32_t line = 0;  // of the file; 0 = none
  std::string text;
};

class Schema {
 public:
  void flag(std::string key, bool& into, About about);

  template <std::unsigned_integral T>
  void number(std::string key, T& into, Range range, About about) {
    range.high = std::min<std::uint64_t>(range.high, std::numeric_limits<T>::max());
    add_number(
        std::move(key), range, std::move(about), [&into] { return static_cast<std::uint64_t>(into); },
        [&into](std::uint64_t v) { into = static_cast<T>(v); });
  }

  void size(std::string key, std::uint64_t& into, Range range, About about);

  template <class Rep, class Period>
  void duration(std::string key, std::chrono::duration<Rep, Period>& into, TimeRange range, About about) {
    using Own = std::chrono::duration<Rep, Period>;
    using std::chrono::milliseconds;
    add_duration(
        std::move(key), range, milliseconds(std::chrono::ceil<milliseconds>(Own(1))), std::move(about),
        [&into] { return std::chrono::duration_cast<milliseconds>(into); },
        [&into](milliseconds v) { into = std::chrono::duration_cast<Own>(v); });
  }

  void text(std::string key, std::string& into, About about, Check check = {});

  template <class E>
  void choice(std::string key, E& into, std::vector<std::pair<std::string, E>> words, About about) {
    std::vector<std::string> names;
    for (const auto& [word, value] : words) names.push_back(word);
    add_choice(
        std::move(key), std::move(names), std::move(about),
        [&into, words] {
          for (const auto& [word, value] : words)
            if (value == into) return word;
          return std::string();
        },
        [&into, words](std::size_t index) { into = words.at(index).second; });
  }

  // A list of texts; `element` names one in the documentation ("endpoint"). A single text counts as a list of one.
  void list(std::string key, std::vector<std::string>& into, std::string element, About about, Check check = {});

  // Fills the fields from TOML text; `name` is the file's, for nothing but reading. All problems are found in one pass;
  // options without a problem are set.
  std::vector<Problem> load(std::string_view toml, const std::string& name);

  const std::vector<Entry>& entries() const { return entries_; }
  // The present values as a TOML file.
  std::string to_toml() const;
  // The reference of all options, as Markdown.
  std::string to_markdown() const;

 private:
  void add(Entry entry);
  void add_number(std::string key, Range range, About about, std::function<std::uint64_t()> get,
                  std::function<void(std::uint64_t)> put);
  void add_duration(std::string key, TimeRange range, std::chrono::milliseconds step, About about,
                    std::function<std::chrono::milliseconds()> get, std::function<void(std::chrono::milliseconds)> put);
  void add_choice(std::string key, std::vector<std::string> words, About about, std::function<std::string()> get,
                  std::function<void(std::size_t)> put);
  std::string unknown(std::string_view key) const;

  friend class Loader;
  std::vector<Entry> entries_;
};

}  // namespace kontor::config
