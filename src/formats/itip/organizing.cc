// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/itip/organizing.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/bytes.h"
#include "formats/icalendar/access.h"
#include "formats/itip/groups.h"
#include "formats/itip/views.h"

namespace kontor::itip {
namespace {

bool lost_someone(const Component& before, const Component& after) {
  const std::set<std::string> now = invited(after);
  for (const std::string& address : invited(before))
    if (!now.contains(address)) return true;
  return false;
}

// Raises SEQUENCE above that of `before`, if the client has not.
bool raise(Component& part, const Component& before) {
  if (icalendar::sequence(part) > icalendar::sequence(before)) return false;
  part.set("SEQUENCE", std::to_string(icalendar::sequence(before) + 1));
  return true;
}

// RFC 6638 section 3.2.8: what was said to another time does not hold.
bool reset_answers(Component& part, const Component& before) {
  bool altered = false;
  const auto organizer = icalendar::organizer(part);
  for (Property& person : part.properties) {
    if (!person.is("ATTENDEE")) continue;
    const std::string address = icalendar::address_of(person.value);
    const Property* old = attendee(before, address);
    const std::string status = status_of(person);
    if (status == "NEEDS-ACTION" || status == "DELEGATED" || (organizer && address == organizer->address)) continue;
    if (old == nullptr || status_of(*old) != status) continue;  // the organiser knows better
    person.set("PARTSTAT", "NEEDS-ACTION");
    person.set("RSVP", "TRUE");
    person.remove("X-KONTOR-REPLY");
    altered = true;
  }
  return altered;
}

// Who comes from `before` keeps what is noted there, and maybe his answer.
bool keep_notes(Component& part, const Component& before, bool keeps_answers) {
  bool altered = false;
  for (Property& person : part.properties) {
    if (!person.is("ATTENDEE")) continue;
    const Property* old = attendee(before, icalendar::address_of(person.value));
    if (old == nullptr) continue;
    const std::string_view reply = old->parameter("X-KONTOR-REPLY");
    if (!reply.empty() && person.parameter("X-KONTOR-REPLY").empty()) {
      person.set("X-KONTOR-REPLY", reply);
      altered = true;
    }
    if (keeps_answers && status_of(*old) != status_of(person)) {
      set_status(person, status_of(*old));
      altered = true;
    }
  }
  return altered;
}

bool has_new(const std::set<PartKey>& now, const std::set<PartKey>& before) {
  return !std::ranges::includes(before, now);
}

// Makes the plan's object from what the client gave.
Result<void> settle_object(const Change& change, const Setting& setting, Plan& plan) {
  Parts before(*change.before, setting.zones);
  Parts after(plan.object, setting.zones);
  for (Component& part : plan.object.components) {
    if (!is_scheduled(part)) continue;
    TRY(const PartKey key, after.key(part));
    const std::optional<Component> old = before.find_or_derive(key);
    if (!old) continue;
    plan.is_altered |= keep_notes(part, *old, change.keeps_answers);
    const bool asks_anew = difference(*old, before, part, after) == Difference::time;
    const std::set<PartKey> had = before.excluded(*old);
    const std::set<PartKey> has = after.excluded(part);
    const bool cancels = has_new(has, had) || lost_someone(*old, part) ||
                         (icalendar::is_cancelled(part) && !icalendar::is_cancelled(*old));
    if (asks_anew || cancels || has_new(had, has)) plan.is_altered |= raise(part, *old);
    if (asks_anew || has_new(had, has)) plan.is_altered |= reset_answers(part, *old);
  }
  return {};
}

struct Concern {
  bool operator<(const Concern& other) const {
    return std::tie(before, after, is_forced) < std::tie(other.before, other.after, other.is_forced);
  }
  std::vector<bool> before, after;  // of which parts
  bool is_forced = false;
};
using Concerns = std::map<Concern, std::vector<std::string>>;

void note(const Component& calendar, bool is_before, std::map<std::string, Concern>& concerns) {
  std::size_t at = 0;
  for (const Component& part : calendar.components) {
    if (!is_scheduled(part)) continue;
    const auto organizer = icalendar::organizer(part);
    const auto groups = groups_taken_apart(part);
    for (const Property* person : part.all("ATTENDEE")) {
      std::string address = icalendar::address_of(person->value);
      if ((organizer && address == organizer->address) || !is_server_agent(*person)) continue;
      if (groups.contains(address)) continue;
      Concern& concern = concerns[std::move(address)];
      auto& in = is_before ? concern.before : concern.after;
      in.resize(std::max(in.size(), at + 1));
      in[at] = true;
      if (!is_before && person->has("SCHEDULE-FORCE-SEND", "REQUEST")) concern.is_forced = true;
    }
    ++at;
  }
}

// Attendees who see the same are told the same: the work depends on how many kinds of them there are.
Concerns concerns_of(const Change& change, const User& who) {
  std::map<std::string, Concern> all;
  if (change.before != nullptr) note(*change.before, true, all);
  if (change.after != nullptr) note(*change.after, false, all);
  Concerns out;
  for (auto& [address, concern] : all)
    if (!who.is(address)) out[concern].push_back(address);
  return out;
}

// What is said to one kind of attendees.
class Telling {
 public:
  Telling(const Component& like, std::vector<std::string> to, const Setting& setting)
      : like_(like), to_(std::move(to)), addresses_(to_.begin(), to_.end()), setting_(setting) {}

