// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/scheduling/alarm_sender.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/log.h"
#include "formats/icalendar/calendar.h"
#include "formats/itip/mail.h"
#include "groupware/push/alarm_push.h"
#include "groupware/scheduling/alarm_mail.h"
#include "groupware/scheduling/lookup.h"

namespace kontor::groupware {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr hours kLatest{24}, kLatestShown{1};
// Default alarms are known so far ahead; then the account is looked at again.
constexpr hours kLookAhead{24};
constexpr std::size_t kAlarmsOfATurn = 50;  // of one account, then others have theirs
constexpr seconds kPauseAfterFailure{60};
// The system's clock may be set: it is looked at so often.
constexpr seconds kLongestSleep{30};
// For a device that is out of reach: then it is told no more.
constexpr hours kShownFor{1};
constexpr std::uint64_t kStepsOfAnAlarm = 50'000;
const std::string kAlarmsTotal = "kontor_calendar_alarms_total",
                  kAlarmsHelp = "Alarms of calendars, by what became of them";

}  // namespace

AlarmSender::AlarmSender(Services services)
    : services_(services),
      sent_(kAlarmsTotal, kAlarmsHelp, {{"result", "sent"}}),
      shown_(kAlarmsTotal, kAlarmsHelp, {{"result", "shown"}}),
      missed_(kAlarmsTotal, kAlarmsHelp, {{"result", "missed"}}),
      skipped_(kAlarmsTotal, kAlarmsHelp, {{"result", "skipped"}}) {}

void AlarmSender::start() {
  thread_ = std::thread([this] { work(); });
}

void AlarmSender::stop() {
  services_.accounts.on_alarms({});
  table_.end();
  if (thread_.joinable()) thread_.join();
}

void AlarmSender::listen() {
  services_.accounts.on_alarms([this](AccountId account, Instant at) { table_.note(account, at); });
  for (const directory::Principal& one : services_.directory.principals(TenantId())) {
    if (!one.account() || is_ending()) continue;
    const auto next = services_.accounts.next_alarm(one.account());
    if (!next)
      log::warn("alarms.unknown", {{"account", one.account().value}, {"why", next.error().text}});
    else if (*next)
      table_.note(one.account(), **next);
  }
}

void AlarmSender::work() {
  listen();
  while (table_.wait(services_.clock, kLongestSleep)) run();
}

std::optional<Instant> AlarmSender::run() {
  while (const auto account = table_.take(services_.clock.now())) {
    Result<void> done;
    try {
      done = slice(*account);
    } catch (const std::exception& e) {
      done = fail(Errc::corrupt, e.what());
    }
    if (done) {
      const auto next = services_.accounts.next_alarm(*account);
      if (next && *next) table_.note(*account, **next);
      if (!next) done = std::unexpected(next.error());
    }
    if (!done && done.error().code != Errc::not_found) {
      log::warn("alarms.not_sent", {{"account", account->value}, {"why", done.error().text}});
      table_.note(*account, services_.clock.now() + kPauseAfterFailure);
    }
    table_.release(*account);
  }
  return table_.next();
}

Result<void> AlarmSender::slice(AccountId id) {
  const Instant now = services_.clock.now();
  TRY(const directory::Principal owner, services_.directory.by_account(id));
  TRY(const auto account, services_.accounts.open(id));
  TRY(const bool was_noted, send_noted(*account, owner, now));
  TRY(const bool was_default, send_default(*account, owner, now));
  if (!was_noted && !was_default) note_hosts(owner);
  return {};
}

void AlarmSender::note_hosts(const directory::Principal& guest) {
  constexpr std::uint32_t kKinds = (1U << static_cast<unsigned>(Kind::calendar)) |
                                   (1U << static_cast<unsigned>(Kind::tasks)) |
                                   (1U << static_cast<unsigned>(Kind::notes));
  for (const PrincipalId id : services_.directory.sharing_with(guest.id, kKinds)) {
    const auto host = services_.directory.principal(id);
    if (!host || !host->account() || host->id == guest.id) continue;
    const auto next = services_.accounts.next_alarm(host->account());
    if (next && *next) table_.note(host->account(), **next);
  }
}

Result<bool> AlarmSender::send_noted(Account& account, const directory::Principal& owner, Instant now) {
  const AccountId id = account.id();
  TRY(const std::vector<DueAlarm> due, services_.accounts.due_alarms(id, now, kAlarmsOfATurn));
  for (const DueAlarm& one : due) {
    if (is_ending()) return true;
    if (one.guest) {
      TRY_VOID(send_guests(account, one));
      continue;
    }
    TRY(const auto reader, account.read(Caller::system()));
    TRY(const Handled handled, handle(owner, one, [&] { return send(*reader, owner, one); }));
    // One by one: what a crash repeats is one alarm.
    TRY_VOID(services_.accounts.finish_alarms(id, {one}, handled.after, handled.messages));
    forget({id, PrincipalId(), one.item, one.at});
  }
  return !due.empty();
}

