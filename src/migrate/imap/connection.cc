// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/imap/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "migrate/imap/back_off.h"

namespace kontor::migrate {
namespace {

using imap_client::Condition;
using imap_client::Status;

constexpr std::size_t kBufferSize = 128u << 10;
constexpr std::chrono::seconds kIdleLimit{120};
constexpr std::size_t kLongestQuoted = 512;

bool can_be_quoted(std::string_view value) {
  return value.size() <= kLongestQuoted && std::all_of(value.begin(), value.end(), [](char c) {
           return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f;
         });
}

}  // namespace

ImapCommand& ImapCommand::add(std::string_view words) {
  parts_.back().words += ' ';
  parts_.back().words += words;
  return *this;
}

ImapCommand& ImapCommand::add_string(std::string_view value) {
  auto& words = parts_.back().words;
  words += ' ';
  if (!can_be_quoted(value)) {
    parts_.back().literal = value;
    parts_.emplace_back();
    return *this;
  }
  words += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') words += '\\';
    words += c;
  }
  words += '"';
  return *this;
}

Result<std::unique_ptr<ImapConnection>> ImapConnection::open(const SourceOptions& options) {
  net::ClientOptions client;
  client.host = options.host;
  client.implicit_tls = options.tls == SourceTls::implicit;
  client.port = options.port != 0 ? options.port : client.implicit_tls ? 993 : 143;
  client.verify = options.verify;
  client.ca_file = options.ca_file;
  client.server_name = options.server_name;
  client.timeout = options.timeout;
  TRY(auto socket, net::ClientSocket::connect(client));
  std::unique_ptr<ImapConnection> connection(new ImapConnection(std::move(socket), options.host));
  connection->buffer_.resize(kBufferSize);
  TRY_VOID(connection->greet(options));
  return connection;
}

Result<void> ImapConnection::greet(const SourceOptions& options) {
  TRY(const auto step, next());
  const auto* status = std::get_if<Status>(&parser_.response().data);
  if (step != Step::response || !status || parser_.response().tag != "*")
    return fail(Errc::unavailable, fmt::format("{} does not greet as an IMAP server does", host_));
  if (status->condition == Condition::bye) return std::unexpected(gone(status->text));
  is_preauthenticated_ = status->condition == Condition::preauth;
  if (!knows_capabilities()) TRY_VOID(read_capabilities());
  if (options.tls == SourceTls::starttls) TRY_VOID(start_tls());
  return {};
}

Result<void> ImapConnection::start_tls() {
  if (!has("STARTTLS")) return fail(Errc::denied, fmt::format("{} does not offer STARTTLS", host_));
  TRY_VOID(run_ok(ImapCommand("STARTTLS")));
  // What was sent before TLS began cannot be trusted (response injection).
  if (!unread_.empty()) return fail(Errc::denied, fmt::format("{} says more than it should before TLS", host_));
  TRY_VOID(socket_->start_tls());
  forget_capabilities();
  return read_capabilities();
}

Result<void> ImapConnection::read_capabilities() {
  TRY_VOID(run_ok(ImapCommand("CAPABILITY")));
  return {};
}

void ImapConnection::set_capabilities(const std::vector<std::string>& names) {
  capabilities_ = std::set<std::string, std::less<>>(names.begin(), names.end());
}

void ImapConnection::note(const imap_client::Response& response) {
  if (const auto* list = std::get_if<imap_client::Capability>(&response.data)) set_capabilities(list->names);
  if (const auto* status = std::get_if<Status>(&response.data)) {
    if (status->code == "CAPABILITY") set_capabilities(imap_client::parse_capabilities(status->arguments));
    if (status->condition == Condition::bye) farewell_ = status->text;
  }
}

Error ImapConnection::gone(std::string_view why) const {
  return to_error(Status{Condition::bye, {}, {}, fmt::format("{}: {}", host_, why)});
}

Result<ImapConnection::Step> ImapConnection::next() {
  while (true) {
    const auto step = parser_.next(unread_);
    if (step == Step::broken)
      return fail(Errc::unavailable, fmt::format("{} sends what is no IMAP: {}", host_, parser_.error()));
    if (step == Step::response) note(parser_.response());
    if (step != Step::need_more) return step;
    const auto count = socket_->read_some(buffer_);
    if (!count || *count == 0) {
      if (!farewell_.empty()) return std::unexpected(gone(farewell_));
      if (!count) return std::unexpected(count.error());
      return fail(Errc::unavailable, fmt::format("{} closed the connection", host_));
    }
    last_heard_ = std::chrono::steady_clock::now();
    unread_ = std::string_view(buffer_.data(), *count);
  }
}

