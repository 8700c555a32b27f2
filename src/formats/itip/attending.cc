// SPDX-License-Identifier: AGPL-3.0-or-later
#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/bytes.h"
#include "formats/icalendar/access.h"
#include "formats/itip/organizing.h"
#include "formats/itip/views.h"

namespace kontor::itip {
namespace {

Result<void> not_allowed(std::string_view what) {
  return fail(Errc::denied, std::string(what) + " of a meeting can be changed by its organiser only");
}

// RFC 6638 section 3.2.2.1. Who is invited is looked at by restore().
Result<void> check_allowed(const Component& base, Parts& before, const Component& part, Parts& after) {
  if (!is_same_time(base, before, part, after)) return not_allowed("the time");
  for (const auto& [name, what] : {std::pair("SUMMARY", "the subject"), std::pair("LOCATION", "the place")})
    if (icalendar::text(base, name) != icalendar::text(part, name)) return not_allowed(what);
  if (part.is("VEVENT") && icalendar::is_cancelled(base) != icalendar::is_cancelled(part))
    return not_allowed("the state");
  return {};
}

// What is the organiser's stays as he sent it: SEQUENCE and DTSTAMP, by which later messages are judged, and the others
// who are invited. Denied: others than a delegate were added.
Result<bool> restore(const User& who, const Component& base, Component& part) {
  bool altered = false;
  for (const std::string_view name : {"SEQUENCE", "DTSTAMP"}) {
    if (part.value(name) == base.value(name)) continue;
    if (base.find(name) == nullptr)
      part.remove(name);
    else
      part.set(name, std::string(base.value(name)));
    altered = true;
  }
  const Property* self = attendee(part, who);
  if (self == nullptr) return fail(Errc::denied, "an attendee cannot take himself out of a meeting; he can decline");
  const std::vector<std::string> delegates = icalendar::person_of(*self).delegated_to;
  std::set<std::string> seen;
  for (Property& person : part.properties) {
    if (!person.is("ATTENDEE")) continue;
    const std::string address = icalendar::address_of(person.value);
    if (who.is(address)) continue;
    const Property* old = attendee(base, address);
    if (old == nullptr && std::ranges::find(delegates, address) == delegates.end())
      return fail(Errc::denied, "only the organiser can invite to a meeting");
    seen.insert(address);
    if (old != nullptr && !(*old == person)) {
      person = *old;
      altered = true;
    }
  }
  for (const Property& person : base.properties) {
    if (!person.is("ATTENDEE")) continue;
    const std::string address = icalendar::address_of(person.value);
    if (who.is(address) || seen.contains(address)) continue;
    part.properties.push_back(person);
    altered = true;
  }
  return altered;
}

class Answering {
 public:
  Answering(const User& who, const Component& like, const Setting& setting)
      : who_(who), like_(like), setting_(setting) {}

  void answer(const Component& part, const Component* base);
  void decline(const Component& part);
  void finish(Plan& plan);

 private:
  void reply(const Component& part, const Property& self);
  void delegate(const Component& part, const Property& self, Component& reply);

