// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/imap/folder_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>
#include <string_view>

namespace kontor::migrate {
namespace {

// Ranges by their distance from the one before and, where it is longer than one, what it has more: "5+3,2,2+10".
std::string print_distances(const UidSet& uids) {
  std::string out;
  std::uint32_t last = 0;
  for (const auto& [first, end] : uids.ranges()) {
    if (!out.empty()) out += ',';
    out += std::to_string(first - last);
    if (end != first) out += "+" + std::to_string(end - first);
    last = end;
  }
  return out;
}

std::optional<UidSet> parse_distances(std::string_view text) {
  std::vector<UidSet::Range> ranges;
  std::uint64_t last = 0;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    const auto* end = text.data() + comma;
    std::uint32_t distance = 0, more = 0;
    auto parsed = std::from_chars(text.data(), end, distance);
    if (parsed.ec == std::errc{} && parsed.ptr != end && *parsed.ptr == '+')
      parsed = std::from_chars(parsed.ptr + 1, end, more);
    if (parsed.ec != std::errc{} || parsed.ptr != end || distance == 0) return std::nullopt;
    const auto first = last + distance;
    last = first + more;
    if (last > UINT32_MAX) return std::nullopt;
    ranges.emplace_back(static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(last));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return UidSet(std::move(ranges));
}

}  // namespace

std::string print_state(const ImapFolderState& state) {
  auto out = fmt::format("imap1 {} {} {} {} {} ", state.uid_validity, state.uid_next, state.messages, state.modseq,
                         state.flags_digest.empty() ? "-" : state.flags_digest);
  const auto uids = state.has_uids ? print_distances(state.uids) : "";
  if (!state.has_uids || out.size() + uids.size() > kLongestState) return out + "?";
  return out + (uids.empty() ? "-" : uids);
}

std::optional<ImapFolderState> parse_state(const std::string& text) {
  std::istringstream in(text);
  std::string version, uids;
  ImapFolderState state;
  in >> version >> state.uid_validity >> state.uid_next >> state.messages >> state.modseq >> state.flags_digest >> uids;
  if (!in || version != "imap1") return std::nullopt;
  if (state.flags_digest == "-") state.flags_digest.clear();
  state.has_uids = uids != "?";
  if (uids == "-" || uids == "?") return state;
  auto parsed = parse_distances(uids);
  if (!parsed) return std::nullopt;
  state.uids = std::move(*parsed);
  return state;
}

}  // namespace kontor::migrate
