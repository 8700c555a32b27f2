// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/tree.h"

#include <algorithm>

#include "protocols/dav/departure.h"
#include "protocols/dav/locks.h"
#include "protocols/dav/methods.h"
#include "wire/dav/multistatus.h"

namespace kontor::dav {
namespace {

using groupware::FolderTable;
using groupware::Kind;

constexpr std::size_t kCopiedInOneCommit = 200;
constexpr std::size_t kStagePiece = 1 << 20;
constexpr std::size_t kMostFaults = 1000;

// The path of a folder below another one whose path is known.
std::string path_below(const FolderTable& folders, const Resource& top, const groupware::Folder& folder) {
  std::string below;
  for (auto at = folders.find(folder.id); at && at->id != top.folder->id; at = folders.find(at->parent))
    below.insert(0, at->name + "/");
  return top.path + below;
}

Outcome<void> check_member_locks(Context& context, const groupware::Reader& reader, const Resource& top,
                                 Faults& faults) {
  const auto folders = reader.folders();
  for (const auto& folder : folders_of_tree(*folders, top.folder->id)) {
    TRY(const auto locks, locks_below(reader, folder->id, context.now()));
    for (const Lock& lock : locks) {
      if (lock.folder != folder->id || (folder->id == top.folder->id && lock.name.empty())) continue;
      Resource member = top;
      member.folder = folder;
      member.path = path_below(*folders, top, *folder) + lock.name;
      member.name = lock.name;
      member.what = lock.name.empty() ? Resource::What::collection : Resource::What::item;
      if (auto free = check_locks(context, reader, member, Touch::itself); !free)
        faults.push_back({member.path, free.error()});
    }
  }
  return {};
}

Outcome<groupware::StagedContent> staged(Context& context, const groupware::Content& content, TenantId tenant,
                                         Kind kind) {
  const auto stager = context.services.accounts.stage(tenant, kind);
  for (std::uint64_t at = 0; at < content.size();) {
    TRY(const std::string piece, content.read(at, kStagePiece));
    if (piece.empty()) return deny(500, "the content ended too early");
    TRY_VOID(stager->write(piece));
    at += piece.size();
  }
  TRY(auto out, stager->finish());
  return out;
}

struct Prepared {
  Resource source;
  groupware::NewItem item;  // where the item cannot be copied within the store
  bool is_taken = false;
  Consequences consequences;
};

Outcome<Prepared> prepare(Context& context, const Resource& source, const Resource& to) {
  Resource target = item_of(to, *source.entry);
  target.what = Resource::What::absent;
  target.entry.reset();
  Prepared out{.source = source, .item = {}, .consequences = {}};
  Change change{.what = Change::What::copy, .target = target, .source = &source};
  if (to.kind() != Kind::files) {
    TRY(change.bytes, whole_content(context, *source.account, source.entry->item, context.options.largest_object));
  }
  const auto before = change.bytes;
  TRY_VOID(ask_families(context, change, out.consequences));
  if (source.account->id() != to.account->id() || change.bytes != before) {
    TRY(out.item, taken_along(context, source, to, change.bytes));
    out.is_taken = true;
  }
  return out;
}

Outcome<void> copy_prepared(Context& context, std::vector<Prepared>& batch, const Resource& to, Faults& faults) {
  if (batch.empty()) return {};
  Faults these;
  TRY_VOID(context.update(*to.account, [&](groupware::Transaction& transaction) -> Outcome<void> {
    these.clear();
    for (Prepared& one : batch) {
      const auto copied = transaction.attempt([&](groupware::Transaction& step) -> Result<void> {
        const auto& entry = *one.source.entry;
        if (one.is_taken) {
          TRY_VOID(step.add(to.folder->id, one.item));
        } else {
          TRY_VOID(step.copy(one.source.folder->id, entry.uid, to.folder->id, entry.name));
        }
        return {};
      });
      if (!copied) these.push_back({to.path + one.source.name, Problem(copied.error())});
      if (copied)
        for (const auto& step : one.consequences.within) TRY_VOID(step(transaction));
    }
    return {};
  }));
  for (const Prepared& one : batch)
    for (const auto& step : one.consequences.after) step();
  std::ranges::move(these, std::back_inserter(faults));
  batch.clear();
  return {};
}

}  // namespace

Response answer(const std::string& path, const Faults& faults) {
  if (faults.size() == 1 && faults[0].path == path) return answer(faults[0].problem);
  Response response{.status = 207, .content_type = kXml};
  wire::dav::Multistatus out(response.body);
  for (std::size_t i = 0; i < std::min(faults.size(), kMostFaults); ++i) {
    std::optional<xml::NameView> precondition;
    if (faults[i].problem.precondition) precondition = *faults[i].problem.precondition;
    out.status(faults[i].path, faults[i].problem.status, precondition);
  }
  out.finish();
  return response;
}

std::vector<FolderTable::Pointer> folders_of_tree(const FolderTable& folders, FolderId top) {
  std::vector<FolderTable::Pointer> out = {folders.find(top)};
  if (!out[0]) return {};
  for (std::size_t i = 0; i < out.size(); ++i)
    for (auto& child : folders.children(out[i]->id)) out.push_back(std::move(child));
  return out;
}

TreeState state_of_tree(const FolderTable& folders, FolderId top) {
  TreeState out;
  for (const auto& folder : folders_of_tree(folders, top)) out.emplace_back(folder->id, folder->highest);
  return out;
}

Outcome<void> check_removable(Context& context, const groupware::Reader& reader, const Resource& resource,
                              Faults& faults) {
  faults.clear();
  if (resource.what == Resource::What::item) return check_locks(context, reader, resource, Touch::name);
  if (resource.folder->role == groupware::FolderRole::files) return deny(403, "the home itself stays");
  TRY_VOID(check_member_locks(context, reader, resource, faults));
  if (!faults.empty()) return deny(423, "something in it is locked");
  TRY_VOID(check_locks(context, reader, resource, Touch::name));
  for (const auto& folder : folders_of_tree(*reader.folders(), resource.folder->id)) {
    if (folder->role != groupware::FolderRole::none) return deny(403, "a collection that is always there stays");
    if (reader.rights(folder->id) & groupware::right::kDeleteFolder) continue;
    if (folder->id == resource.folder->id) return deny(403, "you may not remove it");
    faults.push_back({path_below(*reader.folders(), resource, *folder), Problem(403, "you may not remove it")});
  }
  return faults.empty() ? Outcome<void>() : deny(403, "something in it cannot be removed");
}

Outcome<void> remove_resource(Context& context, groupware::Transaction& transaction, const Resource& resource,
                              Faults& faults) {
  TRY_VOID(check_removable(context, transaction, resource, faults));
  if (resource.what == Resource::What::item) {
    TRY(const Uid uid, transaction.named(resource.folder->id, resource.name));
    TRY_VOID(transaction.remove(resource.folder->id, uid));
    return drop_locks(transaction, resource.folder->id, resource.name);
  }
  const auto folders = transaction.folders();
  auto tree = folders_of_tree(*folders, resource.folder->id);
  std::ranges::reverse(tree);
  for (const auto& folder : tree) {
    auto removed = transaction.remove_folder(folder->id, meetings_told(context, *folder));
    if (!removed) faults.push_back({path_below(*folders, resource, *folder), Problem(removed.error())});
    if (!removed) return deny(403, "something in it cannot be removed");
  }
  return {};
}

Outcome<groupware::NewItem> taken_along(Context& context, const Resource& resource, const Resource& to,
                                        const std::shared_ptr<const std::string>& bytes) {
  TRY(const groupware::Item* item, resource.item(context));
  groupware::NewItem out;
  out.kind = item_kind(*to.folder);
  out.name = resource.name;
  out.properties = item->properties;
  out.internal_date = item->internal_date;
  TRY(const auto reader, context.reader(*resource.account));
  if (bytes) {
    const auto stager = context.services.accounts.stage(resource.account->tenant(), out.kind);
    TRY(const auto target, context.reader(*to.account));
    TRY(const auto apart, target->take_apart(to.folder->id, std::nullopt, *bytes));
    if (apart) out.own = apart->own;
    TRY_VOID(stager->write(apart ? apart->shared : *bytes));
    TRY(out.content, stager->finish());
    return out;
  }
  TRY(const auto content, reader->content(item->id));
  TRY(out.content, staged(context, *content, resource.account->tenant(), out.kind));
  return out;
}

Outcome<void> copy_items(Context& context, const Resource& from, const Resource& to, Faults& faults) {
  std::optional<std::string> after = "";
  while (after) {
    std::vector<Resource> items;
    TRY(after, items_after(context, from, *after, kCopiedInOneCommit, [&](Resource item) {
          items.push_back(std::move(item));
          return true;
        }));
    std::vector<Prepared> batch;
    for (const Resource& item : items) {
      auto prepared = prepare(context, item, to);
      if (prepared)
        batch.push_back(*std::move(prepared));
      else
        faults.push_back({to.path + item.name, prepared.error()});
    }
    TRY_VOID(copy_prepared(context, batch, to, faults));
    if (faults.size() > kMostFaults) return deny(507, "too much of it could not be copied");
  }
  return {};
}

}  // namespace kontor::dav
