// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/ics/item_files.h"

#include <algorithm>

#include "base/bytes.h"
#include "formats/icalendar/access.h"
#include "formats/icalendar/objects.h"
#include "formats/lines/slices.h"
#include "formats/vcard/card.h"
#include "migrate/files/message_file.h"

namespace kontor::migrate {
namespace {

using icalendar::ComponentKind;

// A file of very many items is larger than one item may be.
constexpr lines::Limits kFileLimits{.bytes = kLargestItemFile,
                                    .depth = 8,
                                    .components = 4'000'000,
                                    .properties = 40'000'000,
                                    .parameters = 500,
                                    .parts = 80'000'000};

std::string with_crlf(std::string_view text) {
  std::string out;
  const TakePiece take = [&](std::string_view piece) -> Result<void> {
    out += piece;
    return {};
  };
  CrlfWriter writer(LineEnds::by_first, take);
  if (!writer.write(text) || !writer.finish()) return std::string(text);
  return out;
}

ItemFile one_item(std::string_view text, std::string uid, std::string kind) {
  ItemFile out;
  out.is_whole = true;
  out.kind = std::move(kind);
  out.items.push_back({std::move(uid), with_crlf(text)});
  return out;
}

// The kind of most use: a calendar also takes tasks and notes.
std::string kind_of_objects(const std::vector<icalendar::Object>& objects) {
  std::size_t tasks = 0, notes = 0, components = 0;
  for (const auto& object : objects)
    for (const auto& component : object.calendar.components) {
      const auto kind = icalendar::kind_of(component);
      if (kind == ComponentKind::time_zone) continue;
      ++components;
      if (kind == ComponentKind::todo) ++tasks;
      if (kind == ComponentKind::journal) ++notes;
    }
  if (components > 0 && tasks == components) return "tasks";
  return components > 0 && notes == components ? "notes" : "calendar";
}

ItemFile take_calendars(std::string_view text) {
  const auto read = icalendar::read(text, {}, kFileLimits);
  if (!read) return one_item(text, {}, "calendar");
  auto split = icalendar::split(read->calendars);
  auto kind = kind_of_objects(split.objects);
  if (split.objects.empty()) return one_item(text, {}, std::move(kind));
  if (split.objects.size() == 1 && read->calendars.size() == 1)
    return one_item(text, std::move(split.objects[0].uid), std::move(kind));
  ItemFile out;
  out.name = std::move(split.name);
  out.description = std::move(split.description);
  out.colour = std::move(split.colour);
  out.kind = std::move(kind);
  for (auto& object : split.objects) {
    out.items.push_back({std::move(object.uid), icalendar::write(object.calendar)});
    object.calendar = {};
  }
  return out;
}

std::string uid_of_card(std::string_view text) {
  const auto read = vcard::read(text);
  return read && read->cards.size() == 1 ? vcard::text(read->cards[0], "UID") : std::string();
}

// UTF-16, which has no ASCII in it.
bool is_wide(std::string_view text) { return text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"); }

ItemFile take_cards(std::string_view text) {
  const auto slices = is_wide(text) ? std::vector<std::string_view>() : lines::slices(text, "VCARD");
  if (slices.size() < 2) return one_item(text, uid_of_card(text), "contacts");
  ItemFile out;
  out.kind = "contacts";
  for (const auto slice : slices) out.items.push_back({uid_of_card(slice), with_crlf(slice)});
  return out;
}

}  // namespace

bool is_item_file(std::string_view name, ItemForm form) {
  if (name.size() < 5 || name.front() == '.') return false;
  return iequals(name.substr(name.size() - 4), form == ItemForm::card ? ".vcf" : ".ics");
}

ItemFile take_apart(std::string_view text, ItemForm form) {
  return form == ItemForm::card ? take_cards(text) : take_calendars(text);
}

}  // namespace kontor::migrate
