// SPDX-License-Identifier: AGPL-3.0-or-later
#include "base/config.h"

#include <fmt/format.h>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <algorithm>

#include "base/bytes.h"

namespace kontor::config {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (unsigned char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c < 0x20 || c == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\u{:04X}", c);
    } else {
      out += static_cast<char>(c);
    }
  }
  return out + '"';
}

std::string quoted_list(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() > 1 ? ", " : "") + quoted(text);
  return out + "]";
}

std::string_view kind_of(const Value& value) {
  static constexpr std::string_view kNames[] = {"true or false", "a whole number", "a fraction", "a text", "a list"};
  return kNames[value.index()];
}

// A value of the wrong TOML type.
std::unexpected<Error> wrong_kind(const Value& value, std::string_view wanted) {
  return fail(Errc::invalid, fmt::format("must be {}, not {}", wanted, kind_of(value)));
}

std::string section_of(std::string_view key) {
  auto dot = key.rfind('.');
  return std::string(dot == std::string_view::npos ? "" : key.substr(0, dot));
}
std::string_view leaf_of(std::string_view key) {
  auto dot = key.rfind('.');
  return dot == std::string_view::npos ? key : key.substr(dot + 1);
}

std::string range_text(const std::string& low, const std::string& high, bool has_low, bool has_high) {
  if (has_low && has_high) return fmt::format("from {} to {}", low, high);
  if (has_low) return fmt::format("at least {}", low);
  if (has_high) return fmt::format("at most {}", high);
  return "";
}

}  // namespace

// Walks a parsed file and gives each leaf to its entry.
class Loader {
 public:
  Loader(Schema& schema, std::vector<Problem>& problems) : schema_(schema), problems_(problems) {}

  void table(const toml::table& table, const std::string& prefix) {
    for (const auto& [name, node] : table) {
      std::string key = prefix + std::string(name.str());
      auto entry =
          std::find_if(schema_.entries_.begin(), schema_.entries_.end(), [&](const Entry& e) { return e.key == key; });
      if (entry != schema_.entries_.end())
        leaf(*entry, node);
      else if (node.is_table())
        section(*node.as_table(), key);
      else
        problems_.push_back({node.source().begin.line, schema_.unknown(key)});
    }
  }

 private:
  void section(const toml::table& inner, const std::string& key) {
    bool is_known = std::any_of(schema_.entries_.begin(), schema_.entries_.end(),
                                [&](const Entry& e) { return e.key.starts_with(key + "."); });
    if (!is_known && inner.empty())
      problems_.push_back({inner.source().begin.line, schema_.unknown(key)});
    else
      table(inner, key + ".");
  }

  void leaf(Entry& entry, const toml::node& node) {
    std::uint32_t line = node.source().begin.line;
    Result<Value> value = convert(node);
    Result<void> done = value ? entry.set(*value) : std::unexpected(value.error());
    if (!done) problems_.push_back({line, fmt::format("{}: {}", entry.key, done.error().text)});
  }

  static Result<Value> convert(const toml::node& node) {
    if (auto v = node.as_boolean()) return Value(v->get());
    if (auto v = node.as_integer()) return Value(v->get());
    if (auto v = node.as_floating_point()) return Value(v->get());
    if (auto v = node.as_string()) return Value(v->get());
    if (auto array = node.as_array()) {
      std::vector<std::string> texts;
      for (const toml::node& element : *array) {
        auto text = element.as_string();
        if (!text) return fail(Errc::invalid, "must be a list of texts only");
        texts.push_back(text->get());
      }
      return Value(std::move(texts));
    }
    return fail(Errc::invalid, node.is_table() ? "is a key, not a section" : "must not be a date or time");
  }

  Schema& schema_;
  std::vector<Problem>& problems_;
};

std::vector<Problem> Schema::load(std::string_view toml, const std::string& name) {
  std::vector<Problem> problems;
  toml::parse_result parsed = toml::parse(toml, name);
  if (!parsed) {
    problems.push_back({parsed.error().source().begin.line, std::string(parsed.error().description())});
    return problems;
  }
  Loader(*this, problems).table(parsed.table(), "");
  std::ranges::sort(problems);
  return problems;
}

