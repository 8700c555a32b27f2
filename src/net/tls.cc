// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/tls.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/bytes.h"
#include "net/tls_state.h"

namespace kontor::net {
namespace {

constexpr unsigned char kSessionContext[] = "kontor";

int on_server_name(SSL* ssl, int*, void* arg) {
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (!name) return SSL_TLSEXT_ERR_NOACK;
  SSL_CTX* context = static_cast<const LoadedCertificates*>(arg)->find(to_lower(name));
  if (!context) return SSL_TLSEXT_ERR_NOACK;
  SSL_set_SSL_CTX(ssl, context);
  return SSL_TLSEXT_ERR_OK;
}

// A key that wants a pass phrase is an error, not a question on the terminal.
int no_pass_phrase(char*, int, int, void*) { return 0; }

SslContext make_server_context() {
  SslContext context(SSL_CTX_new(TLS_server_method()));
  check(context != nullptr, "SSL_CTX_new");
  SSL_CTX* c = context.get();
  SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
  SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                             SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF);
  // Forward secrecy only; the CBC suites of TLS 1.2 stay for clients of old desktops.
  SSL_CTX_set_cipher_list(c, "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:!aNULL:!eNULL:!PSK");
  // Resumption by tickets: the state is at the client, one ticket is enough for one connection after another.
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_session_id_context(c, kSessionContext, sizeof kSessionContext - 1);
  SSL_CTX_set_num_tickets(c, 1);
  SSL_CTX_set_default_passwd_cb(c, no_pass_phrase);
  return context;
}

std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> out;
  auto* names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_DNS) continue;
    const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
    out.push_back(to_lower(std::string_view(text, static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)))));
  }
  GENERAL_NAMES_free(names);
  if (!out.empty()) return out;
  char common[256] = {};
  if (X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, common, sizeof common) > 0)
    out.push_back(to_lower(common));
  return out;
}

// Which certificate a client shows is its own affair: one that nobody here vouches for just proves nothing.
int take_any_certificate(int, X509_STORE_CTX*) { return 1; }

Result<void> load_authorities(SSL_CTX* context, const std::string& file) {
  ERR_clear_error();
  STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(file.c_str());
  if (!names || SSL_CTX_load_verify_locations(context, file.c_str(), nullptr) != 1) {
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    return fail(Errc::invalid, fmt::format("The authorities in {} cannot be read: {}.", file, openssl_error()));
  }
  SSL_CTX_set_client_CA_list(context, names);
  return {};
}

Result<SslContext> load_one(const Certificate& files) {
  SslContext context = make_server_context();
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate_file.c_str()) != 1)
    return fail(Errc::invalid,
                fmt::format("The certificate {} cannot be read: {}.", files.certificate_file, openssl_error()));
  if (SSL_CTX_use_PrivateKey_file(context.get(), files.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    bool is_mismatch = ERR_GET_REASON(ERR_peek_error()) == X509_R_KEY_VALUES_MISMATCH;
    std::string why = openssl_error();
    if (is_mismatch)
      return fail(Errc::invalid, fmt::format("The key {} does not belong to the certificate {}.", files.key_file,
                                             files.certificate_file));
    return fail(Errc::invalid, fmt::format("The key {} cannot be read: {}.", files.key_file, why));
  }
  if (SSL_CTX_check_private_key(context.get()) != 1) {
    ERR_clear_error();
    return fail(Errc::invalid, fmt::format("The key {} does not belong to the certificate {}.", files.key_file,
                                           files.certificate_file));
  }
  if (X509_cmp_current_time(X509_get0_notAfter(SSL_CTX_get0_certificate(context.get()))) < 0)
    return fail(Errc::invalid, fmt::format("The certificate {} has expired.", files.certificate_file));
  return context;
}

}  // namespace

SSL_CTX* LoadedCertificates::find(std::string_view name) const {
  auto exact = by_name.find(std::string(name));
  if (exact != by_name.end()) return exact->second;
  // RFC 6125 section 6.4.3: a wildcard stands for the leftmost label.
  std::size_t dot = name.find('.');
  if (dot == std::string_view::npos || dot == 0) return nullptr;
  auto wild = by_name.find("*" + std::string(name.substr(dot)));
  return wild == by_name.end() ? nullptr : wild->second;
}

std::unique_ptr<TlsSession> TlsContexts::State::accept(int fd, bool asks_certificate) {
  std::shared_ptr<const LoadedCertificates> current;
  {
    std::lock_guard lock(mutex);
    current = loaded;
  }
  if (!current) return nullptr;
  SSL* ssl = SSL_new(current->contexts.front().get());
  if (!ssl) throw std::bad_alloc();
  if (asks_certificate && current->knows_clients) SSL_set_verify(ssl, SSL_VERIFY_PEER, take_any_certificate);
  auto session = std::make_unique<TlsSession>(ssl, std::move(current));
  SSL_set_accept_state(ssl);
  if (SSL_set_fd(ssl, fd) != 1) throw std::bad_alloc();
  return session;
}

TlsContexts::TlsContexts() : state_(std::make_unique<State>()) {}
TlsContexts::~TlsContexts() = default;

Result<void> TlsContexts::load(const std::vector<Certificate>& certificates, const std::string& client_authorities) {
  auto fresh = std::make_shared<LoadedCertificates>();
  for (const Certificate& files : certificates) {
    TRY(SslContext context, load_one(files));
    if (!client_authorities.empty()) TRY_VOID(load_authorities(context.get(), client_authorities));
    for (std::string& name : names_of(SSL_CTX_get0_certificate(context.get())))
      fresh->by_name.emplace(std::move(name), context.get());
    fresh->contexts.push_back(std::move(context));
  }
  fresh->knows_clients = !client_authorities.empty();
  if (!fresh->contexts.empty()) {
    SSL_CTX_set_tlsext_servername_callback(fresh->contexts.front().get(), on_server_name);
    SSL_CTX_set_tlsext_servername_arg(fresh->contexts.front().get(), fresh.get());
  }
  std::lock_guard lock(state_->mutex);
  state_->loaded = fresh->contexts.empty() ? nullptr : std::move(fresh);
  return {};
}

bool TlsContexts::has_certificate() const {
  std::lock_guard lock(state_->mutex);
  return state_->loaded != nullptr;
}

}  // namespace kontor::net
