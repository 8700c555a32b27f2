// SPDX-License-Identifier: AGPL-3.0-or-later
// A recurrence blob as iCalendar says it: DTSTART, RRULE, EXDATE, and overrides ([MS-OXCICAL] section 2.1.3.2.2).
#pragma once

#include <vector>

#include "base/result.h"
#include "formats/icalendar/rule.h"
#include "formats/icalendar/value.h"
#include "formats/lines/component.h"
#include "formats/mapi/recurrence.h"
#include "formats/mapi/zone_rule.h"

namespace kontor::mapi {

// Where the series takes place.
struct SeriesFrame {
  bool is_all_day = false;
  // Null: floating time. Of an item that says nothing of a zone, Kopano's blob is in UTC.
  const FoundZone* zone = nullptr;
  // Where the blob's second half is missing: the first instance's, from midnight.
  std::uint32_t start_offset = 0, end_offset = 0;
};

// The rule, without UNTIL. What MAPI means where a month is too short is said exactly: its last day, so that day 30 is
// "BYMONTHDAY=28,29,30;BYSETPOS=-1". Errors: invalid (a pattern that hits nothing, a calendar that RSCALE has no name
// for).
Result<icalendar::Rule> rule_of(const Recurrence& recurrence);

// Sets DTSTART, DTEND, RRULE and EXDATE of `series`, and gives an override for each changed instance: a copy of
// `series` with RECURRENCE-ID, its times, and what the blob says of it (SUMMARY, LOCATION, X-MICROSOFT-CDO-BUSYSTATUS
// with TRANSP, STATUS, COLOR, the alarm of Outlook's reminder). DTSTART is the first instance, though the blob may
// begin before it. Errors: those of rule_of.
Result<std::vector<lines::Component>> add_recurrence(const Recurrence& recurrence, const SeriesFrame& frame,
                                                     lines::Component& series);

}  // namespace kontor::mapi
