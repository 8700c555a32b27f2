// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/itip/receive.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "formats/icalendar/access.h"
#include "formats/itip/instances.h"
#include "formats/itip/receiving.h"

namespace kontor::itip {
namespace {

Result<void> check_message(const Component& message) {
  std::string uid;
  for (const Component& part : message.components) {
    if (!is_scheduled(part)) continue;
    const std::string own = icalendar::uid(part);
    if (own.empty()) return fail(Errc::invalid, "a scheduling message without UID");
    if (!uid.empty() && own != uid) return fail(Errc::invalid, "a scheduling message about several objects");
    uid = own;
  }
  if (uid.empty()) return fail(Errc::invalid, "a scheduling message about nothing that can be scheduled");
  if (std::ranges::count_if(message.components, is_scheduled) > kMostParts)
    return fail(Errc::too_large, "a scheduling message about too many single instances");
  return {};
}

// A delegate may have the message from who delegated to him.
bool is_delegated_by(const Component& message, const User& who, std::string_view from) {
  for (const Component& part : message.components) {
    if (!is_scheduled(part)) continue;
    const Property* delegator = attendee(part, from);
    if (delegator == nullptr || attendee(part, who) == nullptr) return false;
    const auto to = icalendar::person_of(*delegator).delegated_to;
    if (std::ranges::none_of(to, [&](const std::string& address) { return who.is(address); })) return false;
  }
  return true;
}

// Who passes an invitation on adds to a calendar; what the organiser put there he does not change. Whose invitation it
// is he alone says: anybody can write another's name, and himself as its delegate, into what he sends.
bool adds_only(const Incoming& incoming, const icalendar::ZoneDatabase& zones) {
  if (incoming.stored == nullptr) return true;
  Parts said(*incoming.message, zones);
  Parts had(*incoming.stored, zones);
  return std::ranges::all_of(incoming.message->components, [&](const Component& part) {
    if (!is_scheduled(part)) return true;
    const auto key = said.key(part);
    return key && !key->is_whole() && !had.find_or_derive(*key);
  });
}

// Who is invited through a group gets a place of his own, so that he can answer.
std::optional<Component> with_place_of_own(const User& who, const Component& message) {
  std::optional<Component> out;
  for (std::size_t i = 0; i < message.components.size(); ++i) {
    const Component& part = message.components[i];
    if (!is_scheduled(part) || attendee(part, who) != nullptr || who.addresses.empty()) continue;
    for (const Property& group : part.properties) {
      if (!group.is("ATTENDEE") || !who.is_through_group(icalendar::address_of(group.value))) continue;
      Property own{.name = "ATTENDEE", .value = "mailto:" + who.addresses.front()};
      own.set("PARTSTAT", "NEEDS-ACTION");
      own.set("RSVP", "TRUE");
      own.set("MEMBER", group.value);
      if (!out) out = message;
      out->components[i].properties.push_back(std::move(own));
      break;
    }
  }
  return out;
}

bool is_sent_by(const Component& message, std::string_view from) {
  for (const Component& part : message.components)
    if (const Property* organizer = part.find("ORGANIZER"); organizer != nullptr && is_scheduled(part))
      if (icalendar::person_of(*organizer).sent_by == from) return true;
  return false;
}

}  // namespace

Result<Received> receive(const User& who, const Incoming& incoming, const Setting& setting) {
  const std::optional<Method> method = method_of(*incoming.message);
  if (!method) return fail(Errc::invalid, "a scheduling message without METHOD");
  TRY_VOID(check_message(*incoming.message));
  // ADD has as many new instances as it likes, which nothing names yet.
  if (*method != Method::add) TRY_VOID(check_parts(*incoming.message, setting.zones));
  const std::string organizer = organizer_of(*incoming.message);
  if (!is_from_organizer(*method)) return from_attendee(who, *method, incoming, setting);
  if (*method == Method::publish && organizer.empty())
    return Received{.fate = Fate::for_person, .why = "it is published by nobody"};
  if (organizer.empty()) return fail(Errc::invalid, "a scheduling message without ORGANIZER");
  if (who.is(organizer)) return fail(Errc::denied, "somebody else says to be the organiser");
  const bool may =
      incoming.from == organizer ||
      (incoming.takes_on_behalf && *method == Method::request &&
       (is_sent_by(*incoming.message, incoming.from) || is_delegated_by(*incoming.message, who, incoming.from)) &&
       adds_only(incoming, setting.zones));
  if (!may) return fail(Errc::denied, "it is not from the organiser");
  if (incoming.stored != nullptr) {
    const std::string known = organizer_of(*incoming.stored);
    if (known != organizer) return fail(Errc::denied, "the calendar has that UID from another organiser");
  }
  const auto own = *method == Method::cancel ? std::nullopt : with_place_of_own(who, *incoming.message);
  Incoming placed = incoming;
  if (own) placed.message = &*own;
  return from_organizer(who, *method, placed, setting);
}

}  // namespace kontor::itip
