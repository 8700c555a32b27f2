// SPDX-License-Identifier: AGPL-3.0-or-later
// Logging in at an IMAP server, as oneself or as another's master.
#pragma once

#include "migrate/imap/connection.h"

namespace kontor::migrate {

// What the server is told. Pure; for tests.
struct ImapIdentity {
  std::string authzid;  // whose mail, if it is not authcid's
  std::string authcid;
  std::string password;
  std::string token;
};
ImapIdentity identity_of(const SourceUser& user, const SourceOptions& options);

std::string sasl_plain(const ImapIdentity& who);  // RFC 4616
std::string sasl_xoauth2(const ImapIdentity& who);
std::string sasl_oauthbearer(const ImapIdentity& who, std::string_view host, unsigned port);  // RFC 7628

// Logs in by the best mechanism that both sides have, reads the capabilities again, says who we are where ID is
// offered, and enables CONDSTORE and QRESYNC. Errors: denied (no such login, or no mechanism), unavailable.
Result<void> log_in(ImapConnection& connection, const SourceUser& user, const SourceOptions& options);

}  // namespace kontor::migrate
