// SPDX-License-Identifier: AGPL-3.0-or-later
// The network's runtime: threads, listeners, TLS, limits, and the sessions they start.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/address.h"
#include "net/limits.h"
#include "net/stream.h"
#include "net/task.h"
#include "net/tls.h"

namespace kontor::net {

// Runs one connection from greeting to end. What it throws is logged and ends that connection only.
using Session = std::function<Task<void>(std::unique_ptr<Stream>)>;

enum class TlsMode : std::uint8_t { none, starttls, implicit };

struct ListenerOptions {
  std::string name;  // "imaps": for logs and metrics
  std::vector<Endpoint> endpoints;
  TlsMode tls = TlsMode::implicit;
  std::vector<Network> proxy_from;  // peers that must send a PROXY protocol v2 header first
  std::chrono::seconds handshake_timeout{10};
  std::uint32_t unix_mode = 0660;
  bool asks_certificate = false;  // of clients, where TlsContexts has authorities for them
};

// Owns the threads. Construct, listen, run until stop().
class Runtime {
 public:
  // `threads` network threads; 0 = one per core. `tls` and `limits` must outlive it.
  Runtime(std::size_t threads, TlsContexts& tls, Limits& limits);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // Starts to listen and returns the endpoints with their real ports. `session` is called on the connection's thread.
  // A connection above the limits is closed with `refusal` (one line, sent in plain or after the handshake).
  // Errors: unavailable (port taken, no permission), invalid.
  Result<std::vector<Endpoint>> listen(const ListenerOptions& options, Session session, std::string refusal);

  // Calls `action` on a network thread every `period`, until stop(). For sweeps: it must only post work elsewhere.
  void every(std::chrono::seconds period, std::function<void()> action);

  // Stops accepting, makes pending stream operations of all sessions throw Cancelled (each may still write its
  // farewell), waits at most `grace` for them to end, then closes what is left. Thread-safe; blocks.
  void stop(std::chrono::milliseconds grace);

  std::size_t sessions() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kontor::net
