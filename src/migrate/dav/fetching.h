// SPDX-License-Identifier: AGPL-3.0-or-later
// The contents of items: of calendars and cards many at once (multiget), of files one after another as streams.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "migrate/dav/discovery.h"
#include "migrate/source.h"

namespace kontor::migrate {

// Calendars and cards get CRLF lines, as their formats want: an answer of XML cannot tell what line ends there were.
// Memory: one batch.
class DavFetcher {
 public:
  DavFetcher(DavClient& client, std::uint64_t batch_bytes) : client_(client), batch_bytes_(batch_bytes) {}

  // What will be fetched next, in this order.
  void announce(const DavCollection& collection, const std::vector<SourceItem>& items);
  // Errors: as SourceSession::fetch.
  Result<void> fetch(const DavCollection& collection, const SourceItem& item, const TakePiece& take);

 private:
  enum class Told : std::uint8_t { all, refused, too_much };

  Result<void> next_batch(const DavCollection& collection, const SourceItem& first);
  Result<Told> multiget(const DavCollection& collection, const std::vector<std::string>& keys);
  Result<void> get(const DavCollection& collection, const SourceItem& item, const TakePiece& take);

  DavClient& client_;
  const std::uint64_t batch_bytes_;
  std::size_t most_at_once_ = 50;  // fewer, where the server wants that; 0 = it has no multiget
  std::string announced_in_;       // a collection's URL
  std::vector<SourceItem> announced_;
  std::unordered_map<std::string, std::string> held_;  // contents by key
  std::unordered_set<std::string> asked_;              // keys of the last batch: what did not come, comes alone
  std::uint64_t held_bytes_ = 0;
};

}  // namespace kontor::migrate
