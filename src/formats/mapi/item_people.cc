// SPDX-License-Identifier: AGPL-3.0-or-later
#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "formats/mapi/item_parts.h"
#include "formats/mapi/item_people.h"
#include "formats/mapi/tags.h"

namespace kontor::mapi {
namespace {

// PidTagRecipientFlags ([MS-OXOCAL] section 2.2.4.2).
constexpr std::int64_t kOrganizes = 0x2;
constexpr std::int64_t kIsGone = 0x20;  // of a changed instance: invited to the others only
constexpr Tag kDisplayType{.id = 0x3900};
constexpr std::int64_t kIsList = 1;

// Nobody to write to: a scheme that no program takes for an address, and still not the same for two people.
std::string nowhere(std::string_view name) {
  std::string uri = "invalid:";
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    uri += is_plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return uri;
}

}  // namespace

lines::Property person_property(std::string_view name, const Mailbox& mailbox) {
  lines::Property person;
  person.name = name;
  if (!mailbox.name.empty()) person.set("CN", mailbox.name);
  if (mailbox.address.empty()) person.set("SCHEDULE-AGENT", "NONE");
  person.value = mailbox.address.empty() ? nowhere(mailbox.name) : "mailto:" + mailbox.address;
  return person;
}

std::string_view answer_of(std::int64_t status) {
  switch (status) {
    case 1:  // who organizes
    case 3:
      return "ACCEPTED";
    case 2:
      return "TENTATIVE";
    case 4:
      return "DECLINED";
    default:
      return "NEEDS-ACTION";
  }
}

People people_of(const Message& message, const CalendarContext& context) {
  const Properties& from = message.properties;
  People found;
  std::set<std::string> known;
  for (const Properties& recipient : message.recipients) {
    const std::int64_t flags = recipient.integer(tag::kRecipientFlags).value_or(0);
    if ((flags & kIsGone) != 0) continue;
    Mailbox mailbox = recipient_of(recipient, context.resolve);
    if (mailbox.empty()) continue;
    const RecipientKind kind = recipient_kind(recipient);
    if ((flags & kOrganizes) != 0 || kind == RecipientKind::originator) {
      if (!found.organizer) found.organizer = std::move(mailbox);
      continue;
    }
    if (!known.insert(to_lower(mailbox.address.empty() ? nowhere(mailbox.name) : mailbox.address)).second) continue;
    found.attendees.push_back({.mailbox = std::move(mailbox),
                               .kind = kind,
                               .is_list = recipient.integer(kDisplayType) == kIsList,
                               .status = recipient.integer(tag::kRecipientTrackStatus).value_or(0)});
  }
  // What the message itself says is from whoever made it; in a meeting that is who organizes.
  if (auto sender = from_of(from, context.resolve)) {
    const bool is_better = !found.organizer || (found.organizer->address.empty() && !sender->address.empty());
    if (is_better) found.organizer = *std::move(sender);
  }
  if (found.organizer)
    std::erase_if(found.attendees, [&](const People::Attendee& one) {
      return !one.mailbox.address.empty() && iequals(one.mailbox.address, found.organizer->address);
    });
  return found;
}

lines::Property attendee_property(const People::Attendee& one) {
  lines::Property person = person_property("ATTENDEE", one.mailbox);
  if (one.kind == RecipientKind::bcc)
    person.set("CUTYPE", "RESOURCE");
  else if (one.is_list)
    person.set("CUTYPE", "GROUP");
  person.set("ROLE", one.kind == RecipientKind::bcc  ? "NON-PARTICIPANT"
                     : one.kind == RecipientKind::cc ? "OPT-PARTICIPANT"
                                                     : "REQ-PARTICIPANT");
  const std::string_view answer = answer_of(one.status);
  person.set("PARTSTAT", answer);
  if (answer == "NEEDS-ACTION") person.set("RSVP", "TRUE");
  return person;
}

void ItemParts::add_people() const {
  constexpr std::int64_t kIsMeeting = 1;
  constexpr std::int64_t kWasReceived = 2;
  const std::int64_t state = from_.integer(tag::kAppointmentStateFlags).value_or(0);
  if (message_.recipients.empty() && (state & kIsMeeting) == 0) return;
  People people = people_of(message_, context_);
  const bool is_received = (state & kWasReceived) != 0;
  if (!people.organizer && !is_received && !context_.owner.empty()) people.organizer = context_.owner;
  const bool is_known = into_.find("ORGANIZER") != nullptr;  // of the series
  if (!people.organizer && !is_known) {
    lost("A meeting does not tell who organizes it.");
    return;
  }
  if (is_received) set_own_answer(people);
  into_.remove("ATTENDEE");
  if (!is_known) {
    lines::Property organizer = person_property("ORGANIZER", *people.organizer);
    const auto sender = sender_of(from_, context_.resolve);
    if (sender && !sender->address.empty() && !iequals(sender->address, people.organizer->address))
      organizer.set("SENT-BY", "mailto:" + sender->address);
    into_.properties.push_back(std::move(organizer));
  }
  for (const People::Attendee& one : people.attendees) {
    into_.properties.push_back(attendee_property(one));
    if (one.mailbox.address.empty())
      lost(fmt::format("\"{}\" was invited to a meeting and has no address.", one.mailbox.name));
  }
  said({tag::kAllAttendees, tag::appointment(0x823B), tag::appointment(0x823C), tag::kResponseStatus});
  for (const std::uint32_t id :
       {0x0041, 0x0042, 0x0064, 0x0065, 0x003B, 0x5D02, 0x0C19, 0x0C1A, 0x0C1D, 0x0C1E, 0x0C1F, 0x5D01})
    said(Tag{.id = id});
}

// What the owner answered is known to his own copy; what others did, to the organizer's.
void ItemParts::set_own_answer(People& people) const {
  const std::int64_t answer = from_.integer(tag::kResponseStatus).value_or(0);
  if (context_.owner.address.empty() || answer < 2 || answer > 5) return;
  if (people.organizer && iequals(people.organizer->address, context_.owner.address)) return;
  const auto own = std::ranges::find_if(people.attendees, [&](const People::Attendee& one) {
    return iequals(one.mailbox.address, context_.owner.address);
  });
  if (own != people.attendees.end())
    own->status = answer;
  else  // by a list, or in secret
    people.attendees.push_back({.mailbox = context_.owner, .status = answer});
}

}  // namespace kontor::mapi
