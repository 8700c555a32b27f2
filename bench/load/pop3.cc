// SPDX-License-Identifier: AGPL-3.0-or-later
// One POP3 session as programs hold it. Prints the seconds until the login's answer, of LIST and of UIDL, and the MB/s
// of RETR of the first `retrieved` messages, one after another.
#include <fmt/core.h>

#include "bench/load/imap.h"
#include "bench/load/modes.h"

namespace bench {
namespace {

void ask(Connection& c, const std::string& command) {
  c.send_all(command + "\r\n");
  expect(c.line(), "+OK");
}

// Up to the dot.
double ask_lines(Connection& c, const std::string& command) {
  const Time::time_point begin = Time::now();
  ask(c, command);
  while (c.line() != ".") {
  }
  return seconds_since(begin);
}

}  // namespace

void run_pop3(int port, const Login& login, int retrieved) {
  Connection c(port);
  expect(c.line(), "+OK");
  const Time::time_point begin = Time::now();
  ask(c, "USER " + login.user);
  ask(c, "PASS " + login.password);
  fmt::print("{:.4f}\n", seconds_since(begin));
  fmt::print("{:.4f}\n", ask_lines(c, "LIST"));
  fmt::print("{:.4f}\n", ask_lines(c, "UIDL"));
  const std::uint64_t before = c.received();
  double seconds = 0;
  for (int i = 1; i <= retrieved; ++i) seconds += ask_lines(c, fmt::format("RETR {}", i));
  fmt::print("{:.2f}\n", static_cast<double>(c.received() - before) / 1e6 / seconds);
  ask(c, "QUIT");
}

}  // namespace bench
