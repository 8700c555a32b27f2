// SPDX-License-Identifier: AGPL-3.0-or-later
// What attendees send to the organiser: REPLY, COUNTER, REFRESH.
#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "formats/icalendar/access.h"
#include "formats/itip/receiving.h"
#include "formats/itip/views.h"

namespace kontor::itip {
namespace {

constexpr std::string_view kStatuses[] = {"NEEDS-ACTION", "ACCEPTED",  "DECLINED",  "TENTATIVE",
                                          "DELEGATED",    "COMPLETED", "IN-PROCESS"};

// Which answer is the latest (RFC 5546 section 2.1.5): noted with the attendee as "sequence/DTSTAMP".
std::string revision(const Component& reply) {
  return std::to_string(icalendar::sequence(reply)) + "/" + std::string(reply.value("DTSTAMP"));
}

// Nothing was noted: the reply is newer.
bool is_newer(const Component& reply, std::string_view noted) {
  if (noted.empty()) return true;
  int sequence = 0;
  std::from_chars(noted.data(), noted.data() + noted.size(), sequence);
  if (icalendar::sequence(reply) != sequence) return icalendar::sequence(reply) > sequence;
  const std::size_t slash = noted.find('/');
  const auto before = icalendar::parse_when(slash == std::string_view::npos ? "" : noted.substr(slash + 1));
  const auto stamp = icalendar::when(reply, "DTSTAMP");
  if (!before || !stamp || !*stamp) return true;
  return (*stamp)->wall >= before->wall;  // within a second the one that comes later
}

class Replying {
 public:
  Replying(const Incoming& incoming, const Setting& setting)
      : incoming_(incoming), setting_(setting), object_(*incoming.stored), said_(*incoming.message, setting.zones) {}

  Result<Received> reply();

 private:
  Result<void> take(const Component& reply);
  bool merge(const Component& reply, const Property& answer, Component& part);
  bool add_person(const Component& reply, const Property& answer, Component& part);
  Property* person_in(const Property& answer, Component& part);
  void spread(const Component& reply, const Property& answer, const std::string& before);

