// SPDX-License-Identifier: AGPL-3.0-or-later
// The command line's settings, and what they are made into. Secrets come from files, the environment or a prompt.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "migrate/engine.h"
#include "migrate/mapping.h"
#include "migrate/sources.h"
#include "migrate/target.h"

namespace kontor::app {

struct MigrateSettings {
  // Source
  std::string from;
  std::string from_ca_file;
  std::vector<std::string> users;
  std::string password_file;
  std::string users_file;
  std::string master_user;
  std::string master_password_file;
  std::string master_separator;
  bool authzid = false;
  std::string oauth_token_file;
  std::string default_domain;
  std::string from_server_name;
  std::string managesieve, sieve_path;
  std::string mechanism;
  bool from_insecure = false;
  std::string configuration;  // of Kopano: the same as from = "kopano:..."
  bool with_deleted = false;
  // Target
  migrate::TargetOptions target;  // its token is read by target_options()
  std::string token_file;
  // What and how
  std::string mapping_file;
  std::vector<std::string> excluded_folders;
  bool exclude_deleted = false;
  std::vector<std::string> only;
  std::string pilot_file;
  std::size_t concurrency = 4;
  std::size_t source_connections = 0;  // as many as accounts at once, where nothing is said
  std::string bandwidth;
  std::string window;
  bool full = false;
  bool quick = false;
  bool quiet = false;
  std::string report;
  // Archives
  bool to_stdout = false;
  bool from_stdin = false;
  std::string output;
  std::string input;
};

// Adds to `only` what the file of a pilot names. Errors: not_found, invalid (it names nobody).
Result<void> add_pilot(MigrateSettings& settings);
Result<migrate::SourceOptions> source_options(const MigrateSettings& settings);
Result<migrate::TargetOptions> target_options(const MigrateSettings& settings);
Result<migrate::Mapping> read_mapping(const MigrateSettings& settings);

}  // namespace kontor::app
