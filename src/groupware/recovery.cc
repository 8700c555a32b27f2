// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/recovery.h"

#include <algorithm>
#include <map>

#include "base/aligned.h"
#include "formats/mime/decode.h"
#include "formats/mime/summary.h"
#include "formats/mime/summary_generated.h"
#include "groupware/search/addresses.h"
#include "groupware/search/fold.h"
#include "groupware/search/text.h"

namespace kontor::groupware {
namespace {

constexpr std::size_t kItemsPerSlice = 200;

// Reads subject and sender, where the item has a summary.
void tell_texts(const Reader& reader, Recoverable& found) {
  if (found.removed.item.kind != Kind::mail) {
    found.subject = found.removed.name;
    return;
  }
  const Result<std::string> stored = reader.summary(found.removed.item.id);
  if (!stored) return;
  const Aligned aligned(*stored);
  const auto* top = flatbuffers::GetRoot<mime::fb::Summary>(aligned.view().data())->top();
  const auto* envelope = top != nullptr ? top->envelope() : nullptr;
  if (envelope == nullptr) return;
  found.subject = mime::decode_header(view_of(envelope->subject()));
  found.sender = spell_addresses(envelope->from());
  if (found.sender.ends_with(", ")) found.sender.resize(found.sender.size() - 2);
}

bool contains_folded(const std::string& text, const std::string& folded_part) {
  return folded_part.empty() || contains_text(fold_text(text), folded_part);
}

struct Former {
  FolderId folder;
  Kind kind = Kind::mail;
};

bool may_take(const Folder& folder) { return !folder.is_container && folder.next_uid.value != UINT32_MAX; }

// The former folder or, where it is gone, the default folder of its kind; for mail the one for such items, which is
// made when it is first needed.
Result<FolderId> home_of(Transaction& transaction, const Former& was, bool& is_elsewhere) {
  if (was.folder)
    if (const auto folder = transaction.folder(was.folder); folder && may_take(**folder)) return was.folder;
  is_elsewhere = true;
  if (was.kind != Kind::mail)
    if (const auto folder = transaction.folders()->by_role(default_role(was.kind))) return folder->id;
  const auto there = transaction.folders()->at_path(kRecoveredFolder);
  if (there && may_take(*there)) return there->id;
  Transaction::NewFolder made;
  made.name = kRecoveredFolder;
  return transaction.create_folder(made);
}

// Runs `step` for each item in updates of bounded size; an item that is gone meanwhile is passed over.
Result<void> in_slices(Account& account, const Caller& caller, const std::vector<ItemId>& items,
                       const std::function<Result<void>(Transaction&, ItemId)>& step,
                       const std::function<void()>& begin, const std::function<void()>& end) {
  for (std::size_t first = 0; first < items.size(); first += kItemsPerSlice) {
    const std::size_t last = std::min(items.size(), first + kItemsPerSlice);
    TRY_VOID(account.update(caller, [&](Transaction& transaction) -> Result<void> {
      begin();  // the change may run more than once
      for (std::size_t i = first; i < last; ++i) {
        const Result<void> done = step(transaction, items[i]);
        if (!done && done.error().code != Errc::not_found) return done;
      }
      return {};
    }));
    end();
  }
  return {};
}

}  // namespace

Result<void> find_recoverable(const Reader& reader, const RecoveryFilter& filter,
                              const std::function<bool(const Recoverable&)>& visit) {
  const std::string subject = fold_text(filter.subject), sender = fold_text(filter.sender);
  const auto folders = reader.folders();
  return reader.removed_items(filter.since, filter.until, [&](const RemovedItem& removed) {
    if (filter.items && !filter.items->contains(removed.item.id)) return true;
    // Earlier contents are their item's: only who asks for them, or for one by its number, means them.
    if (!filter.items && !filter.has_versions && removed.item.properties.contains(kVersionOf)) return true;
    const FolderId from = folders->find(removed.from) ? removed.from : FolderId();
    if (filter.folder && *filter.folder != from) return true;
    Recoverable found{removed, {}, {}};
    found.removed.from = from;
    tell_texts(reader, found);
    if (!contains_folded(found.subject, subject) || !contains_folded(found.sender, sender)) return true;
    return visit(found);
  });
}

Result<Recovered> restore_items(Account& account, const Caller& caller, const std::vector<ItemId>& items,
                                std::optional<FolderId> into) {
  // Where each was: read once, for it stands in the removed item alone.
  std::map<ItemId, Former> former;
  {
    TRY(const auto reader, account.read(caller));
    TRY_VOID(reader->removed_items(Instant(), Instant::max(), [&](const RemovedItem& removed) {
      former[removed.item.id] = {removed.from, removed.item.kind};
      return true;
    }));
  }
  Recovered all, slice;
  TRY_VOID(in_slices(
      account, caller, items,
      [&](Transaction& transaction, ItemId item) -> Result<void> {
        const auto was = former.find(item);
        if (was == former.end()) return {};
        bool is_elsewhere = false;
        FolderId to = into.value_or(FolderId());
        if (!into) {
          TRY(to, home_of(transaction, was->second, is_elsewhere));
        }
        TRY_VOID(transaction.restore(item, to));
        slice.items += 1;
        slice.elsewhere += is_elsewhere ? 1 : 0;
        return {};
      },
      [&] { slice = {}; },
      [&] {
        all.items += slice.items;
        all.elsewhere += slice.elsewhere;
      }));
  return all;
}

Result<std::uint64_t> purge_items(Account& account, const Caller& caller, const std::vector<ItemId>& items) {
  std::uint64_t all = 0, slice = 0;
  TRY_VOID(in_slices(
      account, caller, items,
      [&](Transaction& transaction, ItemId item) -> Result<void> {
        TRY_VOID(transaction.purge_removed_item(item));
        slice += 1;
        return {};
      },
      [&] { slice = 0; }, [&] { all += slice; }));
  return all;
}

}  // namespace kontor::groupware
