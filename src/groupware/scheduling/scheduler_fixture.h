// SPDX-License-Identifier: AGPL-3.0-or-later
// Two people, a room and the world outside, for tests of meetings.
#pragma once

#include <algorithm>
#include <set>
#include <stdexcept>

#include "formats/icalendar/calendar.h"
#include "formats/itip/mail.h"
#include "formats/itip/testing.h"
#include "groupware/accounts_fixture.h"
#include "groupware/delivery.h"
#include "groupware/scheduling/inbox.h"
#include "groupware/scheduling/lookup.h"
#include "groupware/scheduling/post.h"
#include "groupware/scheduling/scheduler.h"

namespace kontor::groupware {

// Keeps what is sent; may be out of order.
struct Outside final : Outbox {
  Result<void> send(const OutgoingMail& mail) override {
    if (is_down) {
      is_down = works_after-- != 1;
      return fail(Errc::unavailable, "the queue is down");
    }
    if (!mail.once.empty() && !known.insert(mail.once).second) return {};
    sent.push_back(mail);
    if (crashes) throw std::runtime_error("the process ends here");
    return {};
  }
  void forget(const std::string& once) override { known.erase(once); }
  std::vector<OutgoingMail> sent;
  std::set<std::string> known;
  bool crashes = false;
  bool is_down = false;
  int works_after = 0;  // failures; 0: it stays down
};

class SchedulerTest : public AccountsTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    directory::NewPrincipal wanted;
    wanted.kind = directory::PrincipalKind::room;
    wanted.address = "room@example.org";
    room = must(directory->add_principal(wanted)).id;
    restart();
  }

  void restart() {
    scheduler = std::make_unique<Scheduler>(Scheduler::Services{*accounts, *directory, clock, &outside});
  }

  static std::string event(const std::string& lines, const std::string& people) {
    return "BEGIN:VEVENT\nUID:u1\nDTSTAMP:20231101T000000Z\nORGANIZER:mailto:ada@example.org\n" + people + lines +
           "\nSUMMARY:Meeting\nEND:VEVENT\n";
  }
  static std::string people(const std::vector<std::string>& addresses) {
    std::string out = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ada@example.org\n";
    for (const std::string& address : addresses) out += "ATTENDEE;RSVP=TRUE:mailto:" + address + "\n";
    return out;
  }

  struct Kept {
    FolderId folder;
    Uid uid;
    Entry entry;
    itip::Component calendar;
    std::string tag;
  };
  // What the account has of the UID; nothing: it has none.
  std::optional<Kept> kept(PrincipalId who, const std::string& uid = "u1") {
    auto reader = must(open(who)->read(Caller::system()));
    const auto found = must(find_object(*reader, uid));
    if (!found) return std::nullopt;
    const Entry entry = must(reader->entry(found->folder, found->uid));
    const auto bytes = content(*open(who), entry.item);
    const Item item = must(reader->item(entry.item));
    const auto tag = item.properties.find(kScheduleTag);
    return Kept{found->folder, found->uid, entry, must(icalendar::read(bytes)).calendars.front(),
                tag == item.properties.end() ? "" : tag->second};
  }

  // As a client's PUT does it. `sends` false: the process dies before what is sent was brought.
  void put(PrincipalId who, const itip::Component& after, bool sends = true) {
    const auto owner = must(directory->principal(who));
    const auto had = kept(who);
    const auto plan = must(scheduler->plan(owner, {.before = had ? &had->calendar : nullptr, .after = &after}));
    const auto post = must(scheduler->stage(owner, plan.messages));
    NewItem item;
    item.kind = Kind::calendar;
    auto stager = accounts->stage(tenant, Kind::calendar);
    must(stager->write(icalendar::write(plan.object)));
    item.content = must(stager->finish());
    must(open(who)->update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
      if (had) TRY_VOID(transaction.replace(had->folder, had->uid, item));
      const auto calendar = transaction.folders()->by_role(FolderRole::calendar);
      if (!had) TRY_VOID(transaction.add(calendar->id, item));
      return scheduler->put(transaction, post);
    }));
    if (sends) scheduler->send_out(owner.account());
  }
  // Into the outbox, with nothing else.
  void put_out(const directory::Principal& owner, const std::vector<itip::Message>& messages) {
    const auto post = must(scheduler->stage(owner, messages));
    must(open(owner.id)->update(Caller::system(),
                                [&](Transaction& transaction) { return scheduler->put(transaction, post); }));
  }
  void answer(PrincipalId who, const std::string& address, const std::string& status) {
    itip::Component now = kept(who)->calendar;
    for (itip::Component& part : now.components)
      if (itip::Property* self = itip::is_scheduled(part) ? itip::attendee(part, address) : nullptr)
        itip::set_status(*self, status);
    put(who, now);
  }
  std::string status(PrincipalId where, const std::string& address) {
    const auto found = kept(where);
    if (!found) return "nothing there";
    const itip::Property* person = itip::attendee(*itip::part_of(found->calendar), address);
    return person == nullptr ? "not invited" : itip::status_of(*person);
  }
  std::size_t waiting(PrincipalId who) {
    const auto outbox = outbox_of(*open(who)->folders());
    return outbox ? outbox->total : 0;
  }
  // The methods of what is in the inbox, sorted.
  std::vector<std::string> came_to(PrincipalId who) {
    std::vector<std::string> out;
    const auto folder = scheduling_inbox(*open(who)->folders());
    if (!folder) return out;
    const auto reader = must(open(who)->read(Caller::system()));
    must(reader->entries(folder->id, [&](const Entry& entry) {
      out.push_back(inbox_method(must(reader->item(entry.item))));
      return true;
    }));
    std::ranges::sort(out);
    return out;
  }
  std::string sent_text(std::size_t index) {
    const auto bytes = accounts->content(outside.sent.at(index).content);
    return must(bytes->read(0, bytes->size()));
  }

  PrincipalId room;
  Outside outside;
  std::unique_ptr<Scheduler> scheduler;
};

constexpr const char* kWhen = "DTSTART:20231201T100000Z\nDTEND:20231201T110000Z";
constexpr const char* kLater = "DTSTART:20231201T103000Z\nDTEND:20231201T113000Z";

}  // namespace kontor::groupware
