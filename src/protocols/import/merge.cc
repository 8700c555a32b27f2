// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/merge.h"

#include <map>

#include "base/bytes.h"

namespace kontor::importing {
namespace {

std::map<std::string, std::string> by_lower(const std::vector<std::string>& keywords) {
  std::map<std::string, std::string> out;
  for (const auto& keyword : keywords) out.emplace(to_lower(keyword), keyword);
  return out;
}

}  // namespace

groupware::FlagNames merge_flags(const groupware::FlagNames& base, const groupware::FlagNames& source,
                                 const groupware::FlagNames& target) {
  groupware::FlagNames out;
  const auto changed = static_cast<std::uint8_t>(base.flags ^ source.flags);
  out.flags = static_cast<std::uint8_t>((target.flags & ~changed) | (source.flags & changed));
  const auto before = by_lower(base.keywords);
  const auto now = by_lower(source.keywords);
  auto merged = by_lower(target.keywords);
  for (const auto& [lower, keyword] : now) {
    if (!before.contains(lower)) merged.emplace(lower, keyword);
  }
  for (const auto& [lower, keyword] : before) {
    if (!now.contains(lower)) merged.erase(lower);
  }
  for (auto& [lower, keyword] : merged) out.keywords.push_back(std::move(keyword));
  return out;
}

bool same_flags(const groupware::FlagNames& a, const groupware::FlagNames& b) {
  if (a.flags != b.flags) return false;
  const auto left = by_lower(a.keywords), right = by_lower(b.keywords);
  if (left.size() != right.size()) return false;
  for (const auto& [lower, keyword] : left) {
    if (!right.contains(lower)) return false;
  }
  return true;
}

std::string sound_keyword(const std::string& keyword) {
  std::string out;
  for (const char c : keyword) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\' && out.empty()) continue;  // "\Forwarded": no system flag of ours
    const bool sound = byte > 0x20 && byte < 0x7f && std::string_view("(){%*\"\\]").find(c) == std::string_view::npos;
    out += sound ? c : '_';
  }
  if (out.size() > 255) out.resize(255);
  return out;
}

}  // namespace kontor::importing
