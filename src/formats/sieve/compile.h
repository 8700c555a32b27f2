// SPDX-License-Identifier: AGPL-3.0-or-later
// Sieve (RFC 5228): from a script's text to a Program.
//
//   text --syntax--> nodes --compile--> Program --run--> Outcome (what delivery is to do)
//
// The language knows nothing of the store: run() gets a message, its envelope and an Environment of small questions,
// and answers with actions. Compiling and running are pure, bounded in time and memory (limits.h), and safe on any
// bytes. A script that compiled can still fail when it runs; then the message is kept as if there were no script.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "formats/sieve/capability.h"
#include "formats/sieve/fault.h"
#include "formats/sieve/limits.h"
#include "formats/sieve/program.h"

namespace kontor::sieve {

struct CompileOptions {
  Capabilities capabilities = all_capabilities();  // what "require" and "ihave" may name
  CompileLimits limits;
};

// Either a program or faults, in the order of the text.
struct Compiled {
  std::shared_ptr<const Program> program;
  std::vector<Fault> faults;
};

Compiled compile(std::string_view script, const CompileOptions& options = {});

}  // namespace kontor::sieve
