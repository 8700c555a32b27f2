// SPDX-License-Identifier: AGPL-3.0-or-later
// Writes an interchange archive as a stream: tar (pax) inside zstd. Constant memory.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/archive/record.h"
#include "formats/archive/spool.h"

namespace kontor::archive {

// Bytes of an item's attachments: where each of Item::attachments begins.
struct AttachedBytes {
  const Spool& spool;
  std::vector<std::uint64_t> starts;
};

// One thread at a time. Every call's errors: what the sink returned, invalid (a record beyond its limits).
class Writer {
 public:
  using Sink = std::function<Result<void>(std::string_view)>;
  explicit Writer(Sink sink);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Before the first account.
  Result<void> principal(const Principal& principal);
  Result<void> account(const Account& account);
  Result<void> folder(const Folder& folder);
  // Splits the keys over as many records as needed. `last` = the listing is complete with these.
  Result<void> listing(std::uint32_t folder, Listing::Kind kind, const std::vector<std::string>& keys, bool last);
  // With content "bytes" the item's size and hash are taken from `content`, which must be given. `attached` must be
  // where the item has attachments; those that are known are not read.
  Result<void> item(Item item, Spool* content, const AttachedBytes* attached = nullptr);
  Result<void> pass(const Pass& pass);
  Result<void> settings(const Settings& settings);
  Result<void> end_account(const AccountEnd& end);
  // Sends what the compressor holds back, so that the reader's side can go on with it.
  Result<void> flush();
  // The end record and the end of the stream. Without it a reader calls the archive broken off.
  Result<void> finish();

  std::uint64_t bytes_out() const;  // compressed, as given to the sink

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kontor::archive
