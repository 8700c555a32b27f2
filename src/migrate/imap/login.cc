// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/imap/login.h"

#include <fmt/format.h>

#include "base/bytes.h"

namespace kontor::migrate {
namespace {

using imap_client::Condition;
using imap_client::Status;
using Step = ImapConnection::Step;

// One mechanism with a single message from the client. A server that has more to say (the challenge that tells why a
// token was refused) gets `on_challenge` and then says NO.
Result<Status> authenticate(ImapConnection& connection, std::string_view mechanism, const std::string& message,
                            std::string_view on_challenge) {
  const auto encoded = message.empty() ? std::string("=") : to_base64(message);
  const bool at_once = connection.has("SASL-IR");
  TRY(const auto tag, connection.send(at_once ? fmt::format("AUTHENTICATE {} {}", mechanism, encoded)
                                              : fmt::format("AUTHENTICATE {}", mechanism)));
  bool is_said = at_once;
  while (true) {
    TRY(const auto step, connection.next());
    if (step != Step::response) continue;
    auto response = connection.parser().take_response();
    if (response.tag == "+") {
      TRY_VOID(connection.send_line(is_said ? on_challenge : std::string_view(encoded)));
      is_said = true;
    }
    if (response.tag == tag) {
      if (auto* status = std::get_if<Status>(&response.data)) return std::move(*status);
      return fail(Errc::unavailable, "the source's answer to the login cannot be understood");
    }
  }
}

Result<std::string> choose_mechanism(const ImapConnection& connection, const ImapIdentity& who,
                                     const SourceOptions& options) {
  if (!options.mechanism.empty()) return to_upper(options.mechanism);
  if (!who.token.empty()) {
    if (connection.has("AUTH=OAUTHBEARER") && !connection.has("AUTH=XOAUTH2")) return "OAUTHBEARER";
    return "XOAUTH2";
  }
  if (connection.has("AUTH=PLAIN") || !who.authzid.empty()) return "PLAIN";
  if (!connection.has("LOGINDISABLED")) return "LOGIN";
  return fail(Errc::denied, "the source offers no way to log in with a password (perhaps only with TLS)");
}

Result<Status> try_mechanism(ImapConnection& connection, const std::string& mechanism, const ImapIdentity& who,
                             const SourceOptions& options) {
  if (mechanism == "PLAIN") return authenticate(connection, mechanism, sasl_plain(who), "*");
  if (mechanism == "XOAUTH2") return authenticate(connection, mechanism, sasl_xoauth2(who), "");
  if (mechanism == "OAUTHBEARER") {
    const unsigned port = options.port != 0 ? options.port : options.tls == SourceTls::implicit ? 993 : 143;
    return authenticate(connection, mechanism, sasl_oauthbearer(who, options.host, port), "AQ==");
  }
  if (mechanism == "LOGIN")
    return connection.run(ImapCommand("LOGIN").add_string(who.authcid).add_string(who.password));
  return fail(Errc::invalid, fmt::format("\"{}\" is no way to log in that we know", mechanism));
}

Result<void> introduce(ImapConnection& connection) {
  if (connection.has("ID")) TRY_VOID(connection.run(ImapCommand("ID (\"name\" \"kontor-migrate\")")));
  if (!connection.has("ENABLE")) return {};
  if (connection.has("QRESYNC")) {
    TRY_VOID(connection.run(ImapCommand("ENABLE QRESYNC")));
  } else if (connection.has("CONDSTORE")) {
    TRY_VOID(connection.run(ImapCommand("ENABLE CONDSTORE")));
  }
  return {};
}

}  // namespace

ImapIdentity identity_of(const SourceUser& user, const SourceOptions& options) {
  ImapIdentity who;
  who.token = !user.token.empty()                                    ? user.token
              : options.master_user.empty() && user.password.empty() ? options.token
                                                                     : "";
  if (options.master_user.empty()) {
    who.authcid = user.login;
    who.password = user.password;
  } else if (options.master_style == MasterStyle::authzid) {
    who.authzid = user.login;
    who.authcid = options.master_user;
    who.password = options.master_password;
  } else {
    who.authcid = fmt::format("{}{}{}", user.login, options.master_separator, options.master_user);
    who.password = options.master_password;
  }
  return who;
}

std::string sasl_plain(const ImapIdentity& who) {
  std::string message = who.authzid;
  message += '\0';
  message += who.authcid;
  message += '\0';
  message += who.password;
  return message;
}

std::string sasl_xoauth2(const ImapIdentity& who) {
  return fmt::format(
      "user={}\x01"
      "auth=Bearer {}\x01\x01",
      who.authcid, who.token);
}

std::string sasl_oauthbearer(const ImapIdentity& who, std::string_view host, unsigned port) {
  // RFC 5801: "," and "=" are escaped in the name.
  std::string name;
  for (const char c : who.authcid) {
    if (c == ',')
      name += "=2C";
    else if (c == '=')
      name += "=3D";
    else
      name += c;
  }
  return fmt::format(
      "n,a={},\x01host={}\x01port={}\x01"
      "auth=Bearer {}\x01\x01",
      name, host, port, who.token);
}

Result<void> log_in(ImapConnection& connection, const SourceUser& user, const SourceOptions& options) {
  if (!connection.is_preauthenticated()) {
    const auto who = identity_of(user, options);
    TRY(const auto mechanism, choose_mechanism(connection, who, options));
    TRY(const auto status, try_mechanism(connection, mechanism, who, options));
    if (status.condition != Condition::ok) {
      auto error = ImapConnection::to_error(status);
      if (error.code != Errc::unavailable) error.code = Errc::denied;
      error.text = fmt::format("login as {}: {}", user.login, error.text);
      return std::unexpected(std::move(error));
    }
    // They may be others than before the login.
    if (status.code != "CAPABILITY") TRY_VOID(connection.read_capabilities());
  }
  return introduce(connection);
}

}  // namespace kontor::migrate
