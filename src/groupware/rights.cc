// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/rights.h"

#include <algorithm>

namespace kontor::groupware {
namespace {

struct Letter {
  char letter;
  std::uint32_t rights;
};
constexpr Letter kLetters[] = {
    {'l', right::kSee},         {'r', right::kRead},    {'s', right::kKeepSeen},     {'w', right::kWriteFlags},
    {'i', right::kInsert},      {'p', right::kPost},    {'k', right::kCreateFolder}, {'x', right::kDeleteFolder},
    {'t', right::kDeleteItems}, {'e', right::kExpunge}, {'a', right::kAdminister},
};
constexpr Letter kOldLetters[] = {
    {'c', right::kCreateFolder | right::kDeleteFolder},
    {'d', right::kDeleteItems | right::kExpunge},
};

}  // namespace

std::string right::letters(std::uint32_t rights) {
  std::string out;
  for (const Letter& one : kLetters)
    if ((rights & one.rights) != 0) out.push_back(one.letter);
  return out;
}

std::optional<std::uint32_t> right::of_letters(std::string_view text) {
  std::uint32_t rights = 0;
  auto has = [](char c) { return [c](const Letter& one) { return one.letter == c; }; };
  for (char c : text) {
    const auto* found = std::ranges::find_if(kLetters, has(c));
    const auto* old = std::ranges::find_if(kOldLetters, has(c));
    if (found == std::end(kLetters) && old == std::end(kOldLetters)) return std::nullopt;
    rights |= found != std::end(kLetters) ? found->rights : old->rights;
  }
  return rights;
}

std::vector<Grant> in_order(std::vector<Grant> grants) {
  std::ranges::sort(grants, {}, &Grant::principal);
  std::vector<Grant> out;
  for (const Grant& grant : grants) {
    if ((grant.rights & right::kAll) == 0) continue;
    if (out.empty() || out.back().principal != grant.principal) out.push_back({grant.principal, 0});
    out.back().rights |= grant.rights & right::kAll;
  }
  return out;
}

std::uint32_t granted_to(const std::vector<Grant>& grants, PrincipalId principal) {
  std::uint32_t rights = 0;
  for (const Grant& grant : grants)
    if (grant.principal == principal) rights |= grant.rights;
  return rights;
}

}  // namespace kontor::groupware
