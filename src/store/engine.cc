// SPDX-License-Identifier: AGPL-3.0-or-later
#include "store/engine.h"

#include "store/batch_check.h"

namespace kontor::store {

namespace {

bool is_valid_key(Key key) { return !key.empty() && key.size() <= kMaxKey; }

}  // namespace

Result<void> check_keys(const Batch& batch) {
  for (const auto& change : batch.changes())
    if (!is_valid_key(change.key)) return fail(Errc::invalid, "A key of the store is empty or too long.");
  for (const auto& expectation : batch.expectations())
    if (!is_valid_key(expectation.key)) return fail(Errc::invalid, "A key of the store is empty or too long.");
  return {};
}

}  // namespace kontor::store
