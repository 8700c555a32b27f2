// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/mail_calendar.h"

#include "base/bytes.h"
#include "base/digest.h"
#include "formats/mapi/event.h"
#include "formats/mapi/journal.h"
#include "formats/mapi/kept.h"
#include "formats/mapi/meeting.h"
#include "formats/mapi/note.h"
#include "formats/mapi/tags.h"
#include "formats/mapi/task.h"

namespace kontor::mapi {
namespace {

std::optional<Result<CalendarObject>> attached_object(const Message& message, const std::string& uid,
                                                      const CalendarContext& context) {
  const std::string kind = to_lower(message.properties.text_or_empty(tag::kMessageClass));
  if (kind.starts_with("ipm.appointment")) return event_of(message, uid, context);
  if (kind.starts_with("ipm.task")) return task_of(message, uid, context);
  if (kind.starts_with("ipm.stickynote")) return note_of(message, uid, context);
  if (kind.starts_with("ipm.activity")) return journal_of(message, uid, context);
  return std::nullopt;
}

}  // namespace

CalendarOf calendar_of(const CalendarContext& context) {
  return [&context](const Message& message) -> std::optional<Result<CalendarText>> {
    // The same whenever it is asked for, as all of the mail is.
    const std::string uid = to_hex(sha256(keep(message.properties))).substr(0, 32);
    if (is_meeting_mail(message.properties.text_or_empty(tag::kMessageClass))) {
      auto part = meeting_part(message, uid, context);
      if (!part) return std::unexpected(std::move(part).error());
      return CalendarText{
          .text = std::move(part->text), .method = std::move(part->method), .losses = std::move(part->losses)};
    }
    auto object = attached_object(message, uid, context);
    if (!object) return std::nullopt;
    if (!*object) return std::unexpected(std::move(*object).error());
    return CalendarText{.text = std::move((*object)->text),
                        .method = {},
                        .losses = std::move((*object)->losses),
                        .lacks_attachments = !(*object)->left_out.empty()};
  };
}

}  // namespace kontor::mapi