  void compare(const Component& before, const Component& after, bool is_forced);
  void cancel(const Component& part, int sequence) { cancelled_.push_back(cancelled(part, addresses_, sequence)); }
  void cancel_all(const Component& before, const Component* after);
  void request_all(const Component& view) {
    requested_.clear();
    for (const Component& part : view.components)
      if (is_scheduled(part)) requested_.push_back(part);
  }
  void finish(const std::string& from, const Component& zones_of, std::vector<Message>& out);

 private:
  bool compare_series(const Component& old, Parts& before, const Component& now, Parts& after);
  void compare_instances(const Component& before_view, Parts& before, const Component& after_view, Parts& after);

  const Component& like_;
  const std::vector<std::string> to_;
  const std::set<std::string> addresses_;
  const Setting& setting_;
  std::vector<Component> cancelled_, requested_;
};

void Telling::cancel_all(const Component& before, const Component* after) {
  Parts old(before, setting_.zones);
  int sequence = 0;
  if (after != nullptr)
    for (const Component& part : after->components) sequence = std::max(sequence, icalendar::sequence(part));
  for (const Component& part : before.components)
    if (is_scheduled(part)) sequence = std::max(sequence, icalendar::sequence(part) + 1);
  if (const Component* master = old.master()) {
    if (!icalendar::is_cancelled(*master)) cancel(*master, sequence);
    return;
  }
  for (const Component& part : before.components)
    if (is_scheduled(part) && !icalendar::is_cancelled(part)) cancel(part, sequence);
}

// True: everything was said about the series as a whole.
bool Telling::compare_series(const Component& old, Parts& before, const Component& now, Parts& after) {
  if (icalendar::is_cancelled(now)) {
    if (!icalendar::is_cancelled(old)) cancel(now, icalendar::sequence(now));
    return true;
  }
  const std::set<PartKey> had = before.excluded(old);
  const std::set<PartKey> has = after.excluded(now);
  if (difference(old, before, now, after) != Difference::none || has_new(had, has)) return false;
  for (const PartKey& key : has) {
    if (had.contains(key)) continue;
    const std::optional<Component> instance = before.find_or_derive(key);
    if (instance && !icalendar::is_cancelled(*instance))
      cancel(*instance, std::max(icalendar::sequence(now), icalendar::sequence(*instance) + 1));
  }
  return true;
}

void Telling::compare_instances(const Component& before_view, Parts& before, const Component& after_view,
                                Parts& after) {
  for (const Component& part : after_view.components) {
    if (!is_scheduled(part)) continue;
    const auto key = after.key(part);
    if (!key || key->is_whole()) continue;
    const std::optional<Component> old = before.find_or_derive(*key);
    if (old && icalendar::is_cancelled(part) && !icalendar::is_cancelled(*old))
      cancel(part, std::max(icalendar::sequence(part), icalendar::sequence(*old) + 1));
    else if (!old || difference(*old, before, part, after) != Difference::none)
      requested_.push_back(part);
  }
  const Component* series = after.master();
  const std::set<PartKey> excluded = series != nullptr ? after.excluded(*series) : std::set<PartKey>();
  for (const Component& part : before_view.components) {
    if (!is_scheduled(part)) continue;
    const auto key = before.key(part);
    if (!key || key->is_whole() || after.find(*key) != nullptr || excluded.contains(*key)) continue;
    if (std::optional<Component> plain = after.derive(*key)) {
      if (difference(part, before, *plain, after) == Difference::none) continue;
      plain->set("SEQUENCE", std::to_string(std::max(icalendar::sequence(part) + 1, icalendar::sequence(*plain))));
      requested_.push_back(*std::move(plain));
    } else if (!icalendar::is_cancelled(part)) {
      cancel(part, icalendar::sequence(part) + 1);
    }
  }
}

void Telling::compare(const Component& before_view, const Component& after_view, bool is_forced) {
  Parts before(before_view, setting_.zones);
  Parts after(after_view, setting_.zones);
  const Component* old = before.master();
  const Component* now = after.master();
  if (old != nullptr && now == nullptr) {
    cancel_all(before_view, &after_view);
    return request_all(after_view);
  }
  if (is_forced || (now != nullptr && old == nullptr)) return request_all(after_view);
  if (now != nullptr && !compare_series(*old, before, *now, after)) return request_all(after_view);
  if (now == nullptr || !icalendar::is_cancelled(*now)) compare_instances(before_view, before, after_view, after);
}

void Telling::finish(const std::string& from, const Component& zones_of, std::vector<Message>& out) {
  add_message(Method::cancel, from, to_, like_, std::move(cancelled_), zones_of, setting_, out);
  add_message(Method::request, from, to_, like_, std::move(requested_), zones_of, setting_, out);
}

bool drop_force(Component& calendar) {
  bool altered = false;
  for (Component& part : calendar.components)
    for (Property& person : part.properties)
      if (person.is("ATTENDEE") && person.find("SCHEDULE-FORCE-SEND") != nullptr) {
        person.remove("SCHEDULE-FORCE-SEND");
        altered = true;
      }
  return altered;
}

}  // namespace

Result<Plan> plan_organizer(const User& who, const Change& change, const Setting& setting) {
  Plan plan{.role = Role::organizer};
  if (change.after != nullptr) plan.object = *change.after;
  if (change.before != nullptr && change.after != nullptr) {
    TRY_VOID(settle_object(change, setting, plan));
  }
  const Component& newest = change.after != nullptr ? plan.object : *change.before;
  std::string from = organizer_of(newest);
  if (from.empty() && change.before != nullptr) from = organizer_of(*change.before);
  for (const auto& [concern, to] : concerns_of(change, who)) {
    const auto in_any = [](const std::vector<bool>& parts) { return std::ranges::find(parts, true) != parts.end(); };
    std::optional<Component> before;
    std::optional<Component> after;
    if (in_any(concern.before)) before = view_for(*change.before, to.front(), setting);
    if (in_any(concern.after)) after = view_for(plan.object, to.front(), setting);
    Telling telling(newest, to, setting);
    if (before && after)
      telling.compare(*before, *after, concern.is_forced);
    else if (after)
      telling.request_all(*after);
    else if (before)
      telling.cancel_all(*before, change.after != nullptr ? &plan.object : nullptr);
    telling.finish(from, before ? *change.before : newest, plan.messages);
    if (before && change.after != nullptr && !plan.messages.empty()) bring_zones(newest, plan.messages.back().calendar);
  }
  if (change.after != nullptr) plan.is_altered |= drop_force(plan.object);
  return plan;
}

}  // namespace kontor::itip
