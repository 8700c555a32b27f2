// SPDX-License-Identifier: AGPL-3.0-or-later
// Entry ids: how MAPI points at stores, folders, messages and people ([MS-OXCDATA] section 2.2, [MS-OXOCNTC] section
// 2.2.2.2.4, and the forms of Kopano and Zarafa). What is not understood is Unknown, never an error. What is as its
// document wants it is printed byte for byte; padding and ends of text that writers forgot are put right.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "formats/mapi/guid.h"

namespace kontor::mapi {

constexpr std::size_t kLongestEntryId = 64 << 10;

// Kopano's stores, folders and messages. Two of the same object may differ in `flags` and `server`.
struct ObjectEntry {
  enum class Kind : std::uint16_t { store = 1, folder = 3, message = 5 };
  bool operator==(const ObjectEntry&) const = default;

  std::uint32_t flags = 0;
  Guid store;
  std::uint32_t version = 1;
  Kind kind = Kind::message;
  std::uint16_t object_flags = 0;
  Guid object;            // version 1
  std::uint32_t row = 0;  // version 0: the hierarchy id
  std::string server;     // usually empty; "pseudo://..."
};

// Kopano's users, groups and companies (address type ZARAFA).
struct DirectoryEntry {
  enum class Kind : std::uint32_t { company = 4, user = 6, list = 8 };
  bool operator==(const DirectoryEntry&) const = default;

  std::uint32_t flags = 0;
  std::uint32_t version = 1;
  Kind kind = Kind::user;
  std::uint32_t row = 0;    // users.id on the server that wrote it: a hint
  std::string external_id;  // version 1: the directory's own name, decoded
};

// Somebody who is in no directory: [MS-OXCDATA] section 2.2.5.1. Text is UTF-8.
struct OneOffEntry {
  bool operator==(const OneOffEntry&) const = default;

  std::uint16_t version = 0;
  std::uint16_t flags = 0x9001;  // 0x8000: Unicode; 0x1000: no look-up; 0x0001: no rich text
  std::string name, type, address;
};

// Exchange's address book: [MS-OXCDATA] section 2.2.5.2.
struct ExchangeEntry {
  bool operator==(const ExchangeEntry&) const = default;

  std::uint32_t version = 1;
  std::uint32_t kind = 0;  // 0 user, 1 list, ...
  std::string distinguished_name;
};

// An e-mail address of a contact: [MS-OXCDATA] section 2.2.5.4 (`provider` Outlook's), and Kopano's form of it.
struct ContactEntry {
  enum class Form : std::uint8_t { outlook, kopano };
  bool operator==(const ContactEntry&) const = default;

  Form form = Form::outlook;
  std::uint32_t version = 3;
  std::uint32_t kind = 4;   // 4 contact, 5 personal list; Kopano's: MAPI's object type
  std::uint32_t index = 0;  // 0 to 2: e-mail address; 3 to 5: fax
  std::string contact;      // the entry id of the item
};

// A member of a distribution list: [MS-OXOCNTC] section 2.2.2.2.4.
struct MemberEntry {
  bool operator==(const MemberEntry&) const = default;

  std::uint8_t type = 0;  // & 0x0F: 0 one-off, 3 contact, 4 list, 5 directory user, 6 directory list
  std::string entry;      // its entry id
};

// A store behind the name of its provider: [MS-OXCDATA] section 2.2.4.3, `zarafa6client.dll`.
struct WrappedStoreEntry {
  bool operator==(const WrappedStoreEntry&) const = default;

  std::string provider;
  std::string entry;
};

struct UnknownEntry {
  bool operator==(const UnknownEntry&) const = default;

  std::string bytes;
};

using EntryId = std::variant<ObjectEntry, DirectoryEntry, OneOffEntry, ExchangeEntry, ContactEntry, MemberEntry,
                             WrappedStoreEntry, UnknownEntry>;

// Never fails: what is cut off before its first text, too long or of another provider is Unknown.
EntryId parse_entry_id(std::string_view bytes);
std::string print(const EntryId& id);

// Takes off what wraps stores and members of lists, at most 4 deep.
EntryId unwrap(std::string_view bytes);

// FLATENTRYLIST (PidTagReplyRecipientEntries: [MS-OXOMSG] section 2.2.1.9). Errors: corrupt, but for entries already
// read, which are kept, when it breaks off after the first.
Result<std::vector<std::string>> parse_entry_list(std::string_view bytes);
std::string print_entry_list(const std::vector<std::string>& entries);

// Elements of PidTagAdditionalRenEntryIdsEx ([MS-OXOSFLD] section 2.2.5): the folder's entry id by block id (0x8001
// RSS, 0x8004 to-do search, 0x8006 conversation actions, 0x8007 quick steps, 0x8008 suggested contacts). Stops at what
// it cannot read.
struct PersistedFolder {
  std::uint16_t block = 0;
  std::string entry;
};
std::vector<PersistedFolder> parse_persisted_folders(std::string_view bytes);

// PidLidGlobalObjectId ([MS-OXOCAL] section 2.2.1.27).
struct GlobalObjectId {
  bool operator==(const GlobalObjectId&) const = default;

  int year = 0, month = 0, day = 0;  // of an exception's original day; zero for the series
  std::int64_t creation_time = 0;    // ticks
  std::string reserved = std::string(8, '\0');
  std::string data;
  std::string rest;  // behind the data, where its length was written wrong (python-kopano): what tells items apart
};
std::optional<GlobalObjectId> parse_global_object_id(std::string_view bytes);
std::string print(const GlobalObjectId& id);
// The UID of iCalendar: of "vCal-Uid" data its text, else upper-case hex of all of the id without day.
std::string uid_of(const GlobalObjectId& id);
// The same id for all who know the event by this UID.
GlobalObjectId global_object_id_of(std::string_view uid);

}  // namespace kontor::mapi
