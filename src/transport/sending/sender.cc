// SPDX-License-Identifier: AGPL-3.0-or-later
// Who works when. What an attempt does is in attempt.cc.
#include "transport/sending/sender.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/log.h"
#include "transport/sending/sender_open.h"

namespace kontor::transport {
namespace {

using namespace std::chrono_literals;

constexpr auto kLongestWait = 60s;
constexpr auto kFirstPause = 60s;
constexpr auto kLongestPause = 30min;

}  // namespace

std::vector<SmartHost> smart_hosts_of(const SendingOptions& options) {
  std::vector<SmartHost> hosts;
  for (const std::string& text : options.smart_hosts) hosts.push_back(parse_smart_host(text).value());
  return hosts;
}

std::string queue_destination(const directory::Directory& directory, const std::vector<SmartHost>& smart_hosts,
                              const QueuedEnvelope& envelope, std::string_view domain) {
  if (smart_hosts.empty() || directory.domain(domain)) return std::string(domain);
  const auto tenant = envelope.tenant ? directory.tenant(envelope.tenant) : directory::Tenant{};
  const std::string name = tenant ? tenant->name : "";
  const std::string from = to_lower(envelope.sender.substr(envelope.sender.rfind('@') + 1));
  const SmartHost* host = find_smart_host(smart_hosts, {.tenant = name, .from_domain = from, .to_domain = domain});
  return host ? host->key() : std::string(domain);
}

Sender::Sender(const SenderServices& services, SendingOptions options)
    : services_(services),
      options_(std::move(options)),
      smart_hosts_(smart_hosts_of(options_)),
      delivery_(services.accounts, services.directory, services.clock, services.over_quota, services.filter),
      delivered_("kontor_sending_recipients_total", "Recipients, by how an attempt ended", {{"result", "delivered"}}),
      relayed_("kontor_sending_recipients_total", "Recipients, by how an attempt ended", {{"result", "relayed"}}),
      deferred_("kontor_sending_recipients_total", "Recipients, by how an attempt ended", {{"result", "deferred"}}),
      failed_("kontor_sending_recipients_total", "Recipients, by how an attempt ended", {{"result", "failed"}}) {}

Sender::~Sender() { stop(0ms); }

void Sender::start() {
  services_.queue.on_work([this] { wake(); });
  for (std::uint32_t i = 0; i < options_.connections; ++i) threads_.emplace_back([this] { work(); });
}

void Sender::stop(std::chrono::milliseconds grace) {
  if (threads_.empty()) return;
  services_.queue.on_work({});
  {
    std::unique_lock lock(mutex_);
    is_stopping_ = true;
    news_.notify_all();
    place_.notify_all();
    ended_.wait_for(lock, grace, [&] {
      return std::ranges::all_of(traffic_, [](const auto& one) { return one.second.active == 0; });
    });
    is_breaking_ = true;
    for (SmtpClient* client : clients_) client->break_off();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void Sender::wake() {
  std::lock_guard lock(mutex_);
  ++version_;
  news_.notify_one();
  if (!has_waiter_) place_.notify_one();
}

void Sender::work() {
  while (auto lease = next()) {
    const std::string destination = lease->destination;
    serve(*std::move(lease));
    finished(destination);
  }
}

std::optional<Lease> Sender::next() {
  std::unique_lock lock(mutex_);
  while (!is_stopping_) {
    if (auto lease = services_.queue.take(services_.clock.now())) {
      Traffic& traffic = traffic_[lease->destination];
      if (++traffic.active >= options_.connections_per_destination)
        services_.queue.pause(lease->destination, Instant::max());
      // There may be more: somebody else looks.
      if (!has_waiter_) place_.notify_one();
      return lease;
    }
    wait(lock);
  }
  return std::nullopt;
}

void Sender::wait(std::unique_lock<std::mutex>& lock) {
  if (has_waiter_) {
    place_.wait(lock);
    return;
  }
  has_waiter_ = true;
  std::chrono::seconds time = kLongestWait;
  if (const auto due = services_.queue.next_due(); due && *due != Instant::max())
    time = std::clamp<std::chrono::seconds>(*due - services_.clock.now(), 1s, kLongestWait);
  const std::uint64_t seen = version_;
  news_.wait_for(lock, time, [&] { return is_stopping_ || version_ != seen; });
  has_waiter_ = false;
}

void Sender::finished(const std::string& destination) {
  Instant until{};
  {
    std::lock_guard lock(mutex_);
    Traffic& traffic = traffic_[destination];
    --traffic.active;
    until = traffic.until;
    if (traffic.active == 0 && traffic.failures == 0) traffic_.erase(destination);
    if (traffic_.size() >= forget_at_) {
      const Instant old = services_.clock.now() - kLongestPause;
      std::erase_if(traffic_, [&](const auto& one) { return one.second.active == 0 && one.second.until < old; });
      forget_at_ = std::max<std::size_t>(1000, 2 * traffic_.size());
    }
    if (is_stopping_) ended_.notify_all();
  }
  services_.queue.pause(destination, until);
}

void Sender::note_host(const std::string& destination, bool is_reachable) {
  std::lock_guard lock(mutex_);
  Traffic& traffic = traffic_[destination];
  if (is_reachable) {
    traffic.failures = 0;
    traffic.until = {};
    return;
  }
  const Instant now = services_.clock.now();
  // Connections that break together are one failure: each must not double the pause of the other.
  if (now < traffic.until) return;
  std::chrono::seconds pause = std::min<std::chrono::seconds>(kFirstPause, options_.retry_first);
  for (std::uint32_t i = 0; i < traffic.failures && pause < kLongestPause; ++i) pause *= 2;
  ++traffic.failures;
  traffic.until = now + std::min<std::chrono::seconds>(pause, kLongestPause);
}

// One lease, and as long as the connection is good for it, further ones to the same destination.
void Sender::serve(Lease lease) {
  Open open(*this);
  for (std::uint32_t count = 1;; ++count) {
    open.dead.reset();
    attempt(lease, open);
    if (open.dead) return settle_late(lease.destination, *open.dead);
    if (!open.client || !open.client->is_usable() || count >= options_.messages_per_connection) return;
    if (is_ending()) return;
    auto more = services_.queue.take_for(lease.destination, services_.clock.now());
    if (!more) return;
    lease = *std::move(more);
  }
}

void Sender::watch(SmtpClient& client, bool is_there) {
  std::lock_guard lock(mutex_);
  if (!is_there) {
    clients_.erase(&client);
    return;
  }
  clients_.insert(&client);
  if (is_breaking_) client.break_off();
}

bool Sender::is_breaking() {
  std::lock_guard lock(mutex_);
  return is_breaking_;
}

bool Sender::is_ending() {
  std::lock_guard lock(mutex_);
  return is_stopping_;
}

Sender::Open::~Open() { close(); }

void Sender::Open::close() { client.reset(); }

void Sender::Open::keep(std::unique_ptr<SmtpClient> made, std::string at) {
  close();
  client = std::move(made);
  where = std::move(at);
}

}  // namespace kontor::transport
