// SPDX-License-Identifier: AGPL-3.0-or-later
// COPY and MOVE: RFC 4918 sections 9.8 and 9.9.
//
// Within an account an item is copied or moved in one commit; so is a folder moved, with all that is in it. A folder is
// copied, and whatever goes into another account, in steps: each is whole, and the answer names what could not be done.
#include <algorithm>

#include "groupware/scheduling/scheduler.h"
#include "protocols/dav/calendar_publish.h"
#include "protocols/dav/dead_properties.h"
#include "protocols/dav/departure.h"
#include "protocols/dav/locks.h"
#include "protocols/dav/methods.h"
#include "protocols/dav/segments.h"
#include "protocols/dav/tree.h"

namespace kontor::dav {
namespace {

using groupware::Kind;
using groupware::Transaction;
using What = Resource::What;
namespace right = groupware::right;

struct Transfer {
  Resource from;
  Resource to;  // as it is before
  bool is_move = false;
  bool is_deep = true;  // of a collection: with what is in it
  bool overwrites = true;
  Departure overwritten;  // what is in the way
  bool is_stale = false;  // something of it was changed meanwhile: it is to be planned anew
  bool stays_in_account() const { return from.account->id() == to.account->id(); }
  bool stays_in_folder() const { return stays_in_account() && from.folder->id == to.folder->id; }
};

bool is_within(const std::string& path, const std::string& above) {
  return as_collection(path).starts_with(as_collection(above));
}

bool lies_in(const groupware::FolderTable& folders, groupware::FolderTable::Pointer folder, FolderId above) {
  for (; folder; folder = folders.find(folder->parent))
    if (folder->id == above) return true;
  return false;
}

// A place has several paths: by each of its owner's addresses, in the homes of those with whom it is shared, and in
// several forms of Unicode.
bool are_nested(const Resource& from, const Resource& to) {
  if (!from.folder || !to.folder || from.account->id() != to.account->id()) return false;
  if (from.what == What::item && to.what == What::item) return from.entry->item == to.entry->item;
  const auto folders = from.account->folders();
  if (from.what == What::collection && lies_in(*folders, to.folder, from.folder->id)) return true;
  return to.what == What::collection && lies_in(*folders, from.folder, to.folder->id);
}

Outcome<Transfer> planned(Context& context, const Resource& from, bool is_move) {
  const auto destination = context.header("destination");
  if (destination.empty()) return deny(400, "a destination is needed");
  Transfer job;
  job.from = from;
  job.is_move = is_move;
  TRY(job.overwrites, wire::dav::parse_overwrite(context.header("overwrite")));
  TRY(const auto depth, wire::dav::parse_depth(context.header("depth"), wire::dav::Depth::infinity));
  const bool is_collection = from.what == What::collection;
  if (is_collection && (depth == wire::dav::Depth::one || (is_move && depth != wire::dav::Depth::infinity)))
    return deny(400, "a collection is copied alone or with all that is in it, and moved with all");
  job.is_deep = depth == wire::dav::Depth::infinity;
  TRY(job.to, find_href(context, destination));
  if (is_within(job.to.path, from.path) || is_within(from.path, job.to.path) || are_nested(from, job.to))
    return deny(403, "one of the two is within the other");
  const Resource& to = job.to;
  if (to.what != What::absent && to.what != What::item && to.what != What::collection)
    return deny(403, "nothing can go there");
  if (to.space != from.space) return deny(403, "this cannot be there");
  const bool has_place =
      to.is_there() || (is_collection && to.space != Space::files ? to.is_in_home : to.folder != nullptr);
  if (!has_place) return deny(409, "there is no collection to put it in");
  if (to.is_there() && !job.overwrites) return deny(412, "there is something already");
  if (!is_collection && to.what != What::collection && !groupware::takes(to.folder->kind, from.entry->kind))
    return deny(403, "this cannot be there");
  if (to.what == What::collection && to.folder->role != groupware::FolderRole::none)
    return deny(403, "a collection that the account always has is not replaced");
  return job;
}

// Into another account goes what the caller reads; what it may not read, or not all of, must not be lost on the way.
Outcome<void> check_sight(Context& context, const Resource& from) {
  if (!(kOfCalendars & of(from.folder->kind)) || (from.rights(context) & right::kReadPrivate)) return {};
  if (from.what == What::item) {
    TRY(const auto reader, context.reader(*from.account));
    const auto facts = reader->facts(from.entry->item);
    if (facts && facts->privacy == groupware::Privacy::open) return {};
  }
  return deny(403, "there may be more of it than you may see");
}

// What stands in the way goes.
Outcome<void> make_room(Context& context, Transaction& transaction, Transfer& job, Faults& faults) {
  const auto said = job.overwritten.put(context, transaction);
  job.is_stale = job.overwritten.is_stale();
  if (!said) return said;
  if (job.to.is_there()) return remove_resource(context, transaction, job.to, faults);
  return check_locks(context, transaction, job.to, Touch::name);
}

Response done(const Transfer& job, Consequences& consequences) {
  Response response{.status = job.to.is_there() ? 204U : 201U};
  response.headers = std::move(consequences.headers);
  return response;
}

// The folder that the new name is in; none at the top of a home.
FolderId place_of(const Resource& to) {
  if (to.space != Space::files && to.what != What::item && !to.folder) return {};
  return to.what == What::collection ? to.folder->parent : to.folder->id;
}

Outcome<Resource> collection_for(Context& context, const Resource& to) { return find(context, parent_of(to.path)); }

// --- items

Outcome<void> transfer_here(Transaction& transaction, const Transfer& job,
                            const std::optional<groupware::NewItem>& altered) {
  const FolderId from = job.from.folder->id, to = place_of(job.to);
  TRY(const Uid uid, transaction.named(from, job.from.name));
  if (altered) {
    groupware::NewItem item = *altered;
    item.name = job.to.name;
    if (job.is_move) TRY_VOID(transaction.remove(from, uid));
    TRY_VOID(transaction.add(to, item));
  } else if (!job.is_move) {
    TRY_VOID(transaction.copy(from, uid, to, job.to.name));
  } else if (from == to) {
    TRY_VOID(transaction.rename(from, uid, job.to.name));
  } else {
    TRY_VOID(transaction.move(from, uid, to, job.to.name));
  }
  if (job.is_move) TRY_VOID(drop_locks(transaction, from, job.from.name));
  return {};
}

// First it is there, then it is gone here; if that fails it is taken back.
Outcome<void> transfer_across(Context& context, Transfer& job, groupware::NewItem item,
                              const Consequences& consequences, Faults& faults) {
  const FolderId to = place_of(job.to);
  item.name = job.to.name;
  Uid added;
  Departure moved;
  if (job.is_move) {
    TRY(moved, Departure::of(context, job.from));
  }
  TRY_VOID(context.update(*job.to.account, [&](Transaction& transaction) -> Outcome<void> {
    TRY_VOID(make_room(context, transaction, job, faults));
    TRY(const auto one, transaction.add(to, item));
    added = one.uid;
    for (const auto& step : consequences.within) TRY_VOID(step(transaction));
    return {};
  }));
  if (!job.is_move) return {};
  const auto removed = context.update(*job.from.account, [&](Transaction& transaction) -> Outcome<void> {
    TRY_VOID(check_conditions(context, transaction, job.from));
    TRY(const Uid uid, transaction.named(job.from.folder->id, job.from.name));
    TRY(const auto present, transaction.entry(job.from.folder->id, uid));
    const bool is_same = present.item == job.from.entry->item && present.etag == job.from.entry->etag;
    if (!is_same) return deny(409, "it was changed while it was moved");
    TRY_VOID(moved.put(context, transaction));
    Faults none;
    return remove_resource(context, transaction, job.from, none);
  });
  if (removed) moved.send(context);
  if (removed) return {};
  TRY_VOID(context.update(*job.to.account, [&](Transaction& transaction) -> Outcome<void> {
    TRY_VOID(transaction.remove(to, added));
    return {};
  }));
  return std::unexpected(removed.error());
}

Outcome<Response> transfer_item(Context& context, Transfer& job) {
  Consequences consequences;
  Change change{.what = job.is_move ? Change::What::move : Change::What::copy, .target = job.to, .source = &job.from};
  TRY(const Resource holder, collection_for(context, job.to));
  if (!holder.folder) return deny(409, "there is no collection to put it in");
  if (holder.kind() != Kind::files) {
    TRY(change.bytes, whole_content(context, *job.from.account, job.from.entry->item, context.options.largest_object));
  }
  const auto before = change.bytes;
  TRY_VOID(ask_families(context, change, consequences));
  Faults faults;
  std::optional<groupware::NewItem> taken;
  if (!job.stays_in_account() || change.bytes != before) {
    TRY(taken, taken_along(context, job.from, holder, change.bytes));
  }
  Outcome<void> outcome;
  if (job.stays_in_account()) {
    const auto updated = context.update(*job.from.account, [&](Transaction& transaction) -> Outcome<void> {
      TRY_VOID(check_conditions(context, transaction, job.from));
      if (job.is_move) TRY_VOID(check_locks(context, transaction, job.from, Touch::name));
      TRY_VOID(make_room(context, transaction, job, faults));
      TRY_VOID(transfer_here(transaction, job, taken));
      for (const auto& step : consequences.within) TRY_VOID(step(transaction));
      return {};
    });
    if (!updated) outcome = std::unexpected(updated.error());
  } else {
    outcome = transfer_across(context, job, *std::move(taken), consequences, faults);
  }
  if (!outcome && !faults.empty()) return answer(job.to.path, faults);
  if (!outcome) return std::unexpected(outcome.error());
  for (const auto& step : consequences.after) step();
  job.overwritten.send(context);
  return done(job, consequences);
}

// --- collections

// What is true of one folder alone: under which secret it is published, with whom it is shared, what comes to it.
bool is_of_one_folder(const std::string& property) {
  return property == kPublished || property == kRenamed || property == groupware::kIsFeed ||
         property == groupware::kTakesInvitations || property.starts_with("dav.shared-with.");
}

// The folder in its new place, or a new one there with the source's properties.
Outcome<FolderId> new_folder(Context& context, Transaction& transaction, const Resource& from, FolderId parent,
                             const std::string& name) {
  Transaction::NewFolder folder;
  folder.kind = from.folder->kind;
  folder.parent = parent;
  folder.name = name;
  const bool is_flat = from.space != Space::files;
  for (int i = 2; is_flat && transaction.folders()->child(FolderId(), folder.name, folder.kind); ++i)
    folder.name = name + " " + std::to_string(i);
  TRY(const FolderId id, transaction.create_folder(folder));
  Transaction::FolderChange change;
  change.properties = from.folder->properties;
  std::erase_if(change.properties, [](const auto& property) { return is_of_one_folder(property.first); });
  change.colour = from.folder->colour;
  change.description = from.folder->description;
  if (is_flat) change.properties[kNameProperty] = name;
  if (!change.properties.empty() || !change.colour->empty() || !change.description->empty())
    TRY_VOID(transaction.change_folder(id, change));
  TRY(const auto source, context.reader(*from.account));
  TRY_VOID(copy_dead_properties(*source, from.folder->id, transaction, id));
  return id;
}

Outcome<Resource> fresh(Context& context, const Resource& like, FolderId folder, std::string path) {
  TRY(const auto reader, context.reader(*like.account));
  Resource out = like;
  out.what = What::collection;
  out.entry.reset();
  TRY(out.folder, reader->folder(folder));
  out.path = as_collection(std::move(path));
  return out;
}

Outcome<void> copy_below(Context& context, const Resource& from, const Resource& to, Faults& faults) {
  TRY_VOID(copy_items(context, from, to, faults));
  std::vector<Resource> children;
  TRY_VOID(collections_in(context, from, [&](Resource child) {
    children.push_back(std::move(child));
    return true;
  }));
  for (const Resource& child : children) {
    FolderId id;
    const auto made = context.update(*to.account, [&](Transaction& transaction) -> Outcome<void> {
      TRY(id, new_folder(context, transaction, child, to.folder->id, child.name));
      return {};
    });
    if (!made) {
      faults.push_back({to.path + child.name + "/", made.error()});
      continue;
    }
    TRY(const Resource below, fresh(context, to, id, to.path + child.name));
    TRY_VOID(copy_below(context, child, below, faults));
  }
  return {};
}

Outcome<Response> copy_collection(Context& context, Transfer& job) {
  Faults faults;
  FolderId id;
  const FolderId place = place_of(job.to);
  // Read before the update: a transaction of one account, and another one's moment.
  TRY(const auto source, context.reader(*job.from.account));
  const auto made = context.update(*job.to.account, [&](Transaction& transaction) -> Outcome<void> {
    TRY_VOID(check_conditions(context, job.stays_in_account() ? transaction : *source, job.from));
    TRY_VOID(make_room(context, transaction, job, faults));
    TRY(id, new_folder(context, transaction, job.from, place, job.to.name));
    return {};
  });
  if (!made && !faults.empty()) return answer(job.to.path, faults);
  if (!made) return std::unexpected(made.error());
  job.overwritten.send(context);
  Consequences none;
  if (!job.is_deep) return done(job, none);
  TRY(const Resource to, fresh(context, job.to, id, job.to.path));
  TRY_VOID(copy_below(context, job.from, to, faults));
  if (!faults.empty()) return answer(job.to.path, faults);
  return done(job, none);
}

Outcome<void> move_folder(Transaction& transaction, const Transfer& job, Modseq now) {
  const FolderId id = job.from.folder->id;
  for (const auto& folder : folders_of_tree(*transaction.folders(), id))
    TRY_VOID(drop_locks(transaction, folder->id, ""));
  Transaction::FolderChange change;
  if (job.from.space == Space::files) {
    TRY_VOID(transaction.rename_folder(id, place_of(job.to), job.to.name));
    // For whoever synchronizes what is above it: the former path is not known any more.
    change.properties[kRenamed] = std::to_string(now.value + 1);
  } else {
    change.properties[kNameProperty] = job.to.name;
  }
  TRY_VOID(transaction.change_folder(id, change));
  return {};
}

Outcome<Response> move_here(Context& context, Transfer& job) {
  Faults faults;
  const auto moved = context.update(*job.from.account, [&](Transaction& transaction) -> Outcome<void> {
    TRY_VOID(check_conditions(context, transaction, job.from));
    TRY_VOID(check_locks(context, transaction, job.from, Touch::name));
    TRY_VOID(make_room(context, transaction, job, faults));
    return move_folder(transaction, job, transaction.modseq());
  });
  if (!moved && !faults.empty()) return answer(job.to.path, faults);
  if (!moved) return std::unexpected(moved.error());
  job.overwritten.send(context);
  Consequences none;
  return done(job, none);
}

// Copied, and what was copied wholly is removed here.
Outcome<Response> move_across(Context& context, Transfer& job) {
  TRY(const auto reader, context.reader(*job.from.account));
  Faults faults;
  const auto before = state_of_tree(*reader->folders(), job.from.folder->id);
  TRY(Response copied, copy_collection(context, job));
  if (copied.status == 207) return copied;
  if (copied.status >= 400) return copied;
  const auto remove = [&]() -> Outcome<void> {
    TRY(Departure moved, Departure::of(context, job.from));
    TRY_VOID(context.update(*job.from.account, [&](Transaction& transaction) -> Outcome<void> {
      if (state_of_tree(*transaction.folders(), job.from.folder->id) != before)
        return deny(409, "it was changed while it was moved");
      TRY_VOID(moved.put(context, transaction));
      return remove_resource(context, transaction, job.from, faults);
    }));
    moved.send(context);
    return {};
  };
  const auto removed = remove();
  if (!removed && faults.empty()) faults.push_back({job.from.path, removed.error()});
  if (!removed) return answer("", faults);
  return copied;
}

Outcome<Response> transfer_by_kind(Context& context, Transfer& job) {
  if (job.from.what == What::item) return transfer_item(context, job);
  if (job.from.folder->role == groupware::FolderRole::files) return deny(403, "the home itself stays where it is");
  if (!job.is_move) return copy_collection(context, job);
  return job.stays_in_account() ? move_here(context, job) : move_across(context, job);
}

Outcome<Response> transfer(Context& context, const Resource& resource, bool is_move, bool& is_stale) {
  if (!resource.is_there()) return deny(404, "there is nothing here");
  TRY(Transfer job, planned(context, resource, is_move));
  if (is_move && !job.stays_in_account()) TRY_VOID(check_sight(context, job.from));
  {
    TRY(const auto reader, context.reader(*job.from.account));
    TRY_VOID(check_conditions(context, *reader, job.from));
    if (is_move) TRY_VOID(check_locks(context, *reader, job.from, Touch::name));
  }
  // One item over another is a change: both are of one UID, else it is refused.
  if (job.from.what == What::collection || job.to.what == What::collection) {
    TRY(job.overwritten, Departure::of(context, job.to));
  }
  auto response = transfer_by_kind(context, job);
  is_stale = job.is_stale;
  return response;
}

Outcome<Response> copy_once(Context& context, const Resource& resource, bool& is_stale) {
  return transfer(context, resource, false, is_stale);
}

Outcome<Response> move_once(Context& context, const Resource& resource, bool& is_stale) {
  return transfer(context, resource, true, is_stale);
}

}  // namespace

Outcome<Response> do_copy(Context& context, const Resource& resource) {
  return until_as_found(context, resource, copy_once);
}
Outcome<Response> do_move(Context& context, const Resource& resource) {
  return until_as_found(context, resource, move_once);
}

}  // namespace kontor::dav
