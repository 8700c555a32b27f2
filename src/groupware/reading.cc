// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/reading.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <span>

#include "base/aligned.h"
#include "base/bytes.h"
#include "groupware/calendar/redact.h"
#include "groupware/content_run.h"
#include "groupware/delegates.h"
#include "groupware/keys.h"
#include "groupware/stored_content.h"

namespace kontor::groupware {
namespace {

// Where wanted items lie closer together than this, one scan over their range is cheaper than a look-up for each.
constexpr std::uint64_t kScanGap = 8;

std::uint64_t number_in(const std::string& text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool contains(const std::vector<PrincipalId>& ids, PrincipalId id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

std::uint32_t of_role(std::optional<directory::MemberRole> role) {
  if (!role) return 0;
  switch (*role) {
    case directory::MemberRole::reader:
      return right::kReader;
    case directory::MemberRole::editor:
      return right::kSteward;
    case directory::MemberRole::manager:
      return right::kAll;
  }
  return 0;
}

}  // namespace

directory::Shares shares_of(const FolderTable& folders) {
  directory::Shares shares;
  for (const FolderTable::Pointer& folder : folders.all())
    for (const Grant& grant : folder->grants)
      if ((grant.rights & right::kShowing) != 0)
        directory::add_share(shares, {grant.principal, std::uint32_t{1} << static_cast<unsigned>(folder->kind)});
  return shares;
}

Ownership ownership_of(Environment& environment, AccountId account, TenantId tenant, const Caller& caller) {
  Ownership out;
  out.account = account;
  out.tenant = tenant;
  out.is_full = caller.is_system || caller.principal.value == account.value;
  if (out.is_full) {
    out.everywhere = right::kAll;
    return out;
  }
  Result<directory::Principal> who = environment.directory.principal(caller.principal);
  out.is_foreign = !who || who->tenant != tenant;
  if (out.is_foreign) return out;
  out.groups = environment.directory.groups_of(caller.principal);
  out.everywhere = of_role(environment.directory.member_role(PrincipalId(account.value), caller.principal));
  return out;
}

bool acts_for_owner(const FolderTable& folders, const Ownership& ownership, const Caller& caller) {
  if (ownership.is_full || ownership.everywhere != 0) return true;
  return std::ranges::any_of(later_grants(folders), [&](const Grant& delegate) {
    return delegate.principal == caller.principal || contains(ownership.groups, delegate.principal);
  });
}

std::uint32_t rights_on(const Folder& folder, const Ownership& ownership, const Caller& caller) {
  std::uint32_t rights = ownership.everywhere;
  if (ownership.is_foreign) return rights;
  for (const Grant& grant : folder.grants) {
    if (!grant.principal || grant.principal == caller.principal || contains(ownership.groups, grant.principal))
      rights |= grant.rights;
  }
  // What comes from elsewhere is changed there.
  if (folder.kind == Kind::calendar && !caller.is_system && folder.properties.contains(kIsFeed))
    rights &= ~(right::kInsert | right::kPost | right::kDeleteItems | right::kExpunge);
  return rights;
}

template <class Base>
std::uint32_t Reading<Base>::rights(FolderId id) const {
  std::shared_ptr<const Folder> found = layer_.folder(id);
  return found ? rights_on(*found, ownership_, caller_) : 0;
}

template <class Base>
Result<std::shared_ptr<const Folder>> Reading<Base>::folder(FolderId id) const {
  std::shared_ptr<const Folder> found = layer_.folder(id);
  if (!found || (rights_on(*found, ownership_, caller_) & right::kShowing) == 0)
    return fail(Errc::not_found, "there is no such folder");
  return found;
}

template <class Base>
Result<std::shared_ptr<const FolderView>> Reading<Base>::view(FolderId id) const {
  TRY(std::shared_ptr<const Folder> found, folder(id));
  if ((rights_on(*found, ownership_, caller_) & right::kRead) == 0)
    return fail(Errc::denied, "you may not read this folder");
  if (is_described(found->kind) && found->kind != Kind::contacts && !sees_private(*found))
    return fail(Errc::denied, "you may not read all of this folder");
  return rows_of(*found);
}

template <class Base>
Result<std::shared_ptr<const FolderView>> Reading<Base>::rows_of(const Folder& folder) const {
  const FolderId id = folder.id;
  const Folder* const found = &folder;
  // What is not committed yet is for this caller only.
  bool is_pending = layer_.has_pending_rows(id);
  if (is_pending)
    if (std::shared_ptr<const FolderView> base = stored_view(id)) return with_pending(*base, id, found->highest);
  if (!is_pending)
    if (auto kept = environment_.views.find(ownership_.account, id, found->highest)) return kept;
  // The snapshot may be of a later moment: its own folder record names the state that the rows show.
  TRY(std::optional<std::string> stored, layer_.get(key::folder(id)));
  if (!stored) return fail(Errc::not_found, "there is no such folder");
  TRY(Folder present, decode_folder(id, *stored));
  TRY(FlagBlocks blocks, layer_.flag_blocks(id, Uid(0), Uid(UINT32_MAX)));
  FolderView::Builder builder;
  std::optional<Error> fault;
  std::string prefix = key::filings(id);
  TRY_VOID(layer_.scan(prefix, key::end(prefix), [&](std::string_view key, std::string_view value) {
    Result<RowRecord> row = decode_row(Uid(read_be32(key.substr(9))), value);
    const Result<void> completed = row ? blocks.apply(*row) : std::unexpected(row.error());
    if (!completed) {
      fault = completed.error();
      return false;
    }
    builder.add(row->row, std::move(row->rare));
    return true;
  }));
  if (fault) return std::unexpected(*fault);
  std::shared_ptr<const FolderView> view = builder.finish(present.highest);
  if (is_pending) return with_pending(*view, id, found->highest);
  environment_.views.put(ownership_.account, id, view);
  return view;
}

template <class Base>
std::shared_ptr<const FolderView> Reading<Base>::stored_view(FolderId id) const {
  FolderTable::Pointer stored = layer_.stored_folder(id);
  if (!stored) return nullptr;
  std::shared_ptr<const FolderView> view = environment_.views.find(ownership_.account, id, stored->highest);
  return view && view->modseq() == stored->highest ? view : nullptr;
}

template <class Base>
std::shared_ptr<const FolderView> Reading<Base>::with_pending(const FolderView& base, FolderId id,
                                                              Modseq highest) const {
  std::vector<FolderView::Put> puts;
  std::vector<Uid> removed;
  for (const auto& [uid, put] : layer_.pending_rows(id)) {
    if (put)
      puts.push_back(*put);
    else
      removed.push_back(uid);
  }
  return base.with(puts, removed, highest);
}

template <class Base>
Result<ItemRecord> Reading<Base>::readable(ItemId id) const {
  TRY(std::optional<std::string> stored, layer_.get(key::item(id)));
  if (!stored) return fail(Errc::not_found, "there is no such item");
  TRY(ItemRecord item, decode_item(id, *stored));
  drop_doomed(item);
  if (ownership_.is_full) return item;
  // An earlier content shows to those who may read the present one, and what that one was.
  ItemId original;
  if (const auto of = item.properties.find(kVersionOf); item.filings.empty() && of != item.properties.end())
    original = ItemId(number_in(of->second));
  if (original) {
    TRY(const ItemRecord present, readable(original));
    ItemRecord former = item;
    former.filings = present.filings;
    if (sight_of(present) == Sight::all && sight_of(former) == Sight::all) return item;
    return fail(Errc::not_found, "there is no such item");
  }
  if (sight_of(item) != Sight::nothing) return item;
  return fail(Errc::not_found, "there is no such item");
}

template <class Base>
Sight Reading<Base>::sight_of(const ItemRecord& item) const {
  if (ownership_.is_full) return Sight::all;
  Sight sight = Sight::nothing;
  for (const Filing& filing : item.filings) {
    const std::shared_ptr<const Folder> found = layer_.folder(filing.folder);
    if (!found || (rights_on(*found, ownership_, caller_) & right::kRead) == 0) continue;
    if (item.privacy == Privacy::open || sees_private(*found)) return Sight::all;
    if (item.privacy == Privacy::confidential) sight = Sight::times;
  }
  return sight;
}

template <class Base>
void Reading<Base>::drop_doomed(ItemRecord& item) const {
  std::erase_if(item.filings, [&](const Filing& filing) { return !layer_.folder(filing.folder); });
}

template <class Base>
Result<Item> Reading<Base>::item(ItemId id) const {
  TRY(ItemRecord record, readable(id));
  TRY_VOID(complete(record));
  if (sight_of(record) == Sight::times) {
    record.size = record.crlf_size = record.redacted_size;
    record.hash = record.redacted_hash;
    record.properties.clear();
  } else if ((record.bare_size != 0 || !record.guests.empty()) && is_guest()) {
    TRY(const auto own, own_of(record));
    if (own || record.bare_size != 0) {
      record.size = record.crlf_size = own ? own->size : record.bare_size;
      record.hash = own ? own->hash : record.bare_hash;
    }
  }
  return Item(std::move(record));
}

template <class Base>
Result<void> Reading<Base>::complete(ItemRecord& item) const {
  for (Filing& filing : item.filings) {
    TRY(const std::optional<RowRecord> row, layer_.row(filing.folder, filing.uid));
    if (!row) return fail(Errc::corrupt, "a filing's row is missing; run `kontor check`");
    complete_item(item, *row, filing);
  }
  return {};
}

template <class Base>
Result<std::string> Reading<Base>::summary(ItemId id) const {
  TRY(ItemRecord record, readable(id));
  TRY(std::optional<std::string> stored, layer_.get(key::summary(id)));
  if (stored && mime::is_sound_summary(*stored)) return *std::move(stored);
  TRY(std::shared_ptr<const Content> bytes, content(id));
  return summarize_content(*bytes);
}

template <class Base>
Result<void> Reading<Base>::summaries(const std::vector<ItemId>& ids,
                                      const std::function<bool(ItemId, std::string_view)>& visit) const {
  bool ascending = std::adjacent_find(ids.begin(), ids.end(), std::greater_equal<>()) == ids.end();
  bool dense = ids.size() > 1 && ascending && ids.back().value - ids.front().value < kScanGap * ids.size();
  if (!dense || !ownership_.is_full) {
    for (ItemId id : ids) {
      Result<std::string> found = summary(id);
      if (!found && found.error().code == Errc::not_found) continue;
      if (!found) return std::unexpected(found.error());
      if (!visit(id, *found)) return {};
    }
    return {};
  }
  std::size_t next = 0;
  bool go_on = true;
  std::vector<ItemId> missed;
  TRY_VOID(layer_.scan(key::summary(ids.front()), key::summary(ItemId(ids.back().value + 1)),
                       [&](std::string_view key, std::string_view stored) {
                         Aligned aligned(stored);
                         std::string_view value = aligned.view();
                         ItemId id(read_be64(key.substr(1)));
                         while (next < ids.size() && ids[next] < id) missed.push_back(ids[next++]);
                         if (next == ids.size() || ids[next] != id) return true;
                         ++next;
                         if (!mime::is_sound_summary(value)) {
                           missed.push_back(id);
                           return true;
                         }
                         go_on = visit(id, value);
                         return go_on;
                       }));
  while (go_on && next < ids.size()) missed.push_back(ids[next++]);
  for (std::size_t i = 0; go_on && i < missed.size(); ++i) {
    Result<std::string> made = summary(missed[i]);
    if (!made && made.error().code == Errc::not_found) continue;
    if (!made) return std::unexpected(made.error());
    go_on = visit(missed[i], *made);
  }
  return {};
}

template <class Base>
Result<std::shared_ptr<const Content>> Reading<Base>::stored_content_of(const ItemRecord& record) const {
  if (!record.content) return blob_content(environment_.blobs, ownership_.tenant, record.hash, record.size);
  TRY(std::optional<std::string> bytes, layer_.get_content(record.content));
  if (!bytes) return fail(Errc::corrupt, "the content of an item is missing; run `kontor check`");
  return inline_content(*std::move(bytes));
}

template <class Base>
Result<std::shared_ptr<const Content>> Reading<Base>::content(ItemId id) const {
  TRY(ItemRecord record, readable(id));
  TRY(auto content, stored_content_of(record));
  const bool is_redacted = record.privacy != Privacy::open && !record.filings.empty() && sight_of(record) != Sight::all;
  if (!is_redacted) {
    const bool may_differ = record.bare_size != 0 || !record.guests.empty();
    if (may_differ && is_guest()) return as_guest(record, std::move(content));
    return content;
  }
  TRY(const std::string bytes, content->read(0, content->size()));
  TRY(std::string seen, redact(bytes));
  return inline_content(std::move(seen));
}

template <class Base>
void Reading<Base>::contents(const std::vector<ItemId>& ids, const Reader::VisitContent& visit) const {
  for (std::span<const ItemId> left(ids); !left.empty();) {
    // Of others' items each is asked for: a folder says whether they may be read.
    const auto read = ownership_.is_full ? read_content_run(layer_, environment_.blobs, ownership_.tenant, left)
                                         : std::vector<std::shared_ptr<const Content>>(1);
    for (std::size_t i = 0; i < read.size(); ++i)
      if (!visit(left[i], read[i] ? Result<std::shared_ptr<const Content>>(read[i]) : content(left[i]))) return;
    left = left.subspan(read.size());
  }
}

template <class Base>
std::shared_ptr<const TextFinding> Reading<Base>::find_text(TextScope scope, const std::string& folded,
                                                            TextMatch match) const {
  return environment_.texts ? environment_.texts->find(ownership_.account, scope, folded, match) : nullptr;
}

template <class Base>
Result<void> Reading<Base>::pop3_facts(std::vector<ItemId> ids,
                                       const std::function<void(ItemId, const Pop3Facts&)>& visit) const {
  std::sort(ids.begin(), ids.end());
  const bool dense = ids.size() > 1 && ids.back().value - ids.front().value < kScanGap * ids.size();
  if (!dense || !ownership_.is_full) {
    for (ItemId id : ids) {
      const Result<ItemRecord> found = readable(id);
      if (found) visit(id, groupware::pop3_facts(*found));
      if (!found && found.error().code != Errc::not_found) return std::unexpected(found.error());
    }
    return {};
  }
  std::optional<Error> fault;
  auto next = ids.begin();
  TRY_VOID(layer_.scan(key::item(ids.front()), key::item(ItemId(ids.back().value + 1)),
                       [&](std::string_view key, std::string_view stored) {
                         const ItemId id(read_be64(key.substr(1)));
                         while (next != ids.end() && *next < id) ++next;
                         if (next == ids.end() || *next != id) return next != ids.end();
                         const Result<ItemRecord> record = decode_item(id, stored);
                         if (record)
                           visit(id, groupware::pop3_facts(*record));
                         else
                           fault = record.error();
                         return !fault;
                       }));
  if (fault) return std::unexpected(*fault);
  return {};
}

template <class Base>
Result<void> Reading<Base>::removed_items(Instant since, Instant until,
                                          const std::function<bool(const RemovedItem&)>& visit) const {
  if (!ownership_.is_full) return fail(Errc::denied, "this account is not yours");
  const auto place = [](Instant at) { return key::removed(at.time_since_epoch().count(), ItemId()); };
  std::vector<ItemId> ids;
  TRY_VOID(layer_.scan(place(std::max(since, Instant())), place(std::max(until, Instant())),
                       [&](std::string_view key, std::string_view) {
                         ids.push_back(ItemId(read_be64(key.substr(9))));
                         return true;
                       }));
  for (const ItemId id : ids) {
    TRY(const std::optional<std::string> stored, layer_.get(key::item(id)));
    if (!stored) continue;
    TRY(ItemRecord record, decode_item(id, *stored));
    if (!record.filings.empty()) continue;
    const Instant at = record.removed_at;
    const FolderId from = record.removed_from;
    const PrincipalId by = record.removed_by;
    const std::string name = record.removed_name;
    if (!visit({Item(std::move(record)), at, from, by, name})) break;
  }
  return {};
}

template <class Base>
Result<Changes> Reading<Base>::changes_since(Modseq since) const {
  Changes out;
  out.from = since;
  out.to = layer_.record.modseq;
  if (since.value + 1 < layer_.record.log_from.value || since > out.to)
    return fail(Errc::conflict, "changes are not known so far back");
  std::set<FolderId> folders_changed, folders_removed;
  std::set<ItemId> items_changed, items_removed;
  std::optional<Error> fault;
  std::uint64_t seen = 0;
  TRY_VOID(layer_.scan(key::change(Modseq(since.value + 1)), key::change(Modseq(out.to.value + 1)),
                       [&](std::string_view, std::string_view value) {
                         ++seen;
                         Result<ChangeRecord> change = decode_change(value);
                         if (!change) {
                           fault = change.error();
                           return false;
                         }
                         folders_changed.insert(change->folders_changed.begin(), change->folders_changed.end());
                         folders_removed.insert(change->folders_removed.begin(), change->folders_removed.end());
                         for (const ItemId id : change->items_changed) items_removed.erase(id);  // brought back
                         items_changed.insert(change->items_changed.begin(), change->items_changed.end());
                         items_removed.insert(change->items_removed.begin(), change->items_removed.end());
                         out.vanished.insert(out.vanished.end(), change->vanished.begin(), change->vanished.end());
                         return true;
                       }));
  if (fault) return std::unexpected(*fault);
  // The log may have been cut meanwhile, or a repair left a gap.
  if (seen != out.to.value - since.value) return fail(Errc::conflict, "changes are not known so far back");
  for (FolderId id : folders_removed) folders_changed.erase(id);
  for (ItemId id : items_removed) items_changed.erase(id);
  out.folders_changed.assign(folders_changed.begin(), folders_changed.end());
  out.folders_removed.assign(folders_removed.begin(), folders_removed.end());
  out.items_changed.assign(items_changed.begin(), items_changed.end());
  out.items_removed.assign(items_removed.begin(), items_removed.end());
  std::erase_if(out.vanished, [&](const Changes::Vanished& gone) {
    if (gone.audience == Changes::Audience::all) return false;
    const bool is_insider = ownership_.is_full || (rights(gone.folder) & right::kReadPrivate) != 0;
    return is_insider != (gone.audience == Changes::Audience::insiders);
  });
  if (!ownership_.is_full) hide_unreadable(out);
  return out;
}

// Leaves only what the caller may know of: folders it may read, and items in them.
template <class Base>
void Reading<Base>::hide_unreadable(Changes& changes) const {
  auto may_read = [&](FolderId id) { return (rights(id) & right::kRead) != 0; };
  std::erase_if(changes.folders_changed, [&](FolderId id) { return (rights(id) & right::kSee) == 0; });
  std::erase_if(changes.items_changed, [&](ItemId id) { return !readable(id); });
  std::erase_if(changes.vanished, [&](const Changes::Vanished& gone) { return !may_read(gone.folder); });
  // Whose they were is no longer known.
  changes.folders_removed.clear();
  changes.items_removed.clear();
}

template <class Base>
Usage Reading<Base>::usage() const {
  Usage out;
  out.bytes = layer_.record.bytes;
  out.items = layer_.record.items;
  const PrincipalId owner(ownership_.account.value);
  out.limit = environment_.directory.quota_bytes(owner);
  out.item_limit = environment_.directory.quota_messages(owner);
  return out;
}

template <class Base>
Result<std::map<std::string, std::string>> Reading<Base>::annotations(FolderId id) const {
  if (id) {
    TRY(const std::shared_ptr<const Folder> found, folder(id));
    if ((rights_on(*found, ownership_, caller_) & right::kRead) == 0)
      return fail(Errc::denied, "you may not read this folder");
  } else if (!ownership_.is_full) {
    return fail(Errc::denied, "this account is not yours");
  }
  std::map<std::string, std::string> out;
  const auto add = [&](PrincipalId owner, std::string_view kind) {
    const std::string prefix = key::annotations(id, owner);
    return layer_.scan(prefix, key::end(prefix), [&](std::string_view key, std::string_view value) {
      out.emplace(std::string(kind).append(key.substr(prefix.size())), value);
      return true;
    });
  };
  TRY_VOID(add(PrincipalId(), kSharedAnnotation));
  if (caller_.principal) TRY_VOID(add(caller_.principal, kPrivateAnnotation));
  return out;
}

template <class Base>
std::vector<std::string> Reading<Base>::subscriptions(std::string_view value) const {
  std::vector<std::string> out;
  if (!ownership_.is_full) return out;
  (void)layer_.scan(key::all('O'), key::end("O"), [&](std::string_view key, std::string_view stored) {
    if (stored == value) out.emplace_back(key.substr(1));
    return true;
  });
  return out;
}

template <class Base>
Result<std::optional<LedgerEntry>> Reading<Base>::ledger(std::string_view source, std::string_view source_key) const {
  if (!caller_.is_system) return fail(Errc::denied, "only imports may do that");
  TRY(std::optional<std::string> stored, layer_.get(key::ledger(source, source_key)));
  if (!stored) return std::nullopt;
  TRY(LedgerEntry entry, decode_ledger(*stored));
  return entry;
}

template <class Base>
Result<void> Reading<Base>::ledger_scan(std::string_view source, std::string_view first_key,
                                        const std::function<bool(std::string_view, const LedgerEntry&)>& visit) const {
  if (!caller_.is_system) return fail(Errc::denied, "only imports may do that");
  std::string prefix = key::ledger_of(source);
  std::optional<Error> fault;
  TRY_VOID(
      layer_.scan(key::ledger(source, first_key), key::end(prefix), [&](std::string_view key, std::string_view value) {
        Result<LedgerEntry> entry = decode_ledger(value);
        if (!entry) {
          fault = entry.error();
          return false;
        }
        return visit(key.substr(prefix.size()), *entry);
      }));
  if (fault) return std::unexpected(*fault);
  return {};
}

bool is_past(std::string_view until, Instant now) {
  return until.size() != 8 ||
         read_be64(until) <= static_cast<std::uint64_t>(std::max<std::int64_t>(now.time_since_epoch().count(), 0));
}

template <class Base>
Result<std::vector<std::string>> Reading<Base>::scripts() const {
  if (!ownership_.is_full) return fail(Errc::denied, "These scripts are not yours.");
  std::vector<std::string> names;
  TRY_VOID(layer_.scan(key::all('Y'), key::end("Y"), [&](std::string_view key, std::string_view) {
    names.emplace_back(key.substr(1));
    return true;
  }));
  return names;
}

template <class Base>
Result<Preferences> Reading<Base>::preferences() const {
  if (!ownership_.is_full) return fail(Errc::denied, "These preferences are not yours.");
  TRY(const std::optional<std::string> bytes, layer_.get(key::preferences()));
  return bytes ? decode_preferences(*bytes) : Preferences();
}

template <class Base>
Result<std::string> Reading<Base>::script(const std::string& name) const {
  if (!ownership_.is_full) return fail(Errc::denied, "These scripts are not yours.");
  TRY(std::optional<std::string> text, layer_.get(key::script(name)));
  if (!text) return fail(Errc::not_found, "There is no script of that name.");
  return *std::move(text);
}

template <class Base>
Result<bool> Reading<Base>::remembers(std::string_view what, Instant now) const {
  TRY(const std::optional<std::string> until, layer_.get(key::memory(what)));
  return until && !is_past(*until, now);
}

template class Reading<Reader>;
template class Reading<Transaction>;

}  // namespace kontor::groupware
