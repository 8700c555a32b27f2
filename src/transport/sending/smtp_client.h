// SPDX-License-Identifier: AGPL-3.0-or-later
// The client of SMTP (RFC 5321) with PIPELINING, SIZE, 8BITMIME, SMTPUTF8, DSN, CHUNKING (for BINARYMIME), STARTTLS and
// AUTH (PLAIN, LOGIN). Blocks: one connection on one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/client_socket.h"
#include "transport/queue/message.h"
#include "wire/smtp/reply.h"

namespace kontor::transport {

// Why something did not work, and for how long that is so.
struct SendFailure {
  bool is_permanent = false;
  bool is_host = false;    // nothing else can be sent to this host now
  bool is_unsure = false;  // all of the message went out, but not the answer came: the host may have taken it
  Attempted what;
};
template <class T>
using SendResult = std::expected<T, SendFailure>;

enum class ClientTls : std::uint8_t { none, may, must, verify };

class SmtpClient;

struct SmtpClientOptions {
  std::string address;  // where to connect: an IP address, or a name
  std::uint16_t port = 25;
  std::string host;   // the name by which the host is known: for certificates and the log
  std::string hello;  // what we call ourselves
  ClientTls tls = ClientTls::may;
  bool implicit_tls = false;
  std::string authorities;
  std::vector<net::DaneRecord> dane;  // with ClientTls::verify
  std::string user, password;         // empty: no login
  std::chrono::milliseconds connect_timeout{30'000};
  std::chrono::milliseconds command_timeout{300'000};
  std::chrono::milliseconds taking_timeout{600'000};  // for the answer to a whole message
  // Called once there is a connection, before the host has said anything, and before it goes: for break_off().
  std::function<void(SmtpClient&, bool is_there)> watch = {};
};

struct SmtpExtensions {
  bool pipelining = false, eight_bit = false, utf8 = false, dsn = false, starttls = false, chunking = false,
       binary = false;
  std::optional<std::uint64_t> size;
  std::vector<std::string> auth;
};

// One message to some recipients.
struct SmtpTransaction {
  std::string sender;
  Needs needs;
  std::uint64_t size = 0;
  DsnReturn dsn_return = DsnReturn::unset;
  std::string envelope_id;
  std::vector<NewRecipient> recipients;
};

// Gives the message's bytes piece by piece, with CRLF; nothing at its end. Errors end the transaction.
using MessageSource = std::function<Result<std::string>(std::uint64_t offset)>;

class SmtpClient {
 public:
  // Connects, greets, takes TLS up and logs in. With ClientTls::may, a handshake that fails is followed by a connection
  // without TLS.
  static SendResult<std::unique_ptr<SmtpClient>> connect(const SmtpClientOptions& options);
  ~SmtpClient();  // says QUIT, if the connection is sound

  // An answer for each recipient, in their order; a positive one means that the host has taken over. Failures: of the
  // whole transaction.
  SendResult<std::vector<wire::smtp::Reply>> send(const SmtpTransaction& transaction, const MessageSource& source);

  bool is_usable() const { return is_usable_; }
  void break_off() { socket_->close_from_afar(); }  // from any thread
  const SmtpExtensions& extensions() const { return extensions_; }
  std::string tls_description() const { return socket_->tls_description(); }

 private:
  SmtpClient(const SmtpClientOptions& options, std::unique_ptr<net::ClientSocket> socket)
      : options_(options), socket_(std::move(socket)) {
    if (options_.watch) options_.watch(*this, true);
  }

  SendResult<void> begin();
  SendResult<void> hello();
  SendResult<void> log_in();
  SendResult<wire::smtp::Reply> command(const std::string& line);
  SendResult<void> put(std::string_view bytes);
  SendResult<wire::smtp::Reply> reply() { return reply(options_.command_timeout); }
  SendResult<wire::smtp::Reply> reply(std::chrono::milliseconds within);
  SendResult<std::string> line(std::chrono::steady_clock::time_point until);

  SendResult<void> check_needs(const SmtpTransaction& transaction) const;
  std::string mail_line(const SmtpTransaction& transaction) const;
  std::string recipient_line(const NewRecipient& recipient) const;
  SendResult<void> put_message(const SmtpTransaction& transaction, const MessageSource& source);
  SendResult<void> put_chunks(const MessageSource& source);
  SendFailure broken(const Error& error);
  SendFailure unreadable(const Error& error);
  SendFailure refused(const wire::smtp::Reply& reply, bool is_host) const;

  const SmtpClientOptions options_;
  std::unique_ptr<net::ClientSocket> socket_;
  SmtpExtensions extensions_;
  std::string input_;
  std::size_t taken_ = 0;
  bool is_usable_ = true;
  bool failed_tls_ = false;
};

// "+XX" for what is not printable ASCII: RFC 3461 section 4.
std::string to_xtext(std::string_view text);

}  // namespace kontor::transport
