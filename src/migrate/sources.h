// SPDX-License-Identifier: AGPL-3.0-or-later
// The sources that can be opened, and what each must be told. See docs/sources.md for what each of them carries.
//
// Every property that an item may bring (SourceItem::properties): "pop3.uidl", "pop3.order", "dovecot.guid",
// "imap.emailid", "imap.threadid", "imap.savedate", "gmail.msgid", "gmail.thrid", "gmail.labels", "line-ends" ("lf" or
// "crlf": what the file had), "mbox.sender".
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "migrate/source.h"

namespace kontor::migrate {

enum class SourceKind : std::uint8_t { imap, maildir, mbox, eml, ics, vcf, kopano, caldav, carddav, webdav };
// Whether logins are needed: it is not files.
constexpr bool is_remote(SourceKind kind) { return kind == SourceKind::imap || kind >= SourceKind::caldav; }

enum class SourceTls : std::uint8_t {
  implicit,  // TLS from the first byte (port 993)
  starttls,  // STARTTLS before anything secret is said; refused if not offered (port 143)
  none,      // in the clear: loopback and trusted lines only
};

// How a master user acts for others.
enum class MasterStyle : std::uint8_t {
  separator,  // login "user*master" (Dovecot's auth_master_user_separator)
  authzid,    // SASL PLAIN with authzid = user, authcid = master (Dovecot, Cyrus, Zimbra, Exchange); of DAV the master
              // logs in as itself, and the path has %u
};

enum class MaildirLayout : std::uint8_t {
  automatic,  // Maildir++ unless folders lie in real directories
  plus_plus,  // folders are ".A.B" in the root
  fs,         // folders are "A/B", each with cur, new and tmp
};

enum class NameEncoding : std::uint8_t { automatic, modified_utf7, utf8 };

struct SourceUser {
  std::string login;     // at the source: login name; for files what %u stands for
  std::string password;  // unused with a master user
  std::string token;     // OAuth 2 access token; used instead of the password where present
  std::string address;   // at the target; empty = the login, with "@" and default_domain added if it has no domain
};

struct SourceOptions {
  SourceKind kind = SourceKind::imap;

  // Whose mail. Empty with files: everybody that `path` has a place for.
  std::vector<SourceUser> users;
  std::string default_domain;

  // imap
  std::string host;
  std::uint16_t port = 0;  // 0 = 993 or 143
  SourceTls tls = SourceTls::implicit;
  bool verify = true;       // certificate chain and host name
  std::string ca_file;      // empty = the system's
  std::string server_name;  // to verify; empty = host
  std::string master_user;
  std::string master_password;
  MasterStyle master_style = MasterStyle::separator;
  char master_separator = '*';
  // OAuth 2 access token for users without one of their own (service accounts): the first line of a file that is read
  // at each login, so that the token can be renewed while a long run goes on; else `token`.
  std::string token_file;
  std::string token;
  std::string mechanism;  // PLAIN, LOGIN (the command), XOAUTH2 or OAUTHBEARER; empty = the best that is offered
  std::chrono::milliseconds timeout{60'000};  // of connecting and of every answer
  std::uint32_t window = 1'000;               // UIDs asked for in one listing command
  std::uint64_t batch_bytes = 4u << 20;       // announced content in flight at most

  // Files: maildir, mbox, eml, ics, vcf. "%u" stands for a login, "%n" and "%d" for its parts before and after "@":
  // "/var/mail/%d/%n/Maildir".
  // kopano: its configuration, see docs/kopano.md; nothing else but `with_deleted` is for it.
  // caldav, carddav, webdav: where to begin ("/dav/%u/"); empty = where the server says.
  std::string path;
  std::string control_path;     // where Dovecot's files are if not in the Maildir (CONTROL=); the same patterns
  std::size_t connections = 1;  // at once, of all accounts together: memory is shared out among them
  bool with_deleted = false;    // what was deleted and is kept for a while, too
  MaildirLayout layout = MaildirLayout::automatic;
  NameEncoding names = NameEncoding::automatic;

  // Where the users' Sieve scripts are, if they are wanted: a ManageSieve server ("host[:port]", with the login of
  // imap), or a folder of files, with the patterns of `path`: see scripts/script_files.h.
  std::string managesieve;
  std::string sieve_path;
};

// "imaps://[login@]host[:port]", "imap://host" (STARTTLS), "imap://host?tls=none";
// "caldavs://[login@]host[:port][/path]", "carddavs://...", "davs://...", and "caldav://host?tls=none" and so on;
// "maildir:/path", "mbox:/path", "eml:/path", "ics:/path", "vcf:/path", "kopano:/path". Passwords do not belong in a
// URL and are refused. Errors: invalid (what is wrong with it).
Result<SourceOptions> parse_source_url(std::string_view url);

// A CSV file of users (RFC 4180; separator "," or ";"). With a first line that names columns, of "login", "password",
// "token", "address" in any order; else login,password,address. Errors: invalid (line and reason).
Result<std::vector<SourceUser>> parse_user_csv(std::string_view text);

// Checks the options; connects to nothing yet. Errors: invalid (what is missing or contradictory), not_found (the
// path).
Result<std::unique_ptr<Source>> open_source(const SourceOptions& options);

// How long the source asked to be left alone, if this error (unavailable) says so.
std::optional<std::chrono::milliseconds> suggested_back_off(const Error& error);

}  // namespace kontor::migrate
