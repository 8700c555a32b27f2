// SPDX-License-Identifier: AGPL-3.0-or-later
// What RocksDB has to say, in the server's own log: a log file of its own would fail with the disk it reports on.
#pragma once

#include <rocksdb/env.h>

#include <memory>

namespace kontor::store {

// Warnings and errors. Thread-safe.
std::shared_ptr<::rocksdb::Logger> make_info_log();

}  // namespace kontor::store
