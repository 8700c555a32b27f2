// SPDX-License-Identifier: AGPL-3.0-or-later
// SRS: senders of mail that is sent on, rewritten into a domain of ours, so that SPF still holds and bounces find back.
// Format: SRS0=HASH=DAY=domain=local@ours, and SRS1 around what another has rewritten.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace kontor::store {
class Engine;
}

namespace kontor::transport {

// Thread-safe. Secrets: the newest makes addresses, all that are kept know them again.
class Srs {
 public:
  static constexpr std::chrono::days kLongest{21};        // an address is good for that long
  static constexpr std::chrono::days kSecretRenewed{90};  // by keep()

  explicit Srs(std::string secret) : secrets_{{Instant(), std::move(secret)}} {}
  // With secrets that are made the first time and kept in the store. Errors: unavailable, corrupt.
  static Result<std::unique_ptr<Srs>> open(store::Engine& engine, Instant now);

  // A new secret. Addresses that were made before stay good, unless it `forgets` them. Blocks. Errors: unavailable.
  Result<void> rotate(Instant now, bool forgets = false);
  // The same, when it is time for it. Blocks.
  Result<void> keep(Instant now);

  // `domain`: of ours, that sends the message on. The null path stays what it is, and so does what cannot be rewritten
  // (a quoted local part).
  std::string forward(std::string_view sender, std::string_view domain, Instant now) const;
  static bool is_rewritten(std::string_view address);
  // Where a bounce to such an address goes. Errors: not_found (not made here, or longer than kLongest ago).
  Result<std::string> reverse(std::string_view address, Instant now) const;

 private:
  struct Secret {
    Instant since{};
    std::string bytes;
  };
  Srs(store::Engine& engine, std::vector<Secret> secrets) : engine_(&engine), secrets_(std::move(secrets)) {}
  bool is_mark(std::string_view mark, std::string_view text) const;

  store::Engine* const engine_ = nullptr;  // null: nothing is kept
  mutable std::mutex mutex_;
  std::vector<Secret> secrets_;  // the newest first; never empty
};

}  // namespace kontor::transport
