// SPDX-License-Identifier: AGPL-3.0-or-later
// Archives that come over HTTP: each is imported by a thread of its own while it arrives.
#pragma once

#include <memory>

#include "base/workers.h"
#include "net/http_server.h"
#include "protocols/import/job.h"
#include "protocols/import/running.h"

namespace kontor::importing {

// Thread-safe. Its last owner must not be one of its own threads.
class Uploads {
 public:
  // At most `parallel` at once. The references must outlive it.
  Uploads(groupware::Accounts& accounts, directory::Directory& directory, std::size_t parallel)
      : accounts_(accounts), directory_(directory), running_(parallel), importers_(parallel), feeders_(parallel) {}

  // A place for an import. Errors: as RunningImports::begin.
  using Ticket = std::shared_ptr<RunningImports::Ticket>;
  Result<Ticket> begin(AccountId account);

  // Takes the archive as it comes. What it becomes is answered in lines, with one at least every ten seconds from the
  // archive's end on, so that nobody between takes the connection for dead.
  static Task<net::HttpResponse> take(std::shared_ptr<Uploads> uploads, net::HttpBody& body, ImportOptions options,
                                      Ticket ticket);

 private:
  struct Answering;
  static Task<std::string> next_lines(std::shared_ptr<Answering> answering);

  groupware::Accounts& accounts_;
  directory::Directory& directory_;
  RunningImports running_;
  // Last: they end first. Imports block on their pipes, and whoever fills a pipe blocks on the import.
  Workers importers_, feeders_;
};

}  // namespace kontor::importing
