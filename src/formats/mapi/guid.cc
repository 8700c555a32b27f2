// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/guid.h"

#include <cstring>

#include "base/bytes.h"

namespace kontor::mapi {
namespace {

// Where the text's bytes, two digits each, stand in memory.
constexpr std::array<std::size_t, 16> kOrder = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

}  // namespace

Guid Guid::of_bytes(std::string_view bytes) {
  Guid guid;
  if (bytes.size() >= guid.bytes.size()) std::memcpy(guid.bytes.data(), bytes.data(), guid.bytes.size());
  return guid;
}

std::string print(const Guid& guid) {
  std::string ordered;
  for (const std::size_t at : kOrder) ordered += static_cast<char>(guid.bytes.at(at));
  std::string text = to_upper(to_hex(ordered));
  for (const std::size_t dash : {20U, 16U, 12U, 8U}) text.insert(dash, 1, '-');
  return "{" + text + "}";
}

std::optional<Guid> parse_guid(std::string_view text) {
  if (text.starts_with('{') && text.ends_with('}')) text = text.substr(1, text.size() - 2);
  if (text.size() != 36) return std::nullopt;
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash != (text[i] == '-')) return std::nullopt;
    if (!is_dash) digits += text[i];
  }
  const auto ordered = from_hex(digits);
  if (!ordered) return std::nullopt;
  Guid guid;
  for (std::size_t i = 0; i < kOrder.size(); ++i)
    guid.bytes.at(kOrder.at(i)) = static_cast<std::uint8_t>((*ordered)[i]);
  return guid;
}

}  // namespace kontor::mapi
