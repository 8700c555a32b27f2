// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/delegates.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace kontor::groupware {
namespace {

// "12:6147": a principal and its rights. Nothing that is no such text gives rights.
Grant parse_delegate(std::string_view text) {
  Grant out;
  const char* const end = text.data() + text.size();
  const auto who = std::from_chars(text.data(), end, out.principal.value);
  if (who.ec != std::errc() || who.ptr == end || *who.ptr != ':') return {};
  const auto rights = std::from_chars(who.ptr + 1, end, out.rights);
  return rights.ec == std::errc() && rights.ptr == end ? out : Grant();
}

}  // namespace

std::string print_delegates(const std::vector<Grant>& delegates) {
  std::string out;
  for (const Grant& one : delegates)
    out += fmt::format("{}{}:{}", out.empty() ? "" : " ", one.principal.value, one.rights);
  return out;
}

std::vector<Grant> later_grants(const FolderTable& folders) {
  std::vector<Grant> out;
  const auto calendar = folders.by_role(FolderRole::calendar);
  if (!calendar) return out;
  const auto kept = calendar->properties.find(kDelegates);
  if (kept == calendar->properties.end()) return out;
  for (std::string_view text = kept->second; !text.empty();) {
    const auto end = std::min(text.find(' '), text.size());
    const Grant one = parse_delegate(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool has_them = (granted_to(calendar->grants, one.principal) & one.rights) == one.rights;
    if (one.principal && one.rights != 0 && has_them) out.push_back(one);
  }
  return in_order(std::move(out));
}

}  // namespace kontor::groupware
