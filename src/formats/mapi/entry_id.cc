// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/entry_id.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "formats/mapi/code_page.h"
#include "formats/mapi/cursor.h"

namespace kontor::mapi {
namespace {

constexpr Guid kDirectoryProvider = Guid::of(0x50A921AC, 0xD340, 0x48EE, 0xB319FBA753304425);
constexpr Guid kOneOffProvider = Guid::of(0xA41F2B81, 0xA3BE, 0x1910, 0x9D6E00DD010F5402);
constexpr Guid kExchangeProvider = Guid::of(0xC840A7DC, 0x42C0, 0x1A10, 0xB4B908002B2FE182);
constexpr Guid kContactProvider = Guid::of(0x0AAA42FE, 0xC718, 0x101A, 0xE8850B651C240000);
constexpr Guid kKopanoContactProvider = Guid::of(0x30047F72, 0x92E3, 0xDA4F, 0xB86AE52A7FE46571);
constexpr Guid kMemberProvider = Guid::of(0xD3AD91C0, 0x9D51, 0x11CF, 0xA4A900AA0047FAA4);
constexpr Guid kStoreProvider = Guid::of(0x10BBA138, 0xE505, 0x1A10, 0xA1BB08002B2A56C2);

constexpr std::uint16_t kUnicodeOneOff = 0x8000;
constexpr std::size_t kHead = 20;  // flags and provider

std::string head(std::uint32_t flags, const Guid& provider) {
  std::string out;
  append_le(out, flags);
  out += provider.view();
  return out;
}

void pad(std::string& out) {
  while (out.size() % 4 != 0) out += '\0';
}

ObjectEntry read_object(Cursor in) {
  ObjectEntry id;
  id.flags = in.u32();
  id.store = in.guid();
  id.version = in.u32();
  id.kind = static_cast<ObjectEntry::Kind>(in.u16());
  id.object_flags = in.u16();
  if (id.version == 0)
    id.row = in.u32();
  else
    id.object = in.guid();
  id.server = in.until_nul();
  return id;
}

std::string print_object(const ObjectEntry& id) {
  std::string out = head(id.flags, id.store);
  append_le(out, id.version);
  append_le(out, static_cast<std::uint16_t>(id.kind));
  append_le(out, id.object_flags);
  if (id.version == 0)
    append_le(out, id.row);
  else
    out += id.object.view();
  out += id.server;
  // As Kopano sizes them: 48 bytes, or (52 + length) / 4 * 4 with the name of a server.
  out.append(4, '\0');
  if (!id.server.empty())
    while (out.size() % 4 != 0 || out.size() < 44 + id.server.size() + 5) out += '\0';
  return out;
}

DirectoryEntry read_directory(Cursor in) {
  DirectoryEntry id;
  id.flags = in.u32();
  in.guid();
  id.version = in.u32();
  id.kind = static_cast<DirectoryEntry::Kind>(in.u32());
  id.row = in.u32();
  if (id.version > 0) id.external_id = from_base64(in.until_nul()).value_or("");
  return id;
}

std::string print_directory(const DirectoryEntry& id) {
  std::string out = head(id.flags, kDirectoryProvider);
  append_le(out, id.version);
  append_le(out, static_cast<std::uint32_t>(id.kind));
  append_le(out, id.row);
  if (id.version > 0) out += to_base64(id.external_id);
  out += '\0';
  pad(out);
  return out;
}

OneOffEntry read_one_off(Cursor in) {
  OneOffEntry id;
  in.take(kHead);
  id.version = in.u16();
  id.flags = in.u16();
  const bool is_wide = (id.flags & kUnicodeOneOff) != 0;
  const auto text = [&] { return is_wide ? utf8_of_utf16le(in.until_wide_nul()) : decode_page(in.until_nul(), 0); };
  id.name = text();
  id.type = text();
  id.address = text();
  return id;
}

std::string print_one_off(const OneOffEntry& id) {
  std::string out = head(0, kOneOffProvider);
  append_le(out, id.version);
  append_le(out, id.flags);
  for (const std::string* text : {&id.name, &id.type, &id.address}) {
    const bool is_wide = (id.flags & kUnicodeOneOff) != 0;
    out += is_wide ? utf16le_of_utf8(*text) : *text;
    out.append(is_wide ? 2 : 1, '\0');
  }
  return out;
}

ExchangeEntry read_exchange(Cursor in) {
  ExchangeEntry id;
  in.take(kHead);
  id.version = in.u32();
  id.kind = in.u32();
  id.distinguished_name = in.until_nul();
  return id;
}

std::string print_exchange(const ExchangeEntry& id) {
  std::string out = head(0, kExchangeProvider);
  append_le(out, id.version);
  append_le(out, id.kind);
  out += id.distinguished_name;
  out += '\0';
  return out;
}

ContactEntry read_contact(Cursor in) {
  ContactEntry id;
  in.take(kHead);
  id.version = in.u32();
  id.kind = in.u32();
  id.index = in.u32();
  id.contact = in.take(in.u32());
  return id;
}

// cabEntryID: the version is where others have flags, the wrapped id goes to the end.
ContactEntry read_kopano_contact(Cursor in) {
  ContactEntry id;
  id.form = ContactEntry::Form::kopano;
  id.version = in.u32();
  in.guid();
  id.kind = in.u32();
  id.index = in.u32();
  id.contact = in.rest();
  return id;
}

std::string print_contact(const ContactEntry& id) {
  const bool is_kopano = id.form == ContactEntry::Form::kopano;
  std::string out = is_kopano ? head(id.version, kKopanoContactProvider) : head(0, kContactProvider);
  if (!is_kopano) append_le(out, id.version);
  append_le(out, id.kind);
  append_le(out, id.index);
  if (!is_kopano) append_le32(out, id.contact.size());
  return out + id.contact;
}

WrappedStoreEntry read_wrapped(Cursor in) {
  WrappedStoreEntry id;
  in.take(kHead + 2);
  id.provider = in.until_nul();
  while (in.left() > 0 && in.position() % 4 != 0) in.u8();
  id.entry = in.rest();
  return id;
}

std::string print_wrapped(const WrappedStoreEntry& id) {
  std::string out = head(0, kStoreProvider);
  out.append(2, '\0');
  out += id.provider;
  out += '\0';
  pad(out);
  return out + id.entry;
}

std::optional<EntryId> read_of_provider(std::string_view bytes) {
  const Cursor in(bytes);
  const Guid provider = Guid::of_bytes(bytes.substr(4));
  // The size is that of the fields before the first text.
  if (provider == kMemberProvider && bytes.size() > kHead)
    return MemberEntry{static_cast<std::uint8_t>(bytes[kHead]), std::string(bytes.substr(kHead + 1))};
  if (provider == kStoreProvider && bytes.size() >= kHead + 2) return read_wrapped(in);
  if (provider == kOneOffProvider && bytes.size() >= kHead + 4) return read_one_off(in);
  if (provider == kExchangeProvider && bytes.size() >= kHead + 8) return read_exchange(in);
  if (provider == kKopanoContactProvider && bytes.size() >= kHead + 8) return read_kopano_contact(in);
  if (provider == kDirectoryProvider && bytes.size() >= kHead + 12) return read_directory(in);
  if (provider == kContactProvider && bytes.size() >= kHead + 16) return read_contact(in);
  return std::nullopt;
}

constexpr auto kProviders =
    std::to_array<Guid>({kDirectoryProvider, kOneOffProvider, kExchangeProvider, kContactProvider,
                         kKopanoContactProvider, kMemberProvider, kStoreProvider});

// Whose provider is a store's own GUID.
bool is_object(std::string_view bytes) {
  if (std::ranges::find(kProviders, Guid::of_bytes(bytes.substr(4))) != kProviders.end()) return false;
  Cursor in(bytes);
  in.take(kHead);
  const std::uint32_t version = in.u32();
  const std::uint16_t kind = in.u16();
  return version <= 1 && (kind == 1 || kind == 3 || kind == 5) && bytes.size() >= (version == 0 ? 32U : 44U);
}

}  // namespace

std::string print(const EntryId& id) {
  struct Printer {
    std::string operator()(const ObjectEntry& entry) const { return print_object(entry); }
    std::string operator()(const DirectoryEntry& entry) const { return print_directory(entry); }
    std::string operator()(const OneOffEntry& entry) const { return print_one_off(entry); }
    std::string operator()(const ExchangeEntry& entry) const { return print_exchange(entry); }
    std::string operator()(const ContactEntry& entry) const { return print_contact(entry); }
    std::string operator()(const MemberEntry& entry) const {
      return head(0, kMemberProvider) + static_cast<char>(entry.type) + entry.entry;
    }
    std::string operator()(const WrappedStoreEntry& entry) const { return print_wrapped(entry); }
    std::string operator()(const UnknownEntry& entry) const { return entry.bytes; }
  };
  return std::visit(Printer(), id);
}

EntryId parse_entry_id(std::string_view bytes) {
  if (bytes.size() > kHead && bytes.size() <= kLongestEntryId) {
    if (auto known = read_of_provider(bytes)) return *std::move(known);
    if (is_object(bytes)) return read_object(Cursor(bytes));
  }
  return UnknownEntry{std::string(bytes)};
}

EntryId unwrap(std::string_view bytes) {
  EntryId id = parse_entry_id(bytes);
  for (int depth = 0; depth < 4; ++depth) {
    if (const auto* member = std::get_if<MemberEntry>(&id))
      id = parse_entry_id(std::string(member->entry));
    else if (const auto* store = std::get_if<WrappedStoreEntry>(&id))
      id = parse_entry_id(std::string(store->entry));
    else
      break;
  }
  return id;
}

Result<std::vector<std::string>> parse_entry_list(std::string_view bytes) {
  Cursor in(bytes);
  const std::uint32_t count = in.u32();
  in.u32();  // the sum of bytes, which some writers forget
  std::vector<std::string> entries;
  for (std::uint32_t i = 0; i < count && !in.is_short(); ++i) {
    const std::string_view entry = in.take(in.u32());
    if (in.is_short()) break;
    entries.emplace_back(entry);
    in.take(std::min(in.left(), (4 - entry.size() % 4) % 4));
  }
  if (in.is_short() && entries.empty()) return fail(Errc::corrupt, "A list of entry ids breaks off.");
  return entries;
}

std::string print_entry_list(const std::vector<std::string>& entries) {
  std::string body;
  for (const std::string& entry : entries) {
    append_le32(body, entry.size());
    body += entry;
    pad(body);
  }
  std::string out;
  append_le32(out, entries.size());
  append_le32(out, body.size());
  return out + body;
}

std::vector<PersistedFolder> parse_persisted_folders(std::string_view bytes) {
  std::vector<PersistedFolder> found;
  Cursor in(bytes);
  while (in.left() >= 4) {
    const std::uint16_t block = in.u16();
    Cursor elements(in.take(in.u16()));
    if (block == 0 || in.is_short()) break;
    while (elements.left() >= 4) {
      const std::uint16_t element = elements.u16();
      const std::string_view data = elements.take(elements.u16());
      if (element == 0 || elements.is_short()) break;
      if (element == 1) found.push_back({block, std::string(data)});
    }
  }
  return found;
}

}  // namespace kontor::mapi
