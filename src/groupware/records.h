// SPDX-License-Identifier: AGPL-3.0-or-later
// The records of an account as structs, and to and from their bytes on disk (records.fbs).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "groupware/account.h"
#include "groupware/calendar/own_parts.h"
#include "groupware/folder.h"

namespace kontor::groupware {

struct AccountRecord {
  std::uint64_t next_folder = 1;
  std::uint64_t next_item = 1;
  Modseq modseq;
  std::uint32_t last_uid_validity = 0;
  std::uint64_t bytes = 0;
  std::uint64_t items = 0;
  Modseq log_from{1};
  Instant created{};
  std::string active_script;  // empty = none
  Modseq scripts_changed;
};

// An item with what only the core needs to know. As decoded, a filed item has no flags and its filings no modseq: they
// stand in its rows (complete_item).
struct ItemRecord : Item {
  ItemId content;  // under whose id the content is kept inline; 0 = blob
  std::vector<std::uint64_t> thread_keys;
  Instant removed_at{};  // epoch = filed
  FolderId removed_from;
  PrincipalId removed_by;
  std::string removed_name;
  Privacy privacy = Privacy::open;
  std::uint64_t redacted_size = 0;
  std::string redacted_hash;
  std::uint64_t bare_size = 0;  // see Description
  std::string bare_hash;
  std::vector<PrincipalId> guests;  // who keep something of their own beside it (calendar/own_parts.h), ascending
};

// An item in a folder by its name.
struct NamedRecord {
  Uid uid;
  ItemId item;
  Kind kind = Kind::files;
  std::uint64_t size = 0;
  std::string hash;  // 16 bytes
  Privacy privacy = Privacy::open;
  std::uint64_t redacted_size = 0;
  std::string redacted_hash;
  std::uint64_t bare_size = 0;
  std::string bare_hash;
};

struct RowRecord {
  FlagSet flags() const;  // kDeleted included

  Row row;
  std::vector<KeywordId> rare;
};

// One commit as it is logged.
struct ChangeRecord {
  Instant at{};
  std::vector<FolderId> folders_changed, folders_removed;
  std::vector<ItemId> items_changed, items_removed;
  std::vector<Changes::Vanished> vanished;
};

std::string encode(const AccountRecord& record);
std::string encode(const KeywordTable& keywords);
std::string encode(const Folder& folder);
std::string encode(const ItemRecord& item);
std::string encode(const Facts& facts);
std::string encode(const OwnRecord& own);
std::string encode(const NamedRecord& named);
std::string encode(const RowRecord& row);
std::string encode(const ChangeRecord& change);
std::string encode(const LedgerEntry& entry);

// All: corrupt if the bytes are not a sound table. Ids come from the key.
Result<AccountRecord> decode_account(std::string_view bytes);
Result<KeywordTable> decode_keywords(std::string_view bytes);
Result<Folder> decode_folder(FolderId id, std::string_view bytes);
Result<ItemRecord> decode_item(ItemId id, std::string_view bytes);
Result<Facts> decode_facts(std::string_view bytes);
Result<OwnRecord> decode_own(std::string_view bytes);
Result<NamedRecord> decode_named(std::string_view bytes);
Result<RowRecord> decode_row(Uid uid, std::string_view bytes);
Result<ChangeRecord> decode_change(std::string_view bytes);
Result<LedgerEntry> decode_ledger(std::string_view bytes);

// Takes flags and the filing's modseq from the row of one of the item's filings.
void complete_item(ItemRecord& item, const RowRecord& row, Filing& filing);

// What stands under the name of one of the item's filings.
NamedRecord make_named(const ItemRecord& item, const Filing& filing);
// In quotes, of a content's hash.
std::string etag_of(std::string_view hash);

// Whether the item has POP3 facts of its own: then its rows say so (Row::kOwnPop3).
bool has_pop3_facts(const Item& item);
Pop3Facts pop3_facts(const Item& item);

// The row of one of the item's filings.
RowRecord make_row(const ItemRecord& item, const Filing& filing);

}  // namespace kontor::groupware
