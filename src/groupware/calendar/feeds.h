// SPDX-License-Identifier: AGPL-3.0-or-later
// Subscriptions to calendars elsewhere: a calendar whose items come from an .ics feed, which the server fetches again
// and again. Nobody but the server changes what is in it.
//
// What is known of a feed (where it is, when it is due, what went wrong) stands in a record of its own beside the
// folder: to look for news that are none is no change of the account.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"

namespace kontor::groupware {

// Of a folder, "yes": it has a feed.
constexpr const char* kIsFeed = "calendar.feed";

struct FeedSettings {
  bool operator==(const FeedSettings&) const = default;

  std::string source;                  // http, https, webcal or webcals; may hold a login
  std::chrono::seconds refresh{3600};  // how often it is fetched
  bool strips_alarms = false, strips_attachments = false, strips_todos = false;
};
constexpr std::chrono::seconds kShortestRefresh{300}, kLongestRefresh{86'400 * 7};
constexpr std::size_t kMostFeeds = 50;  // of one account: each may keep the one who fetches them waiting

struct Feed {
  bool operator==(const Feed&) const = default;

  FolderId folder;
  FeedSettings settings;
  std::string etag, last_modified;  // as the source said them
  std::string digest;               // of the bytes that the items are made of
  Instant checked{};                // the last time that the source answered, or did not
  Instant changed{};                // the last time that something was new
  Instant next{};                   // when it is due
  std::uint32_t failures = 0;       // in a row
  std::string error;                // of the last time; empty: it went well
};

// With the refresh within its bounds and webcal: as what it is. Errors: invalid (it is no URL that can be fetched).
Result<FeedSettings> sound_feed(FeedSettings settings);
// For people and logs: without a login and what follows the path, which may be a secret.
std::string shown_source(std::string_view source);

// "P1W", "PT1H" or a number of seconds. Nothing: it is none of them.
std::optional<std::chrono::seconds> parse_refresh(std::string_view text);

// One object of a feed as it is to be kept.
struct FeedItem {
  std::string uid;
  std::string text;
  std::string digest;  // of what it says; not of when it was written
};
struct FeedItems {
  std::vector<FeedItem> items;  // each UID once
  std::size_t left_out = 0;     // of no kind that is kept, or beyond the most
};
// Errors: invalid (no calendar).
Result<FeedItems> read_feed(std::string_view bytes, const FeedSettings& settings);

// What a source answered.
struct FeedAnswer {
  unsigned status = 0;
  std::string body, etag, last_modified;
};
// Fetches it, unless it is as `etag` and `last_modified` say. Errors: unavailable, denied (a place that may not be
// asked), too_large.
using FetchFeed = std::function<Result<FeedAnswer>(const Feed& feed)>;

}  // namespace kontor::groupware