Result<void> AlarmSender::send_guests(Account& account, const DueAlarm& due) {
  const auto guest = services_.directory.principal(due.guest);
  if (!guest && guest.error().code != Errc::not_found) return std::unexpected(guest.error());
  const auto reader = account.read(Caller::user(due.guest));
  if (!reader && reader.error().code != Errc::denied) return std::unexpected(reader.error());
  // Who is gone, or may not read there any more, has no next one either.
  if (!guest || !reader) return services_.accounts.finish_alarms(account.id(), {due}, due.at, {});
  TRY(const Handled handled, handle(*guest, due, [&] { return send(**reader, *guest, due); }));
  // In another account than what is done with it: a crash in between tells his devices twice.
  if (!handled.messages.empty()) TRY_VOID(services_.accounts.pushes().put(guest->account(), handled.messages));
  TRY_VOID(services_.accounts.finish_alarms(account.id(), {due}, handled.after, {}));
  forget({account.id(), due.guest, due.item, due.at});
  return {};
}

Result<bool> AlarmSender::send_default(Account& account, const directory::Principal& owner, Instant now) {
  const AccountId id = account.id();
  TRY(const auto seen, services_.accounts.default_alarms(id));
  if (!seen || seen->look > now) return false;
  DefaultAlarmNews news;
  {
    TRY(const auto reader, account.read(Caller::system()));
    TRY(news, find_default_alarms(*reader, {.zones = services_.accounts.zones(),
                                            .home = services_.accounts.home_zone(),
                                            .addresses = owner.addresses,
                                            .after = std::max(seen->told, now - kLatest),
                                            .now = now,
                                            .until = now + kLookAhead}));
  }
  if (news.is_cut) log::warn("alarms.too_many_events", {{"account", id.value}});
  DefaultAlarmMark next = *seen;
  next.earliest = news.earliest;
  next.latest = news.latest;
  std::vector<PushMessage> messages;
  std::vector<Alarm> together;
  for (std::size_t i = 0; i < news.due.size(); ++i) {
    const DueDefaultAlarm& one = news.due[i];
    if (is_ending()) return true;
    TRY(Handled handled, handle(owner, one.due, [&] { return send(owner, one.due, one.alarm, *one.calendar); }));
    std::ranges::move(handled.messages, std::back_inserter(messages));
    together.emplace_back(id, PrincipalId(), one.due.item, one.due.at);
    // All of one moment together: that is what is noted.
    if (i + 1 < news.due.size() && news.due[i + 1].due.at == one.due.at) continue;
    next.told = next.look = one.due.at;
    TRY_VOID(services_.accounts.finish_default_alarms(id, *seen, next, messages));
    messages.clear();
    for (const Alarm& done : std::exchange(together, {})) forget(done);
    if (i + 1 >= kAlarmsOfATurn) return true;
  }
  next.told = now;
  next.look = std::min(news.next.value_or(Instant::max()), now + kLookAhead);
  TRY_VOID(services_.accounts.finish_default_alarms(id, *seen, news.is_any ? std::optional(next) : std::nullopt, {}));
  return true;
}

// It is noted as done.
void AlarmSender::forget(const Alarm& alarm) {
  const auto put = put_.extract(alarm);
  if (put.empty()) return;
  for (const std::string& id : put.mapped()) services_.outbox.forget(id);
}

bool AlarmSender::has_credit(AccountId account, AlarmWay way, Instant now) {
  const Instant hour = std::chrono::floor<hours>(now);
  if (hour != hour_) in_this_hour_.clear();
  hour_ = hour;
  return in_this_hour_[{account, way}] < kMostInAnHour;
}

