// SPDX-License-Identifier: AGPL-3.0-or-later
// What organisers send: REQUEST, ADD, CANCEL, PUBLISH, DECLINECOUNTER.
#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/bytes.h"
#include "formats/icalendar/access.h"
#include "formats/itip/receiving.h"
#include "formats/itip/views.h"

namespace kontor::itip {
namespace {

// What the recipient has made of his copy, and the organiser knows nothing of.
constexpr std::string_view kPrivate[] = {"TRANSP", "CATEGORIES", "COLOR", "PERCENT-COMPLETE", "COMPLETED"};

enum class Age : std::uint8_t { newer, same, older };

// RFC 5546 section 2.1.5.
Age age(const Component& message, const Component& stored) {
  const int sequence = icalendar::sequence(message);
  const int had = icalendar::sequence(stored);
  if (sequence != had) return sequence > had ? Age::newer : Age::older;
  const auto stamp = icalendar::when(message, "DTSTAMP");
  const auto old = icalendar::when(stored, "DTSTAMP");
  if (!stamp || !*stamp || !old || !*old) return Age::newer;
  if ((*stamp)->wall == (*old)->wall) return Age::same;
  return (*stamp)->wall > (*old)->wall ? Age::newer : Age::older;
}

void clean_incoming(Component& part) {
  part.place = Component::kLast;
  // Alarms are the recipient's affair: nobody makes another's device ring, or send mail.
  std::erase_if(part.components, [](const Component& inner) { return inner.is("VALARM"); });
  for (Component& inner : part.components) inner.place = Component::kLast;
  for (Property& person : part.properties)
    if (person.is("ATTENDEE") || person.is("ORGANIZER")) clean_person(person);
}

void keep_private(const Component& old, Component& part) {
  for (const std::string_view name : kPrivate) {
    if (old.find(name) == nullptr) continue;
    part.remove(name);
    for (const Property* property : old.all(name)) part.properties.push_back(*property);
  }
  for (const Property& property : old.properties)
    if (to_upper(property.name).starts_with("X-") && part.find(property.name) == nullptr)
      part.properties.push_back(property);
  for (const Component& inner : old.components)
    if (inner.is("VALARM")) {
      part.components.push_back(inner);
      part.components.back().place = Component::kLast;
    }
  const Property* old_organizer = old.find("ORGANIZER");
  Property* organizer = part.find("ORGANIZER");
  if (old_organizer == nullptr || organizer == nullptr) return;
  if (const std::string_view agent = old_organizer->parameter("SCHEDULE-AGENT"); !agent.empty())
    organizer->set("SCHEDULE-AGENT", agent);
}

// RFC 5546 section 4.2.7: the delegate declined, and the organiser, who knows of him, asks the delegator again.
bool is_asked_again(const Property& before, const Property& self, const Component& part) {
  if (status_of(before) != "DELEGATED" || self.find("DELEGATED-TO") != nullptr) return false;
  const auto delegates = icalendar::person_of(before).delegated_to;
  return std::ranges::any_of(delegates, [&](const std::string& address) {
    const Property* delegate = attendee(part, address);
    return delegate != nullptr && status_of(*delegate) == "DECLINED";
  });
}

// The organiser may not have heard yet what the recipient said; what he said holds until the time changes.
void keep_answer(const User& who, const Component& old, Component& part) {
  const Property* before = attendee(old, who);
  Property* self = attendee(part, who);
  if (before == nullptr || self == nullptr || is_asked_again(*before, *self, part)) return;
  if (status_of(*before) == "NEEDS-ACTION" || icalendar::sequence(part) > icalendar::sequence(old)) return;
  set_status(*self, status_of(*before));
  for (const std::string_view name : {"DELEGATED-TO", "DELEGATED-FROM"})
    if (const lines::Parameter* found = before->find(name); found != nullptr && self->find(name) == nullptr)
      self->parameters.push_back(*found);
  for (const std::string& address : icalendar::person_of(*before).delegated_to)
    if (const Property* delegate = attendee(old, address); delegate != nullptr && attendee(part, address) == nullptr)
      part.properties.push_back(*delegate);
}

class Inviting {
 public:
  Inviting(const User& who, const Incoming& incoming, const Setting& setting)
      : who_(who), incoming_(incoming), setting_(setting), message_parts_(*incoming.message, setting.zones) {}

  Result<Received> request();
  Result<Received> add();
  Result<Received> cancel();

