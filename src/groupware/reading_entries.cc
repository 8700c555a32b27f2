// SPDX-License-Identifier: AGPL-3.0-or-later
// Reading of items of other kinds than mail.
#include <algorithm>

#include "base/bytes.h"
#include "groupware/keys.h"
#include "groupware/reading.h"

namespace kontor::groupware {
namespace {

constexpr std::size_t kNamesAtOnce = 1000;

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

}  // namespace

template <class Base>
Result<std::shared_ptr<const Folder>> Reading<Base>::readable_folder(FolderId id) const {
  TRY(std::shared_ptr<const Folder> found, folder(id));
  if ((rights_on(*found, ownership_, caller_) & right::kRead) == 0)
    return fail(Errc::denied, "you may not read this folder");
  return found;
}

template <class Base>
Entry Reading<Base>::make_entry(const NamedRecord& named, std::string name, const Row& row) const {
  Entry entry;
  entry.uid = named.uid;
  entry.item = named.item;
  entry.kind = named.kind;
  entry.name = std::move(name);
  entry.etag = etag_of(named.hash);
  entry.size = named.size;
  entry.modseq = row.modseq;
  entry.date = row.internal_date();
  return entry;
}

template <class Base>
Result<Uid> Reading<Base>::named(FolderId id, const std::string& name) const {
  TRY_VOID(readable_folder(id));
  TRY(const std::optional<std::string> stored, layer_.get(key::named(id, name)));
  if (!stored) return fail(Errc::not_found, "there is no item of that name");
  TRY(const NamedRecord found, decode_named(*stored));
  return found.uid;
}

template <class Base>
Result<Entry> Reading<Base>::entry(FolderId id, Uid uid) const {
  TRY_VOID(readable_folder(id));
  TRY(const std::optional<RowRecord> row, layer_.row(id, uid));
  if (!row) return fail(Errc::not_found, "there is no such item");
  TRY(const ItemRecord item, readable(row->row.item));
  for (const Filing& filing : item.filings)
    if (filing.folder == id && filing.uid == uid && !filing.name.empty())
      return make_entry(make_named(item, filing), filing.name, row->row);
  return fail(Errc::not_found, "there is no such item");
}

template <class Base>
Result<void> Reading<Base>::entries(FolderId id, const std::string& after, const Reader::VisitEntry& visit) const {
  TRY(const std::shared_ptr<const Folder> found, readable_folder(id));
  if (found->kind == Kind::mail) return {};
  TRY(const std::shared_ptr<const FolderView> rows, view(id));
  std::string next = after.empty() ? key::names(id) : key::named(id, after) + '\0';
  for (;;) {
    TRY(std::vector<FoundName> names, some_names(layer_, id, next));
    for (FoundName& one : names) {
      Row row;
      if (const auto position = rows->find(one.record.uid)) {
        row = rows->row(*position).row;
      } else {
        TRY(const std::optional<RowRecord> later, layer_.row(id, one.record.uid));
        if (!later) continue;
        row = later->row;
      }
      if (!visit(make_entry(one.record, std::move(one.name), row))) return {};
    }
    if (names.size() < kNamesAtOnce) return {};
  }
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
    TRY(const std::optional<std::string> stored, layer_.get(key::item(version)));
    if (!stored) continue;
    TRY(const ItemRecord item, decode_item(version, *stored));
    out.push_back({version, item.removed_at, item.removed_by, item.size, etag_of(item.hash)});
  }
  std::ranges::reverse(out);
  return out;
}

template Result<std::shared_ptr<const Folder>> Reading<Reader>::readable_folder(FolderId) const;
template Result<std::shared_ptr<const Folder>> Reading<Transaction>::readable_folder(FolderId) const;
template Entry Reading<Reader>::make_entry(const NamedRecord&, std::string, const Row&) const;
template Entry Reading<Transaction>::make_entry(const NamedRecord&, std::string, const Row&) const;
template Result<Uid> Reading<Reader>::named(FolderId, const std::string&) const;
template Result<Uid> Reading<Transaction>::named(FolderId, const std::string&) const;
template Result<Entry> Reading<Reader>::entry(FolderId, Uid) const;
template Result<Entry> Reading<Transaction>::entry(FolderId, Uid) const;
template Result<void> Reading<Reader>::entries(FolderId, const std::string&, const Reader::VisitEntry&) const;
template Result<void> Reading<Transaction>::entries(FolderId, const std::string&, const Reader::VisitEntry&) const;
template Result<std::vector<ItemVersion>> Reading<Reader>::versions(ItemId) const;
template Result<std::vector<ItemVersion>> Reading<Transaction>::versions(ItemId) const;

}  // namespace kontor::groupware
