// SPDX-License-Identifier: AGPL-3.0-or-later
// The records of an interchange archive, and their JSON form (docs/formats/archive.md).
//
// Order in an archive: Principals first; for each account its Account, then Folders and Listings, then Items (each
// followed by its content where it has one, and by its attachments) and Passes, its Settings, then an AccountEnd; after
// the last account an ArchiveEnd.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "formats/archive/settings.h"

namespace kontor::archive {

constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kMaxRecord = 1 << 20;    // bytes of one JSON record
constexpr std::size_t kMaxListingKeys = 2000;  // in one Listing; longer listings have several
constexpr std::size_t kMaxKey = 4096;          // bytes of a folder's or item's key
constexpr std::size_t kMaxPath = 64;           // names in a folder's path
constexpr std::size_t kMaxKeywords = 1000;
constexpr std::size_t kMaxProperties = 100;
constexpr std::size_t kMaxSource = 300;  // bytes of a source's name
constexpr std::size_t kMaxNames = 20;    // of an account
constexpr std::size_t kMaxItemName = 255;
constexpr std::size_t kMaxFingerprint = 1000;
constexpr std::size_t kMaxAttachments = 1000;  // of an item
constexpr std::size_t kMaxColour = 100;
constexpr std::size_t kMaxDescription = 16 << 10;
constexpr std::size_t kMaxState = 64 << 10;
constexpr std::size_t kMaxSubscriptions = 1000;
constexpr std::size_t kMaxScripts = 200;
constexpr std::size_t kMaxScriptName = 512;
constexpr std::size_t kMaxScriptBytes = 400 << 10;  // of all scripts of an account, with their names

// Stands for the scripts where answers and queries name a folder.
constexpr std::string_view kScriptsKey = "\tSieve scripts";

struct Account {
  std::string address;                  // of the target's user
  std::string source;                   // the ledger's name of the source: 1 to kMaxSource bytes; see source_name()
  std::vector<std::string> names = {};  // how the source calls it: what it can be selected by
  bool operator==(const Account&) const = default;
};

struct Folder {
  std::uint32_t number = 0;  // within its account in this archive
  std::string key;           // raw, as the source names it
  std::vector<std::string> path;
  std::string role;
  bool subscribed = true;
  bool is_container = false;
  bool is_gone = false;  // the source has it no longer: only its Listing counts
  std::uint32_t uid_validity = 0;
  std::uint32_t uid_next = 0;
  bool name_was_rewritten = false;
  std::string kind = {};  // "calendar", "tasks", "notes", "contacts" or "files"; empty = mail
  std::string colour = {}, description = {};
  std::map<std::string, std::string> properties = {};  // as groupware's Folder has them
  // What others may do there, each of them once; nothing: the source does not say.
  std::optional<std::vector<Grant>> grants = {};
  bool operator==(const Folder&) const = default;
};

// Which items the source has (present: all of them, over one or more records) or has no longer.
struct Listing {
  enum class Kind : std::uint8_t { present, vanished };
  std::uint32_t folder = 0;
  Kind kind = Kind::present;
  bool last = true;  // no further part of this listing follows
  std::vector<std::string> keys;
  bool operator==(const Listing&) const = default;
};

// A file that belongs to an item and stands outside of its content, which refers to it by attachment_uri().
struct ItemAttachment {
  std::string sha256;  // 32 raw bytes
  std::uint64_t size = 0;
  bool is_known = false;  // the importer has it with the item as it was before: the bytes do not follow
  bool operator==(const ItemAttachment&) const = default;
};

struct Item {
  // bytes: the content follows. known: the importer has this content in the account, by its hash. none: flags, keywords
  // and properties of an item that the importer has. refused: the source gave no sound content; `reason` says why.
  enum class Content : std::uint8_t { bytes, known, none, refused };
  std::uint32_t folder = 0;
  std::string key;
  std::uint32_t uid = 0;
  std::uint8_t flags = 0;  // groupware::Flag bits
  std::vector<std::string> keywords;
  InternalDate date;
  bool date_is_guess = false;
  std::uint64_t announced_size = 0;
  std::map<std::string, std::string> properties;
  // Of kinds other than mail: how it is called in its folder (empty = as its UID says), and what differs when the
  // content does, as an ETag.
  std::string name, fingerprint;
  // Properties that come with the content and change only with the fingerprint: kept like the others, but not compared
  // between passes. An empty value: it has none.
  std::map<std::string, std::string> kept = {};
  Content content = Content::bytes;
  std::uint64_t size = 0;  // of the content
  std::string sha256;      // 32 raw bytes; empty for none and refused
  std::string reason;
  std::vector<ItemAttachment> attachments = {};  // only with content bytes
  std::uint64_t attached_bytes() const;
  bool operator==(const Item&) const = default;
};

// All items of the folder's listing were sent. `state` is the source's own, for its next pass; empty = none.
struct Pass {
  std::uint32_t folder = 0;
  std::string state;
  std::uint64_t items = 0;  // how many the source has, as far as it was listed
  bool operator==(const Pass&) const = default;
};

// A Sieve script (RFC 5228) of the source's user.
struct Script {
  std::string name, text;
  bool is_active = false;
  bool operator==(const Script&) const = default;
};

struct AccountEnd {
  bool is_complete = false;  // all folders of the source were passed: what vanished may be removed now
  // Paths that the source's user subscribes to and that are no folders of the account; all of them, if complete.
  std::vector<std::vector<std::string>> other_subscriptions = {};
  // All that the source's user has, within the limits; nothing: the source was not asked.
  std::optional<std::vector<Script>> scripts = {};
  bool operator==(const AccountEnd&) const = default;
};

struct ArchiveEnd {
  std::uint64_t accounts = 0;
  bool operator==(const ArchiveEnd&) const = default;
};

using Record = std::variant<Account, Folder, Listing, Item, Pass, Settings, AccountEnd, Principal, ArchiveEnd>;

// One line of JSON with a line end. Bytes that are no UTF-8 become {"base64": "..."}.
std::string to_json(const Account& account);
std::string to_json(const Folder& folder);
std::string to_json(const Listing& listing);
std::string to_json(const Item& item);
std::string to_json(const Pass& pass);
std::string to_json(const AccountEnd& end);
std::string to_json(const ArchiveEnd& end);

// Strict: unknown members, wrong types and values beyond the limits above are errors. Errors: invalid.
Result<Account> parse_account(std::string_view json);
Result<Folder> parse_folder(std::string_view json);
Result<Listing> parse_listing(std::string_view json);
Result<Item> parse_item(std::string_view json);
Result<Pass> parse_pass(std::string_view json);
Result<AccountEnd> parse_account_end(std::string_view json);
Result<ArchiveEnd> parse_archive_end(std::string_view json);

// The ledger's name of one login's mail at a source: "imap:mail.example.org?user=ada". Two logins of one source may go
// into one account: their items are told apart by it. The case of a login's ASCII letters does not count. `source` has
// at most 100 bytes.
std::string source_name(std::string_view source, std::string_view login);
// The source without the login, if the name has one: what earlier versions named every login's mail.
std::optional<std::string_view> without_login(std::string_view source_name);

// Names bytes by their hash (RFC 6920 section 3): "ni:///sha-256;" and the raw SHA-256 in base64url.
std::string attachment_uri(std::string_view sha256);
// The raw hash in such a name; nothing: it is another URI.
std::optional<std::string> hash_of_attachment_uri(std::string_view uri);

// Item keys as the ledger keeps them: a key longer than 240 bytes is replaced by "#" and its SHA-256 in hex.
std::string bounded_key(std::string_view key);
// Stands for flags, keywords (without case or order), properties, name and fingerprint: differs when an item has to be
// updated.
std::uint64_t state_digest(std::uint8_t flags, const std::vector<std::string>& keywords,
                           const std::map<std::string, std::string>& properties, std::string_view name = {},
                           std::string_view fingerprint = {});

// RFC 3339 with the date's own zone: "1996-07-07T02:44:25-07:00". Years 1 to 9999; what lies beyond is moved there.
std::string to_text(const InternalDate& date);
Result<InternalDate> parse_date(std::string_view text);

}  // namespace kontor::archive
