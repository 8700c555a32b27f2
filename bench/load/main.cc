// SPDX-License-Identifier: AGPL-3.0-or-later
// Makes load on a server in the clear and prints numbers, one per line.
//
//   bench_load lmtp    PORT CONNECTIONS COUNT BYTES USERS           deliveries/s to user0..@example.org
//   bench_load smtp    PORT CONNECTIONS COUNT BYTES USERS DOMAIN    messages/s to user0..@DOMAIN
//   bench_load append  PORT CONNECTIONS COUNT BYTES USER PASSWORD   APPENDs/s into INBOX
//   bench_load fill    PORT USER PASSWORD FOLDER FIRST COUNT BYTES  messages/s by MULTIAPPEND: those numbered from
//   FIRST bench_load imap    PORT USER PASSWORD FOLDER REPEAT COMMAND...  seconds of each run of the commands after
//   SELECT bench_load select  PORT USER PASSWORD FOLDER REPEAT             seconds of each SELECT bench_load bytes PORT
//   USER PASSWORD FOLDER COMMAND            MB/s that the command's answer comes with bench_load mixed   PORT
//   CONNECTIONS OPERATIONS USERS            see mixed.cc bench_load pop3    PORT USER PASSWORD RETRIEVED see pop3.cc
//   bench_load idle    PORT plain|tls|starttls CONNECTIONS USERS    see idle.cc
#include <fmt/core.h>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "bench/load/imap.h"
#include "bench/load/modes.h"

namespace {

using bench::Connection;
using bench::Login;

// The commands of `a` from the sixth on, again and again; with "select", each time after a SELECT that counts.
void run_commands(const std::vector<std::string>& a, int port) {
  Connection c(port);
  bench::imap_login(c, a.at(2), a.at(3));
  const std::string select = "SELECT " + a.at(4);
  if (a[0] == "imap") bench::imap_command(c, select);
  for (int i = 0; i < std::atoi(a.at(5).c_str()); ++i) {
    double seconds = 0;
    if (a[0] == "select") seconds = bench::imap_command(c, select);
    for (std::size_t k = 6; k < a.size(); ++k) seconds += bench::imap_command(c, a[k]);
    fmt::print("{:.5f}\n", seconds);
  }
}

void run_bytes(const std::vector<std::string>& a, int port) {
  Connection c(port);
  bench::imap_login(c, a.at(2), a.at(3));
  bench::imap_command(c, "SELECT " + a.at(4));
  const std::uint64_t before = c.received();
  const double seconds = bench::imap_command(c, a.at(5));
  fmt::print("{:.1f}\n", static_cast<double>(c.received() - before) / 1e6 / seconds);
}

int run(const std::vector<std::string>& a) {
  const auto number = [&](std::size_t i) { return std::atoi(a.at(i).c_str()); };
  const auto bytes = [&](std::size_t i) { return static_cast<std::size_t>(number(i)); };
  const std::string& mode = a.at(0);
  const int port = number(1);
  if (mode == "lmtp") {
    bench::run_lmtp(port, number(2), number(3), bytes(4), number(5));
  } else if (mode == "smtp") {
    bench::run_smtp(port, number(2), number(3), bytes(4), number(5), a.at(6));
  } else if (mode == "append") {
    bench::run_append(port, number(2), number(3), bytes(4), Login{a.at(5), a.at(6)});
  } else if (mode == "fill") {
    bench::run_fill(port, Login{a.at(2), a.at(3)}, a.at(4), number(5), number(6), bytes(7));
  } else if (mode == "imap" || mode == "select") {
    run_commands(a, port);
  } else if (mode == "bytes") {
    run_bytes(a, port);
  } else if (mode == "mixed") {
    bench::run_mixed(port, number(2), number(3), number(4));
  } else if (mode == "pop3") {
    bench::run_pop3(port, Login{a.at(2), a.at(3)}, number(4));
  } else if (mode == "idle") {
    bench::run_idle(port, a.at(2), number(3), number(4));
  } else {
    fmt::print(stderr, "bench_load: no mode '{}'\n", mode);
    return 2;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return run(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& e) {
    fmt::print(stderr, "bench_load: {}\n", e.what());
    return 1;
  }
}
