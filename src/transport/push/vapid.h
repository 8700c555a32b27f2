// SPDX-License-Identifier: AGPL-3.0-or-later
// Who this server is to push services: VAPID (RFC 8292). The key is made once and kept in the store, since devices
// subscribe for that key alone; it is never printed.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace kontor::store {
class Engine;
}

namespace kontor::transport {

// Thread-safe.
class Vapid {
 public:
  // Makes the key where there is none. `contact`: whom the services can write to, "mailto:..." or "https:...".
  // Errors: unavailable, corrupt.
  static Result<std::unique_ptr<Vapid>> open(store::Engine& engine, std::string contact);
  ~Vapid();

  // What clients subscribe with ("applicationServerKey"): base64url.
  const std::string& public_key() const { return public_key_; }
  // The value of the Authorization header for a service, which is named by its origin ("https://push.example.net").
  Result<std::string> authorization(const std::string& origin, Instant now);

 private:
  struct Key;
  struct Signed {
    std::string value;
    Instant until;
  };
  Vapid(std::unique_ptr<Key> key, std::string public_key, std::string contact);

  const std::unique_ptr<Key> key_;
  const std::string public_key_, contact_;
  std::mutex mutex_;
  std::map<std::string, Signed> signed_;  // by origin
};

// "https://push.example.net", with the port where it is not 443. Errors: invalid.
Result<std::string> origin_of(const std::string& url);

}  // namespace kontor::transport
