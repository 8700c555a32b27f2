// SPDX-License-Identifier: AGPL-3.0-or-later
// For tests: a script, a message and a world, and the actions as text.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "formats/mime/parser.h"
#include "formats/sieve/compile.h"
#include "formats/sieve/run.h"

namespace kontor::sieve {

// Lines in a test end with LF, in a message with CRLF.
inline std::string with_crlf(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') out.push_back('\r');
    out.push_back(c);
  }
  return out;
}

inline std::string faults_of(std::string_view script) {
  const Compiled compiled = compile(script);
  std::string text;
  for (const Fault& fault : compiled.faults) text += text_of(fault) + "\n";
  return text;
}

inline Environment test_environment() {
  Environment environment;
  environment.envelope = {"sender@example.net", "me+work@example.org", std::nullopt};
  environment.addresses = {"me@example.org"};
  environment.now = Instant(std::chrono::seconds(1'700'000'000));  // 2023-11-14 22:13:20 UTC, a Tuesday
  environment.zone = [](Instant) { return 60; };
  return environment;
}

// Faults if it does not compile.
inline std::string outcome_of(std::string_view script, std::string_view message,
                              const Environment& environment = test_environment(), const RunLimits& limits = {}) {
  const Compiled compiled = compile(script);
  if (!compiled.program) return faults_of(script);
  const std::string bytes = with_crlf(message);
  const mime::Entity structure = mime::parse(bytes);
  return text_of(run(*compiled.program, message_of(structure, bytes), environment, limits));
}

}  // namespace kontor::sieve
