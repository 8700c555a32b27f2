// SPDX-License-Identifier: AGPL-3.0-or-later
// The index of all accounts: one folder for each, followed by one thread of low priority.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "groupware/search/index/source.h"
#include "groupware/search/text_index.h"

namespace kontor::groupware {

struct IndexOptions {
  std::string folder;  // holds a folder for each account
  std::uint64_t cache_bytes = 128 << 20;
  std::chrono::milliseconds settle{5000};  // how long news wait, so that more of them share a commit
};

// `all`: the accounts there are. `extractor` may be null. All must outlive it.
std::unique_ptr<TextIndex> make_text_index(const IndexOptions& options, IndexSource source,
                                           std::function<std::vector<AccountId>()> all, Extractor* extractor);

}  // namespace kontor::groupware
