// SPDX-License-Identifier: AGPL-3.0-or-later
// A client's connection to an IMAP server: commands out, responses in, one at a time.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "migrate/sources.h"
#include "net/client_socket.h"
#include "wire/imap/response.h"

namespace kontor::migrate {

namespace imap_client = wire::imap::client;

// A command under construction. Strings go as quoted strings where they can and as literals where they must.
class ImapCommand {
 public:
  explicit ImapCommand(std::string_view words) : parts_(1) { parts_.front().words = words; }
  ImapCommand& add(std::string_view words);         // as it is, after a blank
  ImapCommand& add_string(std::string_view value);  // any bytes but NUL
  bool has_literals() const { return parts_.size() > 1; }
  const std::string& text() const { return parts_.front().words; }  // of one without literals

 private:
  friend class ImapConnection;
  struct Part {
    std::string words;
    std::string literal;  // follows the words, except after the last part
  };
  std::vector<Part> parts_;
};

// One thread at a time. After an error of kind unavailable it is of no further use.
class ImapConnection {
 public:
  using Untagged = std::function<void(imap_client::Response&)>;
  using Step = imap_client::ResponseParser::Step;

  // Connects, reads the greeting and the capabilities, and turns TLS on as the options say. Errors: as ClientSocket,
  // and denied (TLS is asked for but not offered), unavailable (the server says BYE).
  static Result<std::unique_ptr<ImapConnection>> open(const SourceOptions& options);

  bool has(std::string_view capability) const { return capabilities_.contains(capability); }
  Result<void> read_capabilities();
  // Forgets what was announced: it may differ after TLS and after login.
  void forget_capabilities() { capabilities_.clear(); }
  bool knows_capabilities() const { return !capabilities_.empty(); }
  bool is_encrypted() const { return socket_->is_encrypted(); }
  bool is_preauthenticated() const { return is_preauthenticated_; }

  // Sends and waits for the tagged answer, whatever it is; untagged ones go to `visit`, contents of messages are
  // dropped.
  Result<imap_client::Status> run(const ImapCommand& command, const Untagged& visit = {});
  // The same, and NO and BAD are errors: see to_error().
  Result<imap_client::Status> run_ok(const ImapCommand& command, const Untagged& visit = {});

  // For pipelines: sends a command without literals and returns its tag at once.
  Result<std::string> send(std::string_view command);
  // The next event: response, body_start, body_piece or body_end.
  Result<Step> next();
  // Raw lines of a SASL exchange.
  Result<void> send_line(std::string_view line);
  imap_client::ResponseParser& parser() { return parser_; }

  // NOOP if nothing was said for a while: finds out about dead peers before anything depends on them.
  Result<void> keep_alive();

  // NO, BAD and BYE as errors: throttling and temporary trouble is unavailable, rights denied, absent folders
  // not_found, the rest invalid.
  static Error to_error(const imap_client::Status& status);

 private:
  ImapConnection(std::unique_ptr<net::ClientSocket> socket, std::string host)
      : socket_(std::move(socket)), host_(std::move(host)) {}
  Result<void> greet(const SourceOptions& options);
  Result<void> start_tls();
  Result<void> write_parts(const std::string& tag, const ImapCommand& command, const Untagged& visit);
  void note(const imap_client::Response& response);
  void set_capabilities(const std::vector<std::string>& names);
  Error gone(std::string_view why) const;

  std::unique_ptr<net::ClientSocket> socket_;
  std::string host_;
  imap_client::ResponseParser parser_;
  std::vector<char> buffer_;
  std::string_view unread_;  // in buffer_
  std::set<std::string, std::less<>> capabilities_;
  std::uint64_t last_tag_ = 0;
  bool is_preauthenticated_ = false;
  std::string farewell_;  // what BYE said
  std::chrono::steady_clock::time_point last_heard_;
};

}  // namespace kontor::migrate
