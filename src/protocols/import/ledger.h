// SPDX-License-Identifier: AGPL-3.0-or-later
// What the importer keeps in an account's ledger, per source:
//
//   F folder code                         FolderMark: where the folder went, and the state of its last pass
//   I folder code | item key              ItemMark: the item, and its state when last seen at the source
//   V content hash | folder code | key    an item that vanished at the source: found again by its content when it moved
//   Y name                                a Sieve script: the digest of its text as it was brought, whether it was
//                                         active
//   S path                                a subscription to what is no folder at the source; the path is the value
//   T name                                a setting: digests of it as it was brought, and as it was here then
//
// A folder's code is 8 bytes, the first 64 bits of its key's SHA-256. Keys of items longer than 240 bytes are hashed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "groupware/account.h"

namespace kontor::importing {

std::uint64_t folder_code(std::string_view folder_key);
std::string folder_mark_key(std::uint64_t code);
std::string item_mark_prefix(std::uint64_t code);
std::string item_mark_key(std::uint64_t code, std::string_view item_key);  // already bounded
std::string vanished_prefix(std::string_view hash);                        // "" = of all
std::string vanished_key(std::string_view hash, std::uint64_t code, std::string_view item_key);

std::string subscription_key(std::string_view path);  // "" = what all of them begin with
std::string script_key(std::string_view name);        // the same; already bounded
std::string bounded_trait(std::string_view name);     // as trait_key() has it
std::string trait_key(std::string_view name);         // "" = what all of them begin with

// Before the address in a folder's traits.
constexpr std::string_view kGrantTrait = "g.";
// Among a folder's traits: its path at the source (names as they can be here) when it was last followed, and where it
// was here then, as "<parent> <name>".
constexpr std::string_view kPathTrait = "path", kPlaceTrait = "place";

struct FolderMark {
  std::string key;
  FolderId target;
  std::uint32_t uid_validity = 0;
  bool subscribed = true;
  bool is_gone = false;
  std::uint64_t items = 0;
  std::string state;
  // What the source said, as it was done here: "name" of a calendar or the like, "colour", "description", properties
  // behind "p."; who has which rights behind "g."; where it is on both sides.
  std::map<std::string, std::string> traits = {};
};

struct ItemMark {
  FolderId folder;  // where it was filed
  std::uint8_t flags = 0;
  std::vector<std::string> keywords;
  std::map<std::string, std::string> properties;
  InternalDate date;
  std::uint64_t size = 0;  // with its attachments
  std::string hash;        // of the content as it came
  bool is_vanished = false;
  std::string name = {}, fingerprint = {};  // of kinds other than mail, as the source has them
  std::string held = {};  // the content's hash here, where it names attachments otherwise than it came

  const std::string& here() const { return held.empty() ? hash : held; }
};

std::string encode(const FolderMark& mark);
std::string encode(const ItemMark& mark);
Result<FolderMark> decode_folder_mark(std::string_view bytes);  // corrupt
Result<ItemMark> decode_item_mark(std::string_view bytes);

// A folder code and item key out of an I or V key.
struct ItemPlace {
  std::uint64_t code = 0;
  std::string item_key;
};
std::optional<ItemPlace> place_of_item(std::string_view ledger_key);
std::optional<ItemPlace> place_of_vanished(std::string_view ledger_key);

struct KnownItem {
  ItemId item;
  ItemMark mark;
};
Result<std::optional<FolderMark>> find_folder(const groupware::Reader& reader, const std::string& source,
                                              std::uint64_t code);
Result<std::optional<KnownItem>> find_item(const groupware::Reader& reader, const std::string& source,
                                           std::uint64_t code, std::string_view item_key);

}  // namespace kontor::importing
