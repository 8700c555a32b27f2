// SPDX-License-Identifier: AGPL-3.0-or-later
// Mail that comes in: by LMTP, by SMTP, by APPEND, and many messages in few commands.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "bench/load/imap.h"
#include "bench/load/message.h"
#include "bench/load/modes.h"

namespace bench {
namespace {

constexpr int kTogether = 500;

// Runs do not repeat each other's messages.
unsigned first_number() { return static_cast<unsigned>(getpid()) % 4000 * 1'000'000; }

// LMTP and SMTP say the same of a message with one recipient.
void bring(int port, std::string_view hello, int connections, int count, std::size_t bytes,
           const std::function<std::string(int)>& recipient) {
  std::atomic<int> next = 0;
  const double seconds = on_threads(connections, [&](int) {
    Connection c(port);
    lmtp_hello(c, hello);
    for (int i = next++; i < count; i = next++) {
      const std::string body = message_of_size(bytes, first_number() + static_cast<unsigned>(i));
      c.send_all(fmt::format("MAIL FROM:<load@example.com>\r\nRCPT TO:<{}>\r\nDATA\r\n", recipient(i)));
      lmtp_reply(c, '2');
      lmtp_reply(c, '2');
      lmtp_reply(c, '3');
      c.send_all(body + ".\r\n");
      lmtp_reply(c, '2');
    }
  });
  fmt::print("{:.1f}\n", count / seconds);
}

}  // namespace

void run_lmtp(int port, int connections, int count, std::size_t bytes, int users) {
  bring(port, "LHLO", connections, count, bytes, [&](int i) { return fmt::format("user{}@example.org", i % users); });
}

void run_smtp(int port, int connections, int count, std::size_t bytes, int users, const std::string& domain) {
  bring(port, "EHLO", connections, count, bytes, [&](int i) { return fmt::format("user{}@{}", i % users, domain); });
}

void run_append(int port, int connections, int count, std::size_t bytes, const Login& login) {
  std::atomic<int> next = 0;
  const double seconds = on_threads(connections, [&](int) {
    Connection c(port);
    imap_login(c, login.user, login.password);
    for (int i = next++; i < count; i = next++) {
      const std::string body = message_of_size(bytes, first_number() + static_cast<unsigned>(i));
      c.send_all(fmt::format("a APPEND INBOX (\\Seen) {{{}+}}\r\n{}\r\n", body.size(), body));
      imap_answer(c, "a");
    }
  });
  fmt::print("{:.1f}\n", count / seconds);
}

void run_fill(int port, const Login& login, const std::string& folder, int first, int count, std::size_t bytes) {
  Connection c(port);
  imap_login(c, login.user, login.password);
  const Time::time_point begin = Time::now();
  for (int done = 0; done < count;) {
    const int together = std::min(kTogether, count - done);
    c.send_all("a APPEND " + folder);
    for (int i = 0; i < together; ++i) {
      const auto number = static_cast<unsigned>(first + done + i);
      const std::string body = message(bytes, number);
      c.send_all(fmt::format(" {} {{{}+}}\r\n{}", flags_and_date(number), body.size(), body));
    }
    c.send_all("\r\n");
    imap_answer(c, "a");
    done += together;
  }
  fmt::print("{:.1f}\n", count / seconds_since(begin));
}

}  // namespace bench
