// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/scheduling/alarm_mail.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "formats/icalendar/access.h"
#include "formats/itip/mail.h"
#include "groupware/scheduling/event_clock.h"

namespace kontor::groupware {
namespace {

constexpr std::size_t kMostRecipients = 20;
constexpr std::size_t kLongestAlarmText = 20'000;

std::string bounded(std::string text) {
  if (text.size() <= kLongestAlarmText) return text;
  std::size_t size = kLongestAlarmText;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;  // not within a character
  text.resize(size);
  return text;
}

}  // namespace

AlarmText alarm_text(const AlarmTime& alarm, const lines::Component& calendar, const icalendar::ZoneDatabase& zones,
                     const icalendar::Zone& home) {
  const std::string summary = icalendar::text(*alarm.component, "SUMMARY");
  AlarmText out;
  out.subject = icalendar::text(*alarm.alarm, "SUMMARY");
  if (out.subject.empty()) out.subject = "Reminder: " + (summary.empty() ? "(no subject)" : summary);
  std::ranges::replace_if(out.subject, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }, ' ');
  out.subject = bounded(std::move(out.subject)).substr(0, 1'000);
  const EventClock clock = clock_of(*alarm.component, calendar, zones, home);
  const auto line = [&](std::string_view label, const std::string& value) {
    if (!value.empty()) out.text += fmt::format("{:<8}{}\n", label, bounded(value));
  };
  line("What:", summary);
  line(icalendar::kind_of(*alarm.component) == icalendar::ComponentKind::todo ? "Due:" : "When:",
       itip::span_text(clock.at(alarm.start), clock.at(alarm.end)));
  line("Where:", icalendar::text(*alarm.component, "LOCATION"));
  const std::string said = icalendar::text(*alarm.alarm, "DESCRIPTION");
  const std::string about = icalendar::text(*alarm.component, "DESCRIPTION");
  if (!said.empty() && said != summary && said != about) out.text += "\n" + bounded(said) + "\n";
  if (!about.empty()) out.text += "\n" + bounded(about) + "\n";
  return out;
}

std::vector<std::string> alarm_recipients(const lines::Component& alarm, const directory::Principal& owner,
                                          const directory::Directory& directory) {
  using directory::PrincipalKind;
  std::vector<std::string> out;
  for (const icalendar::Person& person : icalendar::attendees(alarm)) {
    if (out.size() == kMostRecipients) break;
    const std::string address = to_lower(person.address);
    if (std::ranges::find(out, address) != out.end()) continue;
    if (std::ranges::find(owner.addresses, address) == owner.addresses.end()) {
      const auto found = directory.resolve(address);
      const auto other = found ? directory.principal(found->principal) : std::unexpected(found.error());
      if (!other || other->tenant != owner.tenant || other->status == directory::Status::suspended) continue;
      if (other->kind != PrincipalKind::user && other->kind != PrincipalKind::shared) continue;
    }
    out.push_back(address);
  }
  if (out.empty()) out.push_back(owner.primary_address());
  return out;
}

}  // namespace kontor::groupware