std::string Schema::unknown(std::string_view key) const {
  std::string below;
  for (const Entry& entry : entries_)
    if (section_of(entry.key) == key) below += (below.empty() ? "" : ", ") + std::string(leaf_of(entry.key));
  if (!below.empty()) return fmt::format("\"{}\" is a section with the keys {}", key, below);

  std::string_view nearest;
  std::size_t best = std::max<std::size_t>(2, key.size() / 4) + 1;
  for (const Entry& entry : entries_) {
    // The right name in a wrong section is a likely slip, too.
    std::size_t distance = leaf_of(entry.key) == leaf_of(key) && leaf_of(key).size() > 4 && section_of(key).empty()
                               ? 1
                               : edit_distance(key, entry.key);
    if (distance < best) best = distance, nearest = entry.key;
  }
  if (nearest.empty()) return fmt::format("unknown key \"{}\"; `kontor config docs` lists all keys", key);
  return fmt::format("unknown key \"{}\"; did you mean \"{}\"?", key, nearest);
}

void Schema::add(Entry entry) {
  check(std::none_of(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.key == entry.key; }),
        "a configuration key is declared once");
  entry.standard = entry.show();
  entries_.push_back(std::move(entry));
}

void Schema::flag(std::string key, bool& into, About about) {
  add({.key = std::move(key),
       .type = "true or false",
       .allowed = "",
       .standard = "",
       .about = std::move(about),
       .set = [&into](const Value& value) -> Result<void> {
         if (!std::holds_alternative<bool>(value)) return wrong_kind(value, "true or false");
         into = std::get<bool>(value);
         return {};
       },
       .show = [&into] { return std::string(into ? "true" : "false"); }});
}

void Schema::add_number(std::string key, Range range, About about, std::function<std::uint64_t()> get,
                        std::function<void(std::uint64_t)> put) {
  std::string allowed = fmt::format("from {} to {}", range.low, range.high);
  add({.key = std::move(key),
       .type = "whole number",
       .allowed = allowed,
       .standard = "",
       .about = std::move(about),
       .set = [range, allowed, put](const Value& value) -> Result<void> {
         const auto* number = std::get_if<std::int64_t>(&value);
         if (!number) return wrong_kind(value, "a whole number " + allowed);
         if (*number < 0 || static_cast<std::uint64_t>(*number) < range.low ||
             static_cast<std::uint64_t>(*number) > range.high)
           return fail(Errc::invalid, fmt::format("{} is out of range; allowed is {}", *number, allowed));
         put(static_cast<std::uint64_t>(*number));
         return {};
       },
       .show = [get] { return std::to_string(get()); }});
}

void Schema::size(std::string key, std::uint64_t& into, Range range, About about) {
  std::string allowed =
      range_text(format_size(range.low), format_size(range.high), range.low > 0, range.high < Range().high);
  add({.key = std::move(key),
       .type = "size",
       .allowed = allowed,
       .standard = "",
       .about = std::move(about),
       .set = [&into, range, allowed](const Value& value) -> Result<void> {
         std::uint64_t bytes = 0;
         if (const auto* number = std::get_if<std::int64_t>(&value)) {
           if (*number < 0) return fail(Errc::invalid, "must not be negative");
           bytes = static_cast<std::uint64_t>(*number);
         } else if (const auto* text = std::get_if<std::string>(&value)) {
           TRY(bytes, parse_size(*text));
         } else {
           return wrong_kind(value, "a size like \"5G\"");
         }
         if (bytes < range.low || bytes > range.high)
           return fail(Errc::invalid, fmt::format("{} is out of range; allowed is {}", format_size(bytes), allowed));
         into = bytes;
         return {};
       },
       .show = [&into] { return quoted(format_size(into)); }});
}