 private:
  bool is_concerned() const;
  Component whole_request(Parts& stored, const Component& master);
  void keep_own_instances(Parts& stored, const Component& old_master, const Component& master, Component& object);
  Result<Received> update_instances();
  Received whole_cancel() const;
  Result<Received> cancel_instances();
  Received ask_again(std::string why) const;
  bool is_news(const Component* old, Parts* old_parts, const Component& part);

  const User& who_;
  const Incoming& incoming_;
  const Setting& setting_;
  Parts message_parts_;
};

bool Inviting::is_concerned() const {
  bool has_attendees = false;
  for (const Component& part : incoming_.message->components) {
    if (!is_scheduled(part)) continue;
    for (const Property* person : part.all("ATTENDEE")) {
      has_attendees = true;
      const std::string address = icalendar::address_of(person->value);
      if (who_.is(address) || who_.is_through_group(address)) return true;
    }
  }
  return !has_attendees;
}

Received Inviting::ask_again(std::string why) const {
  Received out{.fate = Fate::nothing, .why = std::move(why)};
  Component calendar = empty_like(*incoming_.message);
  for (const Component& part : incoming_.message->components) {
    if (!is_scheduled(part)) continue;
    const Property* self = attendee(part, who_);
    Component asked{.name = part.name};
    asked.set("UID", std::string(part.value("UID")));
    if (const Property* organizer = part.find("ORGANIZER")) asked.properties.push_back(*organizer);
    asked.properties.push_back(
        {.name = "ATTENDEE", .value = self != nullptr ? self->value : "mailto:" + who_.addresses.front()});
    stamp(asked, setting_);
    calendar.components.push_back(std::move(asked));
    break;
  }
  out.answers.push_back(make_message(Method::refresh, who_.addresses.front(), {organizer_of(*incoming_.message)},
                                     std::move(calendar), *incoming_.message));
  return out;
}

bool Inviting::is_news(const Component* old, Parts* old_parts, const Component& part) {
  return old == nullptr || difference(*old, *old_parts, part, message_parts_) != Difference::none;
}

// Instances that only the recipient made single: he answered them otherwise, or has other alarms for them.
void Inviting::keep_own_instances(Parts& stored, const Component& old_master, const Component& master,
                                  Component& object) {
  if (!is_same_time(old_master, stored, master, message_parts_)) return;
  const bool is_same_sequence = icalendar::sequence(old_master) == icalendar::sequence(master);
  const std::set<PartKey> gone = message_parts_.excluded(master);
  if (is_same_sequence)
    for (const Property* property : old_master.all("EXDATE")) {
      const auto dates = icalendar::whens_of(*property);
      if (!dates) continue;
      for (const icalendar::When& date : *dates) {
        const auto key = stored.key(date);
        if (key && !gone.contains(*key) && message_parts_.find(*key) == nullptr)
          for (Component& part : object.components)
            if (is_scheduled(part) && part.find("RECURRENCE-ID") == nullptr) add_exdate(part, date);
      }
    }
  const Property* series_self = attendee(old_master, who_);
  for (const Component& old : incoming_.stored->components) {
    if (!is_scheduled(old) || &old == &old_master) continue;
    const auto key = stored.key(old);
    if (!key || gone.contains(*key) || message_parts_.find(*key) != nullptr || icalendar::is_cancelled(old)) continue;
    const Property* self = attendee(old, who_);
    if (series_self == nullptr || self == nullptr || status_of(*self) == status_of(*series_self)) continue;
    std::optional<Component> plain = message_parts_.derive(*key);
    if (!plain) continue;
    clean_incoming(*plain);
    keep_private(old, *plain);
    if (is_same_sequence) keep_answer(who_, old, *plain);
    if (Property* own = attendee(*plain, who_)) set_status(*own, status_of(*self));
    object.components.push_back(*std::move(plain));
  }
}

// The message says everything of the object.
Component Inviting::whole_request(Parts& stored, const Component& master) {
  Component object = *incoming_.message;
  object.remove("METHOD");
  for (Component& part : object.components) {
    if (!is_scheduled(part)) {
      part.place = Component::kLast;
      continue;
    }
    clean_incoming(part);
    if (incoming_.stored == nullptr) continue;
    const auto key = message_parts_.key(part);
    const std::optional<Component> old = key ? stored.find_or_derive(*key) : std::nullopt;
    if (!old) continue;
    keep_private(*old, part);
    keep_answer(who_, *old, part);
  }
  if (const Component* old_master = stored.master()) keep_own_instances(stored, *old_master, master, object);
  bring_zones(incoming_.stored != nullptr ? *incoming_.stored : object, object);
  return object;
}

Result<Received> Inviting::request() {
  if (!is_concerned()) return Received{.fate = Fate::for_person, .why = "the recipient is not invited"};
  const Component* master = message_parts_.master();
  if (master == nullptr) return update_instances();
  for (const Component& part : incoming_.message->components)
    if (is_scheduled(part)) TRY_VOID(message_parts_.key(part));
  static const Component none{.name = "VCALENDAR"};
  const Component& had = incoming_.stored != nullptr ? *incoming_.stored : none;
  Parts stored(had, setting_.zones);
  Received out{.fate = Fate::stored};
  const Component* old = stored.master();
  if (old != nullptr) {
    const Age message_age = age(*master, *old);
    if (message_age == Age::older) return Received{.fate = Fate::nothing, .why = "it is older than what is there"};
    out.is_significant = is_news(old, &stored, *master);
    for (const Component& part : incoming_.message->components)
      if (is_scheduled(part) && &part != master && !out.is_significant) {
        const auto before = stored.find_or_derive(*message_parts_.key(part));
        out.is_significant = is_news(before ? &*before : nullptr, &stored, part);
      }
    if (message_age == Age::same && !out.is_significant)
      return Received{.fate = Fate::nothing, .why = "it is there already"};
  } else {
    out.is_significant = true;
  }
  out.object = whole_request(stored, *master);
  return out;
}

// The message is about single instances only.
Result<Received> Inviting::update_instances() {
  Received out{.fate = Fate::nothing, .why = "it is there already, or older than what is there"};
  Component object = incoming_.stored != nullptr ? *incoming_.stored : empty_like(*incoming_.message);
  {
    Parts now(object, setting_.zones);
    // Who was out of the series and is asked to single instances has these only.
    if (const Component* master = now.master(); master != nullptr && icalendar::is_cancelled(*master))
      std::erase_if(object.components, is_scheduled);
  }
  for (const Component& part : incoming_.message->components) {
    if (!is_scheduled(part)) continue;
    TRY(const PartKey key, message_parts_.key(part));
    Parts now(object, setting_.zones);
    const Component* found = now.find(key);
    const Component* master = now.master();
    const Age part_age = found != nullptr ? age(part, *found) : Age::newer;
    if (part_age == Age::older || (part_age == Age::same && !is_news(found, &now, part))) continue;
    if (found == nullptr && master != nullptr && icalendar::sequence(part) < icalendar::sequence(*master)) continue;
    const std::optional<Component> old = now.find_or_derive(key);
    Component fresh = part;
    clean_incoming(fresh);
    if (old) {
      keep_private(*old, fresh);
      keep_answer(who_, *old, fresh);
    }
    out.is_significant |= is_news(old ? &*old : nullptr, &now, part);
    if (master != nullptr) {
      Component& series = object.components[static_cast<std::size_t>(master - object.components.data())];
      std::vector<icalendar::When> left;
      bool was_out = false;
      for (const Property* property : series.all("EXDATE"))
        if (const auto dates = icalendar::whens_of(*property))
          for (const icalendar::When& date : *dates) {
            const auto excluded = now.key(date);
            const bool is_it = excluded && *excluded == key;
            was_out |= is_it;
            if (!is_it) left.push_back(date);
          }
      if (was_out) {
        series.remove("EXDATE");
        for (const icalendar::When& date : left) add_exdate(series, date);
      }
    }
    put_part(object, key, std::move(fresh), setting_.zones);
    bring_zones(*incoming_.message, object);
    out.fate = Fate::stored;
  }
  if (out.fate == Fate::stored) {
    out.why.clear();
    out.object = std::move(object);
  }
  return out;
}

// RFC 5546 section 3.2.4: more instances of a series that is there.
Result<Received> Inviting::add() {
  if (incoming_.stored == nullptr) return ask_again("instances are added to what is not there");
  Component object = *incoming_.stored;
  Received out{.fate = Fate::nothing, .why = "it is there already"};
  for (const Component& part : incoming_.message->components) {
    if (!is_scheduled(part)) continue;
    Parts now(object, setting_.zones);
    const Component* master = now.master();
    if (master == nullptr) return ask_again("instances are added to a series that is not there");
    // A series has one rule here: the organiser's own copy says what becomes of two.
    if (part.find("RRULE") != nullptr || part.find("RDATE") != nullptr) return ask_again("a whole series is added");
    const int had = icalendar::sequence(*master);
    const int sequence = icalendar::sequence(part);
    if (sequence <= had && out.fate == Fate::nothing) continue;
    if (sequence > had + 1) return ask_again("something between was not received");
    TRY(const auto start, icalendar::when(part, "DTSTART"));
    if (!start) return fail(Errc::invalid, "an added instance without DTSTART");
    Component instance = part;
    clean_incoming(instance);
    Property id{.name = "RECURRENCE-ID"};
    icalendar::set_when(id, *start);
    instance.properties.push_back(std::move(id));
    TRY(const PartKey key, message_parts_.key(*start));
    Component& series = object.components[static_cast<std::size_t>(master - object.components.data())];
    Property date{.name = "RDATE"};
    icalendar::set_when(date, *start);
    series.properties.push_back(std::move(date));
    series.set("SEQUENCE", std::to_string(sequence));
    series.set("DTSTAMP", std::string(part.value("DTSTAMP")));
    put_part(object, key, std::move(instance), setting_.zones);
    bring_zones(*incoming_.message, object);
    out.fate = Fate::stored;
    out.is_significant = true;
  }
  if (out.fate == Fate::stored) {
    out.why.clear();
    out.object = std::move(object);
  }
  return out;
}

Received Inviting::whole_cancel() const {
  Received out{.fate = Fate::stored, .object = *incoming_.stored, .is_significant = true};
  Parts message(*incoming_.message, setting_.zones);
  const Component& said = *message.master();
  bool changed = false;
  for (Component& part : out.object.components) {
    if (!is_scheduled(part)) continue;
    if (icalendar::sequence(said) < icalendar::sequence(part)) continue;
    if (icalendar::is_cancelled(part) && icalendar::sequence(said) == icalendar::sequence(part)) continue;
    part.set("STATUS", "CANCELLED");
    part.set("SEQUENCE", std::to_string(icalendar::sequence(said)));
    if (said.find("DTSTAMP") != nullptr) part.set("DTSTAMP", std::string(said.value("DTSTAMP")));
    std::erase_if(part.components, [](const Component& inner) { return inner.is("VALARM"); });
    changed = true;
  }
  if (!changed) return Received{.fate = Fate::nothing, .why = "it is cancelled already, or was set anew later"};
  return out;
}

Result<Received> Inviting::cancel_instances() {
  Received out{.fate = Fate::nothing, .why = "it is cancelled already, or not there"};
  Component object = *incoming_.stored;
  for (const Component& said : incoming_.message->components) {
    if (!is_scheduled(said)) continue;
    TRY(const PartKey key, message_parts_.key(said));
    Parts now(object, setting_.zones);
    std::optional<Component> part = now.find_or_derive(key);
    if (!part || icalendar::sequence(said) < icalendar::sequence(*part)) continue;
    const Component* master = now.master();
    if (icalendar::is_cancelled(*part) || (master != nullptr && now.excluded(*master).contains(key))) continue;
    part->set("STATUS", "CANCELLED");
    part->set("SEQUENCE", std::to_string(icalendar::sequence(said)));
    if (said.find("DTSTAMP") != nullptr) part->set("DTSTAMP", std::string(said.value("DTSTAMP")));
    std::erase_if(part->components, [](const Component& inner) { return inner.is("VALARM"); });
    put_part(object, key, *std::move(part), setting_.zones);
    out.fate = Fate::stored;
  }
  if (out.fate == Fate::stored) {
    out.why.clear();
    out.is_significant = true;
    out.object = std::move(object);
  }
  return out;
}

Result<Received> Inviting::cancel() {
  if (incoming_.stored == nullptr) return Received{.fate = Fate::nothing, .why = "what is cancelled is not there"};
  bool is_said_to_be_off = false;
  for (const Component& part : incoming_.message->components)
    is_said_to_be_off |= is_scheduled(part) && icalendar::is_cancelled(part);
  if (!is_concerned() && !is_said_to_be_off)
    return Received{.fate = Fate::nothing, .why = "others are not invited any more"};
  return message_parts_.master() != nullptr ? Result<Received>(whole_cancel()) : cancel_instances();
}

}  // namespace

Result<Received> from_organizer(const User& who, Method method, const Incoming& incoming, const Setting& setting) {
  Inviting inviting(who, incoming, setting);
  switch (method) {
    case Method::request:
      return inviting.request();
    case Method::add:
      return inviting.add();
    case Method::cancel:
      return inviting.cancel();
    case Method::publish:
      // What nobody asked for is not put into his calendar; what is there already is kept up to date.
      if (incoming.stored == nullptr) return Received{.fate = Fate::for_person, .why = "it is only published"};
      return inviting.request();
    default:
      return Received{
          .fate = Fate::for_person, .is_significant = incoming.stored != nullptr, .why = "a proposal was declined"};
  }
}

}  // namespace kontor::itip