  const User& who_;
  const Component& like_;
  const Setting& setting_;
  std::vector<Component> replies_, requests_;
  std::set<std::string> delegates_, delegators_;
};

// RFC 5546 section 3.2.2.3.
void Answering::delegate(const Component& part, const Property& self, Component& reply) {
  for (const std::string& address : icalendar::person_of(self).delegated_to) {
    const Property* delegate = attendee(part, address);
    if (delegate == nullptr) continue;
    reply.properties.push_back(*delegate);
    clean_person(reply.properties.back());
    delegates_.insert(address);
    requests_.push_back(part);
  }
}

// A delegate answers his delegator, too (RFC 5546 sections 4.2.6 and 4.2.7).
void Answering::reply(const Component& part, const Property& self) {
  Component reply = reply_part(part, self, setting_);
  for (const std::string& address : icalendar::person_of(self).delegated_from) {
    const Property* delegator = attendee(part, address);
    if (delegator == nullptr || address == organizer_of(like_)) continue;
    reply.properties.push_back(*delegator);
    clean_person(reply.properties.back());
    delegators_.insert(address);
  }
  if (status_of(self) == "DELEGATED") delegate(part, self, reply);
  replies_.push_back(std::move(reply));
}

void Answering::answer(const Component& part, const Component* base) {
  const Property* self = attendee(part, who_);
  if (self == nullptr) return;
  const Property* old = base != nullptr ? attendee(*base, who_) : nullptr;
  const std::string before = old != nullptr ? status_of(*old) : "NEEDS-ACTION";
  const auto worked = [](const Component* task) {
    return task != nullptr && task->is("VTODO")
               ? std::string(task->value("PERCENT-COMPLETE")) + std::string(task->value("COMPLETED"))
               : std::string();
  };
  if (status_of(*self) == before && (base == nullptr || worked(&part) == worked(base))) return;
  reply(part, *self);
}

void Answering::decline(const Component& part) {
  const Property* self = attendee(part, who_);
  if (self == nullptr || icalendar::is_cancelled(part)) return;
  if (status_of(*self) == "DECLINED" || status_of(*self) == "DELEGATED") return;
  Property declined = *self;
  set_status(declined, "DECLINED");
  reply(part, declined);
}

void Answering::finish(Plan& plan) {
  const std::string from = [&] {
    for (const Component& part : like_.components)
      if (is_scheduled(part))
        if (const Property* self = attendee(part, who_)) return icalendar::address_of(self->value);
    return who_.addresses.front();
  }();
  std::vector<std::string> answered = {organizer_of(like_)};
  answered.insert(answered.end(), delegators_.begin(), delegators_.end());
  add_message(Method::reply, from, std::move(answered), like_, std::move(replies_), like_, setting_, plan.messages);
  add_message(Method::request, from, {delegates_.begin(), delegates_.end()}, like_, std::move(requests_), like_,
              setting_, plan.messages);
}

const Property* organizer_property(const Component& calendar) {
  for (const Component& part : calendar.components)
    if (is_scheduled(part))
      if (const Property* found = part.find("ORGANIZER")) return found;
  return nullptr;
}

// Takes SCHEDULE-FORCE-SEND out; whether it asked for a reply.
bool take_force(Plan& plan) {
  bool forced = false;
  for (Component& part : plan.object.components)
    if (Property* organizer = part.find("ORGANIZER"); organizer != nullptr && is_scheduled(part)) {
      forced |= organizer->has("SCHEDULE-FORCE-SEND", "REPLY");
      plan.is_altered |= organizer->find("SCHEDULE-FORCE-SEND") != nullptr;
      organizer->remove("SCHEDULE-FORCE-SEND");
    }
  return forced;
}

void answer_removal(const Component& object, const Setting& setting, Answering& answering) {
  if (const Component* master = Parts(object, setting.zones).master()) return answering.decline(*master);
  for (const Component& part : object.components)
    if (is_scheduled(part)) answering.decline(part);
}

// Parts that were there and are not any more.
Result<void> compare_gone(const Component& old, Parts& before, Parts& after, Answering& answering) {
  const Component* series = after.master();
  if (before.master() != nullptr && series == nullptr) return not_allowed("the series");
  const std::set<PartKey> had = before.master() != nullptr ? before.excluded(*before.master()) : std::set<PartKey>();
  const std::set<PartKey> has = series != nullptr ? after.excluded(*series) : std::set<PartKey>();
  for (const PartKey& key : has)
    if (!had.contains(key))
      if (const auto instance = before.find_or_derive(key)) answering.decline(*instance);
  for (const Component& part : old.components) {
    if (!is_scheduled(part)) continue;
    TRY(const PartKey key, before.key(part));
    if (after.find(key) != nullptr || has.contains(key)) continue;
    const std::optional<Component> plain = after.derive(key);
    if (plain) {
      TRY_VOID(check_allowed(part, before, *plain, after));
      answering.answer(*plain, &part);
    } else {
      answering.decline(part);
    }
  }
  return {};
}

Result<void> compare_objects(const User& who, const Change& change, const Setting& setting, bool forced, Plan& plan,
                             Answering& answering) {
  Parts before(*change.before, setting.zones);
  Parts after(plan.object, setting.zones);
  for (Component& part : plan.object.components) {
    if (!is_scheduled(part)) continue;
    TRY(const PartKey key, after.key(part));
    const std::optional<Component> base = before.find_or_derive(key);
    if (!base) return fail(Errc::denied, "only the organiser can add instances to a meeting");
    TRY_VOID(check_allowed(*base, before, part, after));
    TRY(const bool restored, restore(who, *base, part));
    plan.is_altered |= restored;
    answering.answer(part, forced ? nullptr : &*base);
  }
  return compare_gone(*change.before, before, after, answering);
}

}  // namespace

Result<Plan> plan_attendee(const User& who, const Change& change, const Setting& setting) {
  Plan plan{.role = Role::attendee};
  if (change.after == nullptr) {
    const Property* organizer = organizer_property(*change.before);
    if (!change.replies || organizer == nullptr || !is_server_agent(*organizer)) return plan;
    Answering answering(who, *change.before, setting);
    answer_removal(*change.before, setting, answering);
    answering.finish(plan);
    return plan;
  }
  plan.object = *change.after;
  const bool was_attendee = change.before != nullptr && role_in(*change.before, who) == Role::attendee;
  if (was_attendee && organizer_of(plan.object) != organizer_of(*change.before))
    return fail(Errc::denied, "the organiser of a meeting cannot be changed");
  const Property* organizer = organizer_property(plan.object);
  if (organizer == nullptr || !is_server_agent(*organizer)) return plan;
  const bool forced = take_force(plan);
  Answering answering(who, plan.object, setting);
  if (was_attendee) {
    TRY_VOID(compare_objects(who, change, setting, forced, plan, answering));
  } else {
    for (const Component& part : plan.object.components)
      if (is_scheduled(part)) answering.answer(part, nullptr);
  }
  answering.finish(plan);
  return plan;
}

}  // namespace kontor::itip
