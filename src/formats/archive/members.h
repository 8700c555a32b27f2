// SPDX-License-Identifier: AGPL-3.0-or-later
// Inside formats/archive: JSON members taken by name, strictly.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kontor::archive {

// Bytes that are no UTF-8 become {"base64": "..."}.
boost::json::value text_value(std::string_view text);
template <class Texts>
boost::json::array text_array(const Texts& texts) {
  boost::json::array out;
  out.reserve(texts.size());
  for (const auto& text : texts) out.push_back(text_value(text));
  return out;
}

// Takes the members of one object by name; finish() complains of any that is left, and of the first that was wrong.
// An absent member leaves the output as it is.
class Members {
 public:
  static Result<Members> parse(std::string_view text, std::string_view what);
  static Members of(const boost::json::object& object, std::string_view what);

  void number(const char* name, std::uint64_t& out, std::uint64_t limit);
  void number(const char* name, std::uint32_t& out);
  void flag(const char* name, bool& out);
  void text(const char* name, std::string& out, std::size_t limit);
  void texts(const char* name, std::vector<std::string>& out, std::size_t count, std::size_t limit);
  void text_map(const char* name, std::map<std::string, std::string>& out, std::size_t count, std::size_t limit);
  template <std::size_t N>
  void choice(const char* name, std::size_t& out, const char* const (&names)[N]) {
    std::string word;
    text(name, word, 20);
    if (word.empty()) return;
    const auto* found = std::find(std::begin(names), std::end(names), word);
    if (found == std::end(names)) return complain(name, "one of its words");
    out = static_cast<std::size_t>(found - std::begin(names));
  }
  const boost::json::value* take(const char* name);
  void need(bool holds, const char* name, const char* expected);
  void complain(const char* name, const char* expected);
  Result<void> finish();

 private:
  boost::json::object object_;
  std::string what_;
  std::set<std::string> taken_;
  std::string problem_;
};

// Flags as a list of their names.
boost::json::array flag_names(std::uint8_t flags);
void take_flags(Members& members, std::uint8_t& flags);

}  // namespace kontor::archive
