// SPDX-License-Identifier: AGPL-3.0-or-later
// Compiled scripts of the accounts that got mail last.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/id.h"
#include "base/result.h"
#include "formats/sieve/program.h"

namespace kontor::groupware {

// Thread-safe.
class ProgramCache {
 public:
  using Program = std::shared_ptr<const sieve::Program>;
  struct Made {
    Program program;
    std::size_t bytes = 0;  // of its text
  };
  using Make = std::function<Result<Made>()>;

  explicit ProgramCache(std::size_t bytes) : limit_(bytes) {}

  // The account's script of that name, as it is in that version of all of them; made if it is not here. Null: there is
  // none. Errors: what `make` returned, which is not kept.
  Result<Program> find(AccountId account, Modseq version, const std::string& name, const Make& make);

 private:
  struct Entry {
    Modseq version;
    std::map<std::string, Program> programs;
    std::size_t bytes = 0;
    std::list<AccountId>::iterator used;
  };
  void drop(AccountId account);

  const std::size_t limit_;  // of texts; compiled they take some times of it
  std::mutex mutex_;
  std::unordered_map<AccountId, Entry> entries_;
  std::list<AccountId> order_;  // most recently used first
  std::size_t bytes_ = 0;
};

}  // namespace kontor::groupware
