// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/summary_turns.h"

#include <algorithm>
#include <utility>
#include <vector>

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
    std::vector<std::pair<ItemId, std::size_t>> places;  // by item
    ids.reserve(count);
    places.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      ids.push_back(view.at(positions[next + i]).item);
      places.emplace_back(ids.back(), i);
    }
    if (!std::is_sorted(places.begin(), places.end())) std::sort(places.begin(), places.end());
    std::vector<bool> seen(count);
    TRY_VOID(reader.summaries(ids, [&](ItemId id, std::string_view summary) {
      const std::size_t i = std::lower_bound(places.begin(), places.end(), std::pair(id, std::size_t{0}))->second;
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
