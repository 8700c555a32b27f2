// SPDX-License-Identifier: AGPL-3.0-or-later
// The inside of TlsContexts: one set of loaded certificates, replaced as a whole.
#pragma once

#include <openssl/ssl.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "net/tls.h"
#include "net/tls_session.h"

namespace kontor::net {

struct SslContextFree {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, SslContextFree>;

struct LoadedCertificates {
  // The context for a name that a client asked for; nullptr if no certificate has it.
  SSL_CTX* find(std::string_view name) const;

  std::vector<SslContext> contexts;         // the first is the default
  std::map<std::string, SSL_CTX*> by_name;  // lower case; "*.example.org" as it stands in the certificate
  bool knows_clients = false;               // authorities for clients' certificates are loaded
};

struct TlsContexts::State {
  // A server session on `fd`; nullptr if no certificate is loaded. `asks_certificate`: of the client, where there are
  // authorities for it. Thread-safe.
  std::unique_ptr<TlsSession> accept(int fd, bool asks_certificate);

  std::mutex mutex;
  std::shared_ptr<const LoadedCertificates> loaded;
};

}  // namespace kontor::net
