// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/dns/dns.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unbound.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/bytes.h"
#include "base/log.h"
#include "net/fd.h"
#include "transport/dns/rdata.h"
#include "transport/dns/server_address.h"

namespace kontor::transport {
namespace {

using Time = std::chrono::steady_clock::time_point;

constexpr int kA = 1, kPtr = 12, kMx = 15, kTxt = 16, kAaaa = 28, kSrv = 33, kTlsa = 52;
constexpr int kInternet = 1;
constexpr int kNoError = 0, kNoSuchName = 3;
constexpr std::size_t kMostRecords = 256;  // of one answer; nobody needs more

struct FreeContext {
  void operator()(ub_ctx* context) const { ub_ctx_delete(context); }
};
using Context = std::unique_ptr<ub_ctx, FreeContext>;

struct FreeResult {
  void operator()(ub_result* result) const { ub_resolve_free(result); }
};
using Answer = std::unique_ptr<ub_result, FreeResult>;

Result<void> wants_ok(int code, const std::string& what) {
  if (code == 0) return {};
  return fail(Errc::invalid, "DNS: " + what + ": " + ub_strerror(code) + ".");
}

Result<void> take_servers(ub_ctx* context, const DnsOptions& options) {
  for (const std::string& server : options.servers) {
    if (server == "system") {
      TRY_VOID(wants_ok(ub_ctx_resolvconf(context, nullptr), "/etc/resolv.conf"));
      continue;
    }
    TRY(const std::string address, dns_server_address(server));
    TRY_VOID(wants_ok(ub_ctx_set_fwd(context, address.c_str()), server));
  }
  return {};
}

Result<Context> make_context(const DnsOptions& options) {
  Context context(ub_ctx_create());
  if (!context) return fail(Errc::unavailable, "DNS: libunbound could not be started.");
  // A server on this machine may be asked, and names of private networks are as good as others.
  for (auto [key, value] : {std::pair("do-not-query-localhost:", "no"), std::pair("unblock-lan-zones:", "yes"),
                            std::pair("insecure-lan-zones:", "yes"), std::pair("harden-dnssec-stripped:", "yes"),
                            std::pair("msg-cache-size:", "16m"), std::pair("rrset-cache-size:", "32m")})
    TRY_VOID(wants_ok(ub_ctx_set_option(context.get(), key, value), key));
  TRY_VOID(take_servers(context.get(), options));
  if (!options.trust_anchor_file.empty() && std::filesystem::exists(options.trust_anchor_file)) {
    const char* file = options.trust_anchor_file.c_str();
    TRY_VOID(wants_ok(ub_ctx_add_ta_file(context.get(), file), options.trust_anchor_file));
  } else {
    log::warn("dns.unchecked", {{"advice", "without dns.trust_anchor_file nothing is proved by DNSSEC"}});
  }
  TRY_VOID(wants_ok(ub_ctx_async(context.get(), 1), "threads"));
  return context;
}

// libunbound takes backslashes for escapes; names of hosts have none, but names made from senders' addresses may.
std::string quoted(std::string_view name) {
  std::string out;
  for (char c : name) {
    if (c == '\\') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

struct Dns::State {
  // One that waits for its answer.
  struct Wait {
    std::condition_variable came;
    bool is_done = false;
    int error = 0;
    Answer answer;
  };

  // Called by ub_process() on our thread. `token` is a number, not a pointer: who gave up is no longer in `waiting`.
  static void on_answer(void* token, int error, ub_result* result);
  void hand_out();
  // Nothing: no answer in time; `problem` says why.
  Answer ask(const std::string& name, int type, Time deadline, std::string& problem);
  template <class Record>
  DnsAnswer<Record> find(std::string_view name, int type, Time deadline,
                         std::optional<Record> (*parse)(std::string_view));

  Time deadline() const { return std::chrono::steady_clock::now() + timeout; }

  Context context;
  std::chrono::milliseconds timeout{};
  net::Fd stop;
  std::thread thread;
};

namespace {

// By token, of all contexts of this process: libunbound gives a callback one word.
std::mutex waiting_mutex;
std::map<std::uintptr_t, void*> waiting;
std::uintptr_t last_token = 0;

}  // namespace

void Dns::State::on_answer(void* token, int error, ub_result* result) {
  Answer answer(result);
  std::lock_guard lock(waiting_mutex);
  auto found = waiting.find(reinterpret_cast<std::uintptr_t>(token));
  if (found == waiting.end()) return;
  auto* wait = static_cast<Wait*>(found->second);
  wait->error = error;
  wait->answer = std::move(answer);
  wait->is_done = true;
  wait->came.notify_all();
}

void Dns::State::hand_out() {
  pollfd ready[2] = {{ub_fd(context.get()), POLLIN, 0}, {stop.get(), POLLIN, 0}};
  while (ready[1].revents == 0) {
    if (::poll(ready, 2, -1) < 0) continue;
    if (ready[0].revents != 0) ub_process(context.get());
  }
}

Answer Dns::State::ask(const std::string& name, int type, Time deadline, std::string& problem) {
  if (deadline <= std::chrono::steady_clock::now()) {
    problem = "no time was left to ask DNS";
    return nullptr;
  }
  Wait wait;
  std::unique_lock lock(waiting_mutex);
  const std::uintptr_t token = ++last_token;
  waiting[token] = &wait;
  lock.unlock();  // libunbound may answer while it is asked
  int id = 0;
  const int error =
      ub_resolve_async(context.get(), name.c_str(), type, kInternet, std::bit_cast<void*>(token), &on_answer, &id);
  lock.lock();
  if (error == 0) wait.came.wait_until(lock, deadline, [&] { return wait.is_done; });
  waiting.erase(token);
  lock.unlock();
  if (error == 0 && !wait.is_done) {
    ub_cancel(context.get(), id);
    problem = "DNS did not answer in time";
  } else if (error != 0 || wait.error != 0) {
    problem = ub_strerror(error != 0 ? error : wait.error);
  }
  return std::move(wait.answer);
}

template <class Record>
DnsAnswer<Record> Dns::State::find(std::string_view name, int type, Time deadline,
                                   std::optional<Record> (*parse)(std::string_view)) {
  DnsAnswer<Record> out;
  if (name.ends_with('.')) name.remove_suffix(1);
  // What cannot be a name has no records.
  auto has_sound_labels = [&] {
    for (std::size_t at = 0, end = 0; end != std::string_view::npos; at = end + 1) {
      end = name.find('.', at);
      std::size_t size = (end == std::string_view::npos ? name.size() : end) - at;
      if (size == 0 || size > 63) return false;
    }
    return true;
  };
  if (name.size() > 253 || name.find('\0') != std::string_view::npos || !has_sound_labels()) return out;
  const Answer answer = ask(quoted(name) + ".", type, deadline, out.problem);
  out.status = DnsStatus::failed;
  if (!answer) return out;
  if (answer->bogus != 0) {
    out.problem = std::string("bogus by DNSSEC: ") + (answer->why_bogus ? answer->why_bogus : "");
    return out;
  }
  if (answer->rcode != kNoError && answer->rcode != kNoSuchName) {
    out.problem = "DNS answered with an error, number " + std::to_string(answer->rcode);
    return out;
  }
  out.is_secure = answer->secure != 0;
  out.ttl = static_cast<std::uint32_t>(std::max(answer->ttl, 0));
  out.name = to_lower(answer->canonname ? std::string_view(answer->canonname) : name);
  if (out.name.ends_with('.')) out.name.pop_back();
  if (answer->havedata != 0) {
    for (std::size_t i = 0; answer->data[i] && out.records.size() < kMostRecords; ++i)
      if (auto record = parse({answer->data[i], static_cast<std::size_t>(answer->len[i])}))
        out.records.push_back(*std::move(record));
  }
  out.status = out.records.empty() ? DnsStatus::empty : DnsStatus::found;
  return out;
}

Dns::Dns(std::unique_ptr<State> state) : state_(std::move(state)) {}

Dns::~Dns() {
  std::uint64_t one = 1;
  if (::write(state_->stop.get(), &one, sizeof one) == sizeof one) state_->thread.join();
}

Result<std::unique_ptr<Dns>> Dns::make(const DnsOptions& options) {
  auto state = std::make_unique<State>();
  TRY(state->context, make_context(options));
  state->timeout = options.timeout;
  state->stop = net::Fd(::eventfd(0, EFD_CLOEXEC));
  if (state->stop.get() < 0) return fail(Errc::unavailable, "DNS: no eventfd is to be had.");
  state->thread = std::thread([at = state.get()] { at->hand_out(); });
  return std::unique_ptr<Dns>(new Dns(std::move(state)));
}

DnsAnswer<net::IpAddress> Dns::a(std::string_view name) {
  return state_->find(name, kA, state_->deadline(), &rdata::address);
}
DnsAnswer<net::IpAddress> Dns::aaaa(std::string_view name) {
  return state_->find(name, kAaaa, state_->deadline(), &rdata::address);
}
DnsAnswer<MxRecord> Dns::mx(std::string_view name) { return state_->find(name, kMx, state_->deadline(), &rdata::mx); }
DnsAnswer<std::string> Dns::txt(std::string_view name) {
  return state_->find(name, kTxt, state_->deadline(), &rdata::txt);
}
DnsAnswer<TlsaRecord> Dns::tlsa(std::string_view name) {
  return state_->find(name, kTlsa, state_->deadline(), &rdata::tlsa);
}
DnsAnswer<SrvRecord> Dns::srv(std::string_view name) {
  return state_->find(name, kSrv, state_->deadline(), &rdata::srv);
}
DnsAnswer<std::string> Dns::ptr(const net::IpAddress& address) {
  return state_->find(net::reverse_name(address), kPtr, state_->deadline(), &rdata::ptr);
}

std::unique_ptr<Resolver> Dns::until(Time deadline, std::chrono::milliseconds each) {
  class Until final : public Resolver {
   public:
    Until(State& state, Time deadline, std::chrono::milliseconds each)
        : state_(state), deadline_(deadline), each_(each) {}
    DnsAnswer<net::IpAddress> a(std::string_view name) override {
      return state_.find(name, kA, end(), &rdata::address);
    }
    DnsAnswer<net::IpAddress> aaaa(std::string_view name) override {
      return state_.find(name, kAaaa, end(), &rdata::address);
    }
    DnsAnswer<MxRecord> mx(std::string_view name) override { return state_.find(name, kMx, end(), &rdata::mx); }
    DnsAnswer<std::string> txt(std::string_view name) override { return state_.find(name, kTxt, end(), &rdata::txt); }
    DnsAnswer<TlsaRecord> tlsa(std::string_view name) override { return state_.find(name, kTlsa, end(), &rdata::tlsa); }
    DnsAnswer<SrvRecord> srv(std::string_view name) override { return state_.find(name, kSrv, end(), &rdata::srv); }
    DnsAnswer<std::string> ptr(const net::IpAddress& address) override {
      return state_.find(net::reverse_name(address), kPtr, end(), &rdata::ptr);
    }

   private:
    Time end() const {
      return std::min(deadline_, std::min<Time>(state_.deadline(), std::chrono::steady_clock::now() + each_));
    }
    State& state_;
    Time deadline_;
    std::chrono::milliseconds each_;
  };
  return std::make_unique<Until>(*state_, deadline, each);
}

}  // namespace kontor::transport
