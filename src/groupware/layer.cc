// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/layer.h"

#include "base/bytes.h"
#include "groupware/keys.h"

namespace kontor::groupware {
namespace {

// So many rows are as many bytes as a full block. The time would speak for blocks from three on.
constexpr std::size_t kWorthPacking = 8;

}  // namespace

Result<std::shared_ptr<const Moment>> load_moment(store::Snapshot& snapshot) {
  auto moment = std::make_shared<Moment>();
  TRY(std::optional<store::Value> record, snapshot.get(key::account()));
  if (!record) return fail(Errc::not_found, "there is no such account");
  moment->record_bytes = *record;
  TRY(moment->record, decode_account(moment->record_bytes));
  TRY(std::optional<store::Value> keywords, snapshot.get(key::keywords()));
  KeywordTable names;
  if (keywords) {
    TRY(names, decode_keywords(*keywords));
  }
  moment->keywords = std::make_shared<const KeywordTable>(std::move(names));
  std::vector<FolderTable::Pointer> folders;
  std::optional<Error> fault;
  TRY_VOID(snapshot.scan(key::all('F'), key::end("F"), [&](store::Key key, store::Value value) {
    Result<Folder> folder = key.size() == 9 ? decode_folder(FolderId(read_be64(key.substr(1))), value)
                                            : fail(Errc::corrupt, "a folder's key is damaged");
    if (!folder) {
      fault = folder.error();
      return false;
    }
    folders.push_back(std::make_shared<const Folder>(*std::move(folder)));
    return true;
  }));
  if (fault) return std::unexpected(*fault);
  moment->folders = std::make_shared<const FolderTable>(std::move(folders));
  return moment;
}

Layer::Layer(std::shared_ptr<const Moment> moment, Opener open)
    : record(moment->record), keywords(moment->keywords), moment_(std::move(moment)), open_(std::move(open)) {}

Layer::Layer(Layer* below) : record(below->record), keywords(below->keywords), moment_(below->moment_), below_(below) {}

Result<store::Snapshot*> Layer::snapshot() {
  if (below_) return below_->snapshot();
  if (!snapshot_) {
    TRY(snapshot_, open_());
  }
  return snapshot_.get();
}

Result<std::optional<std::string>> Layer::get(const std::string& key) {
  for (Layer* layer = this; layer; layer = layer->below_)
    if (auto at = layer->writes_.find(key); at != layer->writes_.end()) return at->second;
  TRY(store::Snapshot * base, snapshot());
  TRY(std::optional<store::Value> value, base->get(key));
  if (!value) return std::nullopt;
  return std::string(*value);
}

const std::optional<Layer::RowChange>* Layer::pending_row(FolderId id, Uid uid) const {
  for (const Layer* layer = this; layer; layer = layer->below_) {
    const auto folder = layer->views.find(id);
    if (folder == layer->views.end()) continue;
    if (const auto at = folder->second.find(uid); at != folder->second.end()) return &at->second;
  }
  return nullptr;
}

bool Layer::has_pending_rows(FolderId id) const {
  for (const Layer* layer = this; layer; layer = layer->below_)
    if (layer->views.contains(id)) return true;
  return false;
}

Layer::ViewDelta Layer::pending_rows(FolderId id) const {
  ViewDelta out = below_ ? below_->pending_rows(id) : ViewDelta();
  if (auto at = views.find(id); at != views.end())
    for (const auto& [uid, put] : at->second) out[uid] = put;
  return out;
}

Result<FlagBlock> Layer::flag_block(FolderId id, std::uint32_t number) {
  TRY(const std::optional<std::string> stored, get(key::flag_block(id, number)));
  if (!stored) return FlagBlock();
  return decode_flag_block(number, *stored);
}

Result<FlagBlocks> Layer::flag_blocks(FolderId id, Uid first, Uid last) {
  FlagBlocks blocks;
  const std::string end = key::end(key::flag_block(id, FlagBlock::number_of(last)));
  TRY_VOID(
      scan(key::flag_block(id, FlagBlock::number_of(first)), end, [&](std::string_view key, std::string_view bytes) {
        blocks.add(read_be32(key.substr(9)), std::string(bytes));
        return true;
      }));
  return blocks;
}

Result<std::optional<RowRecord>> Layer::row(FolderId id, Uid uid) {
  if (const auto* pending = pending_row(id, uid)) {
    if (!*pending) return std::nullopt;
    return RowRecord{(*pending)->row, (*pending)->rare};
  }
  TRY(const std::optional<std::string> stored, get(key::filing(id, uid)));
  if (!stored) return std::nullopt;
  TRY(RowRecord row, decode_row(uid, *stored));
  TRY(const FlagBlock block, flag_block(id, FlagBlock::number_of(uid)));
  block.apply(row);
  return row;
}

Result<void> Layer::pack_flags() {
  for (const auto& [id, delta] : views) {
    for (auto first = delta.begin(); first != delta.end();) {
      std::size_t flagged = 0;
      bool has_gone = false;
      auto last = first;
      for (; last != delta.end() && FlagBlock::number_of(last->first) == FlagBlock::number_of(first->first); ++last) {
        has_gone = has_gone || !last->second;
        flagged += last->second && last->second->flags_only ? 1 : 0;
      }
      const bool packs = flagged >= kWorthPacking;
      if (packs || has_gone) {
        TRY_VOID(pack_block(id, first, last, packs));
        first = last;
      }
      for (; first != last; ++first)
        if (first->second && first->second->flags_only) write_row(id, *first->second);
    }
  }
  return {};
}

Result<void> Layer::pack_block(FolderId id, ViewDelta::const_iterator first, ViewDelta::const_iterator last,
                               bool packs) {
  const std::uint32_t number = FlagBlock::number_of(first->first);
  TRY(FlagBlock block, flag_block(id, number));
  // A folder that went may have left changes of its rows' flags here: then the rows are gone already.
  const auto written = writes_.lower_bound(key::filing(id, first->first));
  const bool any_written = written != writes_.end() && written->first <= key::filing(id, std::prev(last)->first);
  bool is_changed = false;
  for (auto at = first; at != last; ++at) {
    const auto& [uid, change] = *at;
    if (!change || (any_written && is_erased(id, uid))) {
      is_changed = block.erase(uid) || is_changed;
    } else if (change->flags_only && packs) {
      block.put({uid, change->row.flag_bits, change->row.modseq, change->rare});
      is_changed = true;
    } else if (change->flags_only) {
      write_row(id, *change);
    }
  }
  if (!is_changed) return {};
  if (block.entries.empty())
    erase(key::flag_block(id, number));
  else
    put(key::flag_block(id, number), encode(block));
  return {};
}

bool Layer::is_erased(FolderId id, Uid uid) const {
  const auto at = writes_.find(key::filing(id, uid));
  return at != writes_.end() && !at->second;
}

void Layer::write_row(FolderId id, const RowChange& change) {
  writes_.try_emplace(key::filing(id, change.row.uid), encode(RowRecord{change.row, change.rare}));
}

Result<std::optional<std::string>> Layer::get_content(ItemId id) {
  for (Layer* layer = this; layer; layer = layer->below_)
    if (auto at = layer->contents_.find(id); at != layer->contents_.end())
      return at->second ? std::optional<std::string>(*at->second) : std::nullopt;
  TRY(store::Snapshot * base, snapshot());
  TRY(std::optional<store::Value> value, base->get(key::content(id), store::Space::content));
  if (!value) return std::nullopt;
  return std::string(*value);
}

Result<void> Layer::scan_contents(ItemId first, ItemId last,
                                  const std::function<bool(ItemId, std::string_view)>& visit) {
  for (const Layer* layer = this; layer; layer = layer->below_)
    if (!layer->contents_.empty()) return {};
  TRY(store::Snapshot * base, snapshot());
  const auto visit_one = [&](store::Key key, store::Value value) { return visit(ItemId(read_be64(key)), value); };
  return base->scan(key::content(first), key::content(ItemId(last.value + 1)), visit_one, store::Space::content);
}

Result<void> Layer::scan(const std::string& first, const std::string& last,
                         const std::function<bool(std::string_view, std::string_view)>& visit) {
  std::map<std::string, std::optional<std::string>> own;
  for (Layer* layer = this; layer; layer = layer->below_)
    for (auto at = layer->writes_.lower_bound(first); at != layer->writes_.end() && at->first < last; ++at)
      own.insert(*at);
  TRY(store::Snapshot * base, snapshot());
  auto mine = own.begin();
  bool go_on = true;
  auto visit_own_below = [&](std::string_view limit, bool bounded) {
    for (; go_on && mine != own.end() && (!bounded || mine->first < limit); ++mine)
      if (mine->second) go_on = visit(mine->first, *mine->second);
  };
  TRY_VOID(base->scan(first, last, [&](store::Key key, store::Value value) {
    visit_own_below(key, true);
    if (!go_on) return false;
    if (mine != own.end() && mine->first == key) return true;
    go_on = visit(key, value);
    return go_on;
  }));
  visit_own_below({}, false);
  return {};
}

Result<bool> Layer::any(const std::string& prefix) {
  bool found = false;
  TRY_VOID(scan(prefix, key::end(prefix), [&](std::string_view, std::string_view) {
    found = true;
    return false;
  }));
  return found;
}

std::shared_ptr<const Folder> Layer::folder(FolderId id) const {
  for (const Layer* layer = this; layer; layer = layer->below_)
    if (auto at = layer->folders_.find(id); at != layer->folders_.end()) return at->second;
  return moment_->folders->find(id);
}

Folder& Layer::edit_folder(FolderId id) {
  table_ = nullptr;
  auto at = folders_.find(id);
  if (at == folders_.end()) {
    std::shared_ptr<const Folder> present = folder(id);
    check(present != nullptr, "an edited folder exists");
    at = folders_.emplace(id, std::make_shared<Folder>(*present)).first;
  }
  check(at->second != nullptr, "an edited folder was not removed");
  return *at->second;
}

void Layer::put_folder(Folder folder) {
  table_ = nullptr;
  FolderId id = folder.id;
  folders_[id] = std::make_shared<Folder>(std::move(folder));
}

void Layer::remove_folder(FolderId id) {
  table_ = nullptr;
  folders_[id] = nullptr;
}

std::shared_ptr<const FolderTable> Layer::folders() {
  if (table_) return table_;
  std::shared_ptr<const FolderTable> base = below_ ? below_->folders() : moment_->folders;
  if (folders_.empty()) return base;
  std::vector<FolderTable::Pointer> all;
  all.reserve(base->all().size() + folders_.size());
  for (const FolderTable::Pointer& folder : base->all())
    if (!folders_.contains(folder->id)) all.push_back(folder);
  // Copies: what was handed out must not change when a folder is edited again.
  for (const auto& [id, folder] : folders_)
    if (folder) all.push_back(std::make_shared<const Folder>(*folder));
  return table_ = std::make_shared<const FolderTable>(std::move(all));
}

void Layer::seal(Modseq modseq, Instant now, std::uint32_t log_commits) {
  ChangeRecord change;
  change.at = now;
  change.folders_changed.assign(log.folders_changed.begin(), log.folders_changed.end());
  change.folders_removed.assign(log.folders_removed.begin(), log.folders_removed.end());
  change.items_changed.assign(log.items_changed.begin(), log.items_changed.end());
  change.items_removed.assign(log.items_removed.begin(), log.items_removed.end());
  change.vanished = log.vanished;
  put(key::change(modseq), encode(change));
  record.modseq = modseq;
  if (modseq.value > log_commits && record.log_from.value <= modseq.value - log_commits) {
    erase(key::change(record.log_from));
    record.log_from = Modseq(record.log_from.value + 1);
  }
  seal_quietly();
}

void Layer::seal_quietly() {
  if (keywords_dirty) put(key::keywords(), encode(*keywords));
  for (const auto& [id, folder] : folders_) {
    if (folder)
      put(key::folder(id), encode(*folder));
    else
      erase(key::folder(id));
  }
}

namespace {

// Moves `above` over `below`: what both have is taken from above. Costs as much as there is above.
template <class Map>
void overlay(Map& below, Map& above) {
  if (below.empty()) below.swap(above);
  while (!above.empty()) {
    auto put = below.insert(above.extract(above.begin()));
    if (!put.inserted) put.position->second = std::move(put.node.mapped());
  }
}

}  // namespace

void Layer::Log::append(Log&& later) {
  for (const FolderId id : later.folders_removed) folders_changed.erase(id);
  for (const ItemId id : later.items_removed) items_changed.erase(id);
  for (const ItemId id : later.items_changed) items_removed.erase(id);
  folders_changed.merge(later.folders_changed);
  folders_removed.merge(later.folders_removed);
  items_changed.merge(later.items_changed);
  items_removed.merge(later.items_removed);
  touched.merge(later.touched);
  vanished.insert(vanished.end(), later.vanished.begin(), later.vanished.end());
  folder_list_changed = folder_list_changed || later.folder_list_changed;
}

void Layer::absorb(Layer&& above) {
  overlay(writes_, above.writes_);
  overlay(contents_, above.contents_);
  overlay(folders_, above.folders_);
  for (auto& [id, delta] : above.views) overlay(views[id], delta);
  for (BlobUse& use : above.blobs_) blobs_.push_back(std::move(use));
  record = above.record;
  keywords = above.keywords;
  keywords_dirty = keywords_dirty || above.keywords_dirty;
  scripts_dirty = scripts_dirty || above.scripts_dirty;
  dooms = dooms || above.dooms;
  teaches = teaches || above.teaches;
  if (above.alarm && (!alarm || *above.alarm < *alarm)) alarm = above.alarm;
  if (above.push && (!push || *above.push < *push)) push = above.push;
  grants_dirty = grants_dirty || above.grants_dirty;
  attachments.merge(above.attachments);
  feeds = feeds || above.feeds;
  table_ = nullptr;
}

store::Batch Layer::take_batch() {
  store::Batch batch;
  while (!writes_.empty()) {
    auto change = writes_.extract(writes_.begin());
    if (change.mapped())
      batch.put(std::move(change.key()), *std::move(change.mapped()));
    else
      batch.erase(std::move(change.key()));
  }
  for (const auto& [id, bytes] : contents_) {
    if (bytes)
      batch.put(key::content(id), *bytes, store::Space::content);
    else
      batch.erase(key::content(id), store::Space::content);
  }
  return batch;
}

std::shared_ptr<const Moment> Layer::to_moment() {
  auto moment = std::make_shared<Moment>();
  moment->record = record;
  moment->record_bytes = encode(record);
  moment->folders = folders();
  moment->keywords = keywords;
  return moment;
}

}  // namespace kontor::groupware
