// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/tls_session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

namespace kontor::net {

TlsSession::TlsSession(ssl_st* ssl, std::shared_ptr<const void> keep) : ssl_(ssl), keep_(std::move(keep)) {
  SSL_set_mode(ssl_, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

TlsSession::~TlsSession() { SSL_free(ssl_); }

IoStep TlsSession::handshake() {
  ERR_clear_error();
  int result = SSL_do_handshake(ssl_);
  if (result != 1) return outcome(result);
  is_up_ = true;
  return IoStep(IoStep::Kind::done);
}

IoStep TlsSession::read(std::span<char> into) {
  ERR_clear_error();
  std::size_t got = 0;
  int result = SSL_read_ex(ssl_, into.data(), into.size(), &got);
  return result == 1 ? IoStep(IoStep::Kind::done, got) : outcome(result);
}

IoStep TlsSession::peek() {
  ERR_clear_error();
  char byte = 0;
  std::size_t got = 0;
  int result = SSL_peek_ex(ssl_, &byte, 1, &got);
  return result == 1 ? IoStep(IoStep::Kind::done, got) : outcome(result);
}

IoStep TlsSession::write(std::string_view bytes) {
  if (bytes.empty()) return IoStep(IoStep::Kind::done);
  ERR_clear_error();
  std::size_t sent = 0;
  int result = SSL_write_ex(ssl_, bytes.data(), bytes.size(), &sent);
  return result == 1 ? IoStep(IoStep::Kind::done, sent) : outcome(result);
}

IoStep TlsSession::outcome(int result) {
  int saved = errno;
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      return IoStep(IoStep::Kind::want_read);
    case SSL_ERROR_WANT_WRITE:
      return IoStep(IoStep::Kind::want_write);
    case SSL_ERROR_ZERO_RETURN:
      return IoStep(IoStep::Kind::closed);
    case SSL_ERROR_SYSCALL:
      is_broken_ = true;
      if (saved == 0) return IoStep(IoStep::Kind::closed);
      return IoStep(std::system_category().message(saved));
    default:
      is_broken_ = true;
      return IoStep(openssl_error());
  }
}

void TlsSession::shutdown() {
  // RFC 8446 section 6.1: after a fatal error no close_notify follows.
  if (!is_up_ || is_broken_) return;
  ERR_clear_error();
  SSL_shutdown(ssl_);
  ERR_clear_error();
  is_up_ = false;
}

std::string TlsSession::description() const {
  return std::string(SSL_get_version(ssl_)) + " " + SSL_get_cipher_name(ssl_);
}

std::string TlsSession::verify_error() const {
  long code = SSL_get_verify_result(ssl_);
  return code == X509_V_OK ? "" : X509_verify_cert_error_string(code);
}

void ignore_sigpipe() {
  struct sigaction now = {};
  if (sigaction(SIGPIPE, nullptr, &now) == 0 && now.sa_handler == SIG_DFL) std::signal(SIGPIPE, SIG_IGN);
}

std::string openssl_error() {
  unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown TLS error";
  if (const char* reason = ERR_reason_error_string(code)) return reason;
  // Errors of the operating system have no text in OpenSSL 3.
  if (ERR_SYSTEM_ERROR(code)) return std::system_category().message(ERR_GET_REASON(code));
  return "TLS error " + std::to_string(code);
}

}  // namespace kontor::net
