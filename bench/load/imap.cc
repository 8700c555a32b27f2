// SPDX-License-Identifier: AGPL-3.0-or-later
#include "bench/load/imap.h"

#include <fmt/core.h>

#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <thread>
#include <vector>

namespace bench {

void expect(std::string_view got, std::string_view wanted) {
  if (!got.starts_with(wanted)) throw std::runtime_error(fmt::format("expected {}, got: {}", wanted, got));
}

void lmtp_reply(Connection& c, char wanted) {
  for (;;) {
    const std::string_view line = c.line();
    expect(line, std::string_view(&wanted, 1));
    if (line.size() < 4 || line[3] == ' ') return;
  }
}

void lmtp_hello(Connection& c, std::string_view word) {
  lmtp_reply(c, '2');
  c.send_all(fmt::format("{} bench\r\n", word));
  lmtp_reply(c, '2');
}

double on_threads(int count, const std::function<void(int)>& work) {
  std::atomic<bool> failed = false;
  const Time::time_point begin = Time::now();
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i)
    threads.emplace_back([&, i] {
      try {
        work(i);
      } catch (const std::exception& e) {
        fmt::print(stderr, "bench_load: {}\n", e.what());
        failed = true;
      }
    });
  for (std::thread& thread : threads) thread.join();
  if (failed) std::exit(1);
  return seconds_since(begin);
}

void imap_answer(Connection& c, std::string_view tag, const std::function<void(std::string_view)>& each) {
  bool is_first = true;
  for (;;) {
    const std::string_view line = c.line();
    if (line.starts_with(tag) && line.size() > tag.size() && line[tag.size()] == ' ') {
      expect(line.substr(tag.size() + 1), "OK");
      return;
    }
    if (each && is_first) each(line);
    is_first = !line.ends_with('}');
    if (is_first) continue;
    const std::size_t open = line.rfind('{');
    c.skip(std::strtoull(line.data() + open + 1, nullptr, 10));
  }
}

void imap_login(Connection& c, const std::string& user, const std::string& password, bool greeted) {
  if (!greeted) c.line();
  c.send_all(fmt::format("l LOGIN {} {}\r\n", user, password));
  imap_answer(c, "l");
}

double imap_command(Connection& c, const std::string& command) {
  const Time::time_point begin = Time::now();
  c.send_all("x " + command + "\r\n");
  imap_answer(c, "x");
  return seconds_since(begin);
}

}  // namespace bench
