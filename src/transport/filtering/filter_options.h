// SPDX-License-Identifier: AGPL-3.0-or-later
// What can be set about filters: which are asked where, and what happens when one does not answer.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "base/result.h"

namespace kontor::transport {

enum class OnFailure : std::uint8_t { tempfail, accept };

// One filter, as it is written: "milter 127.0.0.1:8891 on_failure=accept timeout=30s".
struct FilterStep {
  enum class Kind : std::uint8_t { milter, rspamd, http, program };

  Kind kind = Kind::milter;
  std::string target;                  // HOST:PORT or unix:PATH of a milter; a URL; a program's path
  std::vector<std::string> arguments;  // of a program
  OnFailure on_failure = OnFailure::tempfail;
  std::chrono::milliseconds timeout{30'000};  // of one message
  std::uint64_t largest = 50ULL << 20;        // larger messages are not shown to it
  std::uint32_t at_once = 8;                  // messages; further ones wait
  std::uint64_t memory = 1ULL << 30;          // program: of each process
  std::string unix_socket;                    // through which the URL is reached
  std::string token_file;                     // http: sent as "Authorization: Bearer"
  std::string settings;                       // rspamd: Settings-ID

  std::string label() const;
};

// Errors: invalid (with what is wrong).
Result<FilterStep> parse_filter_step(std::string_view text);

struct FilterOptions {
  std::vector<std::string> received, submitted, lmtp, delivery;
  std::uint32_t threads = 8;
  std::string train, train_password_file;
  std::chrono::seconds quarantine_time{std::chrono::days(30)};
  std::string spool_folder = "/tmp";  // set by the program
  std::string hostname = "localhost";
};

void declare(config::Schema& schema, FilterOptions& into);

}  // namespace kontor::transport
