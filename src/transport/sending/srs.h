// SPDX-License-Identifier: AGPL-3.0-or-later
// SRS: senders of mail that is sent on, rewritten into a domain of ours, so that SPF still holds and bounces find back.
// Format: SRS0=HASH=DAY=domain=local@ours, and SRS1 around what another has rewritten.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace kontor::store {
class Engine;
}

namespace kontor::transport {

// Thread-safe.
class Srs {
 public:
  explicit Srs(std::string secret) : secret_(std::move(secret)) {}
  // With a secret that is made the first time and kept in the store. Errors: unavailable.
  static Result<std::unique_ptr<Srs>> open(store::Engine& engine);

  // `domain`: of ours, that sends the message on. The null path stays what it is.
  std::string forward(std::string_view sender, std::string_view domain, Instant now) const;
  static bool is_rewritten(std::string_view address);
  // Where a bounce to such an address goes. Errors: not_found (not made here, or longer than 21 days ago).
  Result<std::string> reverse(std::string_view address, Instant now) const;

 private:
  std::string hash(std::string_view text) const;

  const std::string secret_;
};

}  // namespace kontor::transport
