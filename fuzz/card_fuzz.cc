// SPDX-License-Identifier: AGPL-3.0-or-later
// links: formats base
// A card that was read is written so that it reads back the same, also after a way through the other version.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "formats/vcard/card.h"

namespace {

using namespace kontor;
using namespace kontor::vcard;

void require(bool holds) {
  if (!holds) std::abort();
}

void reads_back(const Component& card) {
  const auto again = vcard::read(write(card));
  require(again && again->cards.size() == 1 && again->cards[0] == card);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const lines::Limits limits{.bytes = 1 << 20, .depth = 4, .components = 50, .properties = 200, .parameters = 20};
  const auto found = vcard::read(std::string_view(reinterpret_cast<const char*>(data), size), {}, limits);
  if (!found) return 0;
  for (const Component& card : found->cards) {
    reads_back(card);
    const Version other = version_of(card) == Version::v3 ? Version::v4 : Version::v3;
    const Component converted = convert(card, other);
    require(version_of(converted) == other);
    (void)write(converted);
    (void)convert(converted, version_of(card));
    (void)name_of(card);
    (void)is_group(card);
    for (const std::string_view name : {"EMAIL", "TEL", "ADR"})
      for (const Detail& detail : details(card, name)) (void)address_of(*detail.property);
    for (const Property& property : card.properties) {
      (void)date_of(property);
      (void)media_of(property);
      (void)structured(property);
    }
  }
  return 0;
}
