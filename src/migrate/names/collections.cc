// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/names/collections.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/bytes.h"

namespace kontor::migrate {
namespace {

constexpr std::array<std::string_view, 4> kCollectionKinds{"calendar", "tasks", "notes", "contacts"};
// The first is the best.
constexpr std::array<std::string_view, 10> kOwnNames{"default", "personal", "calendar", "contacts", "addressbook",
                                                     "tasks",   "events",   "home",     "kalender", "kontakte"};

// Of more than one the better; nothing if it tells nothing.
std::optional<std::size_t> rank_of(const SourceFolder& folder) {
  std::string_view key = folder.key;
  while (key.ends_with('/')) key.remove_suffix(1);
  const auto segment = to_lower(key.substr(key.rfind('/') + 1));
  const auto found = std::find(kOwnNames.begin(), kOwnNames.end(), segment);
  if (found == kOwnNames.end()) return std::nullopt;
  return static_cast<std::size_t>(found - kOwnNames.begin());
}

}  // namespace

void assign_collection_roles(std::vector<SourceFolder>& folders) {
  for (const auto kind : kCollectionKinds) {
    std::vector<SourceFolder*> of_kind;
    for (auto& folder : folders)
      if (folder.kind == kind) of_kind.push_back(&folder);
    const bool has_one =
        std::any_of(of_kind.begin(), of_kind.end(), [](const auto* one) { return !one->role.empty(); });
    if (has_one || of_kind.empty()) continue;
    SourceFolder* best = of_kind.size() == 1 ? of_kind.front() : nullptr;
    for (auto* folder : of_kind)
      if (const auto rank = rank_of(*folder); rank && (best == nullptr || *rank < rank_of(*best).value_or(SIZE_MAX)))
        best = folder;
    if (best != nullptr) best->role = kind;
  }
}

}  // namespace kontor::migrate