Result<AlarmSender::Handled> AlarmSender::handle(const directory::Principal& owner, const DueAlarm& due,
                                                 const Send& send) {
  const Instant now = services_.clock.now();
  const Instant earliest = now - (due.way == AlarmWay::mail ? kLatest : kLatestShown);
  Handled out{std::max(due.at, earliest), {}};
  if (due.at < earliest || owner.status == directory::Status::suspended) {
    missed_.add();
    return out;
  }
  if (!has_credit(owner.account(), due.way, now)) {
    skipped_.add();
    log::warn("alarms.too_many", {{"account", owner.account().value}});
    out.after = hour_ + hours(1) - seconds(1);
    return out;
  }
  auto sent = send();
  if (sent) {
    ++in_this_hour_[{owner.account(), due.way}];
    out.messages = *std::move(sent);
    return out;
  }
  // An item that went meanwhile, or cannot be read, must not hold up the others.
  if (sent.error().code == Errc::unavailable) return std::unexpected(sent.error());
  log::warn("alarms.unsendable",
            {{"account", owner.account().value}, {"item", due.item.value}, {"why", sent.error().text}});
  return out;
}

Result<std::vector<PushMessage>> AlarmSender::send(const Reader& reader, const directory::Principal& owner,
                                                   const DueAlarm& due) {
  TRY(const Facts facts, reader.facts(due.item));
  TRY(const lines::Component calendar, read_object(reader, due.item));
  const Accounts& accounts = services_.accounts;
  icalendar::Budget budget(kStepsOfAnAlarm);
  TRY(const std::vector<AlarmTime> alarms,
      next_alarms(calendar, facts.uid, due.way, due.at - seconds(1), accounts.zones(), accounts.home_zone(), budget));
  std::vector<PushMessage> out;
  for (const AlarmTime& alarm : alarms) {
    if (alarm.at != due.at) continue;
    TRY(std::vector<PushMessage> told, send(owner, due, alarm, calendar));
    std::ranges::move(told, std::back_inserter(out));
  }
  return out;
}

Result<std::vector<PushMessage>> AlarmSender::send(const directory::Principal& owner, const DueAlarm& due,
                                                   const AlarmTime& alarm, const lines::Component& calendar) {
  if (due.way == AlarmWay::shown) return tell(owner, due, alarm, calendar);
  TRY_VOID(mail(owner, due, alarm, calendar));
  return std::vector<PushMessage>();
}

Result<void> AlarmSender::mail(const directory::Principal& owner, const DueAlarm& due, const AlarmTime& alarm,
                               const lines::Component& calendar) {
  const Accounts& accounts = services_.accounts;
  const std::string& from = owner.primary_address();
  const AccountId host = due.guest ? due.host : owner.account();
  std::set<std::string>& put = put_[{host, due.guest, due.item, due.at}];
  const AlarmText text = alarm_text(alarm, calendar, accounts.zones(), *accounts.home_zone());
  for (const std::string& to : alarm_recipients(*alarm.alarm, owner, services_.directory)) {
    const std::string key =
        fmt::format("{} {} {} {} {}\n{}\n{}", host.value, due.item.value, due.at.time_since_epoch().count(),
                    alarm.start.time_since_epoch().count(), to, text.subject, text.text);
    const std::string id =
        fmt::format("<alarm.{}@{}>", to_hex(sha256(key)).substr(0, 40), from.substr(from.rfind('@') + 1));
    if (put.contains(id)) continue;
    const auto stager = services_.accounts.stage(owner.tenant);
    TRY_VOID(stager->write(itip::make_text_mail(
        text.subject, text.text,
        {.from_name = owner.name, .from = from, .to = to, .message_id = id, .now = services_.clock.now()})));
    OutgoingMail mail;
    mail.principal = owner.id;
    mail.sender = from;
    mail.recipients = {to};
    mail.kind = OutgoingKind::alarm;
    mail.once = id;
    TRY(mail.content, stager->finish());
    TRY_VOID(services_.outbox.send(mail));
    put.insert(id);
    sent_.add();
  }
  return {};
}

Result<std::vector<PushMessage>> AlarmSender::tell(const directory::Principal& owner, const DueAlarm& due,
                                                   const AlarmTime& alarm, const lines::Component& calendar) {
  Accounts& accounts = services_.accounts;
  const Instant now = services_.clock.now();
  TRY(const auto devices, accounts.pushes().subscriptions(owner.account()));
  std::vector<PushMessage> out;
  std::string payload;
  for (const PushSubscription& device : devices) {
    // What was due before the device could be told is not its business.
    if (!device.is_live(now) || !device.wants(kAlertType) || due.at < *device.verified) continue;
    if (payload.empty())
      payload = alarm_payload(due.guest ? due.host : owner.account(), due, alarm, calendar, accounts.zones(),
                              *accounts.home_zone());
    PushMessage message;
    message.subscription = device.id;
    message.topic = alarm_topic(due, alarm);
    message.payload = payload;
    message.expires = now + kShownFor;
    message.is_urgent = true;
    out.push_back(std::move(message));
    shown_.add();
  }
  return out;
}

}  // namespace kontor::groupware
