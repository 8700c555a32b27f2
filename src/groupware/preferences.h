// SPDX-License-Identifier: AGPL-3.0-or-later
// What an account's user has set and no folder or item holds: one record of the account, for every protocol that shows
// such settings. Rules, rights, quota and passwords have places of their own.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/result.h"

namespace kontor::groupware {

// A text for the end of messages.
struct Signature {
  std::string id;  // unique among the signatures
  std::string name;
  std::string text;
  bool is_html = false;
  bool operator==(const Signature&) const = default;
};

// A name and address that the user writes under (JMAP's Identity, RFC 8621 section 6). Whether it may send under the
// address is asked when it sends.
struct Identity {
  std::string id;  // unique among the identities
  std::string name, address, reply_to;
  std::string signature, reply_signature;  // ids; empty: those of the account
  bool operator==(const Identity&) const = default;
};

// A keyword as people see it: items have the name among their keywords or CATEGORIES.
struct Category {
  std::string name;       // unique, without regard to the case of ASCII letters
  std::string colour;     // "#rrggbb", or empty
  bool is_quick = false;  // among the few that are offered first
  bool operator==(const Category&) const = default;
};

// A folder that is shown apart. Of another account where `owner` is given.
struct Favourite {
  FolderId folder;  // 0: the whole of the other account
  PrincipalId owner;
  std::string name;  // how the user calls it; empty: as it is called
  bool operator==(const Favourite&) const = default;
};

struct SavedSearch {
  std::string id;  // unique among the searches
  std::string name;
  std::string filter;             // JSON: a filter of JMAP (RFC 8620 section 5.5, RFC 8621 section 4.4.1)
  std::vector<FolderId> folders;  // empty: everywhere; those that are gone are passed over
  bool is_deep = true;            // also what lies below these folders
  bool operator==(const SavedSearch&) const = default;
};

struct Preferences {
  bool operator==(const Preferences&) const = default;

  std::string language;   // BCP 47; empty: not set
  std::string time_zone;  // IANA; empty: not set
  std::vector<Signature> signatures;
  std::string new_signature, reply_signature;  // ids; empty: none
  std::vector<Identity> identities;            // the first is the one that is offered first
  std::vector<Category> categories;
  std::vector<Favourite> favourites;
  std::vector<SavedSearch> searches;
  // Settings of one program, by names with its own before them: "webapp.calendar.first_day".
  std::map<std::string, std::string> display;
};

constexpr std::size_t kPreferenceEntries = 1000;                // of each list
constexpr std::size_t kPreferenceText = 256 << 10;              // bytes of a signature, a filter or a display setting
constexpr std::size_t kPreferenceName = 500;                    // bytes of any other text
constexpr std::size_t kPreferenceBytes = std::size_t{2} << 20;  // of the record

// Empty, or a sentence: what cannot be kept as it is.
std::string fault_of(const Preferences& preferences);

std::string encode(const Preferences& preferences);
Result<Preferences> decode_preferences(std::string_view bytes);  // errors: corrupt

}  // namespace kontor::groupware
