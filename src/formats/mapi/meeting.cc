// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/meeting.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/bytes.h"
#include "formats/icalendar/calendar.h"
#include "formats/mapi/entry_id.h"
#include "formats/mapi/event_parts.h"
#include "formats/mapi/event_series.h"
#include "formats/mapi/event_state.h"
#include "formats/mapi/item_body.h"
#include "formats/mapi/line_text.h"
#include "formats/mapi/recurrence_rule.h"

namespace kontor::mapi {
namespace {

using icalendar::Wall;
using icalendar::When;
using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

enum class MailKind : std::uint8_t { request, cancellation, answer };

struct MeetingClass {
  std::string_view name;
  MailKind kind;
  std::string_view status;  // of an answer
};
constexpr auto kClasses = std::to_array<MeetingClass>({
    {"IPM.SCHEDULE.MEETING.REQUEST", MailKind::request, ""},
    {"IPM.SCHEDULE.MEETING.CANCELED", MailKind::cancellation, ""},
    {"IPM.SCHEDULE.MEETING.RESP.POS", MailKind::answer, "ACCEPTED"},
    {"IPM.SCHEDULE.MEETING.RESP.NEG", MailKind::answer, "DECLINED"},
    {"IPM.SCHEDULE.MEETING.RESP.TENT", MailKind::answer, "TENTATIVE"},
    {"IPM.MICROSOFT SCHEDULE.MTGREQ", MailKind::request, ""},
    {"IPM.MICROSOFT SCHEDULE.MTGCNCL", MailKind::cancellation, ""},
    {"IPM.MICROSOFT SCHEDULE.MTGRESPP", MailKind::answer, "ACCEPTED"},
    {"IPM.MICROSOFT SCHEDULE.MTGRESPN", MailKind::answer, "DECLINED"},
    {"IPM.MICROSOFT SCHEDULE.MTGRESPA", MailKind::answer, "TENTATIVE"},
});

constexpr Tag kCounterProposal = tag::appointment(0x8257);
constexpr Tag kProposedStart = tag::appointment(0x8250);
constexpr Tag kProposedEnd = tag::appointment(0x8251);
constexpr Tag kStartRecurrenceTime = tag::meeting(0x000E);

const MeetingClass* class_of(std::string_view message_class) {
  const std::string wanted = to_upper(message_class);
  const auto* found = std::ranges::find_if(kClasses, [&](const MeetingClass& known) {
    const std::string_view rest = std::string_view(wanted).substr(std::min(known.name.size(), wanted.size()));
    return wanted.starts_with(known.name) && (rest.empty() || rest.front() == '.');
  });
  return found == kClasses.end() ? nullptr : found;
}

class MeetingMaker {
 public:
  MeetingMaker(const Message& message, const MeetingClass& kind, const CalendarContext& context)
      : message_(message),
        from_(message.properties),
        kind_(kind),
        context_(context),
        parts_(message, context, event_, made_),
        times_(times_of_event(message.properties, context)) {
    event_.name = "VEVENT";
  }

  Result<MeetingPart> make(std::string_view fallback_uid) {
    const std::string uid = item_uid(from_, fallback_uid);
    const bool is_answer = kind_.kind == MailKind::answer;
    if (uid.empty()) return fail(Errc::invalid, "The mail does not tell which meeting it is about.");
    if (!times_ && !is_answer) return std::unexpected(times_.error());
    add_head(uid);
    if (is_answer)
      add_answer();
    else
      add_request();
    TRY(EventSeries series, add_times());
    if (kind_.kind == MailKind::cancellation)
      for (lines::Component& event : series.events) event.set("STATUS", "CANCELLED");
    lines::Component calendar = calendar_of(std::move(series.zones), std::move(series.events));
    calendar.set("METHOD", method());
    return MeetingPart{
        .text = icalendar::write(calendar), .method = method(), .uid = uid, .losses = std::move(made_.losses)};
  }

 private:
  bool is_counter() const {
    return kind_.kind == MailKind::answer && from_.boolean(kCounterProposal) && from_.time(kProposedStart);
  }

  std::string method() const {
    if (kind_.kind == MailKind::request) return "REQUEST";
    if (kind_.kind == MailKind::cancellation) return "CANCEL";
    return is_counter() ? "COUNTER" : "REPLY";
  }

  // DTSTAMP is when the message was made (RFC 5545 section 3.8.7.2), which tells answers of one sequence apart.
  void add_head(const std::string& uid) {
    event_.set("UID", line_text(uid));
    const Tag critical = kind_.kind == MailKind::answer ? tag::kAttendeeCriticalChange : tag::kOwnerCriticalChange;
    Instant made_at{};
    for (const Tag& tag : {critical, tag::kClientSubmitTime, tag::kMessageDeliveryTime, tag::kLastModificationTime})
      if (const auto at = from_.time(tag); at && made_at == Instant()) made_at = *at;
    event_.set("DTSTAMP", utc_value(made_at));
    std::string_view subject = from_.text_or_empty(tag::kSubject);
    const std::string_view prefix = from_.text_or_empty(tag::kSubjectPrefix);
    if (!prefix.empty() && subject.starts_with(prefix)) subject.remove_prefix(prefix.size());
    event_.set("SUMMARY", line_text(one_line(subject)));
    if (const auto sequence = from_.integer(tag::kAppointmentSequence); sequence && *sequence >= 0)
      event_.set("SEQUENCE", std::to_string(*sequence));
  }

