// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/feeds.h"

#include <fmt/format.h>

#include "groupware/calendar/feeds.h"
#include "protocols/dav/calendar.h"
#include "protocols/dav/principals.h"

namespace kontor::dav {
namespace {

using groupware::Feed;
using groupware::FeedSettings;
using groupware::Transaction;

constexpr xml::NameView kRefreshRate{wire::dav::kAppleIcal, "refreshrate"};
constexpr xml::NameView kStripAlarms{wire::dav::kCalendarServer, "subscribed-strip-alarms"};
constexpr xml::NameView kStripAttachments{wire::dav::kCalendarServer, "subscribed-strip-attachments"};
constexpr xml::NameView kStripTodos{wire::dav::kCalendarServer, "subscribed-strip-todos"};

// Its address may hold a secret: for those who may change it.
Shown with_feed(Context& context, const Resource& resource, Shown (*print)(const Feed&, xml::Printer&),
                xml::Printer& out) {
  if (!resource.folder->properties.contains(groupware::kIsFeed)) return Shown::absent;
  if (!(resource.rights(context) & groupware::right::kAdminister)) return Shown::denied;
  const auto reader = context.reader(*resource.account);
  const auto feed = reader ? (*reader)->feed(resource.folder->id) : std::unexpected(Error{Errc::denied, ""});
  if (!feed || !*feed) return Shown::absent;
  return print(**feed, out);
}

Shown print_source(Context& context, const Resource& resource, xml::Printer& out) {
  return with_feed(
      context, resource,
      [](const Feed& feed, xml::Printer& to) {
        to.open(kFeedSource);
        to.leaf(wire::dav::dav("href"), feed.settings.source);
        to.close();
        return Shown::yes;
      },
      out);
}

Shown print_refresh(Context& context, const Resource& resource, xml::Printer& out) {
  return with_feed(
      context, resource,
      [](const Feed& feed, xml::Printer& to) {
        to.leaf(kRefreshRate, fmt::format("PT{}S", feed.settings.refresh.count()));
        return Shown::yes;
      },
      out);
}

template <const xml::NameView& name, bool FeedSettings::* flag>
Shown print_strip(Context& context, const Resource& resource, xml::Printer& out) {
  return with_feed(
      context, resource,
      [](const Feed& feed, xml::Printer& to) {
        if (!(feed.settings.*flag)) return Shown::absent;
        to.leaf(name);
        return Shown::yes;
      },
      out);
}

Outcome<> change_feed(const Resource& resource, Transaction& transaction,
                      const std::function<Outcome<>(FeedSettings&)>& change) {
  TRY(const std::optional<Feed> present, transaction.feed(resource.folder->id));
  if (!present) return deny(409, "this calendar has no source");
  FeedSettings settings = present->settings;
  TRY_VOID(change(settings));
  TRY_VOID(transaction.set_feed(resource.folder->id, settings));
  return {};
}

Outcome<> set_source(Context&, const Resource& resource, Transaction& transaction, const xml::Element* value) {
  if (!value) {
    TRY_VOID(transaction.set_feed(resource.folder->id, std::nullopt));
    return {};
  }
  TRY(const std::optional<Feed> present, transaction.feed(resource.folder->id));
  FeedSettings settings = present ? present->settings : FeedSettings();
  const xml::Element* href = value->child(wire::dav::dav("href"));
  settings.source = href ? href->own_text() : value->own_text();
  const auto done = transaction.set_feed(resource.folder->id, settings);
  if (!done && done.error().code == Errc::invalid) return deny(409, done.error().text);
  if (!done) return std::unexpected(Problem(done.error()));
  return {};
}

Outcome<> set_refresh(Context&, const Resource& resource, Transaction& transaction, const xml::Element* value) {
  return change_feed(resource, transaction, [&](FeedSettings& settings) -> Outcome<> {
    const auto wanted = value ? groupware::parse_refresh(value->own_text()) : FeedSettings().refresh;
    if (!wanted) return deny(409, "this is no duration");
    settings.refresh = *wanted;
    return {};
  });
}

template <bool FeedSettings::* flag>
Outcome<> set_strip(Context&, const Resource& resource, Transaction& transaction, const xml::Element* value) {
  return change_feed(resource, transaction, [&](FeedSettings& settings) -> Outcome<> {
    settings.*flag = value != nullptr;
    return {};
  });
}

const Property kFeedProperties[] = {
    {kFeedSource, kCalendarScope, false, print_source, set_source},
    {kRefreshRate, kCalendarScope, false, print_refresh, set_refresh},
    {kStripAlarms, kCalendarScope, false, print_strip<kStripAlarms, &FeedSettings::strips_alarms>,
     set_strip<&FeedSettings::strips_alarms>},
    {kStripAttachments, kCalendarScope, false, print_strip<kStripAttachments, &FeedSettings::strips_attachments>,
     set_strip<&FeedSettings::strips_attachments>},
    {kStripTodos, kCalendarScope, false, print_strip<kStripTodos, &FeedSettings::strips_todos>,
     set_strip<&FeedSettings::strips_todos>},
};

std::vector<xml::NameView> feed_types(const Resource& resource) {
  if (kCalendarScope.covers(resource) && resource.folder->properties.contains(groupware::kIsFeed))
    return {kSubscribedType};
  return {};
}

}  // namespace

const Family& feeds_family() {
  static const Family kFamily{
      .name = "feeds", .properties = kFeedProperties, .compliance = "calendarserver-subscribed", .types = feed_types};
  return kFamily;
}

}  // namespace kontor::dav
