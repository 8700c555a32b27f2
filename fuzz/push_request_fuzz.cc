// SPDX-License-Identifier: AGPL-3.0-or-later
// links: protocols_push groupware formats base
// A subscription to push: what is taken is sound, and is shown without its secrets.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "protocols/push/subscription_json.h"

namespace {

void must_be(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kontor;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto wanted = push::read_new(text)) {
    must_be(groupware::check_push_subscription(*wanted).has_value());
    must_be(wanted->key.size() == 65 && wanted->secret.size() == 16);
    must_be(wanted->url.find_first_of("\r\n ") == std::string::npos);
    groupware::PushSubscription made;
    made.device = wanted->device;
    made.url = wanted->url;
    made.types = wanted->types;
    must_be(push::print(made).find("\"url\"") == std::string::npos || wanted->device.find("url") != std::string::npos ||
            wanted->types);
  }
  if (const auto change = push::read_change(text)) must_be(change->changes_expiry || !change->expires);
  return 0;
}
