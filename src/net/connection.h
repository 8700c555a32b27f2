// SPDX-License-Identifier: AGPL-3.0-or-later
// A connected socket on its loop: non-blocking reads and writes as coroutines, plain or TLS, with deadlines, signals
// and cancellation.
//
// 1. Everything but SocketSignal::set() runs on the loop's thread; there are no locks.
// 2. An operation first tries the socket; only what would block waits. Whatever interrupts a wait (deadline, signal,
//    stop, close) sets its flag and cancels the wait; the operation then looks at the flags and tries again.
// 3. There is one timer. It is armed when an operation waits and no earlier expiry is under way, and finds out at its
//    expiry whether any deadline has passed. Operations that end in time cost it nothing.
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "net/fd.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/tls.h"
#include "net/tls_session.h"

namespace kontor::net {

class SocketSignal;

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Clock = std::chrono::steady_clock;
  using Executor = boost::asio::io_context::executor_type;

  // `tls` may be nullptr: then TLS cannot be taken up.
  Connection(std::shared_ptr<Loop> loop, Fd fd, Endpoint peer, std::string id, TlsContexts* tls);
  ~Connection();

  Task<std::size_t> read_some(std::span<char> into) { return run(Operation::read, into.data(), into.size(), nullptr); }
  // Fills `into` whole.
  Task<std::size_t> read_all(std::span<char> into) {
    return run(Operation::read_all, into.data(), into.size(), nullptr);
  }
  Task<std::size_t> append_some(std::string& into, std::size_t at_most) {
    return run(Operation::read, nullptr, at_most, nullptr, &into);
  }
  // kWoken or the number of bytes that are there.
  Task<std::size_t> wait(SocketSignal& signal) { return run(Operation::peek, nullptr, 0, &signal); }
  Task<std::size_t> write(std::string_view bytes) {
    return run(Operation::write, const_cast<char*>(bytes.data()), bytes.size(), nullptr);
  }
  Task<void> start_tls();
  Task<void> pause(Clock::duration time);

  void close();
  void cancel_reads();  // the runtime is stopping, or somebody ends this conversation
  void hold_end(bool holds) { holds_end_ = holds; }
  bool is_ending() const { return is_cancelled_; }
  void wake();  // a signal was set

  static constexpr std::size_t kWoken = static_cast<std::size_t>(-1);

  const std::shared_ptr<Loop>& loop() const { return loop_; }
  TlsSession* tls() const { return session_.get(); }
  bool can_start_tls() const { return tls_ && !session_ && tls_->has_certificate(); }

  Endpoint peer;
  std::string id;
  bool asks_certificate = false;  // of clients, in the TLS handshake; none is needed
  Clock::duration timeout = std::chrono::minutes(1);
  std::optional<Clock::time_point> read_deadline;

 private:
  enum class Operation : std::uint8_t { read, read_all, peek, write, handshake };
  using Timer = boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, Executor>;

  // What a waiting operation is waiting for. There is at most one reader (also handshake and pause) and one writer.
  struct Waiting {
    Clock::time_point deadline;
    bool is_active = false;
    bool is_late = false;
    bool takes_signals = false;
  };

  Task<std::size_t> run(Operation operation, char* data, std::size_t size, SocketSignal* signal,
                        std::string* into = nullptr);
  IoStep attempt(Operation operation, char* data, std::size_t size);
  IoStep append(std::string& into, std::size_t at_most);
  void throw_if_ended(bool is_reader) const;
  void arm(Clock::time_point deadline);
  void on_timer();
  void interrupt();
  void drain();

  std::shared_ptr<Loop> loop_;
  TlsContexts* tls_;
  boost::asio::posix::basic_stream_descriptor<Executor> socket_;
  std::unique_ptr<TlsSession> session_;
  std::unique_ptr<Timer> timer_;
  std::optional<Clock::time_point> armed_for_;
  std::unique_ptr<Timer> pause_;
  std::uint32_t armed_count_ = 0;
  std::uint32_t streak_ = 0;  // operations in a row that did not wait
  Waiting reader_;
  Waiting writer_;
  bool is_cancelled_ = false;
  bool holds_end_ = false;  // then being cancelled does not show yet
  bool is_closed_ = false;
};

// What may be set from any thread, for a connection that may be gone by then.
class ConnectionSignal : public Signal {
 public:
  ConnectionSignal(std::shared_ptr<Loop> loop, std::weak_ptr<Connection> connection)
      : loop_(std::move(loop)), connection_(std::move(connection)) {}

 protected:
  std::shared_ptr<Loop> loop_;
  std::weak_ptr<Connection> connection_;
};

// Posts to the connection's loop at its first set() after a take(), so that setting it often is cheap.
class SocketSignal final : public ConnectionSignal {
 public:
  using ConnectionSignal::ConnectionSignal;
  void set() override;
  bool take() { return is_set_.exchange(false, std::memory_order_acq_rel); }

 private:
  std::atomic<bool> is_set_ = false;
};

class EndSignal final : public ConnectionSignal {
 public:
  using ConnectionSignal::ConnectionSignal;
  void set() override;
};

// The stream that sessions see.
class SocketStream : public Stream {
 public:
  explicit SocketStream(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
  ~SocketStream() override { connection_->close(); }

  Task<std::size_t> read_some(std::span<char> into) override { return connection_->read_some(into); }
  Task<void> write(std::string_view bytes) override;
  Task<void> append_some(std::string& into, std::size_t at_most) override;
  Task<Wake> wait(Signal& signal) override;
  std::shared_ptr<Signal> make_signal() override;
  std::shared_ptr<Signal> make_end_signal() override;
  bool is_ending() const override { return connection_->is_ending(); }
  void hold_end(bool holds) override { connection_->hold_end(holds); }
  Task<void> pause(std::chrono::milliseconds time) override { return connection_->pause(time); }
  void set_timeout(std::chrono::milliseconds timeout) override { connection_->timeout = timeout; }
  void set_deadline(std::optional<std::chrono::steady_clock::time_point> deadline) override {
    connection_->read_deadline = deadline;
  }
  Task<void> start_tls() override { return connection_->start_tls(); }
  bool can_start_tls() const override { return connection_->can_start_tls(); }
  bool is_encrypted() const override { return connection_->tls() != nullptr; }
  std::string tls_description() const override {
    return connection_->tls() ? connection_->tls()->description() : std::string();
  }
  std::string channel_binding(ChannelBinding kind) const override {
    return connection_->tls() ? connection_->tls()->channel_binding(kind) : std::string();
  }
  std::vector<std::string> certified_addresses() const override {
    return connection_->tls() ? connection_->tls()->certified_addresses() : std::vector<std::string>();
  }
  const std::string& id() const override { return connection_->id; }
  const Endpoint& peer() const override { return connection_->peer; }
  void close() override { connection_->close(); }

 private:
  std::shared_ptr<Connection> connection_;
};

}  // namespace kontor::net
