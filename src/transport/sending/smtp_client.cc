// SPDX-License-Identifier: AGPL-3.0-or-later
// Connecting, TLS and login. Transactions are in smtp_transaction.cc.
#include "transport/sending/smtp_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/bytes.h"
#include "base/log.h"
#include "wire/smtp/reply_reader.h"

namespace kontor::transport {

using wire::smtp::Reply;

namespace {

void read_extension(std::string_view line, SmtpExtensions& into) {
  const std::string upper = to_upper(line);
  std::string_view word = std::string_view(upper).substr(0, upper.find_first_of(" ="));
  std::string_view rest = std::string_view(upper).substr(std::min(upper.size(), word.size() + 1));
  if (word == "PIPELINING") into.pipelining = true;
  if (word == "8BITMIME") into.eight_bit = true;
  if (word == "SMTPUTF8") into.utf8 = true;
  if (word == "DSN") into.dsn = true;
  if (word == "STARTTLS") into.starttls = true;
  if (word == "CHUNKING") into.chunking = true;
  if (word == "BINARYMIME") into.binary = true;
  if (word == "SIZE") {
    std::uint64_t size = 0;
    auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), size);
    if (error == std::errc() && size > 0) into.size = size;
  }
  if (word == "AUTH")
    while (!rest.empty()) {
      std::string_view one = rest.substr(0, rest.find(' '));
      into.auth.emplace_back(one);
      rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    }
}

}  // namespace

SendFailure SmtpClient::broken(const Error& error) {
  is_usable_ = false;
  return {.is_permanent = false,
          .is_host = true,
          .what = {.code = 0, .enhanced = "4.4.2", .text = error.text, .host = options_.host}};
}

SendFailure SmtpClient::refused(const Reply& reply, bool is_host) const {
  return {.is_permanent = reply.code >= 500,
          .is_host = is_host || reply.code == 421,
          .what = {.code = reply.code,
                   .enhanced = reply.enhanced,
                   .text = wire::smtp::joined_text(reply),
                   .host = options_.host}};
}

SendResult<std::string> SmtpClient::line(std::chrono::steady_clock::time_point until) {
  for (;;) {
    const auto end = input_.find('\n', taken_);
    if (end != std::string::npos) {
      std::size_t length = end - taken_;
      if (length > 0 && input_[end - 1] == '\r') --length;
      std::string out = input_.substr(taken_, length);
      taken_ = end + 1;
      return out;
    }
    input_.erase(0, taken_);
    taken_ = 0;
    if (input_.size() > wire::smtp::kMaxReplyLine)
      return std::unexpected(broken(Error(Errc::invalid, "The host answers with a line that is too long.")));
    if (std::chrono::steady_clock::now() >= until)
      return std::unexpected(broken(Error(Errc::unavailable, "The host did not answer in time.")));
    std::array<char, 4096> piece{};
    auto got = socket_->read_some(piece);
    if (!got) return std::unexpected(broken(got.error()));
    if (*got == 0) return std::unexpected(broken(Error(Errc::unavailable, "The host closed the connection.")));
    input_.append(piece.data(), *got);
  }
}

// A host that answers byte by byte has no more time than others.
SendResult<Reply> SmtpClient::reply(std::chrono::milliseconds within) {
  const auto until = std::chrono::steady_clock::now() + within;
  wire::smtp::ReplyReader reader;
  for (;;) {
    auto text = line(until);
    if (!text) return std::unexpected(text.error());
    auto state = reader.feed(*text);
    if (!state) return std::unexpected(broken(Error(Errc::invalid, "The host sent " + state.error() + ".")));
    if (*state) break;
  }
  Reply reply = reader.take();
  // RFC 5321 section 3.8: the host closes the connection.
  if (reply.code == 421) is_usable_ = false;
  return reply;
}

SendResult<void> SmtpClient::put(std::string_view bytes) {
  if (auto written = socket_->write(bytes); !written) return std::unexpected(broken(written.error()));
  return {};
}

SendResult<Reply> SmtpClient::command(const std::string& line) {
  if (auto sent = put(line + "\r\n"); !sent) return std::unexpected(sent.error());
  return reply();
}

SendResult<void> SmtpClient::hello() {
  auto answer = command("EHLO " + options_.hello);
  if (!answer) return std::unexpected(answer.error());
  extensions_ = {};
  if (answer->code >= 500) {
    answer = command("HELO " + options_.hello);
    if (!answer) return std::unexpected(answer.error());
    if (!answer->is_positive()) return std::unexpected(refused(*answer, true));
    return {};
  }
  if (!answer->is_positive()) return std::unexpected(refused(*answer, true));
  for (std::size_t i = 1; i < answer->lines.size(); ++i) read_extension(answer->lines[i], extensions_);
  return {};
}

