// SPDX-License-Identifier: AGPL-3.0-or-later
// Items of a real Kopano database against what was put into it: the set of the project, and others like it where they
// lie beside it.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <functional>
#include <map>

#include "formats/icalendar/access.h"
#include "formats/mapi/calendar_item_fixture.h"
#include "formats/mapi/contact.h"
#include "formats/mapi/distribution_list.h"
#include "formats/mapi/event.h"
#include "formats/mapi/journal.h"
#include "formats/mapi/kopano_dump_fixture.h"
#include "formats/mapi/meeting.h"
#include "formats/mapi/note.h"
#include "formats/mapi/task.h"
#include "formats/vcard/card.h"

namespace kontor::mapi::testing {
namespace {

namespace json = boost::json;

struct KopanoSet {
  std::string name;
  KopanoDump dump;
  json::object manifest;
};

const std::vector<KopanoSet>& sets() {
  static const std::vector<KopanoSet> all = [] {
    const std::string source = KONTOR_SOURCE_DIR;
    std::vector<KopanoSet> found;
    for (const std::string& folder :
         {source + "/tests/data/kopano", source + "/../shared/kopano/variants/database",
          source + "/../shared/kopano/variants/files_v2", source + "/../shared/kopano/variants/schema70-real",
          source + "/../shared/kopano/variants/schema66-real"}) {
      std::string text = unpacked(folder + "/manifest.json.gz");
      if (text.empty()) text = unpacked(folder + "/manifest.json");
      if (text.empty()) continue;
      found.push_back({folder, KopanoDump(folder + "/kopano.sql.gz"), json::parse(text).as_object()});
    }
    return found;
  }();
  return all;
}

std::string text_at(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value == nullptr || !value->is_string() ? std::string() : std::string(value->get_string());
}

// "2027-05-03T15:00:00Z" without dashes and colons.
std::string digits(std::string text) {
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

std::string utc_text_of(const lines::Component& event, std::string_view property) {
  const auto when = icalendar::when(event, property);
  if (!when || !*when) return {};
  icalendar::When utc = **when;
  if (utc.kind == icalendar::When::Kind::zoned)
    utc.wall = icalendar::Wall(zones().match(utc.zone)->resolve(utc.wall).at.time_since_epoch());
  return digits(icalendar::print({.kind = icalendar::When::Kind::utc, .wall = utc.wall, .zone = {}}));
}

CalendarContext context_of(const KopanoSet& set) {
  CalendarContext made = context();
  made.owner = {};
  made.owner_zone = "Europe/Amsterdam";
  made.resolve = set.dump.resolve();
  made.read = [](const Attachment&, const TakePiece& take) -> Result<void> { return take("data"); };
  return made;
}

// For each item of a part of the manifest that has an id there.
void each_item(std::string_view part,
               const std::function<void(const KopanoSet&, const json::object&, const Message&)>& see) {
  ASSERT_FALSE(sets().empty());
  for (const KopanoSet& set : sets()) {
    std::size_t count = 0;
    ASSERT_FALSE(set.dump.empty()) << set.name;
    for (const json::value& value : set.manifest.at(part).as_array()) {
      const json::object& item = value.as_object();
      const auto* id = item.if_contains("hierarchyid");
      if (id == nullptr || !id->is_int64()) continue;
      SCOPED_TRACE(set.name + " " + std::to_string(id->get_int64()) + " " + text_at(item, "kind") +
                   text_at(item, "summary"));
      see(set, item, set.dump.message(id->get_int64()));
      ++count;
    }
    EXPECT_GT(count, 0U) << set.name << " " << part;
  }
}

struct Seen {
  bool operator==(const Seen&) const = default;
  std::int64_t start = 0, end = 0;
  std::string summary, location;
};

std::vector<Seen> instances_seen(const lines::Component& calendar, const std::string& uid) {
  using namespace std::chrono;  // NOLINT(google-build-using-namespace)
  std::vector<Seen> found;
  const auto series = icalendar::Series::open(calendar, uid, zones(), icalendar::utc_zone());
  if (!series) return {{.summary = series.error().text}};
  icalendar::Budget budget(1'000'000);
  auto walk = series->expand(sys_days(year(2020) / 1 / 1), sys_days(year(2036) / 1 / 1));
  for (auto next = walk.next(budget); next && *next; next = walk.next(budget)) {
    const icalendar::Instance& one = **next;
    found.push_back({one.start.time_since_epoch().count(), one.end.time_since_epoch().count(),
                     icalendar::text(*one.component, "SUMMARY"), icalendar::text(*one.component, "LOCATION")});
  }
  return found;
}

// Address, role and answer of all, in order of addresses.
std::vector<std::string> attendees_of(const lines::Component& event) {
  std::vector<std::string> found;
  for (const icalendar::Person& one : icalendar::attendees(event))
    found.push_back(one.address + " " + one.name + " " + one.role + " " + one.status);
  std::ranges::sort(found);
  return found;
}

const lines::Component& master_of(const lines::Component& calendar) {
  for (const lines::Component& part : calendar.components)
    if (!part.is("VTIMEZONE") && part.find("RECURRENCE-ID") == nullptr) return part;
  return calendar.components.back();
}

int alarm_minutes(const lines::Component& event) {
  for (const lines::Component& part : event.components)
    if (part.is("VALARM"))
      if (const auto alarm = icalendar::alarm_of(part)) return static_cast<int>(-alarm->before.length().count() / 60);
  return -1;
}

// What kopano-ical stored otherwise than it was given: the zone of series in UTC, and the days of "the last Friday".
bool is_moved(const json::object& item, const Message& message) {
  const bool has_zone = message.properties.has(tag::kTimeZoneStruct);
  const bool is_utc_series = text_at(item, "tz") == "UTC" && !text_at(item, "rrule").empty() && has_zone;
  return is_utc_series || text_at(item, "rrule").contains("BYSETPOS=-1");
}

void expect_same_event(const lines::Component& put, const lines::Component& made, bool is_moved) {
  const lines::Component& expected = master_of(put);
  const lines::Component& actual = master_of(made);
  const std::string uid = icalendar::uid(expected);
  EXPECT_EQ(icalendar::uid(actual), uid);
  if (!is_moved) EXPECT_TRUE(instances_seen(made, uid) == instances_seen(put, uid)) << icalendar::write(made);
  EXPECT_EQ(icalendar::text(actual, "SUMMARY"), icalendar::text(expected, "SUMMARY"));
  EXPECT_EQ(icalendar::text(actual, "DESCRIPTION"), icalendar::text(expected, "DESCRIPTION"));
  EXPECT_EQ(icalendar::text_list(actual, "CATEGORIES"), icalendar::text_list(expected, "CATEGORIES"));
  EXPECT_EQ(icalendar::class_of(actual), icalendar::class_of(expected));
  EXPECT_EQ(icalendar::is_transparent(actual), icalendar::is_transparent(expected));
  EXPECT_EQ(alarm_minutes(actual), alarm_minutes(expected));
  EXPECT_EQ(attendees_of(actual), attendees_of(expected));
  const auto organizer = icalendar::organizer(expected);
  const auto found = icalendar::organizer(actual);
  ASSERT_EQ(found.has_value(), organizer.has_value());
  if (found) EXPECT_EQ(found->address, organizer->address);
}

TEST(KopanoItems, EventsAreWhatWasPut) {
  each_item("events", [](const KopanoSet& set, const json::object& item, const Message& message) {
    const auto made = event_of(message, "fallback", context_of(set));
    ASSERT_TRUE(made.has_value()) << made.error().text;
    expect_reads_back(*made);
    EXPECT_TRUE(made->losses.empty()) << made->losses.front();
    const auto calendar = icalendar::read(made->text);
    if (const std::string ics = text_at(item, "ics"); !ics.empty()) {
      const auto put = icalendar::read(ics);
      ASSERT_TRUE(put.has_value());
      expect_same_event(put->calendars.front(), calendar->calendars.front(), is_moved(item, message));
      return;
    }
    const lines::Component& event = master_of(calendar->calendars.front());
    EXPECT_EQ(icalendar::text(event, "SUMMARY"), text_at(item, "summary"));
    EXPECT_EQ(utc_text_of(event, "DTSTART"), digits(text_at(item, "start")));
    EXPECT_EQ(utc_text_of(event, "DTEND"), digits(text_at(item, "end")));
    if (const auto* attached = item.if_contains("attachments"))
      EXPECT_EQ(event.all("ATTACH").size(), attached->as_array().size());
    if (const auto* people = item.if_contains("attendees"); people != nullptr && people->is_array()) {
      EXPECT_EQ(icalendar::attendees(event).size(), people->as_array().size()) << made->text;
      for (const icalendar::Person& one : icalendar::attendees(event))
        EXPECT_TRUE(one.address.contains(".example.")) << one.address;
      EXPECT_TRUE(icalendar::organizer(event) && icalendar::organizer(event)->address == text_at(item, "organizer"));
    }
  });
}

TEST(KopanoItems, TasksAreWhatWasPut) {
  each_item("tasks", [](const KopanoSet& set, const json::object& item, const Message& message) {
    const auto made = task_of(message, "fallback", context_of(set));
    ASSERT_TRUE(made.has_value()) << made.error().text;
    expect_reads_back(*made);
    EXPECT_TRUE(made->losses.empty()) << made->losses.front();
    const auto calendar = icalendar::read(made->text);
    const lines::Component& task = master_of(calendar->calendars.front());
    EXPECT_EQ(icalendar::text(task, "SUMMARY"), text_at(item, "summary"));
    EXPECT_EQ(icalendar::text(task, "STATUS"), text_at(item, "status"));
    const std::string percent = std::to_string(item.at("percent").as_int64());
    EXPECT_EQ(icalendar::text(task, "PERCENT-COMPLETE"), percent == "0" ? "" : percent);
    if (const std::string uid = text_at(item, "uid"); !uid.empty()) EXPECT_EQ(made->uid, uid);
    if (const std::string due = text_at(item, "due"); !due.empty()) EXPECT_EQ(task.value("DUE"), digits(due));
    if (const std::string due = text_at(item, "due_local_midnight_utc"); !due.empty()) {
      EXPECT_EQ(task.value("DUE"), digits(due).substr(0, 8));
      EXPECT_EQ(task.components.size(), item.at("reminder").as_bool() ? 1U : 0U);
    }
    if (const auto* priority = item.if_contains("priority")) {
      const std::string put = std::to_string(priority->as_int64());
      EXPECT_EQ(icalendar::text(task, "PRIORITY"), put == "5" ? "" : put);
    }
  });
}

// What is in the folders has no id in the manifest: each of it is to be found once.
void expect_all_found(std::string_view part, std::string_view message_class,
                      const std::function<bool(const KopanoSet&, const json::object&, const Message&)>& is_it) {
  ASSERT_FALSE(sets().empty());
  for (const KopanoSet& set : sets()) {
    std::vector<Message> left;
    for (const auto& [id, node] : set.dump.nodes())
      if (node.type == 5 && node.flags == 0 && set.dump.message_class(id) == message_class)
        left.push_back(set.dump.message(id));
    for (const json::value& value : set.manifest.at(part).as_array()) {
      const auto found =
          std::ranges::find_if(left, [&](const Message& one) { return is_it(set, value.as_object(), one); });
      EXPECT_NE(found, left.end()) << set.name << " " << value;
      if (found != left.end()) left.erase(found);
    }
    EXPECT_TRUE(left.empty()) << set.name << " " << part;
  }
}

TEST(KopanoItems, NotesAreWhatWasPut) {
  constexpr std::string_view kColors[] = {"blue", "green", "pink", "yellow", "white"};
  expect_all_found("notes", "IPM.StickyNote",
                   [&](const KopanoSet& set, const json::object& item, const Message& message) {
                     const auto made = note_of(message, "fallback", context_of(set));
                     if (!made) return false;
                     expect_reads_back(*made);
                     const auto calendar = icalendar::read(made->text);
                     const lines::Component& note = calendar->calendars.front().components.back();
                     std::string body = text_at(item, "body");
                     std::erase(body, '\r');
                     return icalendar::text(note, "DESCRIPTION") == body && !note.value("SUMMARY").empty() &&
                            note.value("COLOR") == kColors[static_cast<std::size_t>(item.at("color").as_int64())];
                   });
}

TEST(KopanoItems, JournalsAreWhatWasPut) {
  expect_all_found("journal", "IPM.Activity",
                   [](const KopanoSet& set, const json::object& item, const Message& message) {
                     const auto made = journal_of(message, "fallback", context_of(set));
                     if (!made) return false;
                     expect_reads_back(*made);
                     const auto calendar = icalendar::read(made->text);
                     const lines::Component& journal = calendar->calendars.front().components.back();
                     return icalendar::text(journal, "SUMMARY") == text_at(item, "subject") &&
                            journal.value("DTSTART") == digits(text_at(item, "start")) &&
                            journal.value("X-KONTOR-END") == digits(text_at(item, "end"));
                   });
}

TEST(KopanoItems, ContactsAreWhatWasPut) {
  expect_all_found(
      "contacts", "IPM.Contact", [](const KopanoSet& set, const json::object& item, const Message& message) {
        Message contact = message;
        for (Attachment& attachment : contact.attachments)
          attachment.properties.set(tag::kAttachDataBinary, Value::of_bytes("\x89PNG"));
        const MadeCard made = card_of(contact, item_uid(contact.properties, "fallback"), set.dump.resolve());
        const auto read = vcard::read(vcard::write(made.card));
        EXPECT_TRUE(read && read->repairs.empty() && made.losses.empty());
        const lines::Component& card = read->cards.front();
        std::vector<std::string> emails;
        for (const vcard::Detail& one : vcard::details(card, "EMAIL")) emails.push_back(one.value);
        std::vector<std::string> put;
        for (const json::value& one : item.at("emails").as_array()) put.emplace_back(one.as_string());
        std::vector<std::string> categories;
        if (const auto* all = item.if_contains("categories"))
          for (const json::value& one : all->as_array()) categories.emplace_back(one.as_string());
        std::string note = text_at(item, "note");
        std::erase(note, '\r');
        const vcard::Name name = vcard::name_of(card);
        const auto* work = item.if_contains("work_address");
        const std::string street = work == nullptr ? "Allee 1" : text_at(work->as_object(), "street");
        const auto* phones = item.if_contains("phones");
        const std::string phone = phones == nullptr ? "+49 30 12345" : text_at(phones->as_object(), "work");
        return vcard::text(card, "FN") == text_at(item, "fullname") && name.given == text_at(item, "given") &&
               name.family == text_at(item, "surname") && emails == put && vcard::text(card, "NOTE") == note &&
               vcard::text(card, "TITLE") == text_at(item, "title") &&
               card.value("ORG").contains(text_at(item, "company")) && card.value("ADR").contains(street) &&
               vcard::details(card, "TEL").front().value == phone &&
               vcard::text_list(card, "CATEGORIES") == categories &&
               card.value("BDAY") == digits(text_at(item, "birthday")) &&
               (card.find("PHOTO") != nullptr) == item.contains("photo") &&
               (text_at(item, "uid").empty() || vcard::text(card, "UID") == text_at(item, "uid"));
      });
}

TEST(KopanoItems, ListsHaveTheirMembers) {
  expect_all_found("distlists", "IPM.DistList", [](const KopanoSet&, const json::object& item, const Message& message) {
    const MadeCard made = group_card_of(message, "1", [](const EntryId&) { return std::string(); });
    std::vector<std::string> put;
    for (const json::value& one : item.at("members").as_array())
      put.push_back("mailto:" + text_at(one.as_object(), "mail"));
    return vcard::text(made.card, "FN") == text_at(item, "name") && vcard::members(made.card) == put &&
           made.losses.empty();
  });
}

TEST(KopanoItems, NoTwoOfAFolderHaveOneUid) {
  for (const KopanoSet& set : sets()) {
    std::map<std::pair<std::int64_t, std::string>, std::int64_t> known;
    for (const auto& [id, node] : set.dump.nodes()) {
      if (node.type != 5 || node.flags != 0 || is_meeting_mail(set.dump.message_class(id))) continue;
      const std::string uid = item_uid(set.dump.message(id).properties, "");
      if (!uid.empty()) {
        EXPECT_TRUE(known.try_emplace({node.parent, uid}, id).second) << set.name << " " << id << " " << uid;
      }
    }
  }
}

// The text/calendar part of the mail as it was delivered is not at hand: it is about the same event.
TEST(KopanoItems, MailAboutMeetingsHasItsPart) {
  std::size_t count = 0;
  for (const KopanoSet& set : sets())
    for (const auto& [id, node] : set.dump.nodes()) {
      if (node.type != 5 || !is_meeting_mail(set.dump.message_class(id))) continue;
      const auto made = meeting_part(set.dump.message(id), "", context_of(set));
      ASSERT_TRUE(made.has_value()) << id;
      const auto read = icalendar::read(made->text);
      ASSERT_TRUE(read && read->repairs.empty()) << made->text;
      const lines::Component& event = master_of(read->calendars.front());
      EXPECT_EQ(icalendar::uid(event), made->uid);
      EXPECT_TRUE(icalendar::organizer(event).has_value()) << made->text;
      EXPECT_EQ(icalendar::attendees(event).size(), 1U) << made->text;
      EXPECT_TRUE(made->losses.empty());
      ++count;
    }
  EXPECT_GT(count, 0U);
}

}  // namespace
}  // namespace kontor::mapi::testing
