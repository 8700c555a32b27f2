// SPDX-License-Identifier: AGPL-3.0-or-later
// Clients that each do a bit of everything in turn, as people's programs do. Prints operations per second, then the
// milliseconds within which half and 99 of 100 were answered.
#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "bench/load/imap.h"
#include "bench/load/message.h"
#include "bench/load/modes.h"

namespace bench {
namespace {

class Client {
 public:
  Client(int port, const std::string& user, unsigned seed) : c_(port), random_(seed) {
    imap_login(c_, user, "secret");
    ask("SELECT INBOX");
  }

  void operation() {
    const unsigned pick = below(100);
    if (pick < 10) return ask("SELECT INBOX");
    if (pick < 35) return page();
    if (pick < 55) return ask(fmt::format("FETCH {} (FLAGS BODY.PEEK[])", one()));
    if (pick < 70) return ask(fmt::format("STORE {} {}FLAGS (\\Seen)", one(), below(2) == 0 ? '+' : '-'));
    if (pick < 80) return append();
    if (pick < 90) return search();
    if (pick < 95) return idle();
    ask("NOOP");
  }

 private:
  unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }
  unsigned one() { return 1 + below(exists_); }

  void ask(const std::string& command) {
    c_.send_all("x " + command + "\r\n");
    answer();
  }

  void answer() {
    imap_answer(c_, "x", [this](std::string_view line) {
      if (line.starts_with("* ") && line.ends_with(" EXISTS"))
        exists_ = static_cast<unsigned>(std::strtoul(line.data() + 2, nullptr, 10));
    });
  }

  void page() {
    const unsigned first = one();
    ask(fmt::format("FETCH {}:{} (UID FLAGS INTERNALDATE ENVELOPE)", first, std::min(first + 49, exists_)));
  }

  void append() {
    const std::string body = message_of_size(4000, static_cast<unsigned>(random_()));
    c_.send_all(fmt::format("x APPEND INBOX (\\Seen) {{{}+}}\r\n{}\r\n", body.size(), body));
    answer();
  }

  void search() {
    static constexpr const char* kSearches[] = {"UNSEEN", "SINCE 1-Jun-2008", "FLAGGED BEFORE 1-May-2008",
                                                "SUBJECT invoice"};
    ask(std::string("SEARCH ") + kSearches[below(std::size(kSearches))]);
  }

  void idle() {
    c_.send_all("x IDLE\r\n");
    while (!c_.line().starts_with("+")) {
    }
    c_.send_all("DONE\r\n");
    answer();
  }

  Connection c_;
  std::mt19937 random_;
  unsigned exists_ = 1;
};

}  // namespace

void run_mixed(int port, int connections, int operations, int users) {
  std::atomic<int> next = 0;
  std::mutex mutex;
  std::vector<double> all;
  const double seconds = on_threads(connections, [&](int number) {
    Client client(port, fmt::format("user{}@example.org", number % users), static_cast<unsigned>(number));
    std::vector<double> mine;
    while (next++ < operations) {
      const Time::time_point begin = Time::now();
      client.operation();
      mine.push_back(seconds_since(begin));
    }
    const std::lock_guard lock(mutex);
    all.insert(all.end(), mine.begin(), mine.end());
  });
  std::sort(all.begin(), all.end());
  fmt::print("{:.1f}\n{:.2f}\n{:.2f}\n", static_cast<double>(all.size()) / seconds, all[all.size() / 2] * 1e3,
             all[all.size() * 99 / 100] * 1e3);
}

}  // namespace bench
