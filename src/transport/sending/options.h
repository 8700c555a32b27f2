// SPDX-License-Identifier: AGPL-3.0-or-later
// What can be set about the queue and sending.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "transport/receiving/address_literal.h"

namespace kontor::transport {

enum class SendingTls : std::uint8_t { never, may, must };

struct SendingOptions {
  std::string hostname = "localhost";  // in EHLO; declared for the whole server elsewhere
  std::uint32_t connections = 64;
  std::uint32_t connections_per_destination = 10;
  std::uint32_t messages_per_connection = 100;
  std::chrono::seconds connect_timeout{30};
  std::chrono::seconds command_timeout{300};
  std::chrono::seconds taking_timeout{600};
  std::chrono::seconds retry_first{120};
  std::chrono::seconds retry_longest{3600};
  std::chrono::seconds lifetime{std::chrono::days(5)};
  std::chrono::seconds warn_after{std::chrono::hours(4)};
  std::vector<std::string> smart_hosts;
  SendingTls tls = SendingTls::may;
  std::string authorities;
  bool uses_ipv6 = true;
  bool uses_dane = true;
  bool uses_mta_sts = true;
  std::uint16_t port = 25;
  std::uint16_t mta_sts_port = 443;
  AddressLiterals address_literals = AddressLiterals::outside;
  bool uses_srs = true;
  std::string srs_domain;
};

void declare(config::Schema& schema, SendingOptions& into);

}  // namespace kontor::transport
