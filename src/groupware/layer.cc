// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/layer.h"

#include "base/bytes.h"
#include "groupware/keys.h"

namespace kontor::groupware {

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

bool Layer::is_pending(const std::string& key) const {
  for (const Layer* layer = this; layer; layer = layer->below_)
    if (layer->writes_.contains(key)) return true;
  return false;
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

Result<std::optional<std::string>> Layer::get_content(ItemId id) {
  for (Layer* layer = this; layer; layer = layer->below_)
    if (auto at = layer->contents_.find(id); at != layer->contents_.end())
      return at->second ? std::optional<std::string>(*at->second) : std::nullopt;
  TRY(store::Snapshot * base, snapshot());
  TRY(std::optional<store::Value> value, base->get(key::content(id), store::Space::content));
  if (!value) return std::nullopt;
  return std::string(*value);
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
  grants_dirty = grants_dirty || above.grants_dirty;
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
