// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/scripts/managesieve.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/bytes.h"
#include "migrate/imap/login.h"
#include "net/client_socket.h"

namespace kontor::migrate {
namespace {

constexpr std::size_t kLongestSieveLine = 8 << 10;
constexpr std::size_t kLargestSieveLiteral = 1 << 20;
constexpr std::size_t kLargestSieveAnswer = 4 << 20;
constexpr std::size_t kMostSieveLines = 1000;

// One line of an answer: words and strings alike.
using SieveLine = std::vector<std::string>;

class SieveClient {
 public:
  explicit SieveClient(std::unique_ptr<net::ClientSocket> socket) : socket_(std::move(socket)) {}

  // The lines before the server's OK. Errors: denied (NO), unavailable.
  Result<std::vector<SieveLine>> answer() {
    std::vector<SieveLine> lines;
    received_ = 0;
    while (lines.size() < kMostSieveLines) {
      TRY(SieveLine line, read_line());
      if (line.empty()) continue;
      const std::string first = to_upper(line.front());
      if (!is_string_ && first == "OK") return lines;
      if (!is_string_ && (first == "NO" || first == "BYE"))
        return fail(first == "NO" ? Errc::denied : Errc::unavailable,
                    "the ManageSieve server says: " + (line.size() > 1 ? line.back() : first));
      lines.push_back(std::move(line));
    }
    return fail(Errc::unavailable, "the ManageSieve server's answer does not end");
  }
  Result<std::vector<SieveLine>> ask(const std::string& command) {
    TRY_VOID(socket_->write(command + "\r\n"));
    return answer();
  }
  Result<void> start_tls() {
    TRY_VOID(ask("STARTTLS"));
    if (!buffer_.empty()) return fail(Errc::unavailable, "the ManageSieve server spoke before TLS");
    TRY_VOID(socket_->start_tls());
    TRY_VOID(answer());
    return {};
  }

 private:
  Result<void> fill() {
    std::array<char, 16 << 10> bytes;
    TRY(const std::size_t got, socket_->read_some(bytes));
    if (got == 0) return fail(Errc::unavailable, "the ManageSieve server ended the connection");
    received_ += got;
    if (received_ > kLargestSieveAnswer) return fail(Errc::unavailable, "the ManageSieve server's answer is too long");
    buffer_.append(bytes.data(), got);
    return {};
  }
  Result<char> next() {
    if (buffer_.size() == at_) TRY_VOID(fill());
    return buffer_[at_++];
  }
  Result<std::string> bytes(std::size_t count) {
    while (buffer_.size() - at_ < count) TRY_VOID(fill());
    at_ += count;
    return buffer_.substr(at_ - count, count);
  }

  Result<SieveLine> read_line() {
    SieveLine line;
    is_string_ = false;
    for (std::size_t length = 0; length < kLongestSieveLine; ++length) {
      TRY(const char c, next());
      if (c == '\n') {
        buffer_.erase(0, std::exchange(at_, 0));
        return line;
      }
      if (c == ' ' || c == '\r' || c == '(' || c == ')') continue;
      if (line.empty()) is_string_ = c == '"' || c == '{';
      TRY(std::string word, c == '"' ? quoted() : c == '{' ? literal() : atom(c));
      length += c == '{' ? 0 : word.size();  // a literal is no part of a line, however short
      line.push_back(std::move(word));
    }
    return fail(Errc::unavailable, "the ManageSieve server sends a line without end");
  }
  Result<std::string> quoted() {
    std::string out;
    while (out.size() < kLongestSieveLine) {
      TRY(char c, next());
      if (c == '"') return out;
      if (c == '\\') {
        TRY(c, next());
      }
      out += c;
    }
    return fail(Errc::unavailable, "the ManageSieve server sends a text without end");
  }
  Result<std::string> literal() {
    std::string number;
    for (char c = 0; c != '}';) {
      TRY(c, next());
      if (c != '}' && c != '+') number += c;
      if (number.size() > 9) break;
    }
    std::size_t size = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), size);
    if (error != std::errc() || end != number.data() + number.size() || size > kLargestSieveLiteral)
      return fail(Errc::unavailable, "the ManageSieve server sends a text that is too long");
    TRY_VOID(bytes(2));
    return bytes(size);
  }
  Result<std::string> atom(char first) {
    std::string out(1, first);
    while (out.size() < kLongestSieveLine) {
      TRY(const char c, next());
      if (c == ' ' || c == '\r' || c == '\n' || c == ')' || c == '(') {
        --at_;
        return out;
      }
      out += c;
    }
    return fail(Errc::unavailable, "the ManageSieve server sends a word without end");
  }

  std::unique_ptr<net::ClientSocket> socket_;
  std::string buffer_;
  std::size_t at_ = 0;        // in buffer_
  std::size_t received_ = 0;  // since the last question
  bool is_string_ = false;    // the last line began with one
};

std::string sieve_string(std::string_view text) { return fmt::format("{{{}+}}\r\n{}", text.size(), text); }

// "host", "host:port", "[2001:db8::1]:4190".
Result<void> set_place(std::string_view text, net::ClientOptions& options) {
  options.port = 4190;
  const auto colon = text.rfind(':');
  const bool has_port = colon != std::string_view::npos && text.find(']', colon) == std::string_view::npos &&
                        (text.starts_with('[') || text.find(':') == colon);
  std::string_view host = has_port ? text.substr(0, colon) : text;
  if (has_port) {
    const std::string_view port = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), options.port);
    if (error != std::errc() || end != port.data() + port.size() || options.port == 0)
      return fail(Errc::invalid, fmt::format("\"{}\" is no port", port));
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) return fail(Errc::invalid, "the ManageSieve server's host is missing");
  options.host = std::string(host);
  return {};
}

}  // namespace

Result<std::vector<SourceScript>> read_managesieve(const SourceOptions& options, const SourceUser& user) {
  net::ClientOptions to;
  TRY_VOID(set_place(options.managesieve, to));
  to.verify = options.verify;
  to.ca_file = options.ca_file;
  to.server_name = options.server_name;
  to.timeout = options.timeout;
  TRY(auto socket, net::ClientSocket::connect(to));
  SieveClient client(std::move(socket));
  TRY_VOID(client.answer());
  if (options.tls != SourceTls::none) TRY_VOID(client.start_tls());
  const std::string login = to_base64(sasl_plain(identity_of(user, options)));
  TRY_VOID(client.ask("AUTHENTICATE \"PLAIN\" " + sieve_string(login)));
  TRY(const auto listed, client.ask("LISTSCRIPTS"));
  std::vector<SourceScript> out;
  for (const SieveLine& line : listed) {
    SourceScript script;
    script.name = line.front();
    script.is_active = line.size() > 1 && to_upper(line[1]) == "ACTIVE";
    TRY(const auto got, client.ask("GETSCRIPT " + sieve_string(script.name)));
    if (got.size() != 1 || got.front().size() != 1)
      return fail(Errc::unavailable, "the ManageSieve server's answer cannot be understood");
    script.text = got.front().front();
    out.push_back(std::move(script));
  }
  (void)client.ask("LOGOUT");
  std::ranges::sort(out, {}, &SourceScript::name);
  return out;
}

}  // namespace kontor::migrate
