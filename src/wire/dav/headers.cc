// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/dav/headers.h"

#include <algorithm>
#include <charconv>

#include "base/bytes.h"

namespace kontor::wire::dav {
namespace {

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The next piece of a list, without blanks; the list gets shorter.
std::string_view next_of(std::string_view& list, std::string_view separators) {
  const auto end = list.find_first_of(separators);
  const std::string_view piece = list.substr(0, end);
  list = end == std::string_view::npos ? std::string_view() : list.substr(end + 1);
  return without_blanks(piece);
}

}  // namespace

Parsed<Depth> parse_depth(std::string_view value, Depth otherwise) {
  if (value.empty()) return otherwise;
  if (value == "0") return Depth::zero;
  if (value == "1") return Depth::one;
  if (iequals(value, "infinity")) return Depth::infinity;
  return refuse("Depth is 0, 1 or infinity.");
}

Parsed<bool> parse_overwrite(std::string_view value) {
  if (value.empty() || iequals(value, "T")) return true;
  if (iequals(value, "F")) return false;
  return refuse("Overwrite is T or F.");
}

std::chrono::seconds parse_timeout(std::string_view value, std::chrono::seconds most) {
  while (!value.empty()) {
    const std::string_view one = next_of(value, ",");
    if (iequals(one, "infinite")) return most;
    if (!iequals(one.substr(0, 7), "second-")) continue;
    std::uint64_t seconds = 0;
    const char* end = one.data() + one.size();
    const auto [at, error] = std::from_chars(one.data() + 7, end, seconds);
    if (error == std::errc::result_out_of_range) return most;
    if (error == std::errc() && at == end)
      return std::chrono::seconds(std::min<std::uint64_t>(seconds, static_cast<std::uint64_t>(most.count())));
  }
  return most;
}

Parsed<std::string> parse_lock_token(std::string_view value) {
  if (value.size() < 3 || value.front() != '<' || value.back() != '>') return refuse("Lock-Token is no <token>.");
  return std::string(value.substr(1, value.size() - 2));
}

Preferences parse_prefer(std::string_view value) {
  Preferences out;
  while (!value.empty()) {
    std::string_view one = next_of(value, ",;");
    std::string plain;
    std::ranges::copy_if(one, std::back_inserter(plain), [](char c) { return c != ' ' && c != '"'; });
    if (iequals(plain, "return=minimal") || iequals(plain, "return-minimal")) out.is_minimal = true;
    if (iequals(plain, "return=representation")) out.wants_new_state = true;
    if (iequals(plain, "depth-noroot")) out.is_without_itself = true;
  }
  return out;
}

}  // namespace kontor::wire::dav