SendResult<void> SmtpClient::begin() {
  auto greeting = reply();
  if (!greeting) return std::unexpected(greeting.error());
  if (greeting->code != 220) return std::unexpected(refused(*greeting, true));
  if (auto said = hello(); !said) return said;
  if (options_.tls == ClientTls::none || socket_->is_encrypted()) return log_in();
  if (!extensions_.starttls) {
    if (options_.tls == ClientTls::may) return log_in();
    return std::unexpected(SendFailure{.is_permanent = false,
                                       .is_host = true,
                                       .what = {.code = 0,
                                                .enhanced = "4.7.10",
                                                .text = "The host offers no TLS, which is required.",
                                                .host = options_.host}});
  }
  auto ready = command("STARTTLS");
  if (!ready) return std::unexpected(ready.error());
  if (!ready->is_positive()) {
    if (options_.tls == ClientTls::may) return log_in();
    // As where it is not offered: that is what is told of it, and a policy that is only tried out lets the mail go.
    SendFailure failure = refused(*ready, true);
    failure.is_permanent = false;
    failure.what.enhanced = "4.7.10";
    return std::unexpected(failure);
  }
  // What came in the clear before the handshake is not the host's word (RFC 3207 section 6).
  input_.clear();
  taken_ = 0;
  if (auto up = socket_->start_tls(); !up) {
    failed_tls_ = true;
    SendFailure failure = broken(up.error());
    failure.what.enhanced = "4.7.5";
    return std::unexpected(failure);
  }
  if (auto said = hello(); !said) return said;
  return log_in();
}

SendResult<void> SmtpClient::log_in() {
  if (options_.user.empty()) return {};
  auto has = [&](std::string_view name) { return std::ranges::find(extensions_.auth, name) != extensions_.auth.end(); };
  SendResult<Reply> answer;
  if (has("PLAIN")) {
    std::string secret = '\0' + options_.user + '\0' + options_.password;
    answer = command("AUTH PLAIN " + to_base64(secret));
  } else if (has("LOGIN")) {
    answer = command("AUTH LOGIN");
    if (answer && answer->code == 334) answer = command(to_base64(options_.user));
    if (answer && answer->code == 334) answer = command(to_base64(options_.password));
  } else {
    answer = Reply(504, "5.7.4", "The host offers no login that is known here");
  }
  if (!answer) return std::unexpected(answer.error());
  if (answer->is_positive()) return {};
  // A wrong password is ours to mend: mail waits for it.
  SendFailure failure = refused(*answer, true);
  failure.is_permanent = false;
  return std::unexpected(failure);
}

SendResult<std::unique_ptr<SmtpClient>> SmtpClient::connect(const SmtpClientOptions& options) {
  net::ClientOptions to;
  to.host = options.address;
  to.port = options.port;
  to.implicit_tls = options.implicit_tls;
  to.verify = options.tls == ClientTls::verify;
  to.ca_file = options.authorities;
  to.server_name = options.host;
  to.dane = options.dane;
  to.timeout = options.connect_timeout;
  auto fail_with = [&](const Error& error, const char* enhanced) {
    return std::unexpected(
        SendFailure{.is_permanent = false,
                    .is_host = true,
                    .what = {.code = 0, .enhanced = enhanced, .text = error.text, .host = options.host}});
  };
  auto socket = net::ClientSocket::connect(to);
  if (!socket) return fail_with(socket.error(), socket.error().code == Errc::denied ? "4.7.5" : "4.4.1");
  (*socket)->set_timeout(options.command_timeout);
  std::unique_ptr<SmtpClient> client(new SmtpClient(options, *std::move(socket)));
  auto begun = client->begin();
  if (begun) return client;
  client->is_usable_ = client->is_usable_ && !client->failed_tls_;
  if (!client->failed_tls_ || options.tls != ClientTls::may) return std::unexpected(begun.error());
  log::debug("sending.tls_failed", {{"host", options.host}, {"why", begun.error().what.text}});
  client.reset();
  SmtpClientOptions plain = options;
  plain.tls = ClientTls::none;
  return connect(plain);
}

SmtpClient::~SmtpClient() {
  if (is_usable_ && socket_) {
    socket_->set_timeout(std::chrono::seconds(2));
    (void)command("QUIT");
  }
  if (options_.watch) options_.watch(*this, false);
}

}  // namespace kontor::transport
