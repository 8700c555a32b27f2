// SPDX-License-Identifier: AGPL-3.0-or-later
// links: net
// The PROXY protocol header and the texts of addresses.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "net/address.h"
#include "net/proxy.h"

using namespace kontor::net;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto needed = proxy_header_size(bytes.substr(0, kProxyHeadSize));
  if (needed) require(*needed >= kProxyHeadSize && *needed <= kMaxProxySize);
  auto client = parse_proxy_header(bytes);
  if (client) {
    require(needed && *needed == size);
    if (*client) {
      auto again = parse_endpoint(to_string(**client));
      require(again && again->ip == (*client)->ip && again->port == (*client)->port);
    }
  }
  if (auto endpoint = parse_endpoint(bytes)) require(parse_endpoint(to_string(*endpoint)).has_value());
  if (auto network = parse_network(bytes)) require(network->prefix <= 128 && network->contains(network->base));
  if (auto ip = parse_ip(bytes)) require(parse_ip(to_string(*ip)) == ip);
  return 0;
}
