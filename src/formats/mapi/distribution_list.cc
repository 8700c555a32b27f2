// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/distribution_list.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "formats/mapi/card_attachment.h"
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

constexpr std::uint8_t kKindBits = 0x0F, kListWithin = 4;  // MemberEntry::type

bool is_list(std::string_view copy, std::string_view entry) {
  const EntryId outer = parse_entry_id(entry), said = unwrap(copy);
  if (const auto* member = std::get_if<MemberEntry>(&outer)) return (member->type & kKindBits) == kListWithin;
  const auto* one_off = std::get_if<OneOffEntry>(&said);
  return one_off != nullptr && iequals(one_off->type, "MAPIPDL");
}

// Gathers members, also of lists within lists.
class MemberGatherer {
 public:
  MemberGatherer(const AddressOf& address_of, const ListOf& list_of, MadeCard& into)
      : address_of_(address_of), list_of_(list_of), made_(into) {}

  void gather(const Properties& list, int depth) {
    const auto* entries = list.blobs(tag::kDistributionListMembers);
    const auto* copies = list.blobs(tag::kDistributionListOneOffMembers);
    const auto size_of = [](const auto* blobs) { return blobs == nullptr ? 0 : blobs->size(); };
    const std::size_t count = std::max(size_of(entries), size_of(copies));
    for (std::size_t i = 0; i < count; ++i) {
      if (seen_++ >= kMostMembers) {
        if (seen_ == kMostMembers + 1)
          made_.losses.push_back(fmt::format("Of the members of a list the first {} came.", kMostMembers));
        return;
      }
      const auto at = [&](const std::vector<std::string>* blobs) {
        return i < size_of(blobs) ? std::string_view((*blobs)[i]) : std::string_view();
      };
      take(at(copies), at(entries), i, depth);
    }
  }

 private:
  void take(std::string_view copy, std::string_view entry, std::size_t at, int depth) {
    if (is_list(copy, entry) && take_list(entry, depth)) return;
    const ListMember member = member_of(copy, entry, address_of_);
    if (member.address.empty()) {
      made_.losses.push_back(
          fmt::format("Member {} of a list, \"{}\", has no address.", at + 1, one_line(member.name, 100)));
      return;
    }
    // Where several lists are one, whoever is in two of them is there once.
    const bool is_new = addresses_.insert(to_lower(member.address)).second;
    if (!is_new && has_lists_) return;
    lines::Property property;
    property.name = "MEMBER";
    property.value = mailto(member.address);
    made_.card.properties.push_back(std::move(property));
  }

  // False: it is not there.
  bool take_list(std::string_view entry, int depth) {
    const EntryId id = unwrap(entry);
    const auto found = list_of_ ? list_of_(id) : std::nullopt;
    if (!found) return false;
    has_lists_ = true;
    const std::string_view name = found->first_text({tag::kDistributionListName, tag::kDisplayName, tag::kSubject});
    if (depth >= kDeepestList || !lists_.insert(std::string(entry)).second) return true;  // in itself, or twice
    made_.losses.push_back(fmt::format("The list \"{}\" within a list: those who are in it now are members themselves.",
                                       one_line(name, 100)));
    gather(*found, depth + 1);
    return true;
  }

  static constexpr int kDeepestList = 8;
  const AddressOf& address_of_;
  const ListOf& list_of_;
  MadeCard& made_;
  std::set<std::string> addresses_;  // in lower case
  std::set<std::string> lists_;      // entry ids
  std::size_t seen_ = 0;
  bool has_lists_ = false;
};

}  // namespace

MadeCard group_card_of(const Message& list, std::string_view uid, const AddressOf& address_of, const ListOf& list_of) {
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
  MemberGatherer(address_of, list_of, made).gather(from, 0);
  for (const Attachment& attachment : list.attachments) add_card_attachment(attachment, made);
  return made;
}

}  // namespace kontor::mapi
