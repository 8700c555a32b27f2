// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/calendar/stored_feeds.h"

#include "base/bytes.h"
#include "groupware/calendar/free_busy.h"
#include "groupware/flat_record.h"
#include "groupware/keys.h"
#include "groupware/records_generated.h"
#include "groupware/scheduling/scheduler.h"

namespace kontor::groupware {

std::string encode(const Feed& feed) {
  flatbuffers::FlatBufferBuilder builder(512);
  const auto string = [&](const std::string& value) {
    return value.empty() ? flatbuffers::Offset<flatbuffers::String>() : builder.CreateString(value);
  };
  const auto source = string(feed.settings.source), etag = string(feed.etag), modified = string(feed.last_modified);
  const auto digest = string(feed.digest), error = string(feed.error);
  fb::FeedBuilder table(builder);
  table.add_source(source);
  table.add_refresh(feed.settings.refresh.count());
  table.add_strips_alarms(feed.settings.strips_alarms);
  table.add_strips_attachments(feed.settings.strips_attachments);
  table.add_strips_todos(feed.settings.strips_todos);
  table.add_etag(etag);
  table.add_last_modified(modified);
  table.add_digest(digest);
  table.add_checked(feed.checked.time_since_epoch().count());
  table.add_changed(feed.changed.time_since_epoch().count());
  table.add_next(feed.next.time_since_epoch().count());
  table.add_failures(feed.failures);
  table.add_error(error);
  return flat::finished(builder, table.Finish());
}

Result<Feed> decode_feed(FolderId folder, std::string_view bytes) {
  Aligned aligned(bytes);
  TRY(const fb::Feed* table, flat::root<fb::Feed>(aligned, "a feed"));
  const auto instant = [](std::int64_t at) { return Instant(std::chrono::seconds(at)); };
  Feed feed;
  feed.folder = folder;
  feed.settings.source = flat::text(table->source());
  feed.settings.refresh = std::chrono::seconds(table->refresh());
  feed.settings.strips_alarms = table->strips_alarms();
  feed.settings.strips_attachments = table->strips_attachments();
  feed.settings.strips_todos = table->strips_todos();
  feed.etag = flat::text(table->etag());
  feed.last_modified = flat::text(table->last_modified());
  feed.digest = flat::text(table->digest());
  feed.checked = instant(table->checked());
  feed.changed = instant(table->changed());
  feed.next = instant(table->next());
  feed.failures = table->failures();
  feed.error = flat::text(table->error());
  return feed;
}

Result<std::vector<Feed>> stored_feeds(Environment& environment, AccountId account) {
  TRY(const auto snapshot, environment.engine.snapshot(store::account_partition(account)));
  std::vector<Feed> out;
  TRY_VOID(snapshot->scan(key::all('f'), key::end(key::all('f')), [&](store::Key key, store::Value value) {
    if (key.size() != 9) return true;  // for `kontor check`
    if (auto feed = decode_feed(FolderId(read_be64(key.substr(1))), value)) out.push_back(*std::move(feed));
    return true;
  }));
  return out;
}

Result<void> note_stored_feed(StoredAccount& account, const Feed& feed) {
  TRY_VOID(account.run(Caller::system(), StoredAccount::Loudness::quiet,
                       [&](AccountTransaction& transaction) { return transaction.note_feed(feed); }));
  return {};
}

template <class Base>
Result<std::optional<Feed>> Reading<Base>::feed(FolderId id) const {
  TRY(const std::shared_ptr<const Folder> found, this->folder(id));
  if ((rights_on(*found, ownership_, caller_) & right::kAdminister) == 0)
    return fail(Errc::denied, "where this calendar comes from is for those to know who may administer it");
  TRY(const std::optional<std::string> stored, layer_.get(key::feed(id)));
  if (!stored) return std::nullopt;
  TRY(Feed feed, decode_feed(id, *stored));
  return feed;
}

template Result<std::optional<Feed>> Reading<Reader>::feed(FolderId) const;
template Result<std::optional<Feed>> Reading<Transaction>::feed(FolderId) const;

Result<void> AccountTransaction::set_feed(FolderId id, const std::optional<FeedSettings>& settings) {
  TRY(const std::shared_ptr<const Folder> folder, may(id, right::kAdminister));
  TRY(const std::optional<Feed> present, feed(id));
  FolderChange change;
  if (!settings) {
    if (!present) return {};
    layer_.erase(key::feed(id));
    change.properties[kIsFeed] = "";
    return change_folder(id, change);
  }
  if (folder->kind != Kind::calendar) return fail(Errc::invalid, "only a calendar has a feed");
  // What comes there would be taken away with the next news.
  if (!present && (folder->role != FolderRole::none || folder->properties.contains(kTakesInvitations)))
    return fail(Errc::conflict, "invitations come to this calendar: a feed would take their place");
  if (!present && folder->next_uid != Uid(1))
    return fail(Errc::conflict, "there is something in the calendar already: a feed would take its place");
  Feed wanted;
  if (present) wanted = *present;
  TRY(wanted.settings, sound_feed(*settings));
  if (present && present->settings == wanted.settings) return {};
  if (!present) {
    std::size_t others = 0;
    TRY_VOID(layer_.scan(key::all('f'), key::end(key::all('f')),
                         [&](std::string_view, std::string_view) { return ++others < kMostFeeds; }));
    if (others >= kMostFeeds) return fail(Errc::over_quota, "no more calendars of one account come from elsewhere");
  }
  // What is there is fetched anew, and compared.
  wanted.etag.clear();
  wanted.last_modified.clear();
  wanted.digest.clear();
  wanted.failures = 0;
  wanted.next = environment_.clock.now();
  layer_.put(key::feed(id), encode(wanted));
  layer_.feeds = true;
  if (present) return {};
  change.properties[kIsFeed] = "yes";
  // What others do need not be one's own time.
  change.properties[kTransparentCalendar] = "true";
  return change_folder(id, change);
}

Result<void> AccountTransaction::note_feed(const Feed& news) {
  TRY(const std::optional<std::string> stored, layer_.get(key::feed(news.folder)));
  if (!stored) return {};
  TRY(const Feed present, decode_feed(news.folder, *stored));
  if (present.settings == news.settings) layer_.put(key::feed(news.folder), encode(news));
  return {};
}

}  // namespace kontor::groupware
