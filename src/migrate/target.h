// SPDX-License-Identifier: AGPL-3.0-or-later
// The import endpoint of a Kontor server, over HTTPS.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/archive/answer.h"
#include "formats/archive/spool.h"
#include "migrate/pacing.h"

namespace kontor::migrate {

struct TargetOptions {
  std::string url;  // "https://host:port"
  std::string token;
  std::string ca_file;    // empty = the system's
  bool insecure = false;  // do not check the certificate: for tests on loopback only
  // What imports may do:
  bool create_users = false;
  bool create_active = false;
  bool live = false;
  bool ignore_quota = false;
  bool delete_vanished = false;
  bool override_threshold = false;
  std::string earlier_ledger;  // of a version that did not note the login: "take" it as this one's or "leave" it
};

// Checks the URL and that `insecure` is for loopback. Errors: invalid.
Result<void> check_target(const TargetOptions& options);

// One connection, kept open between requests. One thread at a time. Errors of all calls: unavailable (come again: no
// connection, server busy or stopping), denied (token, address, certificate), not_found, conflict (another import into
// the account is running), invalid.
class Target {
 public:
  explicit Target(TargetOptions options);
  ~Target();
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  Result<archive::TargetAccount> account(const std::string& address);
  // What the ledger knows; nothing for a user that is not there yet.
  Result<std::vector<archive::LedgerFolder>> folders(const std::string& address, const std::string& source);
  using TakeDigest = std::function<Result<void>(const archive::DigestLine&)>;
  Result<void> digest(const std::string& address, const std::string& source, const std::string& folder_key,
                      const TakeDigest& take);
  Result<void> digest_of(const std::string& address, const std::string& source, const std::string& folder_key,
                         const std::vector<std::string>& keys, const TakeDigest& take);
  // SHA-256 of the contents of items that vanished at the source, in hex.
  Result<std::vector<std::string>> vanished(const std::string& address, const std::string& source);

  // Sends a whole archive of one account. `answers` has what became durable, also where this fails in the end.
  Result<void> send(const std::string& address, const archive::Spool& archive, Bandwidth& bandwidth, Stop& stop,
                    std::vector<archive::Answer>& answers);

  // The same for an archive of principals alone.
  Result<void> send_principals(const archive::Spool& archive, Bandwidth& bandwidth, Stop& stop,
                               std::vector<archive::Answer>& answers);

  Result<void> verify(const std::string& address, const std::string& source, const std::string& folder_key,
                      bool read_content, const std::function<Result<void>(const archive::TargetItem&)>& take);

  // What of an archive without items is not at the target as it says. Changes nothing. Errors: not_found (the user, or
  // a server of an earlier version).
  Result<std::vector<archive::Answer>> compare(const std::string& address, const archive::Spool& archive, Stop& stop);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kontor::migrate
