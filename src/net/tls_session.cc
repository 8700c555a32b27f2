// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/tls_session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

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

namespace {

// RFC 9266 section 2. Only TLS 1.3 gives what the label needs without further conditions.
std::string exporter_binding(SSL* ssl) {
  constexpr std::string_view kLabel = "EXPORTER-Channel-Binding";
  std::string out(32, '\0');
  const bool is_usable = SSL_version(ssl) >= TLS1_3_VERSION &&
                         SSL_export_keying_material(ssl, reinterpret_cast<unsigned char*>(out.data()), out.size(),
                                                    kLabel.data(), kLabel.size(), nullptr, 0, 0) == 1;
  return is_usable ? out : std::string();
}

// RFC 5929 section 4.1: the certificate's own digest, with SHA-256 for those of MD5 and SHA-1; undefined for signatures
// without a digest of their own.
std::string end_point_binding(SSL* ssl) {
  const X509* certificate = SSL_get_certificate(ssl);
  int digest = NID_undef;
  if (!certificate || X509_get_signature_info(const_cast<X509*>(certificate), &digest, nullptr, nullptr, nullptr) != 1)
    return {};
  if (digest == NID_md5 || digest == NID_sha1) digest = NID_sha256;
  const EVP_MD* md = digest == NID_undef ? nullptr : EVP_get_digestbynid(digest);
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  if (!md || X509_digest(certificate, md, reinterpret_cast<unsigned char*>(out.data()), &size) != 1) return {};
  out.resize(size);
  return out;
}

}  // namespace

std::string TlsSession::channel_binding(ChannelBinding kind) const {
  if (!is_up_) return {};
  std::string out = kind == ChannelBinding::tls_exporter ? exporter_binding(ssl_) : end_point_binding(ssl_);
  ERR_clear_error();
  return out;
}

std::vector<std::string> TlsSession::certified_addresses() const {
  std::vector<std::string> out;
  X509* certificate = SSL_get0_peer_certificate(ssl_);
  if (!certificate || SSL_get_verify_result(ssl_) != X509_V_OK) return out;
  auto* names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_EMAIL) continue;
    const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.rfc822Name));
    out.emplace_back(text, static_cast<std::size_t>(ASN1_STRING_length(name->d.rfc822Name)));
  }
  GENERAL_NAMES_free(names);
  return out;
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
