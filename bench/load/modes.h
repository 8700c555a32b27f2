// SPDX-License-Identifier: AGPL-3.0-or-later
// What bench_load can do: one function per mode, each prints numbers.
#pragma once

#include <cstddef>
#include <string>

namespace bench {

struct Login {
  std::string user, password;
};

void run_lmtp(int port, int connections, int count, std::size_t bytes, int users);
// To user0 and on at `domain`, by SMTP.
void run_smtp(int port, int connections, int count, std::size_t bytes, int users, const std::string& domain);
void run_append(int port, int connections, int count, std::size_t bytes, const Login& login);
void run_fill(int port, const Login& login, const std::string& folder, int first, int count, std::size_t bytes);
void run_mixed(int port, int connections, int operations, int users);
void run_pop3(int port, const Login& login, int retrieved);
// `security`: plain, tls or starttls.
void run_idle(int port, const std::string& security, int count, int users);

}  // namespace bench
