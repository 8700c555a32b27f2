// SPDX-License-Identifier: AGPL-3.0-or-later
// One TLS connection over a non-blocking socket, server or client: OpenSSL directly on the descriptor, without a copy
// of the data in between, and without buffers while it is idle.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/io_step.h"
#include "net/stream.h"

struct ssl_st;

namespace kontor::net {

class TlsSession {
 public:
  // Takes `ssl` over, which is set up as server or client and has its descriptor. `keep` lives as long as this.
  TlsSession(ssl_st* ssl, std::shared_ptr<const void> keep);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  IoStep handshake();
  IoStep read(std::span<char> into);
  IoStep peek();  // done: at least one byte of the application is there
  IoStep write(std::string_view bytes);
  // Tells the peer that nothing more comes, if that is possible at once.
  void shutdown();

  // A server's: see Stream.
  std::string channel_binding(ChannelBinding kind) const;
  std::vector<std::string> certified_addresses() const;
  std::string description() const;   // "TLSv1.3 TLS_AES_256_GCM_SHA384"
  std::string verify_error() const;  // a client's: what is wrong with the server's certificate; empty if nothing

 private:
  IoStep outcome(int result);

  ssl_st* ssl_;
  std::shared_ptr<const void> keep_;
  bool is_up_ = false;
  bool is_broken_ = false;
};

// OpenSSL writes without MSG_NOSIGNAL: makes the process ignore SIGPIPE, unless it has a handler of its own for it.
void ignore_sigpipe();

// The last error of OpenSSL on this thread as a phrase; clears the queue.
std::string openssl_error();

}  // namespace kontor::net
