// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "formats/mapi/tags.h"
#include "migrate/kopano/item_class.h"

namespace kontor::migrate::kopano {
namespace {

constexpr std::size_t kMostAhead = 200;                             // items
constexpr std::uint64_t kMostAheadBytes = std::uint64_t{16} << 20;  // as announced, with attachments
constexpr std::uint64_t kSmall = std::uint64_t{1} << 20;            // items whose contents are read along

constexpr mapi::Tag kStubbed{.set = mapi::set::kKopanoArchive, .name = "stubbed"};
constexpr mapi::Tag kArchivedItems{.set = mapi::set::kKopanoArchive, .name = "item-entryids"};
// Addresses of a contact: [MS-OXOCNTC] section 2.2.1.2.
constexpr std::uint32_t kContactAddress = 0x8083;  // of the first of three, each 0x10 behind the one before
constexpr std::uint32_t kContactOriginal = 0x8084;

// Whoever may write a message may say that its content is in any other, which the server would show to nobody without
// rights there: what other people have in their own stores is no archive of this one's.
bool may_have_archive(const Store& store, const Store& of) {
  return store.owner == of.owner || store.owner == nullptr || store.owner->kind == PersonClass::shared;
}

// Stays what it is in its own folder: flags and the like are those of the stub.
void take_content(mapi::Message& stub, mapi::Message archived) {
  for (const mapi::Tag& tag : {mapi::tag::kMessageFlags, mapi::tag::kMessageStatus, mapi::tag::kMessageDeliveryTime,
                               mapi::tag::kFlagStatus, mapi::tag::kLastVerbExecuted, mapi::tag::kKeywords}) {
    archived.properties.remove(tag);
    if (const mapi::Value* value = stub.properties.find(tag)) archived.properties.set(tag, *value);
  }
  stub = std::move(archived);
}

}  // namespace

StoreReader::StoreReader(const StoreInView& store, std::unique_ptr<Snapshot> snapshot)
    : store_(store), snapshot_(std::move(snapshot)) {
  context_.calendar.zones = &store.zones;
  context_.calendar.owner_zone = store.config.time_zone;
  if (const Person* owner = store.store.store.owner)
    context_.calendar.owner = {.name = owner->name, .address = owner->address};
  context_.calendar.resolve = [this](std::string_view entry) {
    return store_.installation.book().resolve(store_.installation.server_guid(store_.store.server), entry);
  };
  context_.address_of = [this](const mapi::EntryId& entry) { return address_of_entry(entry); };
  context_.list_of = [this](const mapi::EntryId& entry) { return list_of_entry(entry); };
  context_.takes_incomplete = store.config.without_lost;
}

Result<const FolderNode*> StoreReader::find(const SourceFolder& folder) const {
  if (store_.tree)
    for (const FolderNode& node : store_.tree->folders)
      if (node.source.key == folder.key) return &node;
  return fail(Errc::not_found, fmt::format("the folder {} vanished from the source", folder.key));
}

void StoreReader::announce(const SourceFolder&, const std::vector<SourceItem>& items) {
  waiting_.clear();
  ready_.clear();
  for (const SourceItem& item : items) waiting_.push_back({item.key, 0, item.announced_size});
}

// Reads the item that is wanted with those that were announced behind it.
Result<void> StoreReader::read_ahead(const std::string& key) {
  while (!waiting_.empty() && waiting_.front().key != key) waiting_.pop_front();
  std::vector<Waiting> some;
  std::uint64_t bytes = 0;
  if (waiting_.empty()) some.push_back({key, 0, 0});
  while (!waiting_.empty() && some.size() < kMostAhead &&
         (some.empty() || bytes + waiting_.front().bytes <= kMostAheadBytes)) {
    bytes += waiting_.front().bytes;
    some.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  std::vector<std::string> keys;
  for (const Waiting& one : some) keys.push_back(one.key);
  TRY(const auto ids, ids_of_keys(*snapshot_->database, keys));
  std::vector<std::uint32_t> wanted;
  std::map<std::uint32_t, std::string> key_of;
  std::set<std::uint32_t> small;
  for (Waiting& one : some)
    if (const auto id = ids.find(one.key); id != ids.end()) {
      one.id = id->second;
      wanted.push_back(one.id);
      key_of[one.id] = one.key;
      if (one.bytes > 0 && one.bytes <= kSmall) small.insert(one.id);
    }
  if (wanted.empty()) return {};
  std::size_t done = 0;
  TRY(auto trees, snapshot_->objects->trees(wanted, done));
  std::vector<Instance> contents;
  for (Tree& tree : trees) {
    const std::uint32_t id = tree.id;
    if (small.contains(id)) {
      for (const auto& [number, instance] : tree.data) contents.push_back(instance);
      if (tree.original) contents.push_back(*tree.original);
    }
    ready_.emplace(key_of.at(id), std::move(tree));
  }
  snapshot_->attachments->announce(contents);
  // What had no room waits on.
  if (done < wanted.size()) {
    const auto first =
        std::find_if(some.begin(), some.end(), [&](const Waiting& one) { return one.id == wanted[done]; });
    waiting_.insert(waiting_.begin(), std::make_move_iterator(first), std::make_move_iterator(some.end()));
  }
  return {};
}

Result<std::optional<Tree>> StoreReader::tree_of(const SourceItem& item) {
  auto found = ready_.find(item.key);
  if (found == ready_.end()) {
    ready_.clear();
    TRY_VOID(read_ahead(item.key));
    found = ready_.find(item.key);
  }
  if (found == ready_.end()) return std::nullopt;
  Tree tree = std::move(found->second);
  ready_.erase(found);
  return tree;
}

Result<void> StoreReader::fetch_with_files(const SourceFolder& folder, const SourceItem& item, const TakePiece& take,
                                           const TakeFile& file) {
  facts_ = {};
  TRY(const FolderNode* node, find(folder));
  TRY(auto tree, tree_of(item));
  if (!tree) return fail(Errc::not_found, fmt::format("{} vanished from the source", item.key));
  Snapshot* at = snapshot_.get();
  std::vector<std::string> losses;
  TRY_VOID(follow_stub(*tree, at, losses));
  if (store_.doubles.contains(item.key)) {
    for (const mapi::Tag& tag : kUidTags) tree->message.properties.remove(tag);
    losses.emplace_back("Another item of its folder has the same UID: this one has a new one.");
  }
  trouble_.reset();
  TRY(facts_, convert(*tree, node->source.kind, item.key, *at->attachments, context_, take, file));
  // What was not to be had is not what is not there: the item is fetched again.
  if (trouble_) return std::unexpected(*trouble_);
  facts_.losses.insert(facts_.losses.end(), losses.begin(), losses.end());
  return {};
}

Result<Snapshot*> StoreReader::snapshot_of(std::size_t server) {
  if (server == store_.store.server) return snapshot_.get();
  auto& other = others_[server];
  if (!other) {
    TRY(other, Snapshot::open(store_.config.servers[server], store_.config.batch_bytes));
  }
  return other.get();
}

Result<void> StoreReader::follow_stub(Tree& tree, Snapshot*& at, std::vector<std::string>& losses) {
  if (!tree.message.properties.boolean(kStubbed)) return {};
  const auto* entries = tree.message.properties.blobs(kArchivedItems);
  for (const std::string& entry : entries == nullptr ? std::vector<std::string>() : *entries) {
    const mapi::EntryId parsed = mapi::parse_entry_id(entry);
    const auto* object = std::get_if<mapi::ObjectEntry>(&parsed);
    if (object == nullptr) continue;
    const InstalledStore* where = store_.installation.find(to_hex(object->store.view()));
    if (where == nullptr || !may_have_archive(where->store, store_.store.store)) continue;
    TRY(Snapshot* const there, snapshot_of(where->server));
    TRY(const auto ids, ids_of_entries(*there->database, {entry}));
    if (ids.empty()) continue;
    TRY(auto archived, there->objects->tree(ids.begin()->second));
    if (!archived) continue;
    take_content(tree.message, std::move(archived->message));
    tree.data = std::move(archived->data);
    tree.original = std::move(archived->original);
    at = there;
    return {};
  }
  losses.emplace_back("Its content is in an archive that is not here: what the archive's stub says is all that came.");
  return {};
}

// A list among this store's items. Those of others are none: the server would not show them to whoever names them.
std::optional<mapi::Properties> StoreReader::list_of_entry(const mapi::EntryId& entry) {
  mapi::EntryId id = entry;
  if (const auto* contact = std::get_if<mapi::ContactEntry>(&entry)) id = mapi::parse_entry_id(contact->contact);
  const auto* object = std::get_if<mapi::ObjectEntry>(&id);
  if (object == nullptr || object->store.view() != store_.store.store.guid) return std::nullopt;
  const auto ids = ids_of_entries(*snapshot_->database, {mapi::print(id)});
  auto found =
      ids && !ids->empty() ? snapshot_->objects->properties({ids->begin()->second}) : Result<ObjectReader::ById>();
  if (!ids || !found) trouble_ = ids ? found.error() : ids.error();
  if (!ids || !found || found->empty()) return std::nullopt;
  auto& properties = found->begin()->second;
  if (item_class(properties.text_or_empty(mapi::tag::kMessageClass)) != ItemClass::list) return std::nullopt;
  return std::move(properties);
}

// Somebody in the directory, or a contact: by the address that is meant or else its first, which is an SMTP address or,
// of Kopano's own people, stands behind the address that is shown.
std::string StoreReader::address_of_entry(const mapi::EntryId& entry) {
  const std::string bytes = mapi::print(entry);
  if (const auto known = context_.calendar.resolve(bytes)) return known->address;
  std::string wanted = bytes;
  std::uint32_t which = 0;
  if (const auto* contact = std::get_if<mapi::ContactEntry>(&entry)) {
    wanted = contact->contact;
    which = contact->index <= 2 ? contact->index : 0;  // the others are of faxes
  }
  const auto ids = ids_of_entries(*snapshot_->database, {wanted});
  if (!ids) trouble_ = ids.error();
  if (!ids || ids->empty()) return {};
  const auto tree = snapshot_->objects->properties({ids->begin()->second});
  if (!tree) trouble_ = tree.error();
  if (!tree || tree->empty()) return {};
  const auto& properties = tree->begin()->second;
  for (const std::uint32_t base :
       {kContactAddress + 0x10 * which, kContactOriginal + 0x10 * which, kContactAddress, kContactOriginal})
    if (const std::string_view address = properties.text_or_empty(mapi::tag::address(base)); mapi::is_address(address))
      return std::string(address);
  return {};
}

}  // namespace kontor::migrate::kopano