  void add_request() {
    parts_.add_text(tag::kLocation, "LOCATION");
    parts_.add_bodies();
    parts_.add_class();
    parts_.add_priority();
    // It is tentative only until it was answered.
    const auto intended = from_.integer(tag::kIntendedBusyStatus);
    const bool is_intended = intended && *intended >= 0;
    if (const auto busy = is_intended ? intended : from_.integer(tag::kBusyStatus)) set_busy_status(*busy, event_);
    if (kind_.kind == MailKind::request) add_event_reminder(parts_, event_);
    add_people();
  }

  // Who it is from organizes, whatever the list of recipients says: in Sent Items, too.
  void add_people() {
    People people = people_of(message_, context_);
    if (!people.organizer && !context_.owner.empty()) people.organizer = context_.owner;
    if (people.organizer) event_.properties.push_back(person_property("ORGANIZER", *people.organizer));
    for (const People::Attendee& one : people.attendees) event_.properties.push_back(attendee_property(one));
  }

  void add_answer() {
    auto attendee = from_of(from_, context_.resolve);
    if (!attendee) attendee = sender_of(from_, context_.resolve);
    // It goes to who organizes.
    for (const Properties& recipient : message_.recipients) {
      const Mailbox to = recipient_of(recipient, context_.resolve);
      if (to.empty() || recipient_kind(recipient) == RecipientKind::cc || to == attendee) continue;
      event_.properties.push_back(person_property("ORGANIZER", to));
      break;
    }
    if (attendee) {
      lines::Property property = person_property("ATTENDEE", *attendee);
      property.set("PARTSTAT", kind_.status);
      const auto sender = sender_of(from_, context_.resolve);
      if (sender && !sender->address.empty() && !iequals(sender->address, attendee->address))
        property.set("SENT-BY", "mailto:" + sender->address);
      event_.properties.push_back(std::move(property));
    } else {
      made_.losses.emplace_back("An answer to a meeting does not tell who answers.");
    }
    if (const std::string comment = body_of(from_).text; comment.find_first_not_of(" \t\r\n") != std::string::npos)
      event_.set("COMMENT", line_text(comment));
  }

  // Times, pattern and which instance it is about.
  Result<EventSeries> add_times() {
    if (!times_) return EventSeries{.events = {event_}, .zones = {}};
    EventTimes times = *times_;
    const auto instance = instance_of(times);
    if (instance) icalendar::set_when(event_.set("RECURRENCE-ID", ""), *instance);
    if (is_counter()) {
      times.start = *from_.time(kProposedStart);
      times.end = std::max(times.start, from_.time(kProposedEnd).value_or(times.start));
    }
    if (!instance && kind_.kind != MailKind::answer) return series_of(message_, times, context_, event_, made_);
    set_event_span(times, event_);
    EventSeries series{.events = {event_}, .zones = {}};
    if (auto zone = vtimezone_of(times.zone)) series.zones.push_back(*std::move(zone));
    return series;
  }

  // The global object id has its day.
  std::optional<When> instance_of(const EventTimes& times) const {
    const std::string* bytes = from_.bytes(tag::kGlobalObjectId);
    const auto id = bytes == nullptr ? std::nullopt : parse_global_object_id(*bytes);
    if (!id || id->day == 0) return std::nullopt;
    const std::chrono::year_month_day date(std::chrono::year(id->year),
                                           std::chrono::month(static_cast<unsigned>(id->month)),
                                           std::chrono::day(static_cast<unsigned>(id->day)));
    if (!date.ok() || id->year < 1601 || id->year > 4500) return std::nullopt;
    if (times.is_all_day) return When{When::Kind::date, Wall(std::chrono::local_days(date)), {}};
    if (const auto original = from_.time(tag::kExceptionReplaceTime)) return when_in(times.zone, *original);
    When when = when_in(times.zone, times.start);
    seconds of_day = when.wall - floor<days>(when.wall);
    // Hours, minutes and seconds in 6 bits each.
    if (const auto packed = from_.integer(kStartRecurrenceTime); packed && *packed >= 0 && *packed < (24 << 12))
      of_day = hours(*packed >> 12U) + minutes((*packed >> 6U) & 0x3F) + seconds(*packed & 0x3F);
    when.wall = Wall(std::chrono::local_days(date)) + of_day;
    return when;
  }

  const Message& message_;
  const Properties& from_;
  const MeetingClass& kind_;
  const CalendarContext& context_;
  lines::Component event_;
  CalendarObject made_;
  ItemParts parts_;
  Result<EventTimes> times_;
};

}  // namespace

bool is_meeting_mail(std::string_view message_class) { return class_of(message_class) != nullptr; }

Result<MeetingPart> meeting_part(const Message& message, std::string_view fallback_uid,
                                 const CalendarContext& context) {
  const MeetingClass* kind = class_of(message.properties.text_or_empty(tag::kMessageClass));
  if (kind == nullptr) return fail(Errc::invalid, "The message is no mail about a meeting.");
  return MeetingMaker(message, *kind, context).make(fallback_uid);
}

}  // namespace kontor::mapi
