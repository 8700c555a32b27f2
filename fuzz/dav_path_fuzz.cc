// SPDX-License-Identifier: AGPL-3.0-or-later
// links: protocols_dav
// Paths and sync tokens as clients send them: what is read means one thing only.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "protocols/dav/path.h"
#include "protocols/dav/state.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto path = kontor::dav::parse_path(text)) {
    kontor::check(path->names.empty() || !path->address.empty(), "names are below an address");
    for (const auto& name : path->names)
      kontor::check(!name.empty() && name.find('/') == std::string::npos, "a name is a segment");
    kontor::check(path->text == text, "the text is kept");
  }
  if (const auto state = kontor::dav::parse_state(text))
    kontor::check(kontor::dav::parse_state(kontor::dav::print_state(*state)) == state, "a state reads back");
  return 0;
}