Result<std::string> ImapConnection::send(std::string_view command) {
  auto tag = fmt::format("k{}", ++last_tag_);
  TRY_VOID(socket_->write(fmt::format("{} {}\r\n", tag, command)));
  return tag;
}

Result<void> ImapConnection::send_line(std::string_view line) { return socket_->write(fmt::format("{}\r\n", line)); }

// A literal needs the server's consent unless it takes them unasked (RFC 7888). A refusal is the command's answer.
Result<void> ImapConnection::write_parts(const std::string& tag, const ImapCommand& command, const Untagged& visit) {
  std::string out = tag + " ";
  for (std::size_t i = 0; i + 1 < command.parts_.size(); ++i) {
    const auto& part = command.parts_[i];
    const bool unasked = has("LITERAL+") || (has("LITERAL-") && part.literal.size() <= 4096);
    out += fmt::format("{}{{{}{}}}\r\n", part.words, part.literal.size(), unasked ? "+" : "");
    if (!unasked) {
      TRY_VOID(socket_->write(out));
      out.clear();
      while (true) {
        TRY(const auto step, next());
        if (step != Step::response) continue;
        auto response = parser_.take_response();
        if (response.tag == "+") break;
        if (response.tag == tag) {
          const auto* status = std::get_if<Status>(&response.data);
          return std::unexpected(to_error(status ? *status : Status{Condition::bad, {}, {}, "literal refused"}));
        }
        if (visit) visit(response);
      }
    }
    out += part.literal;
  }
  out += command.parts_.back().words;
  out += "\r\n";
  return socket_->write(out);
}

Result<Status> ImapConnection::run(const ImapCommand& command, const Untagged& visit) {
  const auto tag = fmt::format("k{}", ++last_tag_);
  TRY_VOID(write_parts(tag, command, visit));
  while (true) {
    TRY(const auto step, next());
    if (step != Step::response) continue;
    auto response = parser_.take_response();
    if (response.tag == tag) {
      if (auto* status = std::get_if<Status>(&response.data)) return std::move(*status);
      return fail(Errc::unavailable, fmt::format("{} answers what cannot be understood", host_));
    }
    if (response.tag == "*" && visit) visit(response);
  }
}

Result<Status> ImapConnection::run_ok(const ImapCommand& command, const Untagged& visit) {
  TRY(auto status, run(command, visit));
  if (status.condition != Condition::ok) return std::unexpected(to_error(status));
  return status;
}

Result<void> ImapConnection::keep_alive() {
  if (std::chrono::steady_clock::now() - last_heard_ < kIdleLimit) return {};
  TRY_VOID(run_ok(ImapCommand("NOOP")));
  return {};
}

Error ImapConnection::to_error(const Status& status) {
  static constexpr std::array<std::pair<std::string_view, Errc>, 14> kCodes{{
      {"AUTHENTICATIONFAILED", Errc::denied},
      {"AUTHORIZATIONFAILED", Errc::denied},
      {"EXPIRED", Errc::denied},
      {"PRIVACYREQUIRED", Errc::denied},
      {"CONTACTADMIN", Errc::denied},
      {"NOPERM", Errc::denied},
      {"NONEXISTENT", Errc::not_found},
      {"TRYCREATE", Errc::not_found},
      {"EXPUNGEISSUED", Errc::not_found},
      {"UNAVAILABLE", Errc::unavailable},
      {"INUSE", Errc::unavailable},
      {"LIMIT", Errc::unavailable},
      {"SERVERBUG", Errc::unavailable},
      {"THROTTLED", Errc::unavailable},
  }};
  auto text = status.text.empty() ? fmt::format("the source refuses ({})", status.code) : status.text;
  if (auto throttled = read_throttling(text)) {
    if (throttled->count() > 0) text = with_back_off(text, *throttled);
    return Error(Errc::unavailable, std::move(text));
  }
  for (const auto& [code, kind] : kCodes)
    if (status.code == code) return Error(kind, std::move(text));
  return Error(status.condition == Condition::bye ? Errc::unavailable : Errc::invalid, std::move(text));
}

}  // namespace kontor::migrate
