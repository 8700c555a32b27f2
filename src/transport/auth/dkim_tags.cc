// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/auth/dkim_tags.h"

#include <algorithm>

#include "base/bytes.h"

namespace kontor::transport {
namespace {

constexpr std::string_view kTagSpace = " \t\r\n";

std::string_view trimmed_tag(std::string_view text) {
  const auto begin = text.find_first_not_of(kTagSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kTagSpace) - begin + 1);
}

bool is_tag_name(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !name.empty() && is_letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

}  // namespace

std::optional<DkimTags> parse_dkim_tags(std::string_view text) {
  DkimTags out;
  while (!text.empty()) {
    const auto part = text.substr(0, text.find(';'));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    if (trimmed_tag(part).empty() && text.empty()) break;  // a semicolon may end the list
    const auto equals = part.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const auto name = trimmed_tag(part.substr(0, equals));
    if (!is_tag_name(name)) return std::nullopt;
    if (!out.try_emplace(std::string(name), trimmed_tag(part.substr(equals + 1))).second) return std::nullopt;
  }
  return out;
}

std::string tag_or(const DkimTags& tags, std::string_view name, std::string_view otherwise) {
  const auto found = tags.find(name);
  return found == tags.end() ? std::string(otherwise) : found->second;
}

std::vector<std::string> split_colons(std::string_view text) {
  std::vector<std::string> out;
  for (;;) {
    const auto end = text.find(':');
    out.push_back(to_lower(trimmed_tag(text.substr(0, end))));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

std::string without_white_space(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (!kTagSpace.contains(c)) out += c;
  return out;
}

std::string without_signature(std::string_view raw_field) {
  const auto colon = raw_field.find(':');
  for (std::size_t at = colon == std::string_view::npos ? 0 : colon + 1; at < raw_field.size();) {
    const auto end = std::min(raw_field.find(';', at), raw_field.size());
    const auto equals = raw_field.find('=', at);
    if (equals < end && trimmed_tag(raw_field.substr(at, equals - at)) == "b") {
      // Without a semicolon the line end behind it is the field's.
      const std::string_view tail =
          end == raw_field.size() && raw_field.ends_with("\r\n") ? "\r\n" : raw_field.substr(end);
      return std::string(raw_field.substr(0, equals + 1)) + std::string(tail);
    }
    at = end + 1;
  }
  return std::string(raw_field);
}

}  // namespace kontor::transport
