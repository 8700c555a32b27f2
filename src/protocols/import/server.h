// SPDX-License-Identifier: AGPL-3.0-or-later
// The import endpoint, for kontor-migrate (docs/migration.md describes it):
//
//   GET  /import/v1/accounts/<address>          the account's status, use and quota
//   POST /import/v1/accounts/<address>/digest   what the ledger knows: of folders, a folder's items, vanished items
//   POST /import/v1/accounts/<address>/archive  an archive; the answer has a line per folder, each durable
//   POST /import/v1/principals                  an archive of principals alone; answered as the other
//   GET  /import/v1/accounts/<address>/verify   one folder's items as they are, hashed anew from their content
//
// Every request needs TLS, an allowed address and "Authorization: Bearer <token>".
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/workers.h"
#include "groupware/accounts.h"
#include "net/address.h"
#include "net/http_server.h"

namespace kontor::directory {
class Directory;
}

namespace kontor::importing {

struct ServerOptions {
  std::string token_file;             // see tokens.h
  std::vector<net::Network> allowed;  // peers; empty = all that have a token
  std::size_t parallel = 32;          // archives being imported at once; more are told to come later (503)
  std::string origin;                 // how clients call the server: "https://mail.example.org"
  bool requires_tls = true;           // false in tests only
};

// All references must outlive the routes. A request's blocking work runs on `workers`, that of archives on threads of
// its own, which end with the routes. Serve with http_session(routes, UINT64_MAX): archives have no limit of their own.
struct Routes {
  std::vector<net::HttpRoute> remote;
  // For the local socket, whose users may do everything: POST /import/v1/archive takes an archive of any accounts.
  std::vector<net::HttpRoute> local;
};
Routes routes(groupware::Accounts& accounts, directory::Directory& directory, const Clock& clock, Workers& workers,
              const ServerOptions& options);

}  // namespace kontor::importing
