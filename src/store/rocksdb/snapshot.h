// SPDX-License-Identifier: AGPL-3.0-or-later
#pragma once

#include <memory>

#include "store/rocksdb/database.h"

namespace kontor::store {

std::unique_ptr<Snapshot> make_snapshot(std::shared_ptr<Database> database, Partition partition);

}  // namespace kontor::store
