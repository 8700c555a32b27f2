// SPDX-License-Identifier: AGPL-3.0-or-later
// links: formats base
// JSON of rules is printed and read back as the same rules; a script that is read as rules is printed as one that is
// read as rules again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "formats/sieve/rules.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto list = kontor::sieve::rules_of_json(bytes)) {
    const auto again = kontor::sieve::rules_of_json(to_json(*list));
    require(again && *again == *list);
  }
  if (const auto list = kontor::sieve::read_rules(bytes)) {
    // Text by hand may be anything that is Sieve as a whole: then what is printed may be none, but it ends.
    const std::string script = print(*list);
    if (const auto again = kontor::sieve::read_rules(script)) require(again->rules.size() <= list->rules.size() + 1);
  }
  return 0;
}
