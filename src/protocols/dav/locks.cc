// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/locks.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>

#include "wire/dav/href.h"
#include "wire/xml/parse.h"
#include "wire/xml/print.h"

namespace kontor::dav {
namespace {

constexpr std::string_view kLockPrefix = "/shared/dav/lock/";
constexpr xml::NameView kLockElement{"", "lock"};

std::string lock_entry(const Lock& lock) {
  return std::string(kLockPrefix) + lock.token.substr(lock.token.rfind(':') + 1);
}

std::string stored_form(const Lock& lock) {
  std::string out;
  xml::Printer printer(out, {});
  const std::string by = std::to_string(lock.by.value), until = std::to_string(lock.until.time_since_epoch().count());
  printer.open(kLockElement, {{"token", lock.token},
                              {"name", lock.name},
                              {"deep", lock.is_deep ? "1" : "0"},
                              {"exclusive", lock.is_exclusive ? "1" : "0"},
                              {"by", by},
                              {"until", until}});
  printer.text(lock.owner);
  printer.close();
  return out;
}

std::int64_t number_in(const xml::Element& element, std::string_view attribute) {
  std::int64_t out = 0;
  if (const std::string* text = element.attribute(attribute))
    std::from_chars(text->data(), text->data() + text->size(), out);
  return out;
}

std::optional<Lock> stored_lock(FolderId folder, std::string_view text) {
  const auto element = xml::parse(text);
  if (!element || !element->attribute("token") || !element->attribute("name")) return std::nullopt;
  Lock lock;
  lock.token = *element->attribute("token");
  lock.folder = folder;
  lock.name = *element->attribute("name");
  lock.is_deep = number_in(*element, "deep") != 0;
  lock.is_exclusive = number_in(*element, "exclusive") != 0;
  lock.by = PrincipalId(static_cast<std::uint64_t>(number_in(*element, "by")));
  lock.until = Instant(std::chrono::seconds(number_in(*element, "until")));
  lock.owner = element->own_text();
  return lock;
}

// Also those that have ended.
Outcome<std::vector<Lock>> noted_in(const groupware::Reader& reader, FolderId folder) {
  std::vector<Lock> out;
  if (!(reader.rights(folder) & groupware::right::kRead)) return out;
  TRY(const auto annotations, reader.annotations(folder));
  for (auto at = annotations.lower_bound(std::string(kLockPrefix));
       at != annotations.end() && at->first.starts_with(kLockPrefix); ++at)
    if (auto lock = stored_lock(folder, at->second)) out.push_back(*std::move(lock));
  return out;
}

Outcome<void> collect(const groupware::Reader& reader, FolderId folder, Instant now,
                      const std::function<bool(const Lock&)>& counts, std::vector<Lock>& out) {
  TRY(auto noted, noted_in(reader, folder));
  for (Lock& lock : noted)
    if (lock.until > now && counts(lock)) out.push_back(std::move(lock));
  return {};
}

Outcome<void> collect_deep(const groupware::Reader& reader, FolderId above, Instant now, std::vector<Lock>& out) {
  const auto folders = reader.folders();
  for (auto at = folders->find(above); at; at = folders->find(at->parent)) {
    TRY_VOID(collect(reader, at->id, now, [](const Lock& lock) { return lock.name.empty() && lock.is_deep; }, out));
    if (!at->parent) break;
  }
  return {};
}

// The folder that the resource's name is in; 0 at the top.
FolderId holder_of(const Resource& resource) {
  return resource.what == Resource::What::collection ? resource.folder->parent : resource.folder->id;
}

Outcome<void> refuse_locked(const Resource& resource, const Lock& lock) {
  Problem problem(wire::dav::Refusal{423, "it is locked", xml::Name(wire::dav::dav("lock-token-submitted"))});
  // The lock's root is the resource or one above it; of one below only its collection is known here.
  problem.paths = {lock.folder == resource.folder->id && lock.name.empty() &&
                           resource.what != Resource::What::collection
                       ? parent_of(resource.path)
                       : resource.path};
  return std::unexpected(std::move(problem));
}

// The encoded path of what the lock is on: the resource or one above it.
std::string lock_root(const Resource& resource, const Lock& lock, const groupware::FolderTable& folders) {
  std::string path = resource.path;
  if (resource.what != Resource::What::collection) {
    if (!lock.name.empty()) return wire::dav::encode_path(path);
    path = parent_of(path);
  }
  for (auto at = resource.folder; at && at->id != lock.folder; at = folders.find(at->parent)) path = parent_of(path);
  return wire::dav::encode_path(path);
}

}  // namespace

Outcome<std::vector<Lock>> locks_on(const groupware::Reader& reader, const Resource& resource, Instant now) {
  std::vector<Lock> out;
  if (!resource.folder) return out;
  const std::string name = resource.what == Resource::What::collection ? std::string() : resource.name;
  TRY_VOID(collect(
      reader, resource.folder->id, now,
      [&](const Lock& lock) { return lock.name == name || (lock.name.empty() && lock.is_deep); }, out));
  if (resource.folder->parent) TRY_VOID(collect_deep(reader, resource.folder->parent, now, out));
  return out;
}

Outcome<std::vector<Lock>> locks_below(const groupware::Reader& reader, FolderId folder, Instant now) {
  std::vector<Lock> out;
  TRY_VOID(collect(reader, folder, now, [](const Lock&) { return true; }, out));
  for (const auto& child : reader.folders()->children(folder)) {
    TRY(auto below, locks_below(reader, child->id, now));
    std::ranges::move(below, std::back_inserter(out));
  }
  return out;
}

Outcome<void> check_locks(Context& context, const groupware::Reader& reader, const Resource& resource, Touch touch) {
  if (!resource.folder) return {};
  TRY(auto locks, locks_on(reader, resource, context.now()));
  if (touch == Touch::name) {
    // What comes or goes changes the collection, also one that is locked without what is in it.
    if (const FolderId holder = holder_of(resource)) {
      TRY_VOID(collect(
          reader, holder, context.now(), [](const Lock& lock) { return lock.name.empty() && !lock.is_deep; }, locks));
    }
    if (resource.what == Resource::What::collection) {
      TRY(auto below, locks_below(reader, resource.folder->id, context.now()));
      std::ranges::move(below, std::back_inserter(locks));
    }
  }
  if (locks.empty()) return {};
  TRY(const auto lists, wire::dav::parse_if(context.header("if")));
  const auto submitted = wire::dav::submitted_tokens(lists);
  const auto is_submitted = [&](const Lock& lock) {
    return lock.by == context.caller.principal && std::ranges::find(submitted, lock.token) != submitted.end();
  };
  // Of shared locks on the same resource one's own is enough.
  for (const Lock& lock : locks) {
    if (is_submitted(lock)) continue;
    const bool has_own = !lock.is_exclusive && std::ranges::any_of(locks, [&](const Lock& other) {
      return !other.is_exclusive && other.folder == lock.folder && other.name == lock.name && is_submitted(other);
    });
    if (!has_own) return refuse_locked(resource, lock);
  }
  return {};
}

Outcome<void> store_lock(groupware::Transaction& transaction, const Lock& lock, Instant now) {
  TRY(const auto noted, noted_in(transaction, lock.folder));
  for (const Lock& other : noted)
    if (other.until <= now) TRY_VOID(remove_lock(transaction, other));
  TRY_VOID(transaction.annotate(lock.folder, lock_entry(lock), stored_form(lock)));
  return {};
}

Outcome<void> remove_lock(groupware::Transaction& transaction, const Lock& lock) {
  TRY_VOID(transaction.annotate(lock.folder, lock_entry(lock), std::nullopt));
  return {};
}

Outcome<void> drop_locks(groupware::Transaction& transaction, FolderId folder, std::string_view item) {
  TRY(const auto noted, noted_in(transaction, folder));
  for (const Lock& lock : noted)
    if (item.empty() || lock.name == item) TRY_VOID(remove_lock(transaction, lock));
  return {};
}

void print_locks(Context& context, const Resource& resource, const std::vector<Lock>& locks, xml::Printer& out) {
  using wire::dav::dav;
  const auto folders = resource.account->folders();
  for (const Lock& lock : locks) {
    out.open(dav("activelock"));
    out.open(dav("locktype"));
    out.leaf(dav("write"));
    out.close();
    out.open(dav("lockscope"));
    out.leaf(dav(lock.is_exclusive ? "exclusive" : "shared"));
    out.close();
    out.leaf(dav("depth"), lock.is_deep ? "infinity" : "0");
    if (!lock.owner.empty())
      if (const auto owner = xml::parse(lock.owner)) out.element(*owner);
    out.leaf(dav("timeout"), fmt::format("Second-{}", (lock.until - context.now()).count()));
    // Whoever did not make the lock learns of it, not by which word it is opened.
    if (lock.by == context.caller.principal) {
      out.open(dav("locktoken"));
      out.leaf(dav("href"), lock.token);
      out.close();
    }
    out.open(dav("lockroot"));
    out.leaf(dav("href"), lock_root(resource, lock, *folders));
    out.close();
    out.close();
  }
}

}  // namespace kontor::dav
