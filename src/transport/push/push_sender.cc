// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/push/push_sender.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/log.h"
#include "transport/push/encryption.h"

namespace kontor::transport {
namespace {

using groupware::PushMessage;
using groupware::PushSubscription;
using std::chrono::seconds;

constexpr std::size_t kPushesOfATurn = 20;  // of one account, then others have theirs
constexpr seconds kPushPause{60};           // after a failure of our own
constexpr seconds kLongestPushSleep{30};    // the system's clock may be set
constexpr seconds kLongestPushWait{1800};
constexpr std::uint32_t kMostAttempts = 10;
constexpr std::size_t kPushStep = 256;  // lengths are hidden within it
const std::string kPushTotal = "kontor_push_total", kPushHelp = "What devices were to be told, by what became of it";

// Of a device, as far as logs may know where it is: the rest of its URL is a secret.
std::string service_of(const PushSubscription& device) { return origin_of(device.url).value_or("?"); }

std::vector<net::Network> push_networks(const std::vector<std::string>& texts) {
  std::vector<net::Network> out;
  for (const std::string& text : texts)
    if (const auto network = net::parse_network(text)) out.push_back(*network);
  return out;
}

}  // namespace

PushSender::PushSender(const Services& services, const PushOptions& options)
    : services_(services),
      options_(options),
      reaching_{options.authorities, push_networks(options.networks), options.timeout,
                [this] { return table_.is_ending(); }},
      told_(kPushTotal, kPushHelp, {{"result", "told"}}),
      dropped_(kPushTotal, kPushHelp, {{"result", "dropped"}}),
      later_(kPushTotal, kPushHelp, {{"result", "later"}}),
      gone_(kPushTotal, kPushHelp, {{"result", "gone"}}) {}

void PushSender::start() {
  services_.accounts.pushes().on_push([this](AccountId account, Instant at) { table_.note(account, at); });
  for (std::uint32_t i = 0; i < options_.connections; ++i)
    threads_.emplace_back([this, is_first = i == 0] {
      if (is_first) listen();
      work();
    });
}

void PushSender::stop() {
  if (threads_.empty()) return;
  services_.accounts.pushes().on_push({});
  table_.end();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

// What waited when the process began.
void PushSender::listen() {
  for (const directory::Principal& one : services_.directory.principals(TenantId())) {
    if (!one.account() || table_.is_ending()) continue;
    const auto next = services_.accounts.pushes().next(one.account());
    if (!next)
      log::warn("push.unknown", {{"account", one.account().value}, {"why", next.error().text}});
    else if (*next)
      table_.note(one.account(), **next);
  }
}

void PushSender::work() {
  PushClient client(reaching_);
  while (table_.wait(services_.clock, kLongestPushSleep))
    while (const auto account = table_.take(services_.clock.now())) serve(*account, client);
}

void PushSender::serve(AccountId account, PushClient& client) {
  Result<void> done;
  try {
    done = slice(account, client);
  } catch (const std::exception& e) {
    done = fail(Errc::corrupt, e.what());
  }
  if (done) {
    const auto next = services_.accounts.pushes().next(account);
    if (next && *next) table_.note(account, **next);
    if (!next) done = std::unexpected(next.error());
  }
  if (!done && done.error().code != Errc::not_found) {
    log::warn("push.failed", {{"account", account.value}, {"why", done.error().text}});
    table_.note(account, services_.clock.now() + kPushPause);
  }
  table_.release(account);
}

Result<void> PushSender::slice(AccountId account, PushClient& client) {
  groupware::PushStore& store = services_.accounts.pushes();
  TRY(const auto due, store.due(account, services_.clock.now(), kPushesOfATurn));
  if (due.empty()) return {};
  TRY(const auto devices, store.subscriptions(account));
  const auto owner = services_.directory.by_account(account);
  const bool is_served = owner && owner->status != directory::Status::suspended;
  std::set<std::string> away;  // services are asked once a turn
  for (const groupware::DuePush& one : due) {
    if (table_.is_ending()) return {};
    const auto device = std::ranges::find(devices, one.message.subscription, &PushSubscription::id);
    Fate fate;
    if (is_served && device != devices.end() && services_.clock.now() < one.message.expires)
      fate = away.contains(device->id) ? Fate{Fate::Kind::later} : tell(*device, one.message, client);
    if (fate.kind == Fate::Kind::later || fate.kind == Fate::Kind::gone) away.insert(one.message.subscription);
    TRY_VOID(settle(account, one, fate));
  }
  return {};
}

Result<void> PushSender::settle(AccountId account, const groupware::DuePush& push, const Fate& fate) {
  groupware::PushStore& store = services_.accounts.pushes();
  if (fate.kind == Fate::Kind::gone) {
    gone_.add();
    if (auto done = store.unsubscribe(account, push.message.subscription);
        !done && done.error().code != Errc::not_found)
      return done;
  }
  if (fate.kind == Fate::Kind::later) {
    const auto doubled = options_.retry_first * (1LL << std::min(push.message.attempts, 10U));
    const seconds pause = std::max<seconds>(std::min<seconds>(doubled, kLongestPushWait), fate.pause);
    const Instant again = services_.clock.now() + pause;
    if (push.message.attempts + 1 < kMostAttempts && again < push.message.expires) {
      later_.add();
      return store.settle(account, push, again);
    }
  }
  (fate.kind == Fate::Kind::told ? told_ : dropped_).add();
  return store.settle(account, push, {});
}

PushSender::Fate PushSender::tell(const PushSubscription& device, const PushMessage& message, PushClient& client) {
  const Instant now = services_.clock.now();
  const auto answer = [&]() -> Result<PushAnswer> {
    const std::size_t padding = (kPushStep - message.payload.size() % kPushStep) % kPushStep;
    const bool pads = message.payload.size() + padding <= groupware::kLargestPushPayload;
    TRY(const PushChoice choice, random_push_choice());
    PushRequest request;
    request.url = device.url;
    TRY(request.body, encrypt_push(device.key, device.secret, message.payload, pads ? padding : 0, choice));
    TRY(const std::string origin, origin_of(device.url));
    TRY(const std::string authorization, services_.vapid.authorization(origin, now));
    request.headers = {"Content-Type: application/octet-stream", "Content-Encoding: aes128gcm",
                       fmt::format("TTL: {}", (message.expires - now).count()),
                       fmt::format("Urgency: {}", message.is_urgent ? "high" : "normal"),
                       "Authorization: " + authorization};
    if (!message.topic.empty()) request.headers.push_back("Topic: " + message.topic);
    return client.post(request);
  }();
  Fate fate;
  if (!answer) {
    fate.kind = answer.error().code == Errc::unavailable ? Fate::Kind::later : Fate::Kind::dropped;
    fate.why = answer.error().text;
  } else if (answer->status >= 200 && answer->status < 300) {
    fate.kind = Fate::Kind::told;
    return fate;
  } else {
    fate.why = fmt::format("it answers {}", answer->status);
    if (answer->status == 404 || answer->status == 410) fate.kind = Fate::Kind::gone;
    if (answer->status == 429 || answer->status >= 500) {
      fate.kind = Fate::Kind::later;
      fate.pause = answer->retry_after.value_or(seconds(0));
    }
  }
  log::info("push.not_told", {{"device", device.id}, {"service", service_of(device)}, {"why", fate.why}});
  return fate;
}

}  // namespace kontor::transport
