// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/walk.h"

namespace kontor::dav {
namespace {

using What = Resource::What;
constexpr std::size_t kWalkedAtOnce = 1000;

bool is_below(const groupware::FolderTable& folders, const groupware::Folder& folder, FolderId above) {
  for (auto at = folders.find(folder.id); at; at = folders.find(at->parent))
    if (at->id == above) return true;
  return false;
}

}  // namespace

Walk::Walk(Resource from, wire::dav::Depth depth, bool is_without_itself)
    : depth_(depth), skips_first_(is_without_itself) {
  pending_.push_back(std::move(from));
}

Outcome<bool> Walk::step(Context& context, const std::function<void(const Resource&)>& visit) {
  if (is_first_) {
    is_first_ = false;
    if (!skips_first_) visit(pending_.front());
    if (depth_ == wire::dav::Depth::zero) pending_.clear();
  } else if (!waiting_.empty()) {
    const Resource next = std::move(waiting_.front());
    waiting_.pop_front();
    visit(next);
  } else if (inside_) {
    TRY_VOID(go_on(context));
  } else if (!pending_.empty()) {
    TRY_VOID(enter(context));
  }
  return !waiting_.empty() || inside_ || !pending_.empty();
}

// What is in it but for a folder's items, which come in steps of their own.
Outcome<void> Walk::enter(Context& context) {
  Resource at = std::move(pending_.front());
  pending_.pop_front();
  const bool goes_deeper = depth_ == wire::dav::Depth::infinity;
  const auto take = [&](Resource member) {
    if (goes_deeper && member.is_collection()) pending_.push_back(member);
    waiting_.push_back(std::move(member));
    return true;
  };
  if (at.what == What::collection) {
    TRY_VOID(collections_in(context, at, take));
    inside_ = std::move(at);
    after_.clear();
    return {};
  }
  return members(context, at, take);
}

Outcome<void> Walk::go_on(Context& context) {
  TRY(const auto last, items_after(context, *inside_, after_, kWalkedAtOnce, [&](Resource item) {
        waiting_.push_back(std::move(item));
        return true;
      }));
  if (last)
    after_ = *last;
  else
    inside_.reset();
  return {};
}

std::uint64_t size_of_walk(Context& context, const Resource& from, wire::dav::Depth depth) {
  if (!from.account || depth == wire::dav::Depth::zero) return 1;
  const auto reader = context.reader(*from.account);
  if (!reader) return 1;
  const auto folders = (*reader)->folders();
  if (depth == wire::dav::Depth::one) return from.folder ? from.folder->total + 1 : 1;
  std::uint64_t out = 1;
  for (const auto& folder : folders->all())
    if (folder->kind != groupware::Kind::mail && (!from.folder || is_below(*folders, *folder, from.folder->id)))
      out += folder->total + 1;
  return out;
}

}  // namespace kontor::dav
