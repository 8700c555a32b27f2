// SPDX-License-Identifier: AGPL-3.0-or-later
// Smart hosts: who takes which mail for others. See `sending.smart_hosts`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kontor::transport {

enum class HopTls : std::uint8_t { none, may, must, verify };

struct SmartHost {
  enum class Scope : std::uint8_t { all, from_domain, tenant, to_domain };

  Scope scope = Scope::all;
  std::string whose;  // domain or tenant, lower case
  std::string host;
  std::uint16_t port = 25;
  HopTls tls = HopTls::may;
  std::string user;
  std::string password_file;

  bool is_implicit_tls() const { return port == 465; }
  // What shares limits in the queue; no domain has such a name.
  std::string key() const;
};

// Errors: invalid (with what is wrong).
Result<SmartHost> parse_smart_host(std::string_view text);
Result<void> check_smart_host(std::string_view text);

// Whose mail it is: lower case, A-labels.
struct RouteRequest {
  std::string_view tenant, from_domain, to_domain;
};
// The first that fits; null if none does.
const SmartHost* find_smart_host(const std::vector<SmartHost>& hosts, const RouteRequest& request);

}  // namespace kontor::transport
