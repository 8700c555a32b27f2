// SPDX-License-Identifier: AGPL-3.0-or-later
// What every engine checks before it takes a batch. For engines only.
#pragma once

#include "store/engine.h"

namespace kontor::store {

// Errors: invalid (a changed or expected key is empty or longer than kMaxKey).
Result<void> check_keys(const Batch& batch);

}  // namespace kontor::store