  const Incoming& incoming_;
  const Setting& setting_;
  Component object_;
  Parts said_;
  Received out_;
  bool is_uninvited_ = false;
};

Property* Replying::person_in(const Property& answer, Component& part) {
  return attendee(part, icalendar::address_of(answer.value));
}

// Who was not invited: the delegate of somebody who was, or one to whom the invitation was passed on.
bool Replying::add_person(const Component& reply, const Property& answer, Component& part) {
  const icalendar::Person person = icalendar::person_of(answer);
  bool is_delegate = false;
  for (const std::string& from : person.delegated_from) {
    Property* delegator = attendee(part, from);
    if (delegator == nullptr) continue;
    // From the world only the delegator says who his delegate is.
    const auto named = icalendar::person_of(*delegator).delegated_to;
    const bool is_named = std::ranges::find(named, person.address) != named.end();
    if (!is_named && !incoming_.takes_uninvited) continue;
    is_delegate = true;
    set_status(*delegator, "DELEGATED");
    delegator->set("DELEGATED-TO", "mailto:" + person.address);
  }
  if (!is_delegate && !incoming_.takes_uninvited) {
    is_uninvited_ = true;
    return false;
  }
  Property added = answer;
  clean_person(added);
  added.remove("RSVP");
  if (!is_delegate) added.set("ROLE", "OPT-PARTICIPANT");
  added.set("X-KONTOR-REPLY", revision(reply));
  part.properties.push_back(std::move(added));
  return true;
}

bool Replying::merge(const Component& reply, const Property& answer, Component& part) {
  Property* person = person_in(answer, part);
  if (person == nullptr) return add_person(reply, answer, part);
  if (icalendar::sequence(reply) < icalendar::sequence(part)) {
    out_.why = "it answers an older state";
    return false;
  }
  if (!is_newer(reply, person->parameter("X-KONTOR-REPLY"))) {
    out_.why = "a later answer is there";
    return false;
  }
  const std::string status = status_of(answer);
  if (status == status_of(*person) && person->parameter("X-KONTOR-REPLY") == revision(reply)) {
    out_.why = "it is there already";
    return false;
  }
  if (std::ranges::find(kStatuses, status) == std::ranges::end(kStatuses)) {
    out_.why = "it is no answer that is known";
    return false;
  }
  out_.is_significant |= status != status_of(*person);
  set_status(*person, status);
  person->set("X-KONTOR-REPLY", revision(reply));
  // RFC 6638 section 7.3: the attendee got it.
  person->set("SCHEDULE-STATUS", "2.0");
  for (const std::string_view name : {"DELEGATED-TO", "DELEGATED-FROM", "SENT-BY"})
    if (const lines::Parameter* found = answer.find(name)) {
      person->remove(name);
      person->parameters.push_back(*found);
    }
  for (const std::string_view name : {"PERCENT-COMPLETE", "COMPLETED"})
    if (part.is("VTODO") && invited(part).size() == 1 && reply.find(name) != nullptr)
      part.set(name, std::string(reply.value(name)));
  return true;
}

// An answer to the whole series holds for the instances that were not answered otherwise.
void Replying::spread(const Component& reply, const Property& answer, const std::string& before) {
  for (Component& part : object_.components) {
    if (!is_scheduled(part) || part.find("RECURRENCE-ID") == nullptr) continue;
    if (Property* person = person_in(answer, part); person != nullptr && status_of(*person) == before) {
      if (icalendar::sequence(reply) >= icalendar::sequence(part)) set_status(*person, status_of(answer));
    }
  }
}

Result<void> Replying::take(const Component& reply) {
  TRY(const PartKey key, said_.key(reply));
  const Property* answer = attendee(reply, incoming_.from);
  if (answer == nullptr) return fail(Errc::denied, "an answer for somebody else");
  std::optional<Component> part = Parts(object_, setting_.zones).find_or_derive(key);
  if (!part) {
    out_.why = "it answers an instance that is not there";
    return {};
  }
  const Property* person = person_in(*answer, *part);
  const std::string before = person != nullptr ? status_of(*person) : std::string();
  if (!merge(reply, *answer, *part)) return {};
  // A delegate's own invitation comes from the delegator; here he must be known for his answer.
  for (const Property* other : reply.all("ATTENDEE")) {
    const std::string address = icalendar::address_of(other->value);
    const auto to = icalendar::person_of(*answer).delegated_to;
    if (std::ranges::find(to, address) == to.end() || attendee(*part, address) != nullptr) continue;
    Property delegate = *other;
    clean_person(delegate);
    delegate.set("DELEGATED-FROM", answer->value);
    part->properties.push_back(std::move(delegate));
  }
  put_part(object_, key, *std::move(part), setting_.zones);
  if (key.is_whole() && !before.empty()) spread(reply, *answer, before);
  out_.fate = Fate::stored;
  return {};
}

Result<Received> Replying::reply() {
  for (const Component& part : incoming_.message->components)
    if (is_scheduled(part)) TRY_VOID(take(part));
  if (out_.fate == Fate::stored) {
    out_.why.clear();
    out_.object = std::move(object_);
  } else if (is_uninvited_) {
    out_.fate = Fate::for_person;
    out_.why = "who answers was not invited";
  }
  return std::move(out_);
}

Result<Received> answer_refresh(const Incoming& incoming, const Setting& setting) {
  const std::optional<Component> view = view_for(*incoming.stored, incoming.from, setting);
  if (!view) return fail(Errc::denied, "who asks was not invited");
  Received out{.fate = Fate::nothing, .why = "the latest state was asked for"};
  out.answers.push_back(
      make_message(Method::request, organizer_of(*incoming.stored), {incoming.from}, *view, *incoming.stored));
  return out;
}

// A delegate answers who delegated to him, too.
bool is_delegate_of(const User& who, const Component& stored, std::string_view address) {
  for (const Component& part : stored.components) {
    const Property* self = is_scheduled(part) ? attendee(part, who) : nullptr;
    if (self == nullptr) continue;
    const auto to = icalendar::person_of(*self).delegated_to;
    if (std::ranges::find(to, address) != to.end()) return true;
  }
  return false;
}

}  // namespace

Result<Received> from_attendee(const User& who, Method method, const Incoming& incoming, const Setting& setting) {
  for (const Component& part : incoming.message->components)
    if (is_scheduled(part) && attendee(part, incoming.from) == nullptr)
      return fail(Errc::denied, "it is from somebody else than whose answer it is");
  if (incoming.stored == nullptr)
    return Received{.fate = Fate::for_person, .why = "it answers what is not in the calendar"};
  const bool is_delegates = method == Method::reply && is_delegate_of(who, *incoming.stored, incoming.from);
  if (!who.is(organizer_of(*incoming.stored)) && !is_delegates)
    return fail(Errc::denied, "the recipient is not the organiser");
  if (method == Method::refresh) return answer_refresh(incoming, setting);
  if (method == Method::counter) {
    bool is_invited = false;
    for (const Component& part : incoming.stored->components)
      is_invited |= is_scheduled(part) && attendee(part, incoming.from) != nullptr;
    if (!is_invited) return fail(Errc::denied, "who proposes was not invited");
    return Received{.fate = Fate::for_person, .is_significant = true, .why = "a proposal"};
  }
  return Replying(incoming, setting).reply();
}

}  // namespace kontor::itip
