// SPDX-License-Identifier: AGPL-3.0-or-later
// What is in a collection, or what changed there since the last pass: sync-collection (RFC 6578) where the server has
// it, else by its change tag and the items' ETags.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "migrate/dav/discovery.h"
#include "migrate/source.h"

namespace kontor::migrate {

// An item's key is its name: the decoded last segment of its path. Its fingerprint is its ETag, or date and size where
// there is none. Memory: one item, or with sync-collection the names that vanished.
Result<FolderPass> list_collection(DavClient& client, const DavCollection& collection, const FolderState& state,
                                   const std::function<Result<void>(const SourceItem&)>& visit);

// The URL of an item by its key.
std::string url_of_item(const DavCollection& collection, std::string_view key);

}  // namespace kontor::migrate
