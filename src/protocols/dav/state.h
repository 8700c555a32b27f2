// SPDX-License-Identifier: AGPL-3.0-or-later
// States of collections: what a sync token says (RFC 6578).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocols/dav/resource.h"

namespace kontor::dav {

// Up to `to` all is known but, where an answer was cut short, what follows `cursor`: of what changed since `from`,
// first the names that are gone, then what is there, each in the order of UIDs.
struct SyncState {
  FolderId folder;
  UidValidity uid_validity;
  Modseq to;
  bool is_partial = false;
  Modseq from;
  bool is_past_gone = false;
  Uid cursor;

  bool operator==(const SyncState&) const = default;
};

// A URI.
std::string print_state(const SyncState& state);
std::optional<SyncState> parse_state(std::string_view token);

// The token of a collection's present state; nothing if it cannot be synchronized.
std::optional<std::string> collection_state(Context& context, const Resource& collection);

}  // namespace kontor::dav
