// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/mailbox.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "formats/mapi/entry_id.h"
#include "formats/mapi/line_text.h"
#include "formats/mapi/tags.h"
#include "formats/mime/charset.h"

namespace kontor::mapi {
namespace {

constexpr std::size_t kLongestAddress = 900;  // so that it fits a line with the name of its field
constexpr std::size_t kLongestPersonName = 2000;
constexpr std::size_t kMostReplyTo = 1000;

// Where one person's description stands.
struct PersonTags {
  Tag entry, name, type, address, smtp, search_key;
};
constexpr PersonTags kFromTags = {.entry = tag::kSentRepresentingEntryId,
                                  .name = tag::kSentRepresentingName,
                                  .type = tag::kSentRepresentingAddressType,
                                  .address = tag::kSentRepresentingEmailAddress,
                                  .smtp = tag::kSentRepresentingSmtpAddress,
                                  .search_key = {.id = 0x003B}};
constexpr PersonTags kSenderTags = {.entry = tag::kSenderEntryId,
                                    .name = tag::kSenderName,
                                    .type = tag::kSenderAddressType,
                                    .address = tag::kSenderEmailAddress,
                                    .smtp = tag::kSenderSmtpAddress,
                                    .search_key = {.id = 0x0C1D}};
constexpr PersonTags kReceivedByTags = {.entry = {.id = 0x003F},
                                        .name = {.id = 0x0040},
                                        .type = {.id = 0x0075},
                                        .address = {.id = 0x0076},
                                        .smtp = {.id = 0x5D07},
                                        .search_key = {.id = 0x0051}};
constexpr PersonTags kReceivedForTags = {.entry = {.id = 0x0043},
                                         .name = {.id = 0x0044},
                                         .type = {.id = 0x0077},
                                         .address = {.id = 0x0078},
                                         .smtp = {.id = 0x5D08},
                                         .search_key = {.id = 0x0052}};
constexpr PersonTags kRecipientTags = {.entry = tag::kEntryId,
                                       .name = tag::kDisplayName,
                                       .type = tag::kAddressType,
                                       .address = tag::kEmailAddress,
                                       .smtp = tag::kSmtpAddress,
                                       .search_key = tag::kSearchKey};
// Kopano keeps a recipient's entry id under a number of its own.
constexpr Tag kKopanoRecipientEntry{.id = 0x6710};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// What writers put around an address; "" if what is in it is none.
std::string address_in(std::string_view text) {
  text = trimmed(text);
  for (const std::string_view scheme : {"mailto:", "smtp:"})
    if (text.size() > scheme.size() && iequals(text.substr(0, scheme.size()), scheme))
      text = trimmed(text.substr(scheme.size()));
  const auto is_between = [&](char open, char close) {
    return text.size() > 2 && text.front() == open && text.back() == close;
  };
  if (is_between('<', '>') || is_between('\'', '\'')) text = trimmed(text.substr(1, text.size() - 2));
  return is_address(text) ? std::string(text) : std::string();
}

// "SMTP:ANNA@EXAMPLE.ORG" with a NUL ([MS-OXOABK] section 2.2.3.5). All is in upper case.
std::string address_of_search_key(const std::string* key) {
  constexpr std::string_view kSmtp = "SMTP:";
  if (key == nullptr) return {};
  std::string_view text = *key;
  text = text.substr(0, text.find('\0'));
  if (!text.starts_with(kSmtp)) return {};
  return to_lower(address_in(text.substr(kSmtp.size())));
}

// Types whose address says nothing to a person: names in a directory, ids.
bool is_directory_type(std::string_view type) {
  constexpr auto kDirectoryTypes = std::to_array<std::string_view>({"ZARAFA", "EX", "MAPIPDL"});
  return std::ranges::any_of(kDirectoryTypes, [&](std::string_view known) { return iequals(type, known); });
}

// A login with its company is not to be taken for an address: companies have no dot, or stand for no domain at all.
bool may_be_address(std::string_view type, std::string_view text) {
  if (!is_directory_type(type)) return true;
  return text.substr(text.rfind('@') + 1).contains('.');
}

class PersonReader {
 public:
  PersonReader(const Properties& from, const PersonTags& tags, const ResolveEntry& resolve)
      : from_(from), tags_(tags), resolve_(resolve) {}

