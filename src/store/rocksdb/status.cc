// SPDX-License-Identifier: AGPL-3.0-or-later
#include "store/rocksdb/status.h"

#include "base/log.h"

namespace kontor::store {

bool is_disk_full(const ::rocksdb::Status& status) {
  return status.subcode() == ::rocksdb::Status::kNoSpace || status.subcode() == ::rocksdb::Status::kSpaceLimit;
}

Error to_error(const ::rocksdb::Status& status) {
  const std::string words = status.ToString();
  if (is_disk_full(status)) {
    log::error("store.disk_full", {{"detail", words}});
    return Error(Errc::unavailable, "The disk of the store is full. Nothing was stored; try again when there is room.");
  }
  // It is trying to go on after a failed write of its own.
  if (status.IsBusy())
    return Error(Errc::unavailable, "The store cannot be written at present, for instance because its disk is full.");
  if (status.IsCorruption()) {
    log::error("store.corrupt", {{"detail", words}});
    return Error(Errc::corrupt, "Data in the store failed its checks.");
  }
  log::error("store.failed", {{"detail", words}});
  return Error(Errc::unavailable, "The store cannot be read or written at present. The log tells why.");
}

}  // namespace kontor::store
