// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/known.h"

#include <algorithm>

namespace kontor::migrate {

void KnownItems::add(const archive::DigestLine& line) {
  if (keys_.size() > UINT32_MAX - 300)
    return;  // 4 GB of keys: the rest is treated as new, which the importer sees through
  Entry entry;
  entry.state = line.state;
  entry.begin = static_cast<std::uint32_t>(keys_.size());
  entry.size = static_cast<std::uint16_t>(std::min<std::size_t>(line.key.size(), 300));
  entry.is_vanished = line.is_vanished;
  keys_ += line.key;
  entries_.push_back(entry);
}

void KnownItems::seal() {
  std::sort(entries_.begin(), entries_.end(), [this](const Entry& a, const Entry& b) { return key(a) < key(b); });
}

KnownItems::Entry* KnownItems::find(std::string_view wanted) {
  const auto found = std::lower_bound(entries_.begin(), entries_.end(), wanted,
                                      [this](const Entry& entry, std::string_view text) { return key(entry) < text; });
  return found != entries_.end() && key(*found) == wanted ? &*found : nullptr;
}

void KnownItems::each(const std::function<void(std::string_view, const Entry&)>& visit) const {
  for (const auto& entry : entries_) visit(key(entry), entry);
}

}  // namespace kontor::migrate
