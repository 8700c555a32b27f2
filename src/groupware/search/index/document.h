// SPDX-License-Identifier: AGPL-3.0-or-later
// One message as the index keeps it: its terms.
#pragma once

#include <string>
#include <unordered_set>

#include "base/id.h"
#include "groupware/search/index/tokens.h"
#include "groupware/search/text_walk.h"

namespace kontor::groupware {

struct IndexDocument {
  ItemId item;
  std::unordered_set<std::string> terms;  // those of header fields with kHeaderTerm in front
  bool is_partial = false;                // it has more text than that: searches must look into it
};

// Errors: as of the walk.
Result<IndexDocument> make_document(ItemId item, const Content& content, const mime::fb::Entity& top,
                                    Extractor* extractor);

}  // namespace kontor::groupware
