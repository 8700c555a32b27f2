// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/client_socket.h"

#include <fmt/format.h>
#include <netdb.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

#include "net/address.h"
#include "net/sockets.h"
#include "net/tls_session.h"
#include "net/tls_state.h"

namespace kontor::net {
namespace {

using ClientClock = std::chrono::steady_clock;

std::string system_text(int error) { return std::system_category().message(error); }

// Waits until `fd` is ready for `events`. Errors: unavailable (not in time).
Result<void> wait_ready(int fd, short events, ClientClock::time_point deadline) {
  for (;;) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - ClientClock::now()).count();
    if (left <= 0) return fail(Errc::unavailable, "The server did not answer in time.");
    pollfd one{fd, events, 0};
    int ready = ::poll(&one, 1, static_cast<int>(std::min<std::int64_t>(left, 3'600'000)));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return fail(Errc::unavailable, "Waiting failed: " + system_text(errno) + ".");
  }
}

Result<Fd> connect_to(const SocketAddress& address, ClientClock::time_point deadline) {
  Fd fd(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail(Errc::unavailable, system_text(errno));
  if (::connect(fd.get(), address.get(), address.size) == 0) return fd;
  if (errno != EINPROGRESS) return fail(Errc::unavailable, system_text(errno));
  TRY_VOID(wait_ready(fd.get(), POLLOUT, deadline));
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return fail(Errc::unavailable, system_text(error));
  return fd;
}

Result<std::vector<SocketAddress>> resolve(const ClientOptions& options) {
  std::vector<SocketAddress> out;
  if (options.host.starts_with("unix:")) {
    TRY(Endpoint endpoint, parse_endpoint(options.host));
    out.push_back(to_socket_address(endpoint));
    return out;
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
  if (parse_ip(options.host)) hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  int error = ::getaddrinfo(options.host.c_str(), std::to_string(options.port).c_str(), &hints, &found);
  if (error != 0)
    return fail(Errc::unavailable, fmt::format("{} has no address: {}.", options.host,
                                               error == EAI_SYSTEM ? system_text(errno) : gai_strerror(error)));
  for (addrinfo* at = found; at; at = at->ai_next) {
    SocketAddress address;
    std::copy_n(reinterpret_cast<const char*>(at->ai_addr), at->ai_addrlen, reinterpret_cast<char*>(&address.storage));
    address.size = at->ai_addrlen;
    out.push_back(address);
  }
  ::freeaddrinfo(found);
  return out;
}

Result<Fd> open_connection(const ClientOptions& options, ClientClock::time_point deadline) {
  TRY(std::vector<SocketAddress> addresses, resolve(options));
  std::string why = "no address";
  for (const SocketAddress& address : addresses) {
    auto fd = connect_to(address, deadline);
    if (fd) return fd;
    why = fd.error().text;
  }
  std::string where =
      options.host.starts_with("unix:") ? options.host : fmt::format("{} port {}", options.host, options.port);
  return fail(Errc::unavailable, fmt::format("Cannot connect to {}: {}", where, why));
}

class PollSocket : public ClientSocket {
 public:
  PollSocket(Fd fd, ClientOptions options) : fd_(std::move(fd)), options_(std::move(options)) {}
  ~PollSocket() override {
    if (tls_) tls_->shutdown();
  }

  Result<std::size_t> read_some(std::span<char> into) override {
    TRY(IoStep step, drive([&] { return tls_ ? tls_->read(into) : plain_read(fd_.get(), into); }));
    return step.bytes;
  }

  Result<void> write(std::string_view bytes) override {
    while (!bytes.empty()) {
      TRY(IoStep step, drive([&] { return tls_ ? tls_->write(bytes) : plain_write(fd_.get(), bytes); }));
      if (step.kind == IoStep::Kind::closed) return fail(Errc::unavailable, "The server closed the connection.");
      bytes.remove_prefix(step.bytes);
    }
    return {};
  }

  Result<void> start_tls() override;
  bool is_encrypted() const override { return tls_ != nullptr; }
  std::string tls_description() const override { return tls_ ? tls_->description() : std::string(); }
  void set_timeout(std::chrono::milliseconds timeout) override { options_.timeout = timeout; }
  void close_from_afar() override { ::shutdown(fd_.get(), SHUT_RDWR); }

 private:
  // Repeats `attempt` until it no longer waits. Gives done or closed; everything else is an error.
  template <class Attempt>
  Result<IoStep> drive(Attempt attempt) {
    auto deadline = ClientClock::now() + options_.timeout;
    for (;;) {
      IoStep step = attempt();
      if (step.kind == IoStep::Kind::failed)
        return fail(Errc::unavailable, fmt::format("The connection broke: {}.", step.reason));
      if (step.kind == IoStep::Kind::done || step.kind == IoStep::Kind::closed) return step;
      TRY_VOID(wait_ready(fd_.get(), step.kind == IoStep::Kind::want_read ? POLLIN : POLLOUT, deadline));
    }
  }

  Result<SslContext> make_context() const;
  Result<void> set_name(SSL* ssl) const;
  Result<void> set_dane(SSL* ssl, const std::string& name) const;

  Fd fd_;
  ClientOptions options_;
  std::unique_ptr<TlsSession> tls_;
};

Result<SslContext> PollSocket::make_context() const {
  SslContext context(SSL_CTX_new(TLS_client_method()));
  if (!context) return fail(Errc::unavailable, "TLS could not be set up.");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), options_.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (!options_.verify) return context;
  if (!options_.dane.empty()) {
    if (SSL_CTX_dane_enable(context.get()) != 1) return fail(Errc::unavailable, "DANE could not be set up.");
    return context;
  }
  if (options_.ca_file.empty())
    SSL_CTX_set_default_verify_paths(context.get());
  else if (SSL_CTX_load_verify_locations(context.get(), options_.ca_file.c_str(), nullptr) != 1)
    return fail(Errc::invalid,
                fmt::format("The file of authorities {} cannot be read: {}.", options_.ca_file, openssl_error()));
  return context;
}

// Records that OpenSSL cannot use are left out (RFC 7672 section 2.2); usage 3 needs no name in the certificate.
Result<void> PollSocket::set_dane(SSL* ssl, const std::string& name) const {
  if (SSL_dane_enable(ssl, name.c_str()) != 1)
    return fail(Errc::invalid, fmt::format("\"{}\" is not a name that a certificate can have.", name));
  SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
  bool is_any_usable = false;
  for (const DaneRecord& record : options_.dane)
    if (SSL_dane_tlsa_add(ssl, record.usage, record.selector, record.matching,
                          reinterpret_cast<const unsigned char*>(record.data.data()), record.data.size()) == 1)
      is_any_usable = true;
  (void)openssl_error();
  if (is_any_usable) return {};
  return fail(Errc::denied, fmt::format("None of the TLSA records of {} can be used.", name));
}

// RFC 6066 section 3: no addresses in SNI. RFC 6125 for names, RFC 5280 iPAddress for addresses.
Result<void> PollSocket::set_name(SSL* ssl) const {
  const std::string& name = options_.server_name.empty() ? options_.host : options_.server_name;
  if (options_.verify && !options_.dane.empty()) return set_dane(ssl, name);
  bool is_address = parse_ip(name).has_value();
  bool is_set = is_address || SSL_set_tlsext_host_name(ssl, name.c_str()) == 1;
  if (is_set && options_.verify) {
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    is_set = is_address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str()) == 1
                        : SSL_set1_host(ssl, name.c_str()) == 1;
  }
  if (!is_set) return fail(Errc::invalid, fmt::format("\"{}\" is not a name that a certificate can have.", name));
  return {};
}

