// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/scheduling/alarm_sender.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/log.h"
#include "formats/icalendar/calendar.h"
#include "formats/itip/mail.h"
#include "groupware/scheduling/alarm_mail.h"
#include "groupware/scheduling/lookup.h"

namespace kontor::groupware {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr hours kLatest{24};
constexpr std::size_t kAlarmsOfATurn = 50;  // of one account, then others have theirs
constexpr seconds kPauseAfterFailure{60};
// The system's clock may be set: it is looked at so often.
constexpr seconds kLongestSleep{30};
constexpr std::uint64_t kStepsOfAnAlarm = 50'000;
const std::string kAlarmsTotal = "kontor_calendar_alarms_total",
                  kAlarmsHelp = "Alarms of calendars by e-mail, by what became of them";

}  // namespace

AlarmSender::AlarmSender(Services services)
    : services_(services),
      sent_(kAlarmsTotal, kAlarmsHelp, {{"result", "sent"}}),
      missed_(kAlarmsTotal, kAlarmsHelp, {{"result", "missed"}}),
      skipped_(kAlarmsTotal, kAlarmsHelp, {{"result", "skipped"}}) {}

void AlarmSender::start() {
  thread_ = std::thread([this] { work(); });
}

void AlarmSender::stop() {
  services_.accounts.on_alarms({});
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void AlarmSender::listen() {
  services_.accounts.on_alarms([this](AccountId account, Instant at) { note(account, at); });
  for (const directory::Principal& one : services_.directory.principals(TenantId())) {
    if (!one.account() || is_ending()) continue;
    const auto next = services_.accounts.next_alarm(one.account());
    if (!next)
      log::warn("alarms.unknown", {{"account", one.account().value}, {"why", next.error().text}});
    else if (*next)
      note(one.account(), **next);
  }
}

void AlarmSender::work() {
  listen();
  while (!is_ending()) {
    const std::optional<Instant> next = run();
    std::unique_lock lock(mutex_);
    const Instant now = services_.clock.now();
    const seconds pause = next ? std::clamp(*next - now, seconds(0), kLongestSleep) : kLongestSleep;
    changed_.wait_for(lock, pause,
                      [&] { return is_ending_ || (!order_.empty() && (!next || order_.begin()->first < *next)); });
  }
}

bool AlarmSender::is_ending() const {
  const std::lock_guard lock(mutex_);
  return is_ending_;
}

void AlarmSender::note(AccountId account, Instant at) {
  {
    const std::lock_guard lock(mutex_);
    const auto [known, is_new] = next_.emplace(account, at);
    if (!is_new) {
      if (known->second <= at) return;
      order_.erase({known->second, account});
      known->second = at;
    }
    order_.emplace(at, account);
  }
  changed_.notify_all();
}

std::optional<AccountId> AlarmSender::next_account(Instant now) {
  const std::lock_guard lock(mutex_);
  if (is_ending_ || order_.empty() || order_.begin()->first > now) return std::nullopt;
  const AccountId account = order_.begin()->second;
  order_.erase(order_.begin());
  next_.erase(account);
  return account;
}

std::optional<Instant> AlarmSender::run() {
  while (const auto account = next_account(services_.clock.now())) {
    Result<void> done;
    try {
      done = slice(*account);
    } catch (const std::exception& e) {
      done = fail(Errc::corrupt, e.what());
    }
    if (done) {
      const auto next = services_.accounts.next_alarm(*account);
      if (next && *next) note(*account, **next);
      if (!next) done = std::unexpected(next.error());
    }
    if (done || done.error().code == Errc::not_found) continue;
    log::warn("alarms.not_sent", {{"account", account->value}, {"why", done.error().text}});
    note(*account, services_.clock.now() + kPauseAfterFailure);
  }
  const std::lock_guard lock(mutex_);
  if (order_.empty()) return std::nullopt;
  return order_.begin()->first;
}

Result<void> AlarmSender::slice(AccountId id) {
  const Instant now = services_.clock.now();
  TRY(const std::vector<DueAlarm> due, services_.accounts.due_alarms(id, now, kAlarmsOfATurn));
  if (due.empty()) return {};
  TRY(const directory::Principal owner, services_.directory.by_account(id));
  TRY(const auto account, services_.accounts.open(id));
  for (const DueAlarm& one : due) {
    if (is_ending()) return {};
    TRY(const auto reader, account->read(Caller::system()));
    TRY(const Instant after, handle(*reader, owner, one));
    // One by one: what a crash repeats is one alarm.
    TRY_VOID(services_.accounts.finish_alarms(id, {one}, after));
    put_.erase({id, one.item, one.at});
  }
  return {};
}

bool AlarmSender::has_credit(AccountId account, Instant now) {
  const Instant hour = std::chrono::floor<hours>(now);
  if (hour != hour_) in_this_hour_.clear();
  hour_ = hour;
  return in_this_hour_[account] < kMostInAnHour;
}

Result<Instant> AlarmSender::handle(const Reader& reader, const directory::Principal& owner, const DueAlarm& due) {
  const Instant now = services_.clock.now();
  const Instant after = std::max(due.at, now - kLatest);
  if (due.at < now - kLatest || owner.status == directory::Status::suspended) {
    missed_.add();
    return after;
  }
  if (!has_credit(owner.account(), now)) {
    skipped_.add();
    log::warn("alarms.too_many", {{"account", owner.account().value}});
    return hour_ + hours(1) - seconds(1);
  }
  auto sent = send(reader, owner, due);
  if (sent) {
    ++in_this_hour_[owner.account()];
    return after;
  }
  // An item that went meanwhile, or cannot be read, must not hold up the others.
  if (sent.error().code == Errc::unavailable) return std::unexpected(sent.error());
  log::warn("alarms.unsendable",
            {{"account", owner.account().value}, {"item", due.item.value}, {"why", sent.error().text}});
  return after;
}

Result<void> AlarmSender::send(const Reader& reader, const directory::Principal& owner, const DueAlarm& due) {
  TRY(const Facts facts, reader.facts(due.item));
  TRY(const lines::Component calendar, read_object(reader, due.item));
  const Accounts& accounts = services_.accounts;
  icalendar::Budget budget(kStepsOfAnAlarm);
  TRY(const std::vector<AlarmTime> alarms,
      next_alarms(calendar, facts.uid, due.at - seconds(1), accounts.zones(), accounts.home_zone(), budget));
  const std::string& from = owner.primary_address();
  std::set<std::string>& put = put_[{owner.account(), due.item, due.at}];
  for (const AlarmTime& alarm : alarms) {
    if (alarm.at != due.at) continue;
    const AlarmText text = alarm_text(alarm, calendar, accounts.zones(), *accounts.home_zone());
    for (const std::string& to : alarm_recipients(*alarm.alarm, owner, services_.directory)) {
      const std::string key = fmt::format("{} {} {} {} {}\n{}\n{}", owner.account().value, due.item.value,
                                          due.at.time_since_epoch().count(), alarm.start.time_since_epoch().count(), to,
                                          text.subject, text.text);
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
      TRY(mail.content, stager->finish());
      TRY_VOID(services_.outbox.send(mail));
      put.insert(id);
      sent_.add();
    }
  }
  return {};
}

}  // namespace kontor::groupware
