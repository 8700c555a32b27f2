// SPDX-License-Identifier: AGPL-3.0-or-later
// links: formats_mapi formats base
// A TNEF keeps its limits, its text is UTF-8, and its properties can be kept and read again.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "formats/mapi/kept.h"
#include "formats/mapi/tnef.h"

namespace {

using namespace kontor::mapi;

constexpr TnefLimits kLimits{.depth = 3, .properties = 500, .values = 2000, .recipients = 50, .attachments = 50};

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const Properties& properties) {
  const std::string kept = keep(properties);
  const auto again = read_kept(kept);
  require(again && keep(*again) == kept);
}

void check(const Message& message, std::size_t depth) {
  require(depth < kLimits.depth && message.recipients.size() <= kLimits.recipients &&
          message.attachments.size() <= kLimits.attachments);
  check(message.properties);
  for (const Properties& recipient : message.recipients) check(recipient);
  for (const Attachment& attachment : message.attachments) {
    check(attachment.properties);
    require(attachment.embedded.size() <= 1);
    for (const Message& inner : attachment.embedded) check(inner, depth + 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), std::min<std::size_t>(size, 64 << 10));
  const auto found = read_tnef(bytes, kLimits);
  if (!found) return 0;
  require(found->damages.size() <= kMostDamages);
  check(found->message, 0);
  return 0;
}
