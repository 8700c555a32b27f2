// SPDX-License-Identifier: AGPL-3.0-or-later
// What a source knows of an account besides its folders and items, and who else there is at the source: on their way
// into a server (docs/formats/archive.md).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kontor::archive {

constexpr std::size_t kMaxAddress = 320;
constexpr std::size_t kMaxGrants = 1000;            // of one folder
constexpr std::size_t kMaxSettings = 1000;          // elements of each list of an account's settings
constexpr std::size_t kMaxSettingText = 256 << 10;  // bytes of one signature, filter or display setting
constexpr std::size_t kMaxSettingName = 500;
constexpr std::size_t kMaxRules = 400 << 10;  // bytes of an account's rules as JSON
constexpr std::size_t kMaxSenders = 2000;     // of each list of senders

// Stand for an account's settings and for who there is at the source, where answers name a folder.
constexpr std::string_view kSettingsKey = "\tSettings";
constexpr std::string_view kPrincipalsKey = "\tPrincipals";

// What somebody may do in a folder. Empty `who`: everyone in the tenant.
struct Grant {
  std::string who;           // a principal's address, as the target knows it
  std::uint32_t rights = 0;  // groupware::right bits
  bool operator==(const Grant&) const = default;
};

// A text for the end of messages.
struct Signature {
  std::string id;  // unique in the account, for as long as it is there
  std::string name;
  std::string text;
  bool is_html = false;
  bool operator==(const Signature&) const = default;
};

// A name and address that the user writes under.
struct Identity {
  std::string id;  // as Signature::id
  std::string name, address, reply_to;
  std::string signature, reply_signature;  // ids; empty: none
  bool operator==(const Identity&) const = default;
};

struct Category {
  std::string name;
  std::string colour;     // "#rrggbb", or empty
  bool is_quick = false;  // among the few that are offered first
  bool operator==(const Category&) const = default;
};

// A folder that is shown apart. `owner`: an address, where it is somebody else's; else empty.
struct Favourite {
  std::string folder;  // its key at the source
  std::string owner;
  std::string name;  // how the user calls it
  bool operator==(const Favourite&) const = default;
};

struct SavedSearch {
  std::string id;  // as Signature::id
  std::string name;
  std::string filter;                // JSON: a filter of JMAP (RFC 8620 section 5.5, RFC 8621 section 4.4.1)
  std::vector<std::string> folders;  // keys at the source; empty: everywhere
  bool is_deep = true;               // also what lies below these folders
  bool operator==(const SavedSearch&) const = default;
};

// Who stands in for the account's owner. Rights on folders come as grants.
struct Delegate {
  std::string who;  // address
  bool sees_private = false;
  bool gets_requests = false;  // copies of what is sent to the owner about meetings
  bool operator==(const Delegate&) const = default;
};

// How a room or a piece of equipment answers.
struct Booking {
  bool answers = false;  // by itself
  bool takes_series = true;
  bool takes_conflicts = false;
  bool operator==(const Booking&) const = default;
};

// Whose mail is junk never, and always: addresses, and domains as "@example.org".
struct Senders {
  std::vector<std::string> allowed, blocked;
  bool operator==(const Senders&) const = default;
};

// Within rules, a folder of the source stands as this, wherever its path here is wanted: "${kontor.folder:<key>}".
std::string folder_mark(std::string_view key);

// All that the source knows; what is absent it does not know, and nothing is done about it here.
struct Settings {
  std::optional<std::string> language;   // BCP 47
  std::optional<std::string> time_zone;  // IANA
  std::optional<std::vector<Signature>> signatures;
  std::optional<std::vector<Identity>> identities;
  std::optional<std::vector<Category>> categories;
  std::optional<std::vector<Favourite>> favourites;
  std::optional<std::vector<SavedSearch>> searches;
  std::map<std::string, std::string> display;  // the source's own settings, "webapp.calendar.first_day": "1"
  std::string new_signature, reply_signature;  // ids of those that are used where no identity says otherwise
  // The out-of-office answer and all other rules, in the form of sieve::to_json(RuleList). Folders stand as
  // folder_mark().
  std::optional<std::string> rules;
  bool rules_are_unread = false;  // the source could not read its own: `rules` has the out-of-office answer alone
  std::optional<Senders> senders;
  std::optional<std::vector<Delegate>> delegates;
  std::optional<std::vector<std::string>> send_as;  // addresses of those who may send under this account's addresses
  std::optional<std::uint64_t> quota;               // bytes; 0 = unlimited
  std::optional<Booking> booking;
  std::string password_hash;  // as directory::Directory::set_password_hash() takes it; empty: not known
  bool operator==(const Settings&) const = default;
};

// Who there is at the source: made at the target where it is allowed to and there is nobody of that address.
struct Principal {
  std::string kind = "user";  // "user", "shared", "group", "room", "equipment"
  std::string address;        // of the target
  std::string name;
  std::string tenant;                   // for a domain that the target does not have yet; empty: the domain's name
  std::vector<std::string> aliases;     // further addresses
  std::vector<std::string> members;     // addresses: of a group, or who may use a shared mailbox
  bool is_hidden = false;               // from the list of people
  std::vector<std::string> names = {};  // Account::names of its account, where the archive has that
  // Of the tenant, where it is made: bytes for those without a quota of their own; 0: unlimited.
  std::uint64_t tenant_quota = 0;
  bool operator==(const Principal&) const = default;
};

std::string to_json(const Settings& settings);
std::string to_json(const Principal& principal);
// Strict, as the other records. Errors: invalid.
Result<Settings> parse_settings(std::string_view json);
Result<Principal> parse_principal(std::string_view json);

}  // namespace kontor::archive
