// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/vanished.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "protocols/import/importer.h"
#include "protocols/import/ledger.h"
#include "protocols/import/merge.h"

namespace kontor::importing {
namespace {

using groupware::Caller;
using groupware::Transaction;

constexpr std::size_t kMarksPerCommit = 1000;
constexpr std::size_t kRemovalsPerCommit = 500;

Result<bool> mark_one(Transaction& transaction, const std::string& source, std::uint64_t code,
                      const std::string& item_key) {
  TRY(auto known, find_item(transaction, source, code, item_key));
  if (!known || known->mark.is_vanished) return false;
  known->mark.is_vanished = true;
  TRY_VOID(transaction.note_imported(source, item_mark_key(code, item_key), {known->item, encode(known->mark)}));
  TRY_VOID(transaction.note_imported(source, vanished_key(known->mark.hash, code, item_key), {known->item, "1"}));
  return true;
}

Result<std::uint64_t> mark_chunk(groupware::Account& account, const std::string& source, std::uint64_t code,
                                 const std::vector<std::string>& keys, std::size_t first, std::size_t last) {
  std::uint64_t marked = 0;
  TRY_VOID(account.update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
    marked = 0;
    for (std::size_t i = first; i < last; ++i) {
      TRY(const bool is_new, mark_one(transaction, source, code, keys[i]));
      if (is_new) ++marked;
    }
    return {};
  }));
  return marked;
}

// How many items of a folder the ledger has, and how many of them vanished.
struct FolderTally {
  std::uint64_t items = 0;
  std::uint64_t vanished = 0;
  std::string key;
};

Result<std::map<std::uint64_t, FolderTally>> tally_vanished(groupware::Account& account, const std::string& source) {
  TRY(const auto reader, account.read(Caller::system()));
  std::map<std::uint64_t, FolderTally> tallies;
  TRY_VOID(reader->ledger_scan(source, "V", [&](std::string_view key, const groupware::LedgerEntry&) {
    if (!key.starts_with('V')) return false;
    if (const auto place = place_of_vanished(key)) ++tallies[place->code].vanished;
    return true;
  }));
  for (auto& [code, tally] : tallies) {
    const auto prefix = item_mark_prefix(code);
    TRY_VOID(
        reader->ledger_scan(source, prefix, [&, &folder = tally](std::string_view key, const groupware::LedgerEntry&) {
          if (!key.starts_with(prefix)) return false;
          ++folder.items;
          return true;
        }));
    TRY(const auto mark, find_folder(*reader, source, code));
    if (mark) tally.key = mark->key;
  }
  return tallies;
}

enum class Removal : std::uint8_t { removed, was_gone, kept };

Result<Removal> remove_one(Transaction& transaction, const std::string& source, const ItemPlace& place) {
  TRY(const auto known, find_item(transaction, source, place.code, place.item_key));
  if (!known || !known->mark.is_vanished) return Removal::was_gone;
  const auto& mark = known->mark;
  auto outcome = Removal::was_gone;
  if (const auto item = transaction.item(known->item)) {
    auto flags = transaction.keywords()->spell(item->flags);
    groupware::FlagNames brought{mark.flags, {}};
    for (const auto& keyword : mark.keywords) {
      if (auto sound = sound_keyword(keyword); !sound.empty()) brought.keywords.push_back(std::move(sound));
    }
    if (item->filings.size() != 1 || item->filings[0].folder != mark.folder) return Removal::kept;
    if (item->filings[0].is_deleted) flags.flags |= groupware::kDeleted;
    if (!same_flags(flags, brought)) return Removal::kept;
    // Other items than mail may have other content by now: what somebody wrote here.
    if (item->kind != groupware::Kind::mail && item->hash != mark.here()) return Removal::kept;
    TRY_VOID(transaction.remove(mark.folder, item->filings[0].uid));
    outcome = Removal::removed;
  }
  TRY_VOID(transaction.forget_imported(source, vanished_key(mark.hash, place.code, place.item_key)));
  TRY_VOID(transaction.forget_imported(source, item_mark_key(place.code, place.item_key)));
  return outcome;
}

}  // namespace

Result<std::uint64_t> mark_vanished(groupware::Account& account, const std::string& source, std::uint64_t code,
                                    const std::vector<std::string>& keys) {
  std::uint64_t marked = 0;
  for (std::size_t at = 0; at < keys.size(); at += kMarksPerCommit) {
    TRY(const auto now, mark_chunk(account, source, code, keys, at, std::min(keys.size(), at + kMarksPerCommit)));
    marked += now;
  }
  return marked;
}

