// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/note.h"

#include <array>
#include <utility>

#include "formats/mapi/item_body.h"
#include "formats/mapi/item_parts.h"
#include "formats/mapi/line_text.h"

namespace kontor::mapi {
namespace {

constexpr std::size_t kLongestSummary = 250;

std::string_view first_line(std::string_view text) {
  const std::size_t from = text.find_first_not_of(" \t\r\n");
  if (from == std::string_view::npos) return {};
  text.remove_prefix(from);
  return text.substr(0, text.find_first_of("\r\n"));
}

}  // namespace

Result<CalendarObject> note_of(const Message& message, std::string_view fallback_uid, const CalendarContext& context) {
  // [MS-OXONOTE] section 2.2.2.1.
  constexpr auto kColors = std::to_array<std::string_view>({"blue", "green", "pink", "yellow", "white"});
  CalendarObject made;
  made.kept = message.properties;
  lines::Component note;
  note.name = "VJOURNAL";
  const ItemParts parts(message, context, note, made);
  const Properties& from = message.properties;
  parts.add_head(item_uid(from, fallback_uid));
  parts.add_summary();
  if (note.find("SUMMARY") == nullptr)
    if (const std::string summary = one_line(first_line(body_of(from).text), kLongestSummary); !summary.empty())
      note.set("SUMMARY", line_text(summary));
  parts.add_bodies();
  parts.add_lists();
  parts.add_class();
  if (const auto color = from.integer(tag::kNoteColor); color && *color >= 0 && std::cmp_less(*color, kColors.size())) {
    note.set("COLOR", std::string(kColors.at(static_cast<std::size_t>(*color))));
    parts.said(tag::kNoteColor);
  }
  TRY_VOID(parts.add_attachments(context.most_attached));
  finish(calendar_of({}, {std::move(note)}), made);
  return made;
}

}  // namespace kontor::mapi
