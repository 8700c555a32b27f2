// SPDX-License-Identifier: AGPL-3.0-or-later
// TLS for servers: several certificates chosen by SNI, reloaded without a restart. TLS 1.2 and later.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace kontor::net {

struct Certificate {
  std::string certificate_file;  // PEM chain, leaf first
  std::string key_file;          // PEM
};

// Thread-safe. Connections made before a reload keep what they had.
class TlsContexts {
 public:
  TlsContexts();
  ~TlsContexts();

  // Reads all files; the first certificate serves clients without SNI or with an unknown name. On an error nothing
  // changes. Errors: invalid (which file, and what is wrong with it: unreadable, expired, key does not match).
  // `client_authorities`: a PEM file of those that vouch for clients' certificates; empty: none.
  Result<void> load(const std::vector<Certificate>& certificates, const std::string& client_authorities = {});
  bool has_certificate() const;

  struct State;
  State& state() { return *state_; }  // for net's own streams

 private:
  std::unique_ptr<State> state_;
};

// Writes a self-signed certificate and key (P-256, for `name` and localhost, 10 years) where both files are absent: a
// first start works.
Result<void> make_self_signed(const Certificate& files, const std::string& name);

}  // namespace kontor::net
