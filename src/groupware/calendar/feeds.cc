// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/calendar/feeds.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/bytes.h"
#include "base/digest.h"
#include "formats/icalendar/access.h"
#include "formats/icalendar/objects.h"

namespace kontor::groupware {
namespace {

constexpr std::size_t kLongestSource = 2000;
constexpr std::size_t kMostItems = 20'000;
constexpr std::size_t kLargestItem = 1 << 20;
constexpr std::size_t kMostRepeated = std::size_t{256} << 20;  // of memory, by zones that many objects name
constexpr lines::Limits kFeedLimits{.bytes = std::size_t{64} << 20,
                                    .depth = 8,
                                    .components = 200'000,
                                    .properties = 4'000'000,
                                    .parameters = 500,
                                    .parts = 8'000'000};

// Whether it takes place in the feed's folder at all.
bool is_kept(const lines::Component& component, const FeedSettings& settings) {
  switch (icalendar::kind_of(component)) {
    case icalendar::ComponentKind::event:
      return true;
    case icalendar::ComponentKind::todo:
      return !settings.strips_todos;
    case icalendar::ComponentKind::time_zone:
      return true;
    default:
      return false;
  }
}

void strip(lines::Component& part, const FeedSettings& settings) {
  // A stranger does not have us write mail, nor name what is kept here.
  std::erase_if(part.components, [&](const lines::Component& inner) {
    return inner.is("VALARM") && (settings.strips_alarms || iequals(inner.value("ACTION"), "EMAIL"));
  });
  std::erase_if(part.properties,
                [&](const lines::Property& property) { return settings.strips_attachments && property.is("ATTACH"); });
  for (lines::Property& property : part.properties) {
    if (property.is("ATTACH")) property.remove("MANAGED-ID");
    // Nobody is told by this server of meetings that are planned elsewhere, also not when they are its user's own.
    if (property.is("ORGANIZER") || property.is("ATTENDEE")) property.set("SCHEDULE-AGENT", "CLIENT");
  }
}

// Many servers write DTSTAMP anew each time.
std::string digest_of(lines::Component calendar) {
  for (lines::Component& part : calendar.components) part.remove("DTSTAMP");
  calendar.remove("PRODID");
  return to_hex(sha256(icalendar::write(calendar))).substr(0, 32);
}

}  // namespace

Result<FeedSettings> sound_feed(FeedSettings settings) {
  std::string& source = settings.source;
  const auto begin = source.find_first_not_of(" \t\r\n");
  source = begin == std::string::npos ? "" : source.substr(begin, source.find_last_not_of(" \t\r\n") + 1 - begin);
  const auto colon = source.find("://");
  const std::string scheme = to_lower(source.substr(0, colon == std::string::npos ? 0 : colon));
  const std::string rest = colon == std::string::npos ? std::string() : source.substr(colon);
  if (scheme == "webcal" || scheme == "webcals")
    source = "https" + rest;
  else if (scheme == "http" || scheme == "https")
    source = scheme + rest;
  else
    return fail(Errc::invalid, "a feed has an address that begins with https:, http: or webcal:");
  const bool has_host = rest.size() > 3 && rest[3] != '/' && rest[3] != '?' && rest[3] != '#';
  const bool is_clean =
      std::ranges::none_of(source, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; });
  if (!has_host || !is_clean || source.size() > kLongestSource)
    return fail(Errc::invalid, "this is no address of a feed");
  settings.refresh = std::clamp(settings.refresh, kShortestRefresh, kLongestRefresh);
  return settings;
}

std::string shown_source(std::string_view source) {
  const auto colon = source.find("://");
  if (colon == std::string_view::npos) return {};
  const std::string_view scheme = source.substr(0, colon + 3);
  std::string_view rest = source.substr(colon + 3);
  rest = rest.substr(0, rest.find_first_of("?#"));
  const auto slash = std::min(rest.find('/'), rest.size());
  if (const auto at = rest.substr(0, slash).rfind('@'); at != std::string_view::npos) rest.remove_prefix(at + 1);
  return std::string(scheme).append(rest);
}

std::optional<std::chrono::seconds> parse_refresh(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return std::chrono::seconds(number);
  const auto duration = icalendar::parse_duration(text);
  if (!duration || duration->length() <= std::chrono::seconds(0)) return std::nullopt;
  return duration->length();
}

Result<FeedItems> read_feed(std::string_view bytes, const FeedSettings& settings) {
  if (to_upper(bytes.substr(0, 4096)).find("BEGIN:V") == std::string::npos)
    return fail(Errc::invalid, "The source answers with something else than a calendar.");
  TRY(const icalendar::Calendars read, icalendar::read(bytes, {}, kFeedLimits));
  FeedItems out;
  std::set<std::string> seen;
  icalendar::Objects objects = icalendar::split(read.calendars, kMostRepeated);
  for (icalendar::Object& object : objects.objects) {
    std::erase_if(object.calendar.components, [&](const auto& part) { return !is_kept(part, settings); });
    const bool has_any = std::ranges::any_of(object.calendar.components, [](const lines::Component& part) {
      return icalendar::kind_of(part) != icalendar::ComponentKind::time_zone;
    });
    for (lines::Component& part : object.calendar.components) strip(part, settings);
    FeedItem item{object.uid, {}, digest_of(object.calendar)};
    if (item.uid.empty()) {
      item.uid = item.digest + "@feed";
      for (lines::Component& part : object.calendar.components)
        if (icalendar::kind_of(part) != icalendar::ComponentKind::time_zone) part.set("UID", item.uid);
    }
    item.text = has_any ? icalendar::write(object.calendar) : std::string();
    const bool is_taken = has_any && item.text.size() <= kLargestItem && out.items.size() < kMostItems;
    if (!is_taken || !seen.insert(item.uid).second)
      ++out.left_out;
    else
      out.items.push_back(std::move(item));
  }
  return out;
}

}  // namespace kontor::groupware
