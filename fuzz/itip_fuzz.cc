// SPDX-License-Identifier: AGPL-3.0-or-later
// links: formats base
// Whatever a calendar has and a client or a message says: what is sent and stored reads back the same, names whom it is
// for, and a message that comes a second time changes nothing more.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "formats/icalendar/access.h"
#include "formats/icalendar/calendar.h"
#include "formats/itip/plan.h"
#include "formats/itip/receive.h"

namespace {

using namespace kontor;
using namespace kontor::itip;

void require(bool holds) {
  if (!holds) std::abort();
}

const icalendar::ZoneDatabase& zones() {
  static const icalendar::ZoneDatabase all;
  return all;
}

void check_readable(const Component& calendar) {
  const auto again = icalendar::read(icalendar::write(calendar));
  require(again && again->calendars.size() == 1);
}

void check_messages(const std::vector<Message>& messages) {
  for (const Message& message : messages) {
    require(method_of(message.calendar) == message.method && !message.to.empty());
    check_readable(message.calendar);
    for (const Component& part : message.calendar.components)
      for (const Component& inner : part.components) require(!inner.is("VALARM") || !is_scheduled(part));
  }
}

void plan(const User& who, const Component* before, const Component* after) {
  const Setting setting{zones(), Instant(std::chrono::hours(400'000))};
  const auto planned = plan_change(who, {.before = before, .after = after}, setting);
  if (!planned) return;
  check_messages(planned->messages);
  if (after != nullptr) check_readable(planned->object);
  // The same again is no change.
  if (after == nullptr || planned->role != Role::organizer) return;
  const auto again = plan_change(who, {.before = &planned->object, .after = &planned->object}, setting);
  require(!again || !again->is_altered);
}

void take(const User& who, const Component* stored, const Component& message, const std::string& from) {
  const Setting setting{zones(), Instant(std::chrono::hours(400'000))};
  Incoming incoming{
      .message = &message, .stored = stored, .from = from, .takes_uninvited = true, .takes_on_behalf = true};
  const auto first = receive(who, incoming, setting);
  if (!first) return;
  check_messages(first->answers);
  if (first->fate != Fate::stored) return;
  require(first->object.find("METHOD") == nullptr || (stored != nullptr && stored->find("METHOD") != nullptr));
  check_readable(first->object);
  incoming.stored = &first->object;
  const auto second = receive(who, incoming, setting);
  require(!second || second->fate != Fate::stored || !second->is_significant);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read = icalendar::read(std::string_view(reinterpret_cast<const char*>(data), size), {},
                                    {.bytes = 20'000, .depth = 4, .components = 30});
  if (!read) return 0;
  const Component& one = read->calendars.front();
  const Component& other = read->calendars.back();
  for (const char* name : {"a@example.com", "b@example.com"}) {
    const User who{.addresses = {name}, .groups = {}};
    plan(who, nullptr, &one);
    plan(who, &one, &other);
    plan(who, &one, nullptr);
    for (const char* from : {"a@example.com", "b@example.com"}) {
      take(who, nullptr, other, from);
      take(who, &one, other, from);
    }
  }
  return 0;
}
