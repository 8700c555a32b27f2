// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/addresses.h"

#include "formats/mime/decode.h"

namespace kontor::groupware {

std::string_view view_of(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view() : std::string_view(text->data(), text->size());
}

std::string spell_addresses(const AddressVector* addresses) {
  std::string out;
  if (addresses == nullptr) return out;
  for (const auto* address : *addresses) {
    const auto name = view_of(address->name());
    if (!name.empty()) out += mime::decode_header(name) + " ";
    out += "<" + mime::decode_header(view_of(address->mailbox()));
    if (const auto host = view_of(address->host()); !host.empty()) (out += "@") += host;
    out += ">, ";
  }
  return out;
}

std::string first_mailbox(const AddressVector* addresses) {
  if (addresses == nullptr || addresses->size() == 0) return {};
  return mime::decode_header(view_of(addresses->Get(0)->mailbox()));
}

std::string first_display_name(const AddressVector* addresses) {
  if (addresses == nullptr || addresses->size() == 0) return {};
  const auto* first = addresses->Get(0);
  std::string name = mime::decode_header(view_of(first->name()));
  if (!name.empty()) return name;
  name = mime::decode_header(view_of(first->mailbox()));  // of a group's start: the group's name
  if (const auto host = view_of(first->host()); !host.empty()) (name += "@") += host;
  return name;
}

}  // namespace kontor::groupware
