// SPDX-License-Identifier: AGPL-3.0-or-later
#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>

#include "net/address.h"
#include "net/fd.h"
#include "net/tls.h"

namespace kontor::net {
namespace {

template <auto Free>
struct OpensslFree {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};
using Key = std::unique_ptr<EVP_PKEY, OpensslFree<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, OpensslFree<X509_free>>;
using Bio = std::unique_ptr<BIO, OpensslFree<BIO_free_all>>;
using Extension = std::unique_ptr<X509_EXTENSION, OpensslFree<X509_EXTENSION_free>>;

constexpr long kTenYears = 3652L * 24 * 3600;

// The name, and this machine's own, so that tools beside the server can check the certificate too.
std::string names_of(const std::string& name) {
  return (parse_ip(name) ? "IP:" : "DNS:") + name + ",DNS:localhost,IP:127.0.0.1,IP:::1";
}

bool add_extension(X509* certificate, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

X509Ptr make_certificate(EVP_PKEY* key, const std::string& name) {
  X509Ptr certificate(X509_new());
  X509* c = certificate.get();
  std::uint64_t serial = 0;
  if (!c || RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) != 1) return nullptr;
  X509_set_version(c, X509_VERSION_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(c), serial >> 1);
  X509_gmtime_adj(X509_getm_notBefore(c), -3600);  // a client's clock may be slow
  X509_gmtime_adj(X509_getm_notAfter(c), kTenYears);
  X509_NAME* subject = X509_get_subject_name(c);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                             0);
  X509_set_issuer_name(c, subject);
  X509_set_pubkey(c, key);
  bool is_done = add_extension(c, NID_basic_constraints, "critical,CA:FALSE") &&
                 add_extension(c, NID_ext_key_usage, "serverAuth") &&
                 add_extension(c, NID_subject_alt_name, names_of(name)) && X509_sign(c, key, EVP_sha256()) > 0;
  return is_done ? std::move(certificate) : nullptr;
}

std::string text_of(BIO* bio) {
  char* text = nullptr;
  long size = BIO_get_mem_data(bio, &text);
  return std::string(text, static_cast<std::size_t>(size));
}

// Whole or not at all: a file that a start left half written would be taken for a certificate by the next.
Result<void> write_new_file(const std::string& path, std::string_view bytes, mode_t mode) {
  auto failed = [&] {
    return fail(Errc::unavailable,
                fmt::format("{} cannot be written: {}.", path, std::system_category().message(errno)));
  };
  std::string temporary = path + ".new";
  Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!fd) return failed();
  if (::write(fd.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) return failed();
  if (::fsync(fd.get()) != 0 || std::rename(temporary.c_str(), path.c_str()) != 0) return failed();
  return {};
}

}  // namespace

Result<void> make_self_signed(const Certificate& files, const std::string& name) {
  bool has_certificate = std::filesystem::exists(files.certificate_file);
  bool has_key = std::filesystem::exists(files.key_file);
  if (has_certificate && has_key) return {};
  if (has_certificate || has_key)
    return fail(Errc::invalid, fmt::format("Of {} and {} only one exists; both are needed, or none to make new ones.",
                                           files.certificate_file, files.key_file));
  if (name.empty() || name.find_first_of(", \n") != std::string::npos)
    return fail(Errc::invalid, fmt::format("\"{}\" cannot be the name in a certificate.", name));

  Key key(EVP_EC_gen("P-256"));
  X509Ptr certificate = key ? make_certificate(key.get(), name) : nullptr;
  Bio certificate_text(BIO_new(BIO_s_mem()));
  Bio key_text(BIO_new(BIO_s_mem()));
  if (!certificate || PEM_write_bio_X509(certificate_text.get(), certificate.get()) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return fail(Errc::unavailable, "A self-signed certificate could not be made.");
  TRY_VOID(write_new_file(files.key_file, text_of(key_text.get()), 0600));
  return write_new_file(files.certificate_file, text_of(certificate_text.get()), 0644);
}

}  // namespace kontor::net
