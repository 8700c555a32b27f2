// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/distribution_list.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/bytes.h"
#include "formats/mapi/line_text.h"
#include "formats/mapi/tags.h"

namespace kontor::mapi {
namespace {

constexpr std::size_t kMostMembers = 50'000;

// RFC 6068: what may stand in the path of a mailto URI; the rest is percent-encoded.
std::string mailto(std::string_view address) {
  std::string uri = "mailto:";
  for (const char c : address) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                          std::string_view("-._~!$'*+@").contains(c);
    if (is_plain)
      uri += c;
    else
      uri += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return uri;
}

struct ListMember {
  std::string address;
  std::string name;
};

// Whom it refers to; of a contact, by which of its addresses ([MS-OXOCNTC] section 2.2.2.2.4.1.1).
EntryId entry_of(std::string_view bytes) {
  constexpr unsigned kContact = 3;
  constexpr unsigned kFirstAddress = 4;  // the second one is 5, the third 6
  const EntryId said = parse_entry_id(bytes);
  const auto* member = std::get_if<MemberEntry>(&said);
  if (member == nullptr || (member->type & 0xFU) != kContact) return unwrap(bytes);
  const unsigned which = (member->type >> 4U) & 7U;
  if (which <= kFirstAddress || which > kFirstAddress + 2) return unwrap(bytes);
  ContactEntry contact;
  contact.index = which - kFirstAddress;
  contact.contact = member->entry;
  return contact;
}

// `copy` is the one-off entry beside the member's own, where there is one.
ListMember member_of(std::string_view copy, std::string_view entry, const AddressOf& address_of) {
  ListMember found;
  const EntryId said = unwrap(copy.empty() ? entry : copy);
  const auto* one_off = std::get_if<OneOffEntry>(&said);
  if (one_off != nullptr) {
    found.name = one_off->name.empty() ? one_off->address : one_off->name;
    if (iequals(one_off->type, "SMTP")) found.address = one_off->address;
  }
  if (found.address.empty()) found.address = address_of(entry_of(entry.empty() ? copy : entry));
  if (found.address.empty() && one_off != nullptr && one_off->address.contains('@')) found.address = one_off->address;
  return found;
}

}  // namespace

MadeCard group_card_of(const Message& list, std::string_view uid, const AddressOf& address_of) {
  const Properties& from = list.properties;
  MadeCard made;
  made.kept = from;
  made.card.name = "VCARD";
  made.card.set("VERSION", "4.0");
  made.card.set("UID", line_text(uid));
  made.card.set("KIND", "group");
  made.card.set("FN", line_text(from.first_text({tag::kDistributionListName, tag::kDisplayName, tag::kSubject})));
  if (const std::string_view note = from.text_or_empty(tag::kBody); !note.empty())
    made.card.set("NOTE", line_text(note));
  const auto* entries = from.blobs(tag::kDistributionListMembers);
  const auto* copies = from.blobs(tag::kDistributionListOneOffMembers);
  const std::size_t count = std::max(entries == nullptr ? 0 : entries->size(), copies == nullptr ? 0 : copies->size());
  for (std::size_t i = 0; i < std::min(count, kMostMembers); ++i) {
    const auto at = [&](const std::vector<std::string>* blobs) {
      return blobs != nullptr && i < blobs->size() ? std::string_view((*blobs)[i]) : std::string_view();
    };
    const ListMember member = member_of(at(copies), at(entries), address_of);
    if (member.address.empty()) {
      made.losses.push_back(
          fmt::format("Member {} of a list, \"{}\", has no address.", i + 1, one_line(member.name, 100)));
      continue;
    }
    lines::Property property;
    property.name = "MEMBER";
    property.value = mailto(member.address);
    made.card.properties.push_back(std::move(property));
  }
  if (count > kMostMembers)
    made.losses.push_back(fmt::format("Of {} members of a list the first {} came.", count, kMostMembers));
  return made;
}

}  // namespace kontor::mapi
