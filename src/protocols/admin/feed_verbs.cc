// SPDX-License-Identifier: AGPL-3.0-or-later
// Verbs over calendars whose items come from elsewhere.
#include <fmt/format.h>

#include "groupware/calendar/feeds.h"
#include "protocols/admin/verb.h"

namespace kontor::admin {
namespace {

using groupware::Feed;

json::object show_feed(const directory::Principal& owner, const groupware::FolderTable& folders, const Feed& feed) {
  const auto moment = [](Instant at) { return at == Instant() ? json::value(nullptr) : json::value(show(at)); };
  return {{"address", owner.primary_address()},
          {"folder", folders.path(feed.folder)},
          {"source", groupware::shown_source(feed.settings.source)},
          {"refresh", feed.settings.refresh.count()},
          {"checked", moment(feed.checked)},
          {"changed", moment(feed.changed)},
          {"next", show(feed.next)},
          {"failures", feed.failures},
          {"error", feed.error}};
}

struct FeedOwner {
  directory::Principal principal;
  std::shared_ptr<groupware::Account> account;
};

Result<FeedOwner> feed_owner(const Context& context, const Arguments& arguments) {
  TRY(const std::string address, arguments.text("address"));
  FeedOwner owner;
  TRY(owner.principal, find_principal(context, address));
  if (!owner.principal.account())
    return fail(Errc::invalid, fmt::format("{} is a group and has no calendars", address));
  TRY(owner.account, context.accounts.open(owner.principal.account()));
  return owner;
}

Result<json::array> feeds_of(Context& context, const directory::Principal& owner) {
  json::array out;
  TRY(const auto feeds, context.accounts.feeds(owner.account()));
  if (feeds.empty()) return out;
  TRY(const auto account, context.accounts.open(owner.account()));
  const auto folders = account->folders();
  for (const Feed& feed : feeds)
    if (folders->find(feed.folder)) out.push_back(show_feed(owner, *folders, feed));
  return out;
}

Result<json::value> list_feeds(Context& context, const Arguments& arguments) {
  TRY(const auto address, arguments.optional_text("address"));
  json::array out;
  if (address) {
    TRY(const FeedOwner owner, feed_owner(context, arguments));
    TRY(out, feeds_of(context, owner.principal));
    return out;
  }
  for (const directory::Principal& one : context.directory.principals(TenantId())) {
    if (!one.account()) continue;
    TRY(json::array some, feeds_of(context, one));
    for (json::value& row : some) out.push_back(std::move(row));
  }
  return out;
}

Result<json::value> add_feed(Context& context, const Arguments& arguments) {
  TRY(const FeedOwner owner, feed_owner(context, arguments));
  TRY(const std::string name, arguments.text("folder"));
  groupware::FeedSettings settings;
  TRY(settings.source, arguments.text("source"));
  TRY(const auto refresh, arguments.optional_text("refresh"));
  if (refresh) {
    const auto read = groupware::parse_refresh(*refresh);
    if (!read)
      return fail(Errc::invalid, fmt::format("\"{}\" is no duration: PT1H, P1D, or a number of seconds", *refresh));
    settings.refresh = *read;
  }
  TRY_VOID(owner.account->update(groupware::Caller::system(), [&](groupware::Transaction& t) -> Result<void> {
    groupware::Transaction::NewFolder folder;
    folder.name = name;
    folder.kind = groupware::Kind::calendar;
    TRY(const FolderId id, t.create_folder(folder));
    return t.set_feed(id, settings);
  }));
  TRY(json::array out, feeds_of(context, owner.principal));
  return out;
}

// What the verbs that follow are about.
Result<Feed> chosen_feed(Context& context, const Arguments& arguments, const FeedOwner& owner) {
  TRY(const std::string path, arguments.text("folder"));
  const auto folder = owner.account->folders()->at_any_path(path);
  TRY(const auto feeds, context.accounts.feeds(owner.principal.account()));
  for (const Feed& feed : feeds)
    if (folder && feed.folder == folder->id) return feed;
  return fail(Errc::not_found, fmt::format("{} is no calendar with a source", path));
}

Result<json::value> refresh_feed(Context& context, const Arguments& arguments) {
  TRY(const FeedOwner owner, feed_owner(context, arguments));
  TRY(Feed feed, chosen_feed(context, arguments, owner));
  feed.next = context.clock.now();
  TRY_VOID(context.accounts.note_feed(owner.principal.account(), feed));
  TRY(json::array out, feeds_of(context, owner.principal));
  return out;
}

Result<json::value> end_feed(Context& context, const Arguments& arguments) {
  TRY(const FeedOwner owner, feed_owner(context, arguments));
  TRY(const Feed feed, chosen_feed(context, arguments, owner));
  TRY_VOID(owner.account->update(groupware::Caller::system(),
                                 [&](groupware::Transaction& t) { return t.set_feed(feed.folder, std::nullopt); }));
  TRY(json::array out, feeds_of(context, owner.principal));
  return out;
}

}  // namespace

std::span<const Verb> feed_verbs() {
  static const std::vector<Verb> table = {
      {"calendar.subscription.list", false, {"address"}, list_feeds},
      {"calendar.subscription.add", true, {"address", "folder", "source", "refresh"}, add_feed},
      {"calendar.subscription.refresh", true, {"address", "folder"}, refresh_feed},
      {"calendar.subscription.end", true, {"address", "folder"}, end_feed},
  };
  return table;
}

}  // namespace kontor::admin
