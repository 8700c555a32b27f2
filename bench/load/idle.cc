// SPDX-License-Identifier: AGPL-3.0-or-later
// Many connections that watch their inbox with IDLE. Prints the seconds it took to open them all, then obeys lines of
// standard input:
//
//   deliver LMTP_PORT   one message to every user; prints the milliseconds from the end of the message until half of
//                       the connections, and until all of them, were told
//   end
#include <fmt/core.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <iostream>
#include <memory>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "bench/load/imap.h"
#include "bench/load/message.h"
#include "bench/load/modes.h"

namespace bench {
namespace {

constexpr int kOpeners = 16;
constexpr int kPatience = 120;  // seconds

using Watchers = std::vector<std::unique_ptr<Connection>>;

std::unique_ptr<Connection> open_watcher(int port, const std::string& security, int number, int users) {
  auto c = std::make_unique<Connection>(port, static_cast<unsigned>(number));
  if (security == "tls") c->start_tls();
  c->line();
  if (security == "starttls") {
    imap_command(*c, "STARTTLS");
    c->start_tls();
  }
  imap_login(*c, fmt::format("user{}@example.org", number % users), "secret", true);
  imap_command(*c, "SELECT INBOX");
  c->send_all("i IDLE\r\n");
  while (!c->line().starts_with("+")) {
  }
  c->stop_blocking();
  c->drop_buffer();
  return c;
}

class Delivery {
 public:
  Delivery(Watchers& watchers, int users) : watchers_(watchers), users_(users), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    for (std::size_t i = 0; i < watchers_.size(); ++i) {
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = i;
      if (epoll_ctl(epoll_, EPOLL_CTL_ADD, watchers_[i]->descriptor(), &event) != 0)
        throw std::runtime_error("epoll_ctl failed");
    }
  }
  ~Delivery() { close(epoll_); }
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  void deliver(int port) {
    Connection lmtp(port);
    lmtp_hello(lmtp);
    lmtp.send_all("MAIL FROM:<load@example.com>\r\n");
    lmtp_reply(lmtp, '2');
    for (int i = 0; i < users_; ++i) {
      lmtp.send_all(fmt::format("RCPT TO:<user{}@example.org>\r\n", i));
      lmtp_reply(lmtp, '2');
    }
    lmtp.send_all("DATA\r\n");
    lmtp_reply(lmtp, '3');
    drain();
    told_.assign(watchers_.size(), false);
    count_ = 0;
    lmtp.send_all(message_of_size(4000, static_cast<unsigned>(Time::now().time_since_epoch().count())));
    const Time::time_point begin = Time::now();
    lmtp.send_all(".\r\n");
    double half = 0;
    while (count_ < watchers_.size()) {
      if (seconds_since(begin) > kPatience)
        throw std::runtime_error(fmt::format("only {} of {} were told", count_, watchers_.size()));
      listen(1000);
      if (half == 0 && count_ >= (watchers_.size() + 1) / 2) half = seconds_since(begin);
    }
    fmt::print("{:.2f}\n{:.2f}\n", half * 1e3, seconds_since(begin) * 1e3);
    for (int i = 0; i < users_; ++i) lmtp_reply(lmtp, '2');
  }

 private:
  void drain() {
    told_.assign(watchers_.size(), true);
    while (listen(0) > 0) {
    }
  }

  int listen(int milliseconds) {
    epoll_event events[256];
    const int ready = epoll_wait(epoll_, events, std::size(events), milliseconds);
    for (int i = 0; i < ready; ++i) hear(events[i].data.u64);
    return ready;
  }

  void hear(std::size_t i) {
    bool exists = false;
    for (auto line = watchers_[i]->line_at_hand(); !line.empty(); line = watchers_[i]->line_at_hand())
      exists = exists || line.ends_with(" EXISTS");
    watchers_[i]->drop_buffer();
    if (!exists || told_[i]) return;
    told_[i] = true;
    ++count_;
  }

  Watchers& watchers_;
  int users_;
  int epoll_;
  std::vector<bool> told_;
  std::size_t count_ = 0;
};

}  // namespace

void run_idle(int port, const std::string& security, int count, int users) {
  Watchers watchers(static_cast<std::size_t>(count));
  std::atomic<int> next = 0;
  const double seconds = on_threads(kOpeners, [&](int) {
    for (int i = next++; i < count; i = next++)
      watchers[static_cast<std::size_t>(i)] = open_watcher(port, security, i, users);
  });
  fmt::print("{:.3f}\n", seconds);
  std::fflush(stdout);
  Delivery delivery(watchers, std::min(users, count));
  for (std::string line; std::getline(std::cin, line) && line != "end";) {
    std::istringstream words(line);
    std::string verb;
    int lmtp_port = 0;
    if (!(words >> verb >> lmtp_port) || verb != "deliver") throw std::runtime_error("no such request: " + line);
    delivery.deliver(lmtp_port);
    std::fflush(stdout);
  }
}

}  // namespace bench
