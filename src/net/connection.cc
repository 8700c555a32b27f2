// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/connection.h"

#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <cstring>

#include "net/tls_state.h"

namespace kontor::net {
namespace {

namespace asio = boost::asio;

constexpr std::uint32_t kLongestStreak = 32;
constexpr int kDrainReads = 16;
constexpr std::size_t kScratchSize = std::size_t{32} << 10;

}  // namespace

Connection::Connection(std::shared_ptr<Loop> loop, Fd fd, Endpoint peer_, std::string id_, TlsContexts* tls)
    : peer(std::move(peer_)),
      id(std::move(id_)),
      loop_(std::move(loop)),
      tls_(tls),
      socket_(loop_->io.get_executor(), fd.get()) {
  fd.release();
  loop_->connections.insert(this);
}

Connection::~Connection() {
  close();
  loop_->connections.erase(this);
}

void Connection::throw_if_ended(bool is_reader) const {
  if (is_cancelled_ && ((is_reader && !holds_end_) || is_closed_)) throw Cancelled("the conversation was ended");
  if (is_closed_) throw Disconnected("the connection was closed");
}

IoStep Connection::attempt(Operation operation, char* data, std::size_t size) {
  int fd = socket_.native_handle();
  switch (operation) {
    case Operation::read:
    case Operation::read_all:
      return session_ ? session_->read({data, size}) : plain_read(fd, {data, size});
    case Operation::peek:
      return session_ ? session_->peek() : plain_peek(fd);
    case Operation::write:
      return session_ ? session_->write({data, size}) : plain_write(fd, {data, size});
    case Operation::handshake:
      return session_->handshake();
  }
  return IoStep(IoStep::Kind::closed);
}

// By way of a buffer of this thread's: what is not known yet to be there needs no room of its own.
IoStep Connection::append(std::string& into, std::size_t at_most) {
  thread_local std::array<char, kScratchSize> scratch;
  IoStep step = attempt(Operation::read, scratch.data(), std::min(at_most, scratch.size()));
  if (step.kind == IoStep::Kind::done) into.append(scratch.data(), step.bytes);
  return step;
}

Task<std::size_t> Connection::run(Operation operation, char* data, std::size_t size, SocketSignal* signal,
                                  std::string* into) {
  bool is_reader = operation != Operation::write;
  bool is_whole = operation == Operation::write || operation == Operation::read_all;
  Waiting& waiting = is_reader ? reader_ : writer_;
  std::optional<Clock::time_point> deadline;
  for (std::size_t moved = 0;;) {
    throw_if_ended(is_reader);
    if (signal && signal->take()) co_return kWoken;
    bool is_bounded = is_reader && read_deadline;
    if (is_bounded && Clock::now() >= *read_deadline) throw TimedOut("the peer took too long");
    IoStep step = into ? append(*into, size) : attempt(operation, data + moved, size - moved);
    if (step.kind == IoStep::Kind::failed) throw Disconnected(step.reason);
    if (step.kind == IoStep::Kind::closed) throw Disconnected("the peer closed the connection");
    boost::system::error_code ignored;
    if (step.kind == IoStep::Kind::done) {
      moved += step.bytes;
      // One peer that never makes us wait must not keep the others of this loop waiting.
      if (++streak_ >= kLongestStreak) {
        streak_ = 0;
        co_await asio::post(socket_.get_executor(), asio::use_awaitable);
      }
      if (!is_whole || moved == size) co_return moved;
      continue;
    }
    if (!deadline) deadline = Clock::now() + timeout;
    if (is_bounded) deadline = std::min(*deadline, *read_deadline);
    waiting = {*deadline, true, false, signal != nullptr};
    arm(*deadline);
    streak_ = 0;
    auto what = step.kind == IoStep::Kind::want_read ? asio::posix::descriptor_base::wait_read
                                                     : asio::posix::descriptor_base::wait_write;
    co_await socket_.async_wait(what, asio::redirect_error(asio::use_awaitable, ignored));
    waiting.is_active = false;
    throw_if_ended(is_reader);
    if (waiting.is_late) throw TimedOut("nothing came in time");
  }
}

Task<void> Connection::start_tls() {
  if (session_) throw Disconnected("TLS is already up");
  int fd = socket_.is_open() ? socket_.native_handle() : -1;
  session_ = fd >= 0 && tls_ ? tls_->state().accept(fd, asks_certificate) : nullptr;
  if (!session_) throw Disconnected("no certificate is configured");
  co_await run(Operation::handshake, nullptr, 0, nullptr);
}

Task<void> Connection::pause(Clock::duration time) {
  throw_if_ended(true);
  pause_ = std::make_unique<Timer>(socket_.get_executor(), time);
  boost::system::error_code ignored;
  co_await pause_->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  pause_.reset();
  throw_if_ended(true);
}

void Connection::arm(Clock::time_point deadline) {
  if (armed_for_ && *armed_for_ <= deadline) return;
  if (!timer_) timer_ = std::make_unique<Timer>(socket_.get_executor());
  armed_for_ = deadline;
  timer_->expires_at(deadline);
  timer_->async_wait([weak = weak_from_this(), count = ++armed_count_](const boost::system::error_code&) {
    // An expiry that was already on its way when the timer was armed anew is of an older count.
    if (auto self = weak.lock(); self && self->armed_count_ == count) self->on_timer();
  });
}

void Connection::on_timer() {
  armed_for_.reset();
  if (is_closed_) return;
  Clock::time_point now = Clock::now();
  bool is_late = false;
  for (Waiting* waiting : {&reader_, &writer_}) {
    if (!waiting->is_active) continue;
    if (waiting->deadline <= now)
      is_late = waiting->is_late = true;
    else
      arm(waiting->deadline);
  }
  if (is_late) interrupt();
}

void Connection::interrupt() {
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void Connection::wake() {
  if (!is_closed_ && reader_.is_active && reader_.takes_signals) interrupt();
}

void Connection::cancel_reads() {
  if (is_closed_ || is_cancelled_) return;
  is_cancelled_ = true;
  if (holds_end_) return;
  interrupt();
  if (pause_) pause_->cancel();
}

// Closing a socket with unread input makes the kernel send a reset, which can overtake what we have just written.
void Connection::drain() {
  char sink[4096];
  for (int i = 0; i < kDrainReads; ++i)
    if (plain_read(socket_.native_handle(), sink).kind != IoStep::Kind::done) return;
}

void Connection::close() {
  if (is_closed_) return;
  is_closed_ = true;
  if (session_) session_->shutdown();
  ::shutdown(socket_.native_handle(), SHUT_WR);
  drain();
  boost::system::error_code ignored;
  socket_.close(ignored);
  if (timer_) timer_->cancel();
  if (pause_) pause_->cancel();
}

void SocketSignal::set() {
  if (is_set_.exchange(true, std::memory_order_acq_rel)) return;
  asio::post(loop_->io, [weak = connection_] {
    if (auto connection = weak.lock()) connection->wake();
  });
}

void EndSignal::set() {
  asio::post(loop_->io, [weak = connection_] {
    if (auto connection = weak.lock()) connection->cancel_reads();
  });
}

Task<void> SocketStream::write(std::string_view bytes) {
  if (!bytes.empty()) co_await connection_->write(bytes);
}

Task<void> SocketStream::append_some(std::string& into, std::size_t at_most) {
  co_await connection_->append_some(into, at_most);
}

Task<Wake> SocketStream::wait(Signal& signal) {
  std::size_t got = co_await connection_->wait(static_cast<SocketSignal&>(signal));
  co_return got == Connection::kWoken ? Wake::signal : Wake::input;
}

std::shared_ptr<Signal> SocketStream::make_signal() {
  return std::make_shared<SocketSignal>(connection_->loop(), connection_);
}

std::shared_ptr<Signal> SocketStream::make_end_signal() {
  return std::make_shared<EndSignal>(connection_->loop(), connection_);
}

}  // namespace kontor::net
