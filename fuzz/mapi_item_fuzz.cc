// SPDX-License-Identifier: AGPL-3.0-or-later
// links: formats_mapi formats base
// What becomes of any item reads back without a repair: one item of a calendar with the UID that was told, a part of a
// mail with its method, a card. The same item becomes the same text.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "formats/icalendar/calendar.h"
#include "formats/icalendar/calendar_object.h"
#include "formats/mapi/contact.h"
#include "formats/mapi/distribution_list.h"
#include "formats/mapi/event.h"
#include "formats/mapi/journal.h"
#include "formats/mapi/kept.h"
#include "formats/mapi/meeting.h"
#include "formats/mapi/note.h"
#include "formats/mapi/task.h"
#include "formats/vcard/card.h"

namespace {

using namespace kontor;
using namespace kontor::mapi;

constexpr Limits kLimits{.properties = 200, .value_bytes = 4096, .values = 200};

void require(bool holds) {
  if (!holds) std::abort();
}

const icalendar::ZoneDatabase& database() {
  static const icalendar::ZoneDatabase zones;
  return zones;
}

// Objects of properties in the form that they are kept in, each behind a letter and its length (two bytes): "m" the
// item, "r" a recipient, "a" an attachment, "e" the message in the last attachment, "p" a recipient of that.
Message item_of(std::string_view bytes) {
  Message item;
  while (bytes.size() > 3) {
    const char what = bytes[0];
    const std::size_t size = static_cast<unsigned char>(bytes[1]) + 256U * static_cast<unsigned char>(bytes[2]);
    const auto properties = read_kept(bytes.substr(3, size), kLimits);
    bytes.remove_prefix(std::min(bytes.size(), size + 3));
    if (!properties) continue;
    if (what == 'm') item.properties = *properties;
    if (what == 'r') item.recipients.push_back(*properties);
    if (what == 'a') item.attachments.emplace_back().properties = *properties;
    if (item.attachments.empty()) continue;
    auto& embedded = item.attachments.back().embedded;
    if (what == 'e') embedded = {Message{.properties = *properties, .recipients = {}, .attachments = {}}};
    if (what == 'p' && !embedded.empty()) embedded.front().recipients.push_back(*properties);
  }
  return item;
}

CalendarContext context(std::string_view bytes) {
  CalendarContext made{.zones = &database(), .owner_zone = bytes.size() % 2 == 0 ? "" : "Europe/Berlin"};
  made.owner = {.name = "Olga", .address = "olga@example.org"};
  made.resolve = [](std::string_view id) -> std::optional<Mailbox> {
    return id.size() % 2 == 0 ? std::nullopt : std::optional(Mailbox{.name = "", .address = "ann@example.org"});
  };
  made.read = [](const Attachment&, const TakePiece& take) -> Result<void> { return take("data"); };
  return made;
}

void check(const Result<CalendarObject>& made, const Result<CalendarObject>& again) {
  if (!made) return;
  require(again && again->text == made->text);
  const auto read = icalendar::read(made->text);
  require(read && read->repairs.empty());
  const auto object = icalendar::read_calendar_object(made->text, database());
  require(object && object->uid == made->uid);
}

void check_part(const Message& item, const CalendarContext& with) {
  const auto part = meeting_part(item, "fallback", with);
  if (!part) return;
  const auto read = icalendar::read(part->text);
  require(read && read->repairs.empty() && read->calendars.size() == 1);
  require(read->calendars.front().value("METHOD") == part->method);
}

void check_card(const MadeCard& made) {
  const auto read = vcard::read(vcard::write(made.card));
  require(read && read->repairs.empty() && read->cards.size() == 1 && read->cards.front() == made.card);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), std::min<std::size_t>(size, 16 << 10));
  const Message item = item_of(bytes);
  const CalendarContext with = context(bytes);
  check(event_of(item, "fallback", with), event_of(item, "fallback", with));
  check(task_of(item, "fallback", with), task_of(item, "fallback", with));
  check(note_of(item, "fallback", with), note_of(item, "fallback", with));
  check(journal_of(item, "fallback", with), journal_of(item, "fallback", with));
  check_part(item, with);
  check_card(card_of(item, "fallback", with.resolve));
  const auto ann = [](const EntryId&) { return std::string("ann@example.org"); };
  check_card(group_card_of(item, "fallback", ann));
  check_card(group_card_of(item, "fallback", ann, [&](const EntryId&) { return std::optional(item.properties); }));
  return 0;
}
