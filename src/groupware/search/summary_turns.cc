// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/summary_turns.h"

#include <algorithm>
#include <unordered_map>

namespace kontor::groupware {
namespace {

constexpr std::size_t kSummaryBlock = 1024;
constexpr std::uint64_t kSummaryBytesInTurn = 8 << 20;

}  // namespace

Result<void> each_summary(const Reader& reader, const FolderView& view, const std::vector<std::uint32_t>& positions,
                          std::size_t& next,
                          const std::function<void(std::size_t index, const mime::fb::Summary*)>& visit) {
  std::uint64_t bytes = 0;
  while (next < positions.size() && bytes < kSummaryBytesInTurn) {
    const std::size_t count = std::min(kSummaryBlock, positions.size() - next);
    std::vector<ItemId> ids;
    std::unordered_map<std::uint64_t, std::size_t> places;
    ids.reserve(count);
    places.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      ids.push_back(view.at(positions[next + i]).item);
      places.emplace(ids.back().value, i);
    }
    std::vector<bool> seen(count);
    TRY_VOID(reader.summaries(ids, [&](ItemId id, std::string_view summary) {
      const std::size_t i = places.at(id.value);
      seen[i] = true;
      bytes += summary.size();
      visit(next + i, flatbuffers::GetRoot<mime::fb::Summary>(summary.data()));
      return true;
    }));
    for (std::size_t i = 0; i < count; ++i)
      if (!seen[i]) visit(next + i, nullptr);
    next += count;
  }
  return {};
}

}  // namespace kontor::groupware
