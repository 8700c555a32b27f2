// SPDX-License-Identifier: AGPL-3.0-or-later
// Makes load on an IMAP or LMTP server in the clear and prints one number: operations (or megabytes) per second.
//
//   bench_load lmtp    PORT CONNECTIONS COUNT BYTES USERS           deliveries/s to user0..@example.org
//   bench_load append  PORT CONNECTIONS COUNT BYTES USER PASSWORD   APPENDs/s into INBOX
//   bench_load imap    PORT USER PASSWORD FOLDER REPEAT COMMAND...  seconds of each run of the commands after SELECT
//   bench_load select  PORT USER PASSWORD FOLDER REPEAT             seconds of each SELECT
//   bench_load bytes   PORT USER PASSWORD FOLDER COMMAND            MB/s that the command's answer comes with
#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Time = std::chrono::steady_clock;

double seconds_since(Time::time_point begin) { return std::chrono::duration<double>(Time::now() - begin).count(); }

// A blocking connection to loopback that reads lines and literals.
class Connection {
 public:
  explicit Connection(int port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd_ < 0 || connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error(fmt::format("port {}: {}", port, std::strerror(errno)));
    int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~Connection() { close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void send_all(std::string_view bytes) {
    while (!bytes.empty()) {
      ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) throw std::runtime_error("the server closed the connection");
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  // Without its line end.
  std::string_view line() {
    for (;;) {
      const char* end = static_cast<const char*>(std::memchr(buffer_.data() + begin_, '\n', end_ - begin_));
      if (end) {
        std::string_view text(buffer_.data() + begin_, static_cast<std::size_t>(end - (buffer_.data() + begin_)));
        begin_ = static_cast<std::size_t>(end - buffer_.data()) + 1;
        if (text.ends_with('\r')) text.remove_suffix(1);
        return text;
      }
      fill();
    }
  }

  void skip(std::size_t count) {
    while (count > end_ - begin_) {
      count -= end_ - begin_;
      begin_ = end_;
      fill();
    }
    begin_ += count;
  }

  std::uint64_t received() const { return received_; }

 private:
  void fill() {
    if (begin_ == end_) begin_ = end_ = 0;
    if (begin_ > 0 && end_ == buffer_.size()) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    if (end_ == buffer_.size()) buffer_.resize(buffer_.size() * 2);
    ssize_t got = recv(fd_, buffer_.data() + end_, buffer_.size() - end_, 0);
    if (got <= 0) throw std::runtime_error("the server closed the connection");
    end_ += static_cast<std::size_t>(got);
    received_ += static_cast<std::uint64_t>(got);
  }

  int fd_;
  std::string buffer_ = std::string(1 << 18, '\0');
  std::size_t begin_ = 0, end_ = 0;
  std::uint64_t received_ = 0;
};

std::string message(std::size_t bytes, int number) {
  std::string out = fmt::format(
      "From: Load <load@example.com>\r\nTo: someone@example.org\r\nSubject: Message {0}\r\n"
      "Date: Tue, 07 May 2024 09:15:00 +0200\r\nMessage-ID: <load-{0}-{1}@example.com>\r\nMIME-Version: 1.0\r\n"
      "Content-Type: text/plain; charset=utf-8\r\n\r\n",
      number, getpid());
  // Words of a small vocabulary: compresses about as mail does.
  static const char* const kWords[] = {"the",     "meeting", "is",    "moved",    "to",     "next",   "week", "please",
                                       "confirm", "with",    "Peter", "invoice",  "number", "office", "and",  "thanks",
                                       "project", "plan",    "files", "attached", "draft",  "review", "by",   "Friday"};
  unsigned state = static_cast<unsigned>(number) * 2654435761U + 1;
  std::size_t column = 0;
  while (out.size() < bytes) {
    state = state * 1103515245U + 12345U;
    std::string word = (state >> 16) % 5 == 0 ? fmt::format("{:x}", state) : kWords[(state >> 16) % std::size(kWords)];
    out += word;
    column += word.size() + 1;
    out += column > 70 ? "\r\n" : " ";
    if (column > 70) column = 0;
  }
  out += "\r\n";
  return out;
}

void expect(std::string_view got, std::string_view wanted) {
  if (!got.starts_with(wanted)) throw std::runtime_error(fmt::format("expected {}, got: {}", wanted, got));
}

void lmtp_reply(Connection& c, std::string_view wanted) {
  for (;;) {
    std::string_view line = c.line();
    expect(line, wanted.substr(0, 1));
    if (line.size() < 4 || line[3] == ' ') return;
  }
}

// Runs `work(connection number)` on as many threads and returns the seconds until the last one ended.
template <class Work>
double on_threads(int count, Work work) {
  std::atomic<bool> failed = false;
  Time::time_point begin = Time::now();
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

void run_lmtp(int port, int connections, int count, std::size_t bytes, int users) {
  std::atomic<int> next = 0;
  double seconds = on_threads(connections, [&](int) {
    Connection c(port);
    lmtp_reply(c, "220");
    c.send_all("LHLO bench\r\n");
    lmtp_reply(c, "250");
    for (int i = next++; i < count; i = next++) {
      std::string body = message(bytes, i);
      c.send_all(fmt::format("MAIL FROM:<load@example.com>\r\nRCPT TO:<user{}@example.org>\r\nDATA\r\n", i % users));
      lmtp_reply(c, "250");
      lmtp_reply(c, "250");
      lmtp_reply(c, "354");
      c.send_all(body + ".\r\n");
      lmtp_reply(c, "250");
    }
  });
  fmt::print("{:.1f}\n", count / seconds);
}

// Reads up to the tagged answer, literals included.
void imap_answer(Connection& c, std::string_view tag) {
  for (;;) {
    std::string_view line = c.line();
    if (line.starts_with(tag) && line.size() > tag.size() && line[tag.size()] == ' ') {
      expect(line.substr(tag.size() + 1), "OK");
      return;
    }
    if (line.ends_with('}')) {
      std::size_t open = line.rfind('{');
      c.skip(std::strtoull(line.data() + open + 1, nullptr, 10));
    }
  }
}

void imap_login(Connection& c, const std::string& user, const std::string& password) {
  c.line();
  c.send_all(fmt::format("l LOGIN {} {}\r\n", user, password));
  imap_answer(c, "l");
}

double imap_command(Connection& c, const std::string& command) {
  Time::time_point begin = Time::now();
  c.send_all("x " + command + "\r\n");
  imap_answer(c, "x");
  return seconds_since(begin);
}

void run_append(int port, int connections, int count, std::size_t bytes, const std::string& user,
                const std::string& password) {
  std::atomic<int> next = 0;
  double seconds = on_threads(connections, [&](int) {
    Connection c(port);
    imap_login(c, user, password);
    for (int i = next++; i < count; i = next++) {
      std::string body = message(bytes, i);
      c.send_all(fmt::format("a APPEND INBOX (\\Seen) {{{}+}}\r\n{}\r\n", body.size(), body));
      imap_answer(c, "a");
    }
  });
  fmt::print("{:.1f}\n", count / seconds);
}

int run(const std::vector<std::string>& a) {
  auto number = [&](std::size_t i) { return std::atoi(a.at(i).c_str()); };
  const std::string& mode = a.at(0);
  int port = number(1);
  if (mode == "lmtp") {
    run_lmtp(port, number(2), number(3), static_cast<std::size_t>(number(4)), number(5));
  } else if (mode == "append") {
    run_append(port, number(2), number(3), static_cast<std::size_t>(number(4)), a.at(5), a.at(6));
  } else if (mode == "imap" || mode == "select") {
    Connection c(port);
    imap_login(c, a.at(2), a.at(3));
    std::string select = fmt::format("SELECT {}", a.at(4));
    if (mode == "imap") imap_command(c, select);
    for (int i = 0; i < number(5); ++i) {
      double seconds = 0;
      if (mode == "select") seconds = imap_command(c, select);
      for (std::size_t k = 6; k < a.size(); ++k) seconds += imap_command(c, a[k]);
      fmt::print("{:.4f}\n", seconds);
    }
  } else if (mode == "bytes") {
    Connection c(port);
    imap_login(c, a.at(2), a.at(3));
    imap_command(c, fmt::format("SELECT {}", a.at(4)));
    std::uint64_t before = c.received();
    double seconds = imap_command(c, a.at(5));
    fmt::print("{:.1f}\n", static_cast<double>(c.received() - before) / 1e6 / seconds);
  } else {
    fmt::print(stderr, "bench_load: no mode '{}'\n", mode);
    return 2;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& e) {
    fmt::print(stderr, "bench_load: {}\n", e.what());
    return 1;
  }
}
