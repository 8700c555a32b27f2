// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/item_parts.h"

#include <algorithm>

#include "formats/icalendar/access.h"
#include "formats/icalendar/calendar.h"
#include "formats/mapi/categories.h"
#include "formats/mapi/entry_id.h"
#include "formats/mapi/item_body.h"
#include "formats/mapi/line_text.h"
#include "formats/mime/charset.h"

namespace kontor::mapi {
namespace {

constexpr std::size_t kLongestUid = 1000;
constexpr std::size_t kLongestHtml = std::size_t{1} << 20;
constexpr Tag kContacts = tag::common(0x853A);

std::string joined(const std::vector<std::string>& texts) {
  std::string value;
  for (const std::string& text : texts)
    if (!text.empty()) value += (value.empty() ? "" : ",") + line_text(one_line(text));
  return value;
}

// Where a text is that is usually there, but binary in old mail.
std::string text_or_bytes(const Properties& from, const Tag& tag) {
  if (const std::string* bytes = from.bytes(tag)) return mime::is_utf8(*bytes) ? *bytes : std::string();
  return std::string(from.text_or_empty(tag));
}

}  // namespace

std::string item_uid(const Properties& item, std::string_view fallback) {
  for (const Tag& tag : {tag::kCleanGlobalObjectId, tag::kGlobalObjectId}) {
    const std::string* bytes = item.bytes(tag);
    const auto id = bytes == nullptr ? std::nullopt : parse_global_object_id(*bytes);
    if (!id) continue;
    if (std::string uid = one_line(uid_of(*id), kLongestUid); !uid.empty()) return uid;
  }
  std::string uid = one_line(text_or_bytes(item, tag::kCalDavUid), kLongestUid);
  return uid.empty() ? one_line(fallback, kLongestUid) : uid;
}

std::string utc_value(Instant at) {
  return icalendar::print(
      icalendar::When{.kind = icalendar::When::Kind::utc,
                      .wall = icalendar::Wall(std::chrono::floor<std::chrono::seconds>(at).time_since_epoch()),
                      .zone = {}});
}

void ItemParts::add_head(std::string_view uid) const {
  into_.set("UID", line_text(uid));
  said({tag::kGlobalObjectId, tag::kCleanGlobalObjectId, tag::kCalDavUid});
  const auto created = from_.time(tag::kCreationTime);
  const auto changed = from_.time(tag::kLastModificationTime);
  // iTIP tells messages of one sequence apart by it.
  const auto critical = from_.time(tag::kOwnerCriticalChange);
  into_.set("DTSTAMP", utc_value(critical ? *critical : changed ? *changed : created.value_or(Instant())));
  if (created) into_.set("CREATED", utc_value(*created));
  if (changed) into_.set("LAST-MODIFIED", utc_value(*changed));
  said({tag::kCreationTime, tag::kLastModificationTime});
}

void ItemParts::add_summary() const {
  const std::string_view subject = from_.first_text({tag::kSubject, tag::kNormalizedSubject});
  if (!subject.empty()) into_.set("SUMMARY", line_text(one_line(subject)));
  said({tag::kSubject, tag::kNormalizedSubject});
}

void ItemParts::add_bodies() const {
  const ItemBody body = body_of(from_);
  if (!body.text.empty()) into_.set("DESCRIPTION", line_text(body.text));
  into_.remove("X-ALT-DESC");
  said(tag::kBody);
  if (body.html.size() > kLongestHtml) return;
  if (!body.html.empty()) into_.set("X-ALT-DESC", line_text(body.html)).set("FMTTYPE", "text/html");
  said(tag::kHtml);
  if (body.is_all) said(tag::kRtfCompressed);
}

void ItemParts::add_lists() const {
  if (std::string value = joined(categories_of(from_)); !value.empty()) into_.set("CATEGORIES", std::move(value));
  said(tag::kKeywords);
  const auto* contacts = from_.texts(kContacts);
  if (contacts == nullptr) return;
  // A CONTACT is one text; a comma between several is as good.
  if (std::string value = joined(*contacts); !value.empty()) into_.set("CONTACT", std::move(value));
  said(kContacts);
}

void ItemParts::add_class() const {
  constexpr std::int64_t kIsPrivate = 2;
  constexpr std::int64_t kIsConfidential = 3;
  const auto sensitivity = from_.integer(tag::kSensitivity);
  if (sensitivity == kIsPrivate || from_.boolean(tag::kPrivate))
    into_.set("CLASS", "PRIVATE");
  else if (sensitivity == kIsConfidential)
    into_.set("CLASS", "CONFIDENTIAL");
  else
    into_.remove("CLASS");
  // "Personal" hides nothing, and is no class of iCalendar.
  if (sensitivity != 1) said(tag::kSensitivity);
  said(tag::kPrivate);
}

void ItemParts::add_priority() const {
  const auto importance = from_.integer(tag::kImportance);
  if (importance == 2) into_.set("PRIORITY", "1");
  if (importance == 0) into_.set("PRIORITY", "9");
  said({tag::kImportance, tag::kPriority});
}

void ItemParts::add_text(const Tag& tag, std::string_view property) const {
  const std::string_view text = from_.text_or_empty(tag);
  if (!text.empty()) into_.set(property, line_text(text));
  said(tag);
}

lines::Component calendar_of(std::vector<lines::Component> zones, std::vector<lines::Component> parts) {
  lines::Component calendar;
  calendar.name = "VCALENDAR";
  calendar.set("VERSION", "2.0");
  calendar.set("PRODID", "-//Kontor//Kontor//EN");
  calendar.components = std::move(zones);
  std::ranges::move(parts, std::back_inserter(calendar.components));
  return calendar;
}

void finish(const lines::Component& calendar, CalendarObject& made) {
  made.text = icalendar::write(calendar);
  made.uid = icalendar::uid(calendar.components.back());
}

}  // namespace kontor::mapi
