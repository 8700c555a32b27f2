// SPDX-License-Identifier: AGPL-3.0-or-later
// Reading of items of other kinds than mail.
#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "groupware/calendar/time_index.h"
#include "groupware/keys.h"
#include "groupware/reading.h"

namespace kontor::groupware {
namespace {

constexpr std::size_t kNamesAtOnce = 1000;
constexpr std::uint64_t kFactsGap = 8;  // ids for each that is wanted: further apart they are read one by one

struct FoundName {
  std::string name;
  NamedRecord record;
};

// At most kNamesAtOnce of a folder's names from the key `first` on, which becomes that of the next.
Result<std::vector<FoundName>> some_names(Layer& layer, FolderId folder, std::string& first) {
  std::vector<FoundName> out;
  std::optional<Error> fault;
  const std::string prefix = key::names(folder);
  TRY_VOID(layer.scan(first, key::end(prefix), [&](std::string_view key, std::string_view value) {
    Result<NamedRecord> named = decode_named(value);
    if (named)
      out.push_back({std::string(key.substr(prefix.size())), *std::move(named)});
    else
      fault = named.error();
    return !fault && out.size() < kNamesAtOnce;
  }));
  if (fault) return std::unexpected(*fault);
  if (!out.empty()) first = prefix + out.back().name + '\0';
  return out;
}

std::unexpected<Error> no_such_name() { return fail(Errc::not_found, "there is no such item"); }

}  // namespace

template <class Base>
Result<std::shared_ptr<const Folder>> Reading<Base>::readable_folder(FolderId id) const {
  TRY(std::shared_ptr<const Folder> found, folder(id));
  if ((rights_on(*found, ownership_, caller_) & right::kRead) == 0)
    return fail(Errc::denied, "you may not read this folder");
  return found;
}

template <class Base>
std::optional<Entry> Reading<Base>::make_entry(const NamedRecord& named, std::string name, const Row& row,
                                               bool sees_private, const OwnRecord* own) const {
  if (named.privacy == Privacy::private_ && !sees_private) return std::nullopt;
  const bool is_redacted = named.privacy != Privacy::open && !sees_private;
  const bool is_bare = !is_redacted && own == nullptr && named.bare_size != 0 && is_guest();
  Entry entry;
  entry.uid = named.uid;
  entry.item = named.item;
  entry.kind = named.kind;
  entry.name = std::move(name);
  entry.etag = etag_of(is_redacted ? named.redacted_hash : is_bare ? named.bare_hash : named.hash);
  entry.size = is_redacted ? named.redacted_size : is_bare ? named.bare_size : named.size;
  if (own != nullptr && !is_redacted) {
    entry.etag = etag_of(own->hash);
    entry.size = own->size;
  }
  entry.modseq = row.modseq;
  entry.date = row.internal_date();
  return entry;
}

template <class Base>
Result<Uid> Reading<Base>::named(FolderId id, const std::string& name) const {
  TRY(const std::shared_ptr<const Folder> folder, readable_folder(id));
  TRY(const std::optional<std::string> stored, layer_.get(key::named(id, name)));
  if (!stored) return no_such_name();
  TRY(const NamedRecord found, decode_named(*stored));
  if (found.privacy == Privacy::private_ && !sees_private(*folder)) return no_such_name();
  return found.uid;
}

template <class Base>
Result<Entry> Reading<Base>::entry(FolderId id, Uid uid) const {
  TRY(const std::shared_ptr<const Folder> folder, readable_folder(id));
  TRY(const std::optional<RowRecord> row, layer_.row(id, uid));
  if (!row) return no_such_name();
  TRY(const ItemRecord item, readable(row->row.item));
  TRY(const auto own, own_of(item));
  for (const Filing& filing : item.filings) {
    if (filing.folder != id || filing.uid != uid || filing.name.empty()) continue;
    if (auto entry =
            make_entry(make_named(item, filing), filing.name, row->row, sees_private(*folder), own ? &*own : nullptr))
      return *std::move(entry);
  }
  return no_such_name();
}

// The rows of a folder for what comes in another order: from the view where one is kept, or the store.
template <class Base>
std::optional<Row> Reading<Base>::row_of(const FolderView* rows, FolderId folder, Uid uid) const {
  if (rows != nullptr)
    if (const auto position = rows->find(uid)) return rows->row(*position).row;
  const auto later = layer_.row(folder, uid);
  return later && *later ? std::optional((*later)->row) : std::nullopt;
}

template <class Base>
Result<void> Reading<Base>::entries(FolderId id, const std::string& after, const Reader::VisitEntry& visit) const {
  TRY(const std::shared_ptr<const Folder> found, readable_folder(id));
  if (found->kind == Kind::mail) return {};
  TRY(const std::shared_ptr<const FolderView> rows, rows_of(*found));
  const bool sees_all = sees_private(*found);
  TRY(const auto own, all_own());
  const auto own_or_null = [&own](ItemId item) {
    const auto at = own.find(item);
    return at == own.end() ? nullptr : &at->second;
  };
  std::string next = after.empty() ? key::names(id) : key::named(id, after) + '\0';
  for (;;) {
    TRY(std::vector<FoundName> names, some_names(layer_, id, next));
    for (FoundName& one : names) {
      const std::optional<Row> row = row_of(rows.get(), id, one.record.uid);
      if (!row) continue;
      const auto entry = make_entry(one.record, std::move(one.name), *row, sees_all, own_or_null(one.record.item));
      if (entry && !visit(*entry)) return {};
    }
    if (names.size() < kNamesAtOnce) return {};
  }
}

template <class Base>
Result<void> Reading<Base>::entries_above(FolderId id, Uid after, const Reader::VisitEntry& visit) const {
  TRY(const std::shared_ptr<const Folder> found, readable_folder(id));
  if (found->kind == Kind::mail) return {};
  TRY(const std::shared_ptr<const FolderView> rows, rows_of(*found));
  const bool sees_all = sees_private(*found);
  if (after == Uid(UINT32_MAX)) return {};
  for (std::uint32_t at = rows->lower_bound(Uid(after.value + 1)); at < rows->size(); ++at) {
    const Row& row = rows->at(at);
    const auto item = readable(row.item);
    if (!item && item.error().code != Errc::not_found) return std::unexpected(item.error());
    if (!item) continue;
    const auto filing = std::ranges::find_if(
        item->filings, [&](const Filing& one) { return one.folder == id && one.uid == row.uid && !one.name.empty(); });
    if (filing == item->filings.end()) continue;
    TRY(const auto own, own_of(*item));
    const auto entry = make_entry(make_named(*item, *filing), filing->name, row, sees_all, own ? &*own : nullptr);
    if (entry && !visit(*entry)) return {};
  }
  return {};
}

template <class Base>
Result<std::vector<Place>> Reading<Base>::with_uid(std::optional<Kind> kind, std::string_view uid) const {
  std::vector<Place> found;
  const std::string prefix = key::own_uids(uid);
  TRY_VOID(layer_.scan(prefix, key::end(prefix), [&](std::string_view key, std::string_view value) {
    if (key.size() == prefix.size() + 8 && value.size() == 4)
      found.push_back({FolderId(read_be64(key.substr(prefix.size()))), Uid(read_be32(value)), {}});
    return true;
  }));
  std::vector<Place> out;
  for (Place& place : found) {
    const auto folder = layer_.folder(place.folder);
    if (!folder || (rights_on(*folder, ownership_, caller_) & right::kRead) == 0) continue;
    TRY(const std::optional<RowRecord> row, layer_.row(place.folder, place.uid));
    if (!row) continue;
    place.item = row->row.item;
    const auto item = readable(place.item);
    if (item && (!kind || item->kind == *kind)) out.push_back(place);
  }
  return out;
}

template <class Base>
Result<Facts> Reading<Base>::facts(ItemId id) const {
  TRY(const ItemRecord item, readable(id));
  TRY(const std::optional<std::string> stored, layer_.get(key::facts(id)));
  if (!stored) return fail(Errc::not_found, "nothing is known of such items");
  TRY(Facts facts, decode_facts(*stored));
  const bool is_redacted = item.privacy == Privacy::confidential && sight_of(item) == Sight::times;
  if (is_redacted) return redacted(std::move(facts));
  if (!has_own_parts(item.kind) || !is_guest()) return facts;
  TRY(const auto own, own_of(item));
  return seen_by_guest(std::move(facts), own ? &*own : nullptr);
}

// Neighbours are read together.
template <class Base>
Result<void> Reading<Base>::stored_facts(const std::vector<ItemId>& ids,
                                         const std::function<void(ItemId, const Facts&)>& visit) const {
  if (ids.empty()) return {};
  if (ids.back().value - ids.front().value >= kFactsGap * ids.size()) {
    for (const ItemId id : ids) {
      TRY(const std::optional<std::string> stored, layer_.get(key::facts(id)));
      if (!stored) continue;
      TRY(const Facts known, decode_facts(*stored));
      visit(id, known);
    }
    return {};
  }
  std::optional<Error> fault;
  auto next = ids.begin();
  TRY_VOID(layer_.scan(key::facts(ids.front()), key::facts(ids.back()) + '\0',
                       [&](std::string_view key, std::string_view stored) {
                         const ItemId id(read_be64(key.substr(1)));
                         while (next != ids.end() && *next < id) ++next;
                         if (next == ids.end() || *next != id) return next != ids.end();
                         const auto known = decode_facts(stored);
                         if (known)
                           visit(id, *known);
                         else
                           fault = known.error();
                         return !fault;
                       }));
  if (fault) return std::unexpected(*fault);
  return {};
}

template <class Base>
Result<void> Reading<Base>::facts(std::vector<ItemId> ids,
                                  const std::function<void(ItemId, const Facts&)>& visit) const {
  std::ranges::sort(ids);
  if (ownership_.is_full) return stored_facts(ids, visit);
  // Of others' items each is asked for: a folder says whether they may be read.
  for (const ItemId id : ids) {
    const auto known = facts(id);
    if (known) visit(id, *known);
    if (!known && known.error().code != Errc::not_found) return std::unexpected(known.error());
  }
  return {};
}

template <class Base>
Result<void> Reading<Base>::facts_in(FolderId id, const Reader::VisitFacts& visit) const {
  TRY(const std::shared_ptr<const Folder> found, readable_folder(id));
  if (found->kind == Kind::mail) return {};
  const bool sees_all = sees_private(*found);
  TRY(const std::shared_ptr<const FolderView> rows, rows_of(*found));
  std::vector<std::pair<ItemId, Uid>> places;
  places.reserve(rows->size());
  rows->each(0, rows->size(), [&](std::uint32_t, const Row& row) {
    places.emplace_back(row.item, row.uid);
    return true;
  });
  std::ranges::sort(places);
  std::vector<ItemId> ids;
  ids.reserve(places.size());
  for (const auto& [item, uid] : places)
    if (ids.empty() || ids.back() != item) ids.push_back(item);
  auto next = places.begin();
  std::vector<std::pair<ItemId, Uid>> veiled;
  const auto take_up_to = [&](ItemId item) {
    for (; next != places.end() && next->first < item; ++next) visit(next->second, next->first, nullptr);
  };
  TRY_VOID(stored_facts(ids, [&](ItemId item, const Facts& facts) {
    take_up_to(item);
    for (; next != places.end() && next->first == item; ++next) {
      if (sees_all || facts.privacy == Privacy::open)
        visit(next->second, item, &facts);
      else if (facts.privacy != Privacy::private_)
        veiled.push_back(*next);
    }
  }));
  take_up_to(ItemId(UINT64_MAX));
  // What is confidential may be the caller's to read in another folder.
  for (const auto& [item, uid] : veiled) {
    const auto known = facts(item);
    if (known) visit(uid, item, &*known);
    if (!known && known.error().code != Errc::not_found) return std::unexpected(known.error());
  }
  return {};
}

template <class Base>
Result<void> Reading<Base>::visit_times(const Folder& folder, const std::string& index, Instant from, Instant to,
                                        const std::function<bool(const Entry&, const Facts&)>& visit) const {
  const FolderId id = folder.id;
  const bool sees_all = sees_private(folder);
  // To make the view would cost more than the answer.
  const auto kept =
      layer_.has_pending_rows(id) ? nullptr : environment_.views.find(ownership_.account, id, folder.highest);
  std::set<Uid> visited;
  const auto looked_at = scan_times(layer_, index, from, to, [&](const TimeRecord& record) -> Result<bool> {
    if (!visited.insert(record.uid).second) return true;
    TRY(const std::optional<std::string> named, layer_.get(key::named(id, record.name)));
    TRY(const std::optional<std::string> stored, layer_.get(key::facts(record.item)));
    const std::optional<Row> row = row_of(kept.get(), id, record.uid);
    if (!named || !stored || !row) return true;
    TRY(const NamedRecord known, decode_named(*named));
    TRY(Facts facts, decode_facts(*stored));
    TRY(const auto own, own_of(record.item));
    const auto entry = make_entry(known, record.name, *row, sees_all, own ? &*own : nullptr);
    if (!entry) return true;
    if (known.privacy != Privacy::open && !sees_all)
      facts = redacted(std::move(facts));
    else if (is_guest())
      facts = seen_by_guest(std::move(facts), own ? &*own : nullptr);
    return visit(*entry, facts);
  });
  if (!looked_at) return std::unexpected(looked_at.error());
  return {};
}

template <class Base>
Result<void> Reading<Base>::in_time(FolderId id, Instant from, Instant to,
                                    const std::function<bool(const Entry&, const Facts&)>& visit) const {
  TRY(const std::shared_ptr<const Folder> found, readable_folder(id));
  return visit_times(*found, key::times(id), from, to, visit);
}

template <class Base>
Result<bool> Reading<Base>::ringing(FolderId id, Instant from, Instant to,
                                    const std::function<bool(const Entry&, const Facts&)>& visit) const {
  TRY(const std::shared_ptr<const Folder> found, readable_folder(id));
  if (!found->notes_rings || !ownership_.is_full) return false;
  TRY_VOID(visit_times(*found, key::rings(id), from, to, visit));
  return true;
}

template <class Base>
Result<std::vector<ItemVersion>> Reading<Base>::versions(ItemId id) const {
  TRY_VOID(readable(id));
  std::vector<ItemId> ids;
  const std::string prefix = key::versions(id);
  TRY_VOID(layer_.scan(prefix, key::end(prefix), [&](std::string_view key, std::string_view) {
    if (key.size() == prefix.size() + 8) ids.push_back(ItemId(read_be64(key.substr(prefix.size()))));
    return true;
  }));
  std::vector<ItemVersion> out;
  for (const ItemId version : ids) {
    const Result<ItemRecord> item = readable(version);
    if (!item && item.error().code == Errc::not_found) continue;
    if (!item) return std::unexpected(item.error());
    const bool is_bare = item->bare_size != 0 && is_guest();
    out.push_back({version, item->removed_at, item->removed_by, is_bare ? item->bare_size : item->size,
                   etag_of(is_bare ? item->bare_hash : item->hash)});
  }
  std::ranges::reverse(out);
  return out;
}

template Result<std::shared_ptr<const Folder>> Reading<Reader>::readable_folder(FolderId) const;
template Result<std::shared_ptr<const Folder>> Reading<Transaction>::readable_folder(FolderId) const;
template std::optional<Entry> Reading<Reader>::make_entry(const NamedRecord&, std::string, const Row&, bool,
                                                          const OwnRecord*) const;
template std::optional<Entry> Reading<Transaction>::make_entry(const NamedRecord&, std::string, const Row&, bool,
                                                               const OwnRecord*) const;
template std::optional<Row> Reading<Reader>::row_of(const FolderView*, FolderId, Uid) const;
template std::optional<Row> Reading<Transaction>::row_of(const FolderView*, FolderId, Uid) const;
template Result<std::vector<Place>> Reading<Reader>::with_uid(std::optional<Kind>, std::string_view) const;
template Result<std::vector<Place>> Reading<Transaction>::with_uid(std::optional<Kind>, std::string_view) const;
template Result<Facts> Reading<Reader>::facts(ItemId) const;
template Result<Facts> Reading<Transaction>::facts(ItemId) const;
template Result<void> Reading<Reader>::facts(std::vector<ItemId>,
                                             const std::function<void(ItemId, const Facts&)>&) const;
template Result<void> Reading<Transaction>::facts(std::vector<ItemId>,
                                                  const std::function<void(ItemId, const Facts&)>&) const;
template Result<void> Reading<Reader>::stored_facts(const std::vector<ItemId>&,
                                                    const std::function<void(ItemId, const Facts&)>&) const;
template Result<void> Reading<Reader>::visit_times(const Folder&, const std::string&, Instant, Instant,
                                                   const std::function<bool(const Entry&, const Facts&)>&) const;
template Result<void> Reading<Transaction>::stored_facts(const std::vector<ItemId>&,
                                                         const std::function<void(ItemId, const Facts&)>&) const;
template Result<void> Reading<Transaction>::visit_times(const Folder&, const std::string&, Instant, Instant,
                                                        const std::function<bool(const Entry&, const Facts&)>&) const;
template Result<void> Reading<Reader>::facts_in(FolderId, const Reader::VisitFacts&) const;
template Result<void> Reading<Transaction>::facts_in(FolderId, const Reader::VisitFacts&) const;
template Result<void> Reading<Reader>::in_time(FolderId, Instant, Instant,
                                               const std::function<bool(const Entry&, const Facts&)>&) const;
template Result<void> Reading<Transaction>::in_time(FolderId, Instant, Instant,
                                                    const std::function<bool(const Entry&, const Facts&)>&) const;
template Result<Uid> Reading<Reader>::named(FolderId, const std::string&) const;
template Result<Uid> Reading<Transaction>::named(FolderId, const std::string&) const;
template Result<Entry> Reading<Reader>::entry(FolderId, Uid) const;
template Result<Entry> Reading<Transaction>::entry(FolderId, Uid) const;
template Result<void> Reading<Reader>::entries_above(FolderId, Uid, const Reader::VisitEntry&) const;
template Result<void> Reading<Transaction>::entries_above(FolderId, Uid, const Reader::VisitEntry&) const;
template Result<void> Reading<Reader>::entries(FolderId, const std::string&, const Reader::VisitEntry&) const;
template Result<void> Reading<Transaction>::entries(FolderId, const std::string&, const Reader::VisitEntry&) const;
template Result<bool> Reading<Reader>::ringing(FolderId, Instant, Instant,
                                               const std::function<bool(const Entry&, const Facts&)>&) const;
template Result<bool> Reading<Transaction>::ringing(FolderId, Instant, Instant,
                                                    const std::function<bool(const Entry&, const Facts&)>&) const;
template Result<std::vector<ItemVersion>> Reading<Reader>::versions(ItemId) const;
template Result<std::vector<ItemVersion>> Reading<Transaction>::versions(ItemId) const;

}  // namespace kontor::groupware
