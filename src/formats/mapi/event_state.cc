// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/event_state.h"

#include <fmt/core.h>

#include <array>
#include <string_view>

namespace kontor::mapi {

void set_busy_status(std::int64_t status, lines::Component& event) {
  constexpr auto kWords = std::to_array<std::string_view>({"FREE", "TENTATIVE", "BUSY", "OOF", "WORKINGELSEWHERE"});
  if (status < 0 || status >= static_cast<std::int64_t>(kWords.size())) return;
  // Working elsewhere is free for others ([MS-OXCICAL] section 2.1.3.1.1.20.31).
  event.set("TRANSP", status == 0 || status == 4 ? "TRANSPARENT" : "OPAQUE");
  event.set("X-MICROSOFT-CDO-BUSYSTATUS", std::string(kWords.at(static_cast<std::size_t>(status))));
}

void set_event_status(std::optional<std::int64_t> busy, std::int64_t state, lines::Component& event) {
  constexpr std::int64_t kIsMeeting = 1;
  constexpr std::int64_t kIsCancelled = 4;
  constexpr std::int64_t kIsTentative = 1;
  // In a meeting, tentative is who attends, not what takes place.
  const bool is_own = (state & kIsMeeting) == 0;
  if ((state & kIsCancelled) != 0)
    event.set("STATUS", "CANCELLED");
  else if (busy == kIsTentative && is_own)
    event.set("STATUS", "TENTATIVE");
  else if (busy)
    event.remove("STATUS");
}

void set_label_color(std::int64_t label, lines::Component& event) {
  constexpr auto kColors = std::to_array<std::string_view>(
      {"red", "blue", "green", "gray", "orange", "cyan", "olive", "purple", "teal", "yellow"});
  if (label == 0) event.remove("COLOR");
  if (label < 1 || label > static_cast<std::int64_t>(kColors.size())) return;
  event.set("COLOR", std::string(kColors.at(static_cast<std::size_t>(label - 1))));
}

lines::Component reminder_alarm(std::uint32_t minutes) {
  lines::Component alarm;
  alarm.name = "VALARM";
  alarm.set("ACTION", "DISPLAY");
  alarm.set("DESCRIPTION", "Reminder");
  alarm.set("TRIGGER", fmt::format("-PT{}M", minutes));
  return alarm;
}

}  // namespace kontor::mapi