  bool is_described() const {
    const auto has = [&](const Tag& tag) { return !from_.text_or_empty(tag).empty(); };
    return has(tags_.name) || has(tags_.address) || has(tags_.smtp) || entry() != nullptr;
  }

  Mailbox read() const {
    Mailbox found;
    if (const std::string* id = entry()) found = person_of_entry(*id);
    if (const std::string_view name = from_.text_or_empty(tags_.name); !name.empty()) found.name = name;
    if (found.address.empty()) found.address = address_of_properties();
    if (found.address.empty()) found.address = address_in(found.name);
    return finished(std::move(found));
  }

  // Somebody of whom there is only the entry id.
  static Mailbox of_entry(std::string_view id, std::string_view name, const ResolveEntry& resolve) {
    const Properties none;
    Mailbox found = PersonReader(none, kFromTags, resolve).person_of_entry(id);
    if (!name.empty()) found.name = name;
    if (found.address.empty()) found.address = address_in(found.name);
    return finished(std::move(found));
  }

 private:
  const std::string* entry() const {
    const std::string* id = from_.bytes(tags_.entry);
    if (id == nullptr && tags_.entry == tag::kEntryId) id = from_.bytes(kKopanoRecipientEntry);
    return id == nullptr || id->empty() ? nullptr : id;
  }

  Mailbox person_of_entry(std::string_view id) const {
    const EntryId parsed = unwrap(id);
    if (const auto* one_off = std::get_if<OneOffEntry>(&parsed)) {
      Mailbox found{.name = one_off->name, .address = {}};
      if (may_be_address(one_off->type, one_off->address)) found.address = address_in(one_off->address);
      return found;
    }
    if (resolve_)
      if (auto known = resolve_(id)) return *std::move(known);
    return {};
  }

  std::string address_of_properties() const {
    const std::string_view type = from_.text_or_empty(tags_.type);
    const std::string_view text = from_.text_or_empty(tags_.address);
    if (std::string found = address_in(from_.text_or_empty(tags_.smtp)); !found.empty()) return found;
    if (iequals(type, "SMTP"))
      if (std::string found = address_in(text); !found.empty()) return found;
    if (std::string found = address_of_search_key(from_.bytes(tags_.search_key)); !found.empty()) return found;
    return may_be_address(type, text) ? address_in(text) : std::string();
  }

  // A name that repeats the address says nothing.
  static Mailbox finished(Mailbox found) {
    found.name = std::string(trimmed(one_line(found.name, kLongestPersonName)));
    if (iequals(found.name, found.address)) found.name.clear();
    return found;
  }

  const Properties& from_;
  const PersonTags& tags_;
  const ResolveEntry& resolve_;
};

// Of types that are neither SMTP nor a directory's the address tells something: "Anna [FAX:+49 30 1]".
Mailbox with_other_address(Mailbox found, const Properties& from, const PersonTags& tags) {
  const std::string_view type = from.text_or_empty(tags.type);
  const std::string_view text = from.text_or_empty(tags.address);
  if (!found.address.empty() || text.empty()) return found;
  if (is_directory_type(type) || iequals(type, "SMTP")) {
    if (found.name.empty() && !text.starts_with('/')) found.name = one_line(text, kLongestPersonName);
    return found;
  }
  const std::string other = "[" + std::string(type) + ":" + std::string(text) + "]";
  if (!found.name.contains(text)) found.name += (found.name.empty() ? "" : " ") + one_line(other, kLongestPersonName);
  return found;
}

Mailbox read_person(const Properties& from, const PersonTags& tags, const ResolveEntry& resolve) {
  return with_other_address(PersonReader(from, tags, resolve).read(), from, tags);
}

std::optional<Mailbox> person_of(const Properties& from, const PersonTags& tags, const ResolveEntry& resolve) {
  if (!PersonReader(from, tags, resolve).is_described()) return std::nullopt;
  Mailbox found = read_person(from, tags, resolve);
  return found.empty() ? std::nullopt : std::optional(std::move(found));
}

std::vector<std::string_view> names_in(std::string_view list) {
  std::vector<std::string_view> names;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(';'), list.size());
    names.push_back(trimmed(list.substr(0, end)));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return names;
}

}  // namespace

