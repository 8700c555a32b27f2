// SPDX-License-Identifier: AGPL-3.0-or-later
// links: transport
// Records of DNS from any bytes: what is taken can be written into a header line.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "transport/dns/rdata.h"

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

bool is_host(const std::string& name) {
  return name.size() <= 253 && std::ranges::all_of(name, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace rdata = kontor::transport::rdata;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (auto mx = rdata::mx(bytes)) must(is_host(mx->host));
  if (auto name = rdata::ptr(bytes)) must(is_host(*name) && !name->empty());
  if (auto text = rdata::txt(bytes)) must(text->size() < size);
  if (auto address = rdata::address(bytes)) must(size == 16 || address->is_v4());
  if (auto record = rdata::tlsa(bytes)) must(record->data.size() + 3 == size);
  return 0;
}
