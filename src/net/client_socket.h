// SPDX-License-Identifier: AGPL-3.0-or-later
// A blocking client connection over TCP, Unix sockets or TLS, for tools that run one connection per thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kontor::net {

// What a certificate must agree with instead of the authorities: RFC 7672 section 3.1 takes usages 2 and 3.
struct DaneRecord {
  std::uint8_t usage = 3;
  std::uint8_t selector = 0;
  std::uint8_t matching = 0;
  std::string data;  // bytes
};

struct ClientOptions {
  std::string host;  // name, address, or "unix:/path"
  std::uint16_t port = 0;
  bool implicit_tls = false;
  bool verify = true;                         // certificate chain and host name
  std::string ca_file;                        // empty = the system's
  std::string server_name;                    // for SNI and verification; empty = host
  std::vector<DaneRecord> dane;               // with verify: one of them must fit
  std::chrono::milliseconds timeout{60'000};  // of connecting, and of every read and write
};

// One thread at a time, except close_from_afar().
class ClientSocket {
 public:
  // Errors: unavailable (name, refused, timed out), denied (the certificate: the sentence says what is wrong with it).
  static Result<std::unique_ptr<ClientSocket>> connect(const ClientOptions& options);
  virtual ~ClientSocket() = default;

  // At least one byte; 0 = the peer closed. Errors: unavailable (broken, timed out).
  virtual Result<std::size_t> read_some(std::span<char> into) = 0;
  virtual Result<void> write(std::string_view bytes) = 0;
  virtual Result<void> start_tls() = 0;
  virtual bool is_encrypted() const = 0;
  virtual std::string tls_description() const = 0;  // "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty without TLS
  // Of every read and write from now on.
  virtual void set_timeout(std::chrono::milliseconds timeout) = 0;
  // Makes a pending operation of another thread fail.
  virtual void close_from_afar() = 0;
};

}  // namespace kontor::net
