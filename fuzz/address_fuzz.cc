// SPDX-License-Identifier: AGPL-3.0-or-later
// links: formats base
// Addresses stay within their limit, groups are closed and do not nest, and no text appears that was not there.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "formats/mime/header.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t limit = data[0] % 32;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto addresses = kontor::mime::parse_addresses(text, limit);
  require(addresses.size() <= limit + 1);
  bool in_group = false;
  std::size_t bytes = 0;
  for (const auto& address : addresses) {
    bytes += address.name.size() + address.route.size() + address.mailbox.size() + address.host.size();
    if (address.is_group_start) {
      require(!in_group && !address.mailbox.empty() && address.host.empty());
      in_group = true;
    } else if (address.is_group_end) {
      require(in_group && address.mailbox.empty() && address.host.empty());
      in_group = false;
    }
  }
  require(!in_group);
  require(bytes <= 2 * text.size());
  return 0;
}
