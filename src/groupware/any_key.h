// SPDX-License-Identifier: AGPL-3.0-or-later
// Whether the store has any key of a range.
#pragma once

#include <string>

#include "groupware/keys.h"
#include "store/engine.h"

namespace kontor::groupware {

// Of [first, last). Errors: as Snapshot::scan.
inline Result<bool> has_any(store::Snapshot& snapshot, const std::string& first, const std::string& last) {
  bool found = false;
  TRY_VOID(snapshot.scan(first, last, [&](store::Key, store::Value) { return !(found = true); }));
  return found;
}

inline Result<bool> has_any(store::Snapshot& snapshot, const std::string& prefix) {
  return has_any(snapshot, prefix, key::end(prefix));
}

}  // namespace kontor::groupware