bool is_address(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == text.size() || text.size() > kLongestAddress) return false;
  const std::string_view local = text.substr(0, at);
  const std::string_view domain = text.substr(at + 1);
  const bool is_quoted = local.size() > 2 && local.front() == '"' && local.back() == '"';
  const auto is_plain = [](char c) { return static_cast<unsigned char>(c) > ' ' && c != 0x7F; };
  const auto is_special = [](char c) { return std::string_view("()<>[]:;@\\,\"").contains(c); };
  const bool is_literal = domain.size() > 2 && domain.front() == '[' && domain.back() == ']';
  const std::string_view name = is_literal ? domain.substr(1, domain.size() - 2) : domain;
  if (!std::ranges::all_of(text, is_plain) || !mime::is_utf8(text)) return false;
  if (std::ranges::any_of(name, [&](char c) { return is_special(c) && !(is_literal && c == ':'); })) return false;
  if (!is_quoted) return std::ranges::none_of(local, is_special);
  return !local.substr(1, local.size() - 2).contains('"') && !local.contains('\\');
}

std::optional<Mailbox> from_of(const Properties& message, const ResolveEntry& resolve) {
  return person_of(message, kFromTags, resolve);
}

std::optional<Mailbox> sender_of(const Properties& message, const ResolveEntry& resolve) {
  return person_of(message, kSenderTags, resolve);
}

std::optional<Mailbox> receiver_of(const Properties& message, const ResolveEntry& resolve) {
  if (auto found = person_of(message, kReceivedByTags, resolve)) return found;
  return person_of(message, kReceivedForTags, resolve);
}

std::vector<Mailbox> reply_to_of(const Properties& message, const ResolveEntry& resolve) {
  std::vector<Mailbox> found;
  const std::string* list = message.bytes(tag::kReplyRecipientEntries);
  const auto entries =
      list == nullptr ? std::vector<std::string>() : parse_entry_list(*list).value_or(std::vector<std::string>());
  // Names count only where there is one for each: a name may have a semicolon in it.
  auto names = names_in(message.text_or_empty(tag::kReplyRecipientNames));
  const bool has_names = names.size() == entries.size();
  for (std::size_t i = 0; i < std::min(entries.size(), kMostReplyTo); ++i) {
    Mailbox one = PersonReader::of_entry(entries[i], has_names ? names[i] : std::string_view(), resolve);
    if (!one.empty()) found.push_back(std::move(one));
  }
  // Without entries a name may be an address all the same.
  if (entries.empty())
    for (const std::string_view name : names)
      if (std::string address = address_in(name); !address.empty() && found.size() < kMostReplyTo)
        found.push_back({.name = {}, .address = std::move(address)});
  return found;
}

RecipientKind recipient_kind(const Properties& recipient) {
  constexpr std::int64_t kKind = 0xF;
  const std::int64_t kind = recipient.integer(tag::kRecipientType).value_or(1) & kKind;
  return kind <= 3 ? static_cast<RecipientKind>(kind) : RecipientKind::to;
}

Mailbox recipient_of(const Properties& recipient, const ResolveEntry& resolve) {
  return read_person(recipient, kRecipientTags, resolve);
}

}  // namespace kontor::mapi
