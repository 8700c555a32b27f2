// SPDX-License-Identifier: AGPL-3.0-or-later
// RocksDB's statuses as our errors.
#pragma once

#include <rocksdb/status.h>

#include "base/result.h"

namespace kontor::store {

// For a status that is not ok. The sentence tells what to do where we know; RocksDB's own words go to the log.
Error to_error(const ::rocksdb::Status& status);

bool is_disk_full(const ::rocksdb::Status& status);

}  // namespace kontor::store
