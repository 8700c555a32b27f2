// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: what all kinds of calendar items have in common, as properties of a component.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "formats/lines/component.h"
#include "formats/mapi/calendar_item.h"
#include "formats/mapi/item_people.h"
#include "formats/mapi/tags.h"

namespace kontor::mapi {

// One message, and the component that it is put into. Each function adds what it is named after where the message has
// it, and takes it from `kept`. Refers to all that it is made of.
class ItemParts {
 public:
  ItemParts(const Message& message, const CalendarContext& context, lines::Component& into, CalendarObject& made)
      : message_(message), from_(message.properties), context_(context), into_(into), made_(made) {}

  // UID, DTSTAMP (when it was changed last, never the present), CREATED, LAST-MODIFIED.
  void add_head(std::string_view uid) const;
  void add_summary() const;
  void add_bodies() const;  // DESCRIPTION, X-ALT-DESC
  void add_lists() const;   // CATEGORIES, CONTACT
  void add_class() const;
  void add_priority() const;
  void add_text(const Tag& tag, std::string_view property) const;
  // ATTACH, of all but changed instances, with at most so many bytes of data in the item. Returns how many there were.
  // Errors: as event_of.
  Result<std::size_t> add_attachments(std::size_t most) const;
  // ORGANIZER (where there is none yet) and ATTENDEE of a meeting, or of a task that was given to somebody.
  void add_people() const;

  void said(const Tag& tag) const { made_.kept.remove(tag); }
  void said(std::initializer_list<Tag> tags) const {
    for (const Tag& tag : tags) said(tag);
  }
  void lost(std::string sentence) const { made_.losses.push_back(std::move(sentence)); }
  const Properties& from() const { return from_; }

 private:
  void set_own_answer(People& people) const;
  Result<void> read_attachment(const Attachment& attachment, const TakePiece& take) const;
  Result<std::size_t> add_attachment(const Attachment& attachment, std::size_t most) const;
  Result<void> read_into(const Attachment& attachment, lines::Property& attach, std::string& data,
                         std::size_t most) const;

  const Message& message_;
  const Properties& from_;
  const CalendarContext& context_;
  lines::Component& into_;
  CalendarObject& made_;
};

// A changed instance of a series.
bool is_exception(const Attachment& attachment);

// A VCALENDAR around components, with the zones.
lines::Component calendar_of(std::vector<lines::Component> zones, std::vector<lines::Component> parts);
// The text, and the UID as the text has it.
void finish(const lines::Component& calendar, CalendarObject& made);

// "20260203T140000Z".
std::string utc_value(Instant at);

}  // namespace kontor::mapi