Result<std::uint64_t> mark_absent(groupware::Account& account, const std::string& source, std::uint64_t code,
                                  const std::vector<std::uint64_t>& present) {
  const auto prefix = item_mark_prefix(code);
  std::uint64_t marked = 0;
  std::string next = prefix;
  for (bool more = true; more;) {
    std::vector<std::string> absent;
    more = false;
    {
      TRY(const auto reader, account.read(Caller::system()));
      TRY_VOID(reader->ledger_scan(source, next, [&](std::string_view key, const groupware::LedgerEntry&) {
        if (!key.starts_with(prefix)) return false;
        const auto item_key = key.substr(prefix.size());
        if (!std::binary_search(present.begin(), present.end(), stable_hash64(item_key))) absent.emplace_back(item_key);
        if (absent.size() < kMarksPerCommit) return true;
        next = std::string(key) + '\0';
        more = true;
        return false;
      }));
    }
    TRY(const auto now, mark_chunk(account, source, code, absent, 0, absent.size()));
    marked += now;
  }
  return marked;
}

Result<void> mark_folder_gone(groupware::Account& account, const std::string& source, std::uint64_t code) {
  TRY_VOID(account.update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
    TRY(auto mark, find_folder(transaction, source, code));
    if (!mark || mark->is_gone) return {};
    mark->is_gone = true;
    mark->items = 0;
    mark->state.clear();
    return transaction.note_imported(source, folder_mark_key(code), {ItemId(), encode(*mark)});
  }));
  return {};
}

Result<std::vector<archive::Answer>> remove_vanished(groupware::Account& account, const std::string& source,
                                                     bool override_threshold) {
  TRY(auto tallies, tally_vanished(account, source));
  std::map<std::uint64_t, archive::Answer> answers;
  for (const auto& [code, tally] : tallies) {
    auto& answer = answers[code];
    answer.folder = tally.key;
    const bool much = tally.vanished > kVanishedMany &&
                      static_cast<double>(tally.vanished) > kVanishedShare * static_cast<double>(tally.items);
    if (!much || override_threshold) continue;
    answer.counts.kept = tally.vanished;
    answer.note =
        fmt::format("{} of {} items vanished at the source: too many at once to remove them here without an override",
                    tally.vanished, tally.items);
  }
  std::string next = "V";
  for (bool more = true; more;) {
    std::vector<std::string> keys;
    {
      TRY(const auto reader, account.read(Caller::system()));
      TRY_VOID(reader->ledger_scan(source, next, [&](std::string_view key, const groupware::LedgerEntry&) {
        if (!key.starts_with('V')) return false;
        keys.emplace_back(key);
        return keys.size() < kRemovalsPerCommit;
      }));
    }
    more = keys.size() == kRemovalsPerCommit;
    if (more) next = keys.back() + '\0';
    std::map<std::uint64_t, archive::Counts> counts;
    TRY_VOID(account.update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
      counts.clear();
      for (const auto& key : keys) {
        const auto place = place_of_vanished(key);
        if (!place || !answers.contains(place->code) || !answers[place->code].note.empty()) continue;
        TRY(const auto outcome, remove_one(transaction, source, *place));
        if (outcome == Removal::removed) ++counts[place->code].removed;
        if (outcome == Removal::kept) ++counts[place->code].kept;
      }
      return {};
    }));
    for (const auto& [code, count] : counts) answers[code].counts.add(count);
  }
  std::vector<archive::Answer> out;
  for (auto& [code, answer] : answers) out.push_back(std::move(answer));
  return out;
}

Result<std::vector<std::string>> remove_gone_folders(groupware::Account& account, const std::string& source) {
  std::vector<std::uint64_t> gone;
  {
    TRY(const auto reader, account.read(Caller::system()));
    TRY_VOID(reader->ledger_scan(source, "F", [&](std::string_view key, const groupware::LedgerEntry& entry) {
      if (!key.starts_with('F')) return false;
      const auto mark = decode_folder_mark(entry.fingerprint);
      if (mark && mark->is_gone) gone.push_back(folder_code(mark->key));
      return true;
    }));
  }
  std::vector<std::string> removed;
  if (gone.empty()) return removed;
  TRY_VOID(account.update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
    removed.clear();
    for (const auto code : gone) {
      TRY(const auto mark, find_folder(transaction, source, code));
      const auto prefix = item_mark_prefix(code);
      bool is_empty = mark.has_value();
      TRY_VOID(transaction.ledger_scan(source, prefix, [&](std::string_view key, const groupware::LedgerEntry&) {
        if (key.starts_with(prefix)) is_empty = false;
        return false;
      }));
      if (!is_empty) continue;
      const auto table = transaction.folders();
      const auto folder = table->find(mark->target);
      const bool removable = folder && folder->role == groupware::FolderRole::none && folder->total == 0 &&
                             table->children(folder->id).empty();
      if (folder && !removable) continue;
      if (folder) {
        removed.push_back(table->path(folder->id));
        TRY_VOID(transaction.remove_folder(folder->id));
      }
      TRY_VOID(transaction.forget_imported(source, folder_mark_key(code)));
    }
    return {};
  }));
  return removed;
}

}  // namespace kontor::importing
