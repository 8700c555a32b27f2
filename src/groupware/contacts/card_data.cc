// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/contacts/card_data.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"

namespace kontor::groupware {
namespace {

// The version that a line of its own names, where no other does; nothing if that takes a parser to say.
std::optional<vcard::Version> plain_version(std::string_view bytes) {
  constexpr std::string_view kLine = "\nVERSION:";
  const std::size_t at = bytes.find(kLine);
  if (at == std::string_view::npos || bytes.find(kLine, at + 1) != std::string_view::npos) return std::nullopt;
  const std::string_view rest = bytes.substr(at + kLine.size());
  if (rest.starts_with("3.0\r\n")) return vcard::Version::v3;
  if (rest.starts_with("4.0\r\n")) return vcard::Version::v4;
  return std::nullopt;
}

const CardSelection::Property* selected(const CardSelection& wanted, const vcard::Property& property) {
  for (const CardSelection::Property& one : *wanted.only)
    if (property.is(one.name) && (one.group.empty() || iequals(one.group, property.group))) return &one;
  return nullptr;
}

vcard::Component part_of(const vcard::Component& card, const CardSelection& wanted) {
  vcard::Component out;
  out.name = card.name;
  for (const vcard::Property& property : card.properties) {
    const CardSelection::Property* one = selected(wanted, property);
    if (one == nullptr && !property.is("VERSION")) continue;
    out.properties.push_back(property);
    if (one != nullptr && one->is_without_value && !property.is("VERSION")) out.properties.back().value.clear();
  }
  return out;
}

}  // namespace

std::optional<vcard::Version> card_version(std::string_view stored) {
  if (const auto plain = plain_version(stored)) return plain;
  const auto read = vcard::read(stored, {}, kCardLimits);
  if (!read || read->cards.size() != 1) return std::nullopt;
  return vcard::version_of(read->cards.front());
}

std::string render_card(const vcard::Component& card, const CardSelection& wanted) {
  const vcard::Version version = wanted.version.value_or(vcard::version_of(card));
  const bool is_converted = version != vcard::version_of(card);
  if (!is_converted && !wanted.only) return vcard::write(card);
  const vcard::Component converted = is_converted ? vcard::convert(card, version) : card;
  return vcard::write(wanted.only ? part_of(converted, wanted) : converted);
}

std::string render_card(std::string_view stored, const CardSelection& wanted) {
  if (!wanted.only && (!wanted.version || wanted.version == plain_version(stored))) return std::string(stored);
  const auto read = vcard::read(stored, {}, kCardLimits);
  if (!read || read->cards.size() != 1) return std::string(stored);
  const vcard::Component& card = read->cards.front();
  if (!wanted.only && *wanted.version == vcard::version_of(card)) return std::string(stored);
  return render_card(card, wanted);
}

}  // namespace kontor::groupware
