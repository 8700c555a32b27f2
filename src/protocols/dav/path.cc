// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/path.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"

namespace kontor::dav {
namespace {

constexpr std::array<std::string_view, 7> kSpaces = {"",      "principals", "calendars",  "contacts",
                                                     "files", "public",     "attachments"};
constexpr std::size_t kMostSegments = 128;

std::optional<Space> space_named(std::string_view word) {
  const auto at = std::ranges::find(kSpaces, word);
  if (at == kSpaces.end() || word.empty()) return std::nullopt;
  return static_cast<Space>(at - kSpaces.begin());
}

bool is_good_segment(std::string_view segment) {
  if (segment.empty() || segment.size() > 255) return false;
  return std::ranges::none_of(segment, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

std::string_view name(Space space) { return kSpaces[static_cast<std::size_t>(space)]; }

Outcome<Path> parse_path(std::string_view decoded) {
  Path path;
  path.text = decoded;
  if (decoded == "/dav") return path;
  if (!decoded.starts_with(kRoot)) return deny(404, "there is nothing here");
  decoded.remove_prefix(kRoot.size());
  if (decoded.starts_with('/')) return deny(404, "there can be no such name");
  if (decoded.ends_with('/')) decoded.remove_suffix(1), path.has_slash = true;
  std::vector<std::string> segments;
  while (!decoded.empty()) {
    const auto end = std::min(decoded.find('/'), decoded.size());
    if (!is_good_segment(decoded.substr(0, end)) || segments.size() == kMostSegments)
      return deny(404, "there can be no such name");
    segments.emplace_back(decoded.substr(0, end));
    decoded.remove_prefix(std::min(end + 1, decoded.size()));
  }
  if (segments.empty()) return path;
  const auto space = space_named(segments[0]);
  if (!space) return deny(404, "there is nothing here");
  path.space = *space;
  if (segments.size() > 1) path.address = *space == Space::open ? segments[1] : to_lower(segments[1]);
  if (segments.size() > 2) path.names.assign(segments.begin() + 2, segments.end());
  return path;
}

std::string as_collection(std::string path) {
  if (!path.ends_with('/')) path += '/';
  return path;
}

std::string parent_of(std::string_view path) {
  if (path.ends_with('/')) path.remove_suffix(1);
  return std::string(path.substr(0, path.rfind('/') + 1));
}

}  // namespace kontor::dav
