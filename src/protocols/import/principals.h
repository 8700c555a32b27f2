// SPDX-License-Identifier: AGPL-3.0-or-later
// Who there is at a source, made here where nobody has the address yet. What is here already stays as it is.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "directory/directory.h"
#include "formats/archive/answer.h"
#include "formats/archive/settings.h"

namespace kontor::importing {

struct PrincipalOptions {
  bool may_create = false;
  bool may_create_domains = false;                         // with their tenants
  directory::Status status = directory::Status::inactive;  // of those with an account
  std::function<bool(std::string_view)> may_import;        // an address; unset = all
  bool with_accounts = false;  // these follow: `status` is for those whose accounts do, the others are made inactive
};

// One thread at a time.
class PrincipalImport {
 public:
  PrincipalImport(directory::Directory& directory, PrincipalOptions options)
      : directory_(directory), options_(std::move(options)) {}

  // Errors: unavailable, corrupt. What cannot be made is quarantined in the answer.
  Result<void> take(const archive::Principal& principal);
  // Gives those that were made their members, who may have come after them; then the answer, under
  // archive::kPrincipalsKey, and begins anew.
  Result<archive::Answer> finish();
  bool has_any() const { return has_any_; }

 private:
  Result<void> make(const archive::Principal& principal);
  Result<void> complete(const archive::Principal& principal, directory::Principal made);
  Result<void> make_domain(const archive::Principal& principal, std::string_view domain);

  directory::Directory& directory_;
  const PrincipalOptions options_;
  bool has_any_ = false;
  archive::Answer answer_;
  struct Members {
    PrincipalId of;
    std::string address;
    std::vector<std::string> members;
  };
  std::vector<Members> members_;
};

}  // namespace kontor::importing
