// SPDX-License-Identifier: AGPL-3.0-or-later
// A mysqldump restored into a MariaDB of our own, which nobody but this process reaches and which ends with it.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "base/result.h"

namespace kontor::migrate::kopano {

struct DumpOptions {
  std::string file;    // plain, or packed by gzip, bzip2, xz or zstd
  std::string folder;  // where it is restored and stays for the next time; empty = a temporary one, which is removed
};

class RestoredDump {
 public:
  // Restores the dump, unless the folder has it already, and starts the database. Takes as long as MariaDB needs, and
  // room for some twice the unpacked dump. Errors: not_found (the file, or MariaDB's programs: which package has them),
  // invalid (what the client said of the dump; it is no Kopano database), conflict (the folder is in use, or has
  // something else), unavailable (the database does not start: its words).
  static Result<std::unique_ptr<RestoredDump>> open(const DumpOptions& options);
  ~RestoredDump();
  RestoredDump(const RestoredDump&) = delete;
  RestoredDump& operator=(const RestoredDump&) = delete;

  const std::string& socket() const { return socket_; }
  const std::string& name() const { return name_; }  // of the database
  const std::string& user() const { return user_; }  // without a password

 private:
  RestoredDump() = default;
  Result<void> prepare(const DumpOptions& options);
  Result<void> initialize();
  void end_stray() const;
  Result<void> start();
  Result<void> restore(const std::string& file);
  Result<void> find_name();
  std::string last_words() const;

  std::string folder_, socket_, name_, user_;
  bool is_temporary_ = false;
  int lock_ = -1;
  pid_t server_ = -1;
};

}  // namespace kontor::migrate::kopano