void Schema::add_duration(std::string key, TimeRange range, std::chrono::milliseconds step, About about,
                          std::function<std::chrono::milliseconds()> get,
                          std::function<void(std::chrono::milliseconds)> put) {
  std::string allowed = range_text(format_duration(range.low), format_duration(range.high), true, true);
  add({.key = std::move(key),
       .type = "duration",
       .allowed = allowed,
       .standard = "",
       .about = std::move(about),
       .set = [range, step, allowed, put](const Value& value) -> Result<void> {
         const auto* text = std::get_if<std::string>(&value);
         if (!text) return wrong_kind(value, "a duration like \"30s\"");
         TRY(std::chrono::milliseconds time, parse_duration(*text));
         if (time < range.low || time > range.high)
           return fail(Errc::invalid, fmt::format("{} is out of range; allowed is {}", *text, allowed));
         if (time % step != std::chrono::milliseconds(0))
           return fail(Errc::invalid,
                       fmt::format("{} is too fine; it counts in steps of {}", *text, format_duration(step)));
         put(time);
         return {};
       },
       .show = [get] { return quoted(format_duration(get())); }});
}

void Schema::text(std::string key, std::string& into, About about, Check check_value) {
  add({.key = std::move(key),
       .type = "text",
       .allowed = "",
       .standard = "",
       .about = std::move(about),
       .set = [&into, check_value](const Value& value) -> Result<void> {
         const auto* text = std::get_if<std::string>(&value);
         if (!text) return wrong_kind(value, "a text in quotes");
         if (check_value) TRY_VOID(check_value(*text));
         into = *text;
         return {};
       },
       .show = [&into] { return quoted(into); }});
}

void Schema::add_choice(std::string key, std::vector<std::string> words, About about, std::function<std::string()> get,
                        std::function<void(std::size_t)> put) {
  std::string allowed;
  for (const std::string& word : words) allowed += (allowed.empty() ? "" : ", ") + quoted(word);
  add({.key = std::move(key),
       .type = "word",
       .allowed = "one of " + allowed,
       .standard = "",
       .about = std::move(about),
       .set = [words, allowed, put](const Value& value) -> Result<void> {
         const auto* text = std::get_if<std::string>(&value);
         auto found = text ? std::find(words.begin(), words.end(), *text) : words.end();
         if (found == words.end()) return fail(Errc::invalid, fmt::format("must be one of {}", allowed));
         put(static_cast<std::size_t>(found - words.begin()));
         return {};
       },
       .show = [get] { return quoted(get()); }});
}

void Schema::list(std::string key, std::vector<std::string>& into, std::string element, About about,
                  Check check_value) {
  add({.key = std::move(key),
       .type = "list of " + element + "s",
       .allowed = "",
       .standard = "",
       .about = std::move(about),
       .set = [&into, element, check_value](const Value& value) -> Result<void> {
         std::vector<std::string> texts;
         if (const auto* one = std::get_if<std::string>(&value))
           texts = {*one};
         else if (const auto* many = std::get_if<std::vector<std::string>>(&value))
           texts = *many;
         else
           return wrong_kind(value, fmt::format("a list of {}s in quotes", element));
         if (check_value)
           for (const std::string& text : texts) TRY_VOID(check_value(text));
         into = std::move(texts);
         return {};
       },
       .show = [&into] { return quoted_list(into); }});
}

std::string Schema::to_toml() const {
  std::string out;
  // Keys without a section must come before the first table.
  for (const Entry& entry : entries_)
    if (section_of(entry.key).empty()) out += fmt::format("{} = {}\n", entry.key, entry.show());
  std::string section;
  for (const Entry& entry : entries_) {
    std::string own = section_of(entry.key);
    if (own.empty()) continue;
    if (own != section) out += fmt::format("\n[{}]\n", section = own);
    out += fmt::format("{} = {}\n", leaf_of(entry.key), entry.show());
  }
  return out;
}

std::string Schema::to_markdown() const {
  std::string out;
  std::string section = "-";
  for (const Entry& entry : entries_) {
    std::string own = section_of(entry.key);
    if (own != section) {
      out += own.empty() ? std::string("\n## Top level\n") : fmt::format("\n## [{}]\n", own);
      section = own;
    }
    out += fmt::format("\n### {}\n\n{}\n\n- Type: {}{}{}\n- Default: `{}`\n- Takes effect: {}\n", entry.key,
                       entry.about.text, entry.type, entry.allowed.empty() ? "" : ", ", entry.allowed, entry.standard,
                       entry.about.reloads ? "on reload (SIGHUP)" : "on restart");
  }
  return out;
}

}  // namespace kontor::config
