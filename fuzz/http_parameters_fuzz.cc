// SPDX-License-Identifier: AGPL-3.0-or-later
// links: wire
// Queries and names of files as clients send them: a name is a name, and reads back as what it was written.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "wire/http/parameters.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kontor::wire::http;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (query_parameters(text).size() > 100) std::abort();
  const std::string name = disposition_filename(text);
  for (const char c : name)
    if (c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20) std::abort();
  if (name.size() > 200 || name == ".." || disposition_filename(attachment_disposition(name)) != name) std::abort();
  return 0;
}
