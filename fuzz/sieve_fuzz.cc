// SPDX-License-Identifier: AGPL-3.0-or-later
// links: formats base
// Scripts: there is a program or at least one fault, never both; faults lie within the text, in its order, and are few;
// the same text compiles to the same again.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "formats/sieve/compile.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using kontor::sieve::compile, kontor::sieve::Compiled, kontor::sieve::CompileLimits, kontor::sieve::Fault;
  const std::string_view script(reinterpret_cast<const char*>(data), size);
  const Compiled compiled = compile(script);
  require((compiled.program == nullptr) == !compiled.faults.empty());
  require(compiled.faults.size() <= CompileLimits().faults);
  const auto lines = static_cast<std::uint32_t>(std::count(script.begin(), script.end(), '\n')) + 1;
  std::uint32_t last = 0;
  for (const Fault& fault : compiled.faults) {
    require(fault.at.line >= 1 && fault.at.line <= lines && fault.at.line >= last);
    require(fault.at.column >= 1 && fault.at.column <= size + 1);
    require(!fault.text.empty());
    last = fault.at.line;
  }
  const Compiled again = compile(script);
  require(again.faults.size() == compiled.faults.size());
  if (compiled.program) require(again.program && again.program->commands.size() == compiled.program->commands.size());
  return 0;
}