Result<void> PollSocket::start_tls() {
  if (tls_) return fail(Errc::invalid, "TLS is already up.");
  TRY(SslContext context, make_context());
  SSL* ssl = SSL_new(context.get());
  if (!ssl) throw std::bad_alloc();
  auto session = std::make_unique<TlsSession>(ssl, nullptr);
  TRY_VOID(set_name(ssl));
  SSL_set_connect_state(ssl);
  if (SSL_set_fd(ssl, fd_.get()) != 1) throw std::bad_alloc();
  auto step = drive([&] { return session->handshake(); });
  std::string wrong = options_.verify ? session->verify_error() : "";
  if (!wrong.empty())
    return fail(Errc::denied, fmt::format("The certificate of {} is not trusted: {}.", options_.host, wrong));
  if (!step) return std::unexpected(step.error());
  if (step->kind != IoStep::Kind::done) return fail(Errc::unavailable, "The server ended the TLS handshake.");
  tls_ = std::move(session);
  return {};
}

}  // namespace

Result<std::unique_ptr<ClientSocket>> ClientSocket::connect(const ClientOptions& options) {
  ignore_sigpipe();
  TRY(Fd fd, open_connection(options, ClientClock::now() + options.timeout));
  if (!options.host.starts_with("unix:")) tune_tcp(fd.get());
  auto socket = std::make_unique<PollSocket>(std::move(fd), options);
  if (options.implicit_tls) {
    TRY_VOID(socket->start_tls());
  }
  return socket;
}

}  // namespace kontor::net
