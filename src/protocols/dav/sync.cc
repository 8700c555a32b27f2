// SPDX-License-Identifier: AGPL-3.0-or-later
// DAV:sync-collection: RFC 6578.
//
// A client's state is a modseq. What changed since comes from the account's change log, so that the work is in
// proportion to the changes. Where an answer is cut short, the token says how far it came (state.h).
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/bytes.h"
#include "formats/lines/component.h"
#include "protocols/dav/methods.h"
#include "protocols/dav/multistatus.h"
#include "protocols/dav/segments.h"
#include "protocols/dav/state.h"

namespace kontor::dav {
namespace {

using groupware::Kind;
using What = Resource::What;

std::unexpected<Problem> bad_token(const char* why) { return deny(wire::dav::dav("valid-sync-token"), why); }

// What an answer tells, gathered before it is printed: ids and names, no contents.
struct News {
  struct Gone {
    Uid uid;
    std::string path;
  };
  struct Item {
    FolderId folder;
    Uid uid;
    std::shared_ptr<const groupware::Entry> entry = {};  // as it was when the folder's state was `SyncJob::highest`
  };
  std::vector<Gone> gone;
  std::vector<Item> items;
  std::vector<FolderId> folders;
};

struct SyncJob {
  Resource collection;
  SyncState state;  // where the client is
  Modseq to;        // where it will be
  bool is_deep = false;
  bool is_first = false;
  std::map<FolderId, Resource> folders;  // that the answer is about
  std::map<FolderId, Modseq> highest;    // of folders whose entries were read whole
};

// Entries that an answer keeps, so that it need not look them up one by one.
constexpr std::size_t kKeptEntries = 200'000;

// The collection and, where all below is wanted, all folders below it.
Outcome<void> find_folders(Context& context, SyncJob& job) {
  job.folders.emplace(job.collection.folder->id, job.collection);
  if (!job.is_deep) return {};
  std::vector<Resource> pending = {job.collection};
  while (!pending.empty()) {
    const Resource at = std::move(pending.back());
    pending.pop_back();
    TRY_VOID(collections_in(context, at, [&](Resource child) {
      job.folders.emplace(child.folder->id, child);
      pending.push_back(std::move(child));
      return true;
    }));
  }
  return {};
}

// `most`: of one folder alone not more than that need be found, the first that the client was not told of.
Outcome<News> all_of_it(Context& context, SyncJob& job, std::optional<std::size_t> most) {
  News news;
  const bool is_alone = most && job.folders.size() == 1;
  TRY(const auto reader, context.reader(*job.collection.account));
  for (const auto& [id, folder] : job.folders) {
    if (id != job.collection.folder->id) news.folders.push_back(id);
    if (!(reader->rights(id) & groupware::right::kRead)) continue;
    TRY(const auto as_read, reader->folder(id));
    job.highest.emplace(id, as_read->highest);
    const auto take = [&](const groupware::Entry& entry) {
      News::Item& item = news.items.emplace_back(News::Item{id, entry.uid});
      if (news.items.size() <= kKeptEntries) item.entry = std::make_shared<groupware::Entry>(entry);
      return !is_alone || news.items.size() < *most;
    };
    const auto read = is_alone ? reader->entries_above(id, job.state.is_past_gone ? job.state.cursor : Uid(), take)
                               : reader->entries(id, take);
    TRY_VOID(read);
  }
  if (job.collection.kind() == Kind::files && !job.is_deep) {
    TRY_VOID(collections_in(context, job.collection, [&](const Resource& child) {
      news.folders.push_back(child.folder->id);
      return true;
    }));
  }
  return news;
}

// Where a folder was removed or got another name, its former path is not known any more: then the client begins anew.
Outcome<void> take_folders(const groupware::Reader& reader, const SyncJob& job, const groupware::Changes& changes,
                           News& news) {
  if (job.collection.kind() != Kind::files) return {};
  if (!changes.folders_removed.empty()) return bad_token("a collection was removed since then");
  for (const FolderId id : changes.folders_changed) {
    const auto folder = reader.folders()->find(id);
    if (!folder || folder->kind != Kind::files || id == job.collection.folder->id) continue;
    const auto renamed = folder->properties.find(kRenamed);
    if (renamed != folder->properties.end() && std::stoull("0" + renamed->second) > job.state.from.value)
      return bad_token("a collection was moved since then");
    const bool is_member = folder->parent == job.collection.folder->id;
    if (is_member || (job.is_deep && job.folders.contains(id))) news.folders.push_back(id);
  }
  return {};
}

Outcome<News> changes_of(Context& context, const SyncJob& job) {
  News news;
  TRY(const auto reader, context.reader(*job.collection.account));
  const auto folder = reader->folders()->find(job.collection.folder->id);
  if (folder && folder->kind != Kind::files && folder->highest <= job.state.from) return news;
  const auto changes = reader->changes_since(job.state.from);
  if (!changes) {
    if (changes.error().code == Errc::conflict) return bad_token("too much has changed since then");
    return std::unexpected(Problem(changes.error()));
  }
  TRY_VOID(take_folders(*reader, job, *changes, news));
  for (const ItemId id : changes->items_changed) {
    const auto item = reader->item(id);
    if (!item) continue;
    for (const groupware::Filing& filing : item->filings)
      if (job.folders.contains(filing.folder)) news.items.push_back({filing.folder, filing.uid});
  }
  for (const auto& vanished : changes->vanished) {
    const auto in = job.folders.find(vanished.folder);
    if (in == job.folders.end() || vanished.name.empty()) continue;
    // Another item has the name by now: then that one is the news.
    if (reader->named(vanished.folder, vanished.name)) continue;
    news.gone.push_back({vanished.uid, in->second.path + vanished.name});
  }
  return news;
}

// Takes away what an earlier answer told, and what is too much for this one. True: it was too much.
bool cut(News& news, const SyncState& from, std::optional<std::uint32_t> limit, SyncState& to) {
  std::ranges::sort(news.gone, {}, &News::Gone::uid);
  std::ranges::sort(
      news.items, [](const auto& a, const auto& b) { return std::pair(a.uid, a.folder) < std::pair(b.uid, b.folder); });
  if (from.is_partial) {
    if (from.is_past_gone)
      news.gone.clear();
    else
      std::erase_if(news.gone, [&](const auto& gone) { return gone.uid <= from.cursor; });
    if (from.is_past_gone) std::erase_if(news.items, [&](const auto& item) { return item.uid <= from.cursor; });
  }
  if (!limit || news.gone.size() + news.items.size() <= *limit) return false;
  to.is_partial = true;
  to.is_past_gone = news.gone.size() <= *limit;
  if (to.is_past_gone) {
    // Items of several folders may have one UID: those stay together, so that the cursor can tell them apart.
    std::size_t keep = *limit - news.gone.size();
    while (keep > 0 && keep < news.items.size() && news.items[keep - 1].uid == news.items[keep].uid) ++keep;
    to.cursor = keep ? news.items[keep - 1].uid : Uid();
    const bool is_all = keep == news.items.size();
    news.items.resize(keep);
    return !is_all;
  }
  // Here, too, what has one UID stays together.
  std::size_t keep = *limit;
  while (keep < news.gone.size() && news.gone[keep - 1].uid == news.gone[keep].uid) ++keep;
  news.gone.resize(keep);
  news.items.clear();
  news.folders.clear();
  to.cursor = news.gone.back().uid;
  return true;
}

Result<groupware::Entry> entry_of(const groupware::Reader& reader, const SyncJob& job, const News::Item& item) {
  if (item.entry) {
    TRY(const auto folder, reader.folder(item.folder));
    if (folder->highest == job.highest.at(item.folder)) return *item.entry;
  }
  return reader.entry(item.folder, item.uid);
}

Response tell(Context& context, std::shared_ptr<const SyncJob> job, News found, SyncState to, bool is_cut,
              const wire::dav::PropRequest& wanted) {
  struct Telling {
    News news;
    std::size_t next = 0;
  };
  auto telling = std::make_shared<Telling>(Telling{std::move(found)});
  const auto next = [job, telling, wanted, is_cut](Context& now, wire::dav::Multistatus& out) -> Outcome<bool> {
    const News& news = telling->news;
    const std::size_t folders = news.folders.size(), all = folders + news.gone.size() + news.items.size();
    TRY(const auto reader, now.reader(*job->collection.account));
    // One by one: what is wanted of each may be long, and a piece of an answer ends where it is long enough.
    if (telling->next < all) {
      std::size_t at = telling->next++;
      if (at < folders) {
        if (const auto one = resource_of(now, *job->collection.owner, job->collection.account, news.folders[at]))
          print_resource(now, *one, wanted, out);
      } else if ((at -= folders) < news.gone.size()) {
        out.status(news.gone[at].path, 404);
      } else {
        const News::Item& item = news.items[at - news.gone.size()];
        if (const auto entry = entry_of(*reader, *job, item))
          print_resource(now, item_of(job->folders.at(item.folder), *entry), wanted, out);
      }
    }
    if (telling->next < all) return true;
    if (is_cut) out.status(job->collection.path, 507, wire::dav::dav("number-of-matches-within-limits"));
    return false;
  };
  return stream_resources(context, next, [to] { return print_state(to); });
}

// Where an answer about a special collection was cut short: the state that the client has, the one that it will have,
// and the last name that it was told of.
struct PartOfSpecial {
  std::string since, until, last;
};
constexpr std::string_view kPart = "data:,kontor-part-";

std::string print_part(const PartOfSpecial& part) {
  return fmt::format("{}{}-{}-{}", kPart, to_hex(part.since), to_hex(part.until), to_hex(part.last));
}

std::optional<PartOfSpecial> parse_part(std::string_view token) {
  if (!token.starts_with(kPart)) return std::nullopt;
  const auto parts = lines::split(token.substr(kPart.size()), '-');
  if (parts.size() != 3) return std::nullopt;
  const auto since = from_hex(parts[0]), until = from_hex(parts[1]), last = from_hex(parts[2]);
  if (!since || !until || !last) return std::nullopt;
  return PartOfSpecial{*since, *until, *last};
}

// In the order of their names; without a resource: it is gone.
using SpecialNews = std::vector<std::pair<std::string, std::optional<Resource>>>;

SpecialNews in_order(Special::News found) {
  SpecialNews out;
  for (std::string& name : found.gone) out.emplace_back(std::move(name), std::nullopt);
  for (Resource& one : found.changed) {
    std::string name = one.name;
    out.emplace_back(std::move(name), std::move(one));
  }
  std::ranges::sort(out, {}, [](const auto& one) { return std::string_view(one.first); });
  return out;
}

Outcome<Response> sync_special(Context& context, const Resource& collection, const wire::dav::SyncCollection& wish) {
  const auto former = parse_part(wish.token);
  const std::string since = former ? former->since : wish.token;
  TRY(auto found, collection.special->news(context, collection, since));
  // The rest ends where the first part would have ended: what changed meanwhile comes after it.
  std::string state = former ? former->until : found.state;
  SpecialNews all = in_order(std::move(found));
  if (former) std::erase_if(all, [&](const auto& one) { return one.first <= former->last; });
  const bool is_cut = wish.limit && all.size() > *wish.limit;
  if (is_cut) {
    all.resize(*wish.limit);
    state = print_part({since, state, all.empty() ? (former ? former->last : "") : all.back().first});
  }
  struct Telling {
    SpecialNews news;
    std::size_t next = 0;
  };
  auto telling = std::make_shared<Telling>(Telling{std::move(all)});
  const auto next = [telling, path = collection.path, wanted = wish.wanted.props, is_cut](
                        Context& now, wire::dav::Multistatus& out) -> Outcome<bool> {
    if (telling->next < telling->news.size()) {
      const auto& [name, resource] = telling->news[telling->next++];
      if (resource)
        print_resource(now, *resource, wanted, out);
      else
        out.status(path + name, 404);
    }
    if (telling->next < telling->news.size()) return true;
    if (is_cut) out.status(path, 507, wire::dav::dav("number-of-matches-within-limits"));
    return false;
  };
  return stream_resources(context, next, [state] { return state; });
}

}  // namespace

Outcome<Response> do_sync(Context& context, const Resource& collection, const wire::dav::Report& report) {
  const auto& wish = std::get<wire::dav::SyncCollection>(report);
  context.wanted = std::make_shared<wire::dav::Wanted>(wish.wanted);
  if (collection.what == What::special) return sync_special(context, collection, wish);
  auto job = std::make_shared<SyncJob>();
  job->collection = collection;
  job->is_deep = wish.is_deep && collection.kind() == Kind::files;
  job->is_first = wish.token.empty();
  TRY(const auto reader, context.reader(*collection.account));
  if (!(reader->rights(collection.folder->id) & groupware::right::kRead)) return deny(403, "you may not read this");
  const auto present = parse_state(collection_state(context, collection).value_or(""));
  if (!present) return deny(404, "it is gone");
  if (!job->is_first) {
    const auto state = parse_state(wish.token);
    if (!state || state->folder != present->folder || state->uid_validity != present->uid_validity ||
        state->to > present->to)
      return bad_token("this is no token of this collection");
    job->state = *state;
    if (!state->is_partial) job->state.from = state->to;
    job->is_first = state->is_partial && !state->from;
  }
  TRY_VOID(find_folders(context, *job));
  SyncState to = *present;
  // The rest of what was cut short ends where its first part would have ended: what changed meanwhile comes after it.
  if (job->state.is_partial) to.to = job->state.to;
  TRY(News news, job->is_first
                     ? all_of_it(context, *job,
                                 wish.limit ? std::optional<std::size_t>(std::size_t{*wish.limit} + 1) : std::nullopt)
                     : changes_of(context, *job));
  if (job->state.is_partial && job->state.is_past_gone) news.folders.clear();
  to.from = job->state.from;
  const bool is_cut = cut(news, job->state, wish.limit, to);
  if (!is_cut) to.is_partial = false;
  return tell(context, job, std::move(news), to, is_cut, wish.wanted.props);
}

}  // namespace kontor::dav
