// SPDX-License-Identifier: AGPL-3.0-or-later
// A two-way byte stream: plain TCP, a Unix socket, TLS, or a script in a test.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.h"
#include "net/task.h"

namespace kontor::net {

// Thrown by stream operations; caught in one place, the loop that runs the session. After Cancelled every later read
// and wait throws it again, but writes still work until the grace of Runtime::stop() is over: a farewell can be sent.
struct Disconnected : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct TimedOut : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct Cancelled : std::runtime_error {  // the server is stopping, or the stream's end signal was set
  using std::runtime_error::runtime_error;
};

// Wakes a coroutine that waits for input. set() is thread-safe and may come before, while or after someone waits; it
// stays set until a wait took it. Shared: keep a shared_ptr in whatever calls set().
class Signal {
 public:
  virtual ~Signal() = default;
  virtual void set() = 0;
};

// What ties a login to the TLS connection below it: RFC 9266 and RFC 5929 section 4.
enum class ChannelBinding : std::uint8_t { tls_exporter, tls_server_end_point };

enum class Wake : std::uint8_t { input, signal };

// One reader and one writer at a time, all on the stream's own executor.
class Stream {
 public:
  virtual ~Stream() = default;

  // Reads at least one byte into `into` and returns how many. Throws Disconnected, TimedOut, Cancelled.
  virtual Task<std::size_t> read_some(std::span<char> into) = 0;

  // Writes all of `bytes`, which must stay alive until the task finishes. Throws the same.
  virtual Task<void> write(std::string_view bytes) = 0;

  // The same onto the end of `into`, at most `at_most` bytes; holds no buffer while it waits.
  virtual Task<void> append_some(std::string& into, std::size_t at_most) = 0;

  // Waits until input is there (also already decrypted input) or `signal` was set, whichever comes first; reads
  // nothing. `signal` must come from this stream's make_signal().
  virtual Task<Wake> wait(Signal& signal) = 0;
  virtual std::shared_ptr<Signal> make_signal() = 0;

  // A signal that ends the conversation: after set() every read, wait and pause throws Cancelled, as when the server
  // stops, and a farewell can still be written. It may outlive the stream.
  virtual std::shared_ptr<Signal> make_end_signal() = 0;

  // Whether reads throw Cancelled from now on, or will when the end is not held back any more.
  virtual bool is_ending() const { return false; }
  // While held back, the end (the server stops, or the end signal) waits: what has begun may be finished, within the
  // grace of Runtime::stop().
  virtual void hold_end(bool) {}

  // Lets `time` pass: for back-off after failed logins. Throws Cancelled, Disconnected.
  virtual Task<void> pause(std::chrono::milliseconds time) = 0;

  // Every later read, wait and write must finish within this time, or throws TimedOut. One minute until it is set.
  virtual void set_timeout(std::chrono::milliseconds timeout) = 0;

  // Besides, no read and no wait goes on beyond `deadline`, however many bytes trickle in: then it throws TimedOut.
  // Nothing = no such bound.
  virtual void set_deadline(std::optional<std::chrono::steady_clock::time_point> deadline) = 0;

  // Takes TLS up as the server. The caller makes sure that no plain bytes are buffered (RFC 9051 section 11.1).
  // Throws Disconnected if the handshake fails.
  virtual Task<void> start_tls() = 0;
  virtual bool can_start_tls() const = 0;  // a certificate is configured and TLS is not up yet
  virtual bool is_encrypted() const = 0;
  // The binding's data; empty if this connection has none of that kind.
  virtual std::string channel_binding(ChannelBinding) const { return {}; }
  // The mail addresses in the client's certificate, if it showed one that the configured authorities vouch for.
  virtual std::vector<std::string> certified_addresses() const { return {}; }
  // For the log: "TLSv1.3 TLS_AES_256_GCM_SHA384".
  virtual std::string tls_description() const = 0;

  // Names the connection in log lines: the listener's name and a number, "imaps-4711".
  virtual const std::string& id() const = 0;

  // The peer: its address after PROXY protocol, as text "192.0.2.1:4711" or "unix".
  virtual const Endpoint& peer() const = 0;

  // Ends both directions; pending operations throw. No effect when closed.
  virtual void close() = 0;
};

}  // namespace kontor::net
