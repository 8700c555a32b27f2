// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/subscriptions.h"

#include <algorithm>
#include <map>

#include "formats/archive/record.h"
#include "protocols/import/ledger.h"
#include "protocols/import/place.h"
#include "protocols/import/traits.h"

namespace kontor::importing {
namespace {

using groupware::Transaction;

constexpr std::size_t kLongestSubscription = 500;  // that groupware takes

// Ledger keys and the paths they stand for.
using ByKey = std::map<std::string, std::string>;

ByKey wanted_now(const std::vector<std::vector<std::string>>& paths) {
  ByKey out;
  for (const auto& names : paths) {
    std::string path;
    for (const auto& name : names) path += (path.empty() ? "" : "/") + sound_name(name);
    if (!path.empty() && path.size() <= kLongestSubscription) out.emplace(subscription_key(path), path);
  }
  return out;
}

Result<ByKey> brought_before(const groupware::Reader& reader, const std::string& source) {
  ByKey out;
  const auto prefix = subscription_key("");
  TRY_VOID(reader.ledger_scan(source, prefix, [&](std::string_view key, const groupware::LedgerEntry& entry) {
    if (!key.starts_with(prefix)) return false;
    out.emplace(key, entry.fingerprint);
    return true;
  }));
  return out;
}

// A folder may be here though the source has none.
Result<void> subscribe(Transaction& transaction, const std::string& path) {
  const auto folder = transaction.folders()->at_path(path);
  if (!folder) return transaction.subscribe_other(path, true);
  if (folder->subscribed) return {};
  Transaction::FolderChange change;
  change.subscribed = true;
  return transaction.change_folder(folder->id, change);
}

Result<void> unsubscribe(Transaction& transaction, const std::string& path) {
  const auto others = transaction.other_subscriptions();
  if (!std::binary_search(others.begin(), others.end(), path)) return {};
  return transaction.subscribe_other(path, false);
}

}  // namespace

Result<void> take_subscriptions(groupware::Account& account, const std::string& source,
                                const std::vector<std::vector<std::string>>& paths) {
  const auto wanted = wanted_now(paths);
  TRY_VOID(account.update(groupware::Caller::system(), [&](Transaction& transaction) -> Result<void> {
    TRY(const auto before, brought_before(transaction, source));
    for (const auto& [key, path] : wanted) {
      if (before.contains(key)) continue;
      TRY_VOID(subscribe(transaction, path));
      TRY_VOID(transaction.note_imported(source, key, {ItemId(), path}));
    }
    for (const auto& [key, path] : before) {
      if (wanted.contains(key)) continue;
      TRY_VOID(unsubscribe(transaction, path));
      TRY_VOID(transaction.forget_imported(source, key));
    }
    return {};
  }));
  return {};
}

Result<void> compare_subscriptions(const groupware::Reader& reader, const std::string& source,
                                   const std::vector<std::vector<std::string>>& paths, archive::Answer& answer) {
  const auto wanted = wanted_now(paths);
  TRY(const auto before, brought_before(reader, source));
  const auto others = reader.other_subscriptions();
  const auto is_here = [&](const std::string& path) {
    const auto folder = reader.folders()->at_path(path);
    return folder ? folder->subscribed : std::binary_search(others.begin(), others.end(), path);
  };
  for (const auto& [key, path] : wanted) {
    if (is_here(path))
      ++answer.counts.present;
    else
      answer.different.push_back(
          {"the subscription to " + path,
           difference_of({.was_brought = before.contains(key), .is_same_at_source = true, .is_at_source = true})});
  }
  for (const auto& [key, path] : before) {
    if (wanted.contains(key) || !is_here(path)) continue;
    answer.different.push_back(
        {"the subscription to " + path, difference_of({.was_brought = true, .is_same_here = true, .is_here = true})});
  }
  return {};
}

}  // namespace kontor::importing
