// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/push/stored_pushes.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/log.h"
#include "groupware/keys.h"
#include "groupware/push/push_records.h"

namespace kontor::groupware {
namespace {

constexpr std::uint32_t kVerificationsInAnHour = 30;  // of one account

Result<std::vector<PushSubscription>> read_push_subscriptions(const std::optional<std::string>& stored) {
  if (!stored) return std::vector<PushSubscription>();
  return decode_push_subscriptions(*stored);
}

Result<std::vector<PushSubscription>> read_push_subscriptions(store::Snapshot& snapshot) {
  TRY(const auto stored, snapshot.get(key::push_subscriptions()));
  return read_push_subscriptions(stored ? std::optional(std::string(*stored)) : std::nullopt);
}

Instant expiry(std::optional<Instant> wanted, Instant now) {
  if (!wanted) return now + kUsualPushSubscription;
  return std::clamp(*wanted, now + kShortestPushSubscription, now + kLongestPushSubscription);
}

// RFC 8620 section 7.2.2.
PushMessage verification_of(const PushSubscription& subscription) {
  PushMessage out;
  out.subscription = subscription.id;
  out.payload = fmt::format(R"({{"@type":"{}","pushSubscriptionId":"{}","verificationCode":"{}"}})", kVerificationType,
                            subscription.id, subscription.code);
  out.expires = subscription.created + kUnverifiedPushSubscription;
  out.is_urgent = true;
  return out;
}

std::optional<DuePush> read_push(store::Key key, store::Value value) {
  if (key.size() != 17) return std::nullopt;  // for `kontor check`
  auto message = decode_push_message(value);
  if (!message) return std::nullopt;
  return DuePush{key::alarm_time(key), read_be64(key.substr(9)), *std::move(message)};
}

}  // namespace

Result<bool> has_live_devices(store::Snapshot& snapshot, Instant now) {
  TRY(const auto all, read_push_subscriptions(snapshot));
  return std::ranges::any_of(all, [&](const PushSubscription& one) { return one.is_live(now); });
}

Result<void> put_pushes(AccountTransaction& transaction, const std::vector<PushMessage>& messages, Instant now) {
  if (messages.empty()) return {};
  Layer& layer = transaction.layer();
  std::size_t waiting = 0;
  TRY_VOID(layer.scan(key::all('o'), key::end("o"),
                      [&](std::string_view, std::string_view) { return ++waiting < kMostPushMessages; }));
  for (const PushMessage& message : messages) {
    if (waiting++ >= kMostPushMessages) {
      log::warn("push.too_many", {{"subscription", message.subscription}});
      break;
    }
    layer.put(key::push(now, random_u64()), encode(message));
    if (!layer.push || now < *layer.push) layer.push = now;
  }
  return {};
}

Result<std::vector<PushSubscription>> StoredPushes::subscriptions(AccountId account) {
  TRY(const auto snapshot, environment_.engine.snapshot(store::account_partition(account)));
  TRY(Subscriptions all, read_push_subscriptions(*snapshot));
  std::erase_if(all, [now = environment_.clock.now()](const PushSubscription& one) { return one.is_over(now); });
  return all;
}

Result<void> StoredPushes::edit(AccountId id,
                                const std::function<Result<void>(AccountTransaction&, Subscriptions&)>& change) {
  TRY(const std::shared_ptr<StoredAccount> account, open_(id));
  TRY_VOID(account->run(
      Caller::system(), StoredAccount::Loudness::loud, [&](AccountTransaction& transaction) -> Result<void> {
        TRY(const auto stored, transaction.layer().get(key::push_subscriptions()));
        TRY(Subscriptions all, read_push_subscriptions(stored));
        std::erase_if(all, [now = environment_.clock.now()](const PushSubscription& one) { return one.is_over(now); });
        TRY_VOID(change(transaction, all));
        if (all.empty())
          transaction.layer().erase(key::push_subscriptions());
        else
          transaction.layer().put(key::push_subscriptions(), encode(all));
        return {};
      }));
  return {};
}

bool StoredPushes::admit(AccountId account) {
  const std::lock_guard lock(mutex_);
  const Instant hour = std::chrono::floor<std::chrono::hours>(environment_.clock.now());
  if (hour != hour_) in_this_hour_.clear();
  hour_ = hour;
  return ++in_this_hour_[account] <= kVerificationsInAnHour;
}

Result<PushSubscription> StoredPushes::subscribe(AccountId account, const NewPushSubscription& wanted) {
  TRY_VOID(check_push_subscription(wanted));
  if (!admit(account)) return fail(Errc::over_quota, "too many subscriptions were made in this hour");
  const Instant now = environment_.clock.now();
  PushSubscription made;
  made.id = "P" + to_hex(random_bytes(12));
  made.code = to_hex(random_bytes(24));
  made.device = wanted.device;
  made.url = wanted.url;
  made.key = wanted.key;
  made.secret = wanted.secret;
  made.created = now;
  made.expires = expiry(wanted.expires, now);
  made.types = wanted.types;
  TRY_VOID(edit(account, [&](AccountTransaction& transaction, Subscriptions& all) -> Result<void> {
    if (all.size() >= kMostPushSubscriptions)
      return fail(Errc::over_quota, "there are too many subscriptions: remove those of devices that are not used");
    all.push_back(made);
    return put_pushes(transaction, {verification_of(made)}, now);
  }));
  return made;
}

Result<PushSubscription> StoredPushes::change(AccountId account, const std::string& id, const PushChange& change) {
  const Instant now = environment_.clock.now();
  PushSubscription out;
  bool is_new = false;
  TRY_VOID(edit(account, [&](AccountTransaction&, Subscriptions& all) -> Result<void> {
    const auto found = std::ranges::find(all, id, &PushSubscription::id);
    if (found == all.end()) return fail(Errc::not_found, "there is no such subscription");
    if (change.code && !equal_constant_time(*change.code, found->code))
      return fail(Errc::invalid, "verificationCode is another one");
    is_new = change.code && !found->verified;
    if (is_new) found->verified = now;
    if (change.changes_expiry) found->expires = expiry(change.expires, now);
    if (change.changes_types) found->types = change.types;
    TRY_VOID(check_push_subscription({found->device, found->url, found->key, found->secret, {}, found->types}));
    out = *found;
    return {};
  }));
  // The alarms that devices show count from now on.
  if (is_new) environment_.alarm(account, now);
  return out;
}

Result<void> StoredPushes::unsubscribe(AccountId account, const std::string& id) {
  return edit(account, [&](AccountTransaction&, Subscriptions& all) -> Result<void> {
    const auto gone = std::erase_if(all, [&](const PushSubscription& one) { return one.id == id; });
    return gone == 0 ? fail(Errc::not_found, "there is no such subscription") : Result<void>();
  });
}

Result<void> StoredPushes::put(AccountId id, const std::vector<PushMessage>& messages) {
  if (messages.empty()) return {};
  TRY(const auto account, open_(id));
  TRY_VOID(account->run(Caller::system(), StoredAccount::Loudness::quiet, [&](AccountTransaction& transaction) {
    return put_pushes(transaction, messages, environment_.clock.now());
  }));
  return {};
}

Result<std::vector<DuePush>> StoredPushes::due(AccountId account, Instant until, std::size_t limit) {
  TRY(const auto snapshot, environment_.engine.snapshot(store::account_partition(account)));
  std::vector<DuePush> out;
  if (limit == 0) return out;
  TRY_VOID(snapshot->scan(key::all('o'), key::pushes_until(until), [&](store::Key key, store::Value value) {
    if (auto one = read_push(key, value)) out.push_back(*std::move(one));
    return out.size() < limit;
  }));
  return out;
}

Result<std::optional<Instant>> StoredPushes::next(AccountId account) {
  TRY(const auto first, due(account, Instant::max(), 1));
  return first.empty() ? std::nullopt : std::optional(first.front().at);
}

Result<void> StoredPushes::settle(AccountId id, const DuePush& push, std::optional<Instant> again) {
  TRY(const std::shared_ptr<StoredAccount> account, open_(id));
  TRY_VOID(account->run(Caller::system(), StoredAccount::Loudness::quiet,
                        [&](AccountTransaction& transaction) -> Result<void> {
                          Layer& layer = transaction.layer();
                          layer.erase(key::push(push.at, push.number));
                          if (!again) return {};
                          PushMessage message = push.message;
                          ++message.attempts;
                          layer.put(key::push(*again, push.number), encode(message));
                          if (!layer.push || *again < *layer.push) layer.push = *again;
                          return {};
                        }));
  return {};
}

void StoredPushes::on_push(std::function<void(AccountId, Instant)> notify) {
  const std::lock_guard lock(mutex_);
  notify_ = std::move(notify);
}

void StoredPushes::tell(AccountId account, Instant at) {
  const std::lock_guard lock(mutex_);
  if (notify_) notify_(account, at);
}

}  // namespace kontor::groupware
