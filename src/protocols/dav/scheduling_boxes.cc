// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/scheduling_boxes.h"

#include "base/bytes.h"
#include "formats/icalendar/access.h"
#include "formats/icalendar/calendar.h"
#include "groupware/scheduling/scheduler.h"
#include "protocols/dav/scheduling_inbox.h"

namespace kontor::dav {
namespace {

using wire::dav::caldav;
using What = Resource::What;

constexpr std::size_t kMostAsked = 300;  // attendees of one question
constexpr std::chrono::days kLongestQuestion{400};

// What is sent is done with at once: nothing lies in the outbox.
class Box final : public Special {
 public:
  explicit Box(std::string_view name) : name_(name) {}

  bool is_collection() const override { return true; }
  std::string display_name() const override { return name_ == kInbox ? "Inbox" : "Outbox"; }
  std::vector<xml::NameView> types() const override {
    return {caldav(name_ == kInbox ? "schedule-inbox" : "schedule-outbox")};
  }
  std::string_view name() const { return name_; }
  Outcome<void> members(Context& context, const Resource& self,
                        const std::function<bool(Resource)>& visit) const override {
    if (name_ != kInbox) return {};
    return inbox_members(context, self, visit);
  }
  Outcome<std::optional<Resource>> member(Context& context, const Resource& self,
                                          const std::string& name) const override {
    if (name_ != kInbox) return std::nullopt;
    return inbox_member(context, self, name);
  }
  Outcome<std::optional<std::string>> state(Context& context, const Resource& self) const override {
    if (name_ != kInbox) return std::nullopt;
    return inbox_state(context, self);
  }
  Outcome<News> news(Context& context, const Resource& self, const std::string& since) const override {
    if (name_ != kInbox) return Special::news(context, self, since);
    return inbox_news(context, self, since);
  }

 private:
  const std::string_view name_;
};

bool has_boxes(const Context& context, const Resource& home) {
  return home.what == What::home && home.space == Space::calendars && home.owner && home.owner->account() &&
         context.services.scheduler != nullptr && context.user.id == home.owner->id;
}

Resource box_in(const Resource& home, std::string_view name) {
  Resource out;
  out.what = What::special;
  out.space = Space::calendars;
  out.path = home.path + std::string(name) + "/";
  out.owner = home.owner;
  out.account = home.account;
  out.name = std::string(name);
  out.special = std::make_shared<Box>(name);
  return out;
}

void print_answer(xml::Printer& out, const std::string& address, std::string_view status, const std::string& calendar) {
  out.open(caldav("response"));
  out.open(caldav("recipient"));
  out.leaf(wire::dav::dav("href"), address);
  out.close();
  out.leaf(caldav("request-status"), status);
  if (!calendar.empty()) out.leaf(caldav("calendar-data"), calendar);
  out.close();
}

struct Question {
  icalendar::Window window;
  itip::Property organizer;
  std::vector<itip::Property> attendees;
  std::string uid;
};

Outcome<Question> read_question(Context& context) {
  const auto read = icalendar::read(context.body);
  if (!read) return deny(caldav("valid-calendar-data"), read.error().text);
  const itip::Component& calendar = read->calendars.front();
  const itip::Component* asked = nullptr;
  for (const itip::Component& component : calendar.components)
    if (component.is("VFREEBUSY")) asked = &component;
  if (asked == nullptr || !iequals(calendar.value("METHOD"), "REQUEST"))
    return deny(caldav("valid-scheduling-message"), "only questions for free/busy can be posted");
  const auto start = icalendar::when(*asked, "DTSTART");
  const auto end = icalendar::when(*asked, "DTEND");
  const itip::Property* organizer = asked->find("ORGANIZER");
  const auto is_utc = [](const auto& when) { return when && *when && (*when)->kind == icalendar::When::Kind::utc; };
  if (!is_utc(start) || !is_utc(end) || (*end)->wall <= (*start)->wall || organizer == nullptr)
    return deny(caldav("valid-scheduling-message"), "a question needs ORGANIZER, DTSTART and DTEND in UTC");
  Question out{{Instant((*start)->wall.time_since_epoch()), Instant((*end)->wall.time_since_epoch())},
               *organizer,
               {},
               icalendar::uid(*asked)};
  if (out.window.to - out.window.from > kLongestQuestion)
    return deny(caldav("valid-scheduling-message"), "the time that is asked about is too long");
  for (const itip::Property* person : asked->all("ATTENDEE")) out.attendees.push_back(*person);
  if (out.attendees.empty() || out.attendees.size() > kMostAsked)
    return deny(caldav("valid-scheduling-message"), "a question is about one to 300 attendees");
  return out;
}

itip::Component answer_of(const Question& question, const itip::Property& attendee,
                          const std::vector<icalendar::Busy>& busy, Instant now) {
  itip::Component calendar = icalendar::free_busy(question.window, busy, now);
  calendar.properties.push_back({.name = "METHOD", .value = "REPLY"});
  for (itip::Component& component : calendar.components) {
    if (!component.is("VFREEBUSY")) continue;
    component.set("UID", lines::escape(question.uid));
    component.properties.push_back(question.organizer);
    component.properties.push_back(attendee);
  }
  return calendar;
}

}  // namespace

bool is_box(const Resource& resource, std::string_view name) {
  const auto* box = dynamic_cast<const Box*>(resource.special.get());
  return box != nullptr && box->name() == name;
}

Outcome<std::optional<Resource>> find_box(Context& context, const Resource& home, const std::string& name) {
  if (!has_boxes(context, home)) return std::nullopt;
  if (name == kInbox) return box_in(home, kInbox);
  if (name == kOutbox) return box_in(home, kOutbox);
  return std::nullopt;
}

Outcome<> each_box(Context& context, const Resource& home, const std::function<bool(Resource)>& visit) {
  if (has_boxes(context, home) && visit(box_in(home, kInbox))) visit(box_in(home, kOutbox));
  return {};
}

std::optional<std::string> invitation_folder(Context& context, const Resource& inbox) {
  const auto reader = context.reader(*inbox.account);
  if (!reader) return std::nullopt;
  const auto folder = groupware::invitation_folder(*(*reader)->folders(), groupware::Kind::calendar);
  if (!folder) return std::nullopt;
  return home_path(Space::calendars, *inbox.owner) + segment_of(*(*reader)->folders(), **folder) + "/";
}

Outcome<Response> post_to_outbox(Context& context, const Resource& outbox) {
  TRY(const Question question, read_question(context));
  const auto& addresses = outbox.owner->addresses;
  const std::string organizer = icalendar::address_of(question.organizer.value);
  if (std::ranges::find(addresses, organizer) == addresses.end())
    return deny(caldav("organizer-allowed"), "you can ask in your own name only");
  Response response{.content_type = kXml};
  xml::Printer out(response.body, wire::dav::kPrefixes);
  out.open(caldav("schedule-response"));
  for (const itip::Property& attendee : question.attendees) {
    const std::string address = icalendar::address_of(attendee.value);
    const auto busy = context.services.scheduler->busy(context.user, context.caller, address, question.window);
    if (busy)
      print_answer(out, attendee.value, "2.0;Success",
                   icalendar::write(answer_of(question, attendee, *busy, context.now())));
    else if (busy.error().code == Errc::not_found)
      print_answer(out, attendee.value, "3.7;Invalid calendar user", {});
    else
      print_answer(out, attendee.value, "3.8;No authority", {});
  }
  out.close();
  return response;
}

}  // namespace kontor::dav
