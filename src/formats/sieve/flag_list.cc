// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/sieve/flag_list.h"

#include <algorithm>

#include "base/bytes.h"

namespace kontor::sieve {
namespace {

constexpr std::size_t kMaxFlags = 200;  // of one list; more are left out
constexpr std::string_view kSystemFlags[] = {"\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"};

// As a folder takes it: an atom, or one of the system's in its usual case.
std::string sound_flag(std::string_view text) {
  if (text.starts_with('\\')) {
    for (const std::string_view known : kSystemFlags)
      if (iequals(text, known)) return std::string(known);
    return "";
  }
  const bool is_atom = std::ranges::all_of(text, [](char c) {
    return c > 32 && c < 127 && std::string_view("(){%*\"\\]").find(c) == std::string_view::npos;
  });
  return is_atom && text.size() <= 200 ? std::string(text) : "";
}

template <class Visit>
void each_flag(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const auto end = text.find(' ');
    if (end != 0) {
      std::string flag = sound_flag(text.substr(0, end));
      if (!flag.empty()) visit(std::move(flag));
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

}  // namespace

void FlagList::add(std::string_view text) {
  each_flag(text, [&](std::string flag) {
    const bool is_there = std::ranges::any_of(flags_, [&](const std::string& other) { return iequals(other, flag); });
    if (!is_there && flags_.size() < kMaxFlags) flags_.push_back(std::move(flag));
  });
}

void FlagList::remove(std::string_view text) {
  each_flag(text, [&](const std::string& flag) {
    std::erase_if(flags_, [&](const std::string& other) { return iequals(other, flag); });
  });
}

std::string FlagList::text() const {
  std::string text;
  for (const std::string& flag : flags_) text += (text.empty() ? "" : " ") + flag;
  return text;
}

}  // namespace kontor::sieve
