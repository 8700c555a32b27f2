// SPDX-License-Identifier: AGPL-3.0-or-later
#include "bench/load/connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace bench {
namespace {

constexpr std::size_t kBuffer = 1 << 18;
constexpr unsigned kSources = 249;

sockaddr_in loopback(unsigned last, int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(0x7f000000U + last);
  return address;
}

SSL_CTX* client_context() {
  static SSL_CTX* const context = [] {
    SSL_CTX* made = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(made, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_OFF);
    return made;
  }();
  return context;
}

}  // namespace

double seconds_since(Time::time_point begin) { return std::chrono::duration<double>(Time::now() - begin).count(); }

Connection::Connection(int port, unsigned source) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const sockaddr_in from = loopback(2 + source % kSources, 0);
  const sockaddr_in to = loopback(1, port);
  int on = 1;
  setsockopt(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (fd_ < 0 || bind(fd_, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0 ||
      connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
    throw std::runtime_error(fmt::format("port {}: {}", port, std::strerror(errno)));
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Connection::~Connection() {
  if (ssl_ != nullptr) SSL_free(ssl_);
  if (fd_ >= 0) close(fd_);
}

Connection::Connection(Connection&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      ssl_(std::exchange(other.ssl_, nullptr)),
      blocks_(other.blocks_),
      buffer_(std::move(other.buffer_)),
      begin_(other.begin_),
      end_(other.end_),
      received_(other.received_) {}

void Connection::start_tls() {
  ssl_ = SSL_new(client_context());
  SSL_set_fd(ssl_, fd_);
  if (SSL_connect(ssl_) != 1) throw std::runtime_error("the TLS handshake failed");
}

void Connection::send_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ssl_ != nullptr ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                                         : send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) throw std::runtime_error("the server closed the connection");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool Connection::take_line(std::string_view& text) {
  const auto* end = static_cast<const char*>(std::memchr(buffer_.data() + begin_, '\n', end_ - begin_));
  if (end == nullptr) return false;
  text = std::string_view(buffer_.data() + begin_, static_cast<std::size_t>(end - (buffer_.data() + begin_)));
  begin_ = static_cast<std::size_t>(end - buffer_.data()) + 1;
  if (text.ends_with('\r')) text.remove_suffix(1);
  return true;
}

std::string_view Connection::line() {
  std::string_view text;
  while (!take_line(text)) fill();
  return text;
}

std::string_view Connection::line_at_hand() {
  std::string_view text;
  while (!take_line(text))
    if (!fill()) return {};
  return text;
}

void Connection::skip(std::size_t count) {
  while (count > end_ - begin_) {
    count -= end_ - begin_;
    begin_ = end_;
    fill();
  }
  begin_ += count;
}

void Connection::stop_blocking() {
  fcntl(fd_, F_SETFL, fcntl(fd_, F_GETFL) | O_NONBLOCK);
  blocks_ = false;
}

void Connection::drop_buffer() {
  if (begin_ < end_) return;
  begin_ = end_ = 0;
  std::string().swap(buffer_);
}

bool Connection::fill() {
  if (buffer_.empty()) buffer_.resize(blocks_ ? kBuffer : 4096);
  if (begin_ == end_) begin_ = end_ = 0;
  if (begin_ > 0 && end_ == buffer_.size()) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) buffer_.resize(buffer_.size() * 2);
  const std::size_t room = buffer_.size() - end_;
  const ssize_t got = ssl_ != nullptr ? SSL_read(ssl_, buffer_.data() + end_, static_cast<int>(room))
                                      : recv(fd_, buffer_.data() + end_, room, 0);
  if (got <= 0) {
    const bool would_block = ssl_ != nullptr ? SSL_get_error(ssl_, static_cast<int>(got)) == SSL_ERROR_WANT_READ
                                             : got < 0 && errno == EAGAIN;
    if (!blocks_ && would_block) return false;
    throw std::runtime_error("the server closed the connection");
  }
  end_ += static_cast<std::size_t>(got);
  received_ += static_cast<std::uint64_t>(got);
  return true;
}

}  // namespace bench
