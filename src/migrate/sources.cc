// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/bytes.h"
#include "migrate/csv.h"
#include "migrate/dav/source.h"
#include "migrate/eml/source.h"
#include "migrate/files/message_file.h"
#include "migrate/files/places.h"
#include "migrate/ics/source.h"
#include "migrate/imap/back_off.h"
#include "migrate/imap/source.h"
#include "migrate/kopano/source.h"
#include "migrate/maildir/source.h"
#include "migrate/mbox/source.h"
#include "migrate/scripts/scripted_source.h"

namespace kontor::migrate {
namespace {

Result<void> set_option(SourceOptions& options, std::string_view query) {
  if (query.empty()) return {};
  static constexpr std::pair<std::string_view, SourceTls> kModes[] = {
      {"tls=implicit", SourceTls::implicit}, {"tls=starttls", SourceTls::starttls}, {"tls=none", SourceTls::none}};
  for (const auto& [text, mode] : kModes)
    if (query == text) {
      options.tls = mode;
      return {};
    }
  return fail(Errc::invalid,
              fmt::format("\"{}\" is not understood: tls=starttls, tls=implicit or tls=none may follow \"?\"", query));
}

// "host", "host:143", "[2001:db8::1]:143".
Result<void> set_host(SourceOptions& options, std::string_view text) {
  auto port = std::string_view();
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return fail(Errc::invalid, "an address in brackets does not end");
    options.host = std::string(text.substr(1, close - 1));
    port = text.substr(close + 1);
  } else {
    const auto colon = std::min(text.find(':'), text.size());
    options.host = std::string(text.substr(0, colon));
    port = text.substr(colon);
  }
  if (options.host.empty()) return fail(Errc::invalid, "the source's host is missing");
  if (port.empty()) return {};
  port.remove_prefix(1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), options.port);
  if (error != std::errc{} || end != port.data() + port.size() || options.port == 0)
    return fail(Errc::invalid, fmt::format("\"{}\" is no port", port));
  return {};
}

// "[login@]host[:port][?option]"; of DAV also with a path.
Result<SourceOptions> parse_host_url(SourceKind kind, std::string_view rest, SourceTls tls) {
  SourceOptions options;
  options.kind = kind;
  options.tls = tls;
  const auto question = std::min(rest.find('?'), rest.size());
  const auto query = rest.substr(std::min(question + 1, rest.size()));
  rest = rest.substr(0, question);
  if (const auto slash = rest.find('/'); kind != SourceKind::imap && slash != std::string_view::npos) {
    if (rest.substr(slash) != "/") options.path = std::string(rest.substr(slash));
    rest = rest.substr(0, slash);
  }
  while (rest.ends_with('/')) rest.remove_suffix(1);
  // A login may itself hold "@".
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    const auto login = rest.substr(0, at);
    if (login.find(':') != std::string_view::npos)
      return fail(Errc::invalid, "a password does not belong in a URL: others can read the command line");
    SourceUser user;
    user.login = std::string(login);
    options.users.push_back(std::move(user));
    rest.remove_prefix(at + 1);
  }
  TRY_VOID(set_host(options, rest));
  TRY_VOID(set_option(options, query));
  return options;
}

constexpr std::array<std::string_view, 4> kCsvColumns{"login", "password", "token", "address"};

std::string& field_of(SourceUser& user, std::string_view column) {
  if (column == "password") return user.password;
  if (column == "token") return user.token;
  return column == "address" ? user.address : user.login;
}

std::string trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return std::string(text);
}

// The columns' names, if the first line holds nothing else.
std::vector<std::string> column_names(const std::vector<std::string>& first) {
  std::vector<std::string> names;
  for (const auto& field : first) {
    names.push_back(to_lower(trimmed(field)));
    if (std::find(kCsvColumns.begin(), kCsvColumns.end(), names.back()) == kCsvColumns.end()) return {};
  }
  return names;
}

}  // namespace

Result<SourceOptions> parse_source_url(std::string_view url) {
  static constexpr std::pair<std::string_view, SourceKind> kServers[] = {{"imap", SourceKind::imap},
                                                                         {"caldav", SourceKind::caldav},
                                                                         {"carddav", SourceKind::carddav},
                                                                         {"dav", SourceKind::webdav}};
  for (const auto& [scheme, kind] : kServers)
    for (const bool is_secure : {true, false}) {
      const auto begin = std::string(scheme) + (is_secure ? "s://" : "://");
      if (url.starts_with(begin))
        return parse_host_url(kind, url.substr(begin.size()), is_secure ? SourceTls::implicit : SourceTls::starttls);
    }
  static constexpr std::pair<std::string_view, SourceKind> kFiles[] = {
      {"maildir:", SourceKind::maildir}, {"mbox:", SourceKind::mbox}, {"eml:", SourceKind::eml},
      {"ics:", SourceKind::ics},         {"vcf:", SourceKind::vcf},   {"kopano:", SourceKind::kopano}};
  for (const auto& [scheme, kind] : kFiles)
    if (url.starts_with(scheme)) {
      SourceOptions options;
      options.kind = kind;
      options.path = std::string(url.substr(scheme.size()));
      if (options.path.starts_with("///")) options.path.erase(0, 2);
      if (options.path.empty()) return fail(Errc::invalid, fmt::format("a path must follow \"{}\"", scheme));
      return options;
    }
  return fail(Errc::invalid,
              fmt::format("\"{}\" is no source: imaps://, imap://, caldavs://, carddavs://, davs://, maildir:, mbox:, "
                          "eml:, ics:, vcf: or kopano: is expected",
                          url));
}

Result<std::vector<SourceUser>> parse_user_csv(std::string_view text) {
  TRY(const auto lines, parse_csv(text));
  std::vector<std::string> columns{"login", "password", "address"};
  std::vector<SourceUser> users;
  for (const auto& [line, fields] : lines) {
    if (line == 1)
      if (auto names = column_names(fields); !names.empty()) {
        columns = std::move(names);
        continue;
      }
    if (fields.size() > columns.size())
      return fail(Errc::invalid,
                  fmt::format("line {}: {} fields where {} are expected", line, fields.size(), columns.size()));
    SourceUser user;
    // Passwords keep their blanks.
    for (std::size_t i = 0; i < fields.size(); ++i)
      field_of(user, columns[i]) = columns[i] == "password" ? fields[i] : trimmed(fields[i]);
    if (user.login.empty()) return fail(Errc::invalid, fmt::format("line {}: the login is missing", line));
    const bool is_double =
        std::any_of(users.begin(), users.end(), [&](const auto& other) { return other.login == user.login; });
    if (is_double) return fail(Errc::invalid, fmt::format("line {}: {} was there before", line, user.login));
    users.push_back(std::move(user));
  }
  return users;
}

namespace {

// Of a Kopano source: what all connections' batches of properties hold together, and what one of them needs to be any
// use.
constexpr std::size_t kBatchesInMemory = std::size_t{96} << 20;
constexpr std::size_t kLeastBatch = std::size_t{1} << 20;

Result<std::unique_ptr<Source>> open_mail_source(const SourceOptions& options) {
  if (options.kind == SourceKind::imap) return open_imap_source(options);
  if (is_remote(options.kind)) return open_dav_source(options);
  if (options.path.empty()) return fail(Errc::invalid, "a path is missing");
  if (options.kind == SourceKind::kopano) {
    if (!options.users.empty())
      return fail(Errc::invalid, "Kopano's database tells who there is: choose some of them with --only");
    TRY(auto config, kopano::read_config(options.path));
    config.with_deleted = config.with_deleted || options.with_deleted;
    config.batch_bytes =
        std::clamp(kBatchesInMemory / std::max<std::size_t>(options.connections, 1), kLeastBatch, config.batch_bytes);
    return kopano::make_source(std::move(config));
  }
  if (!is_pattern(options.path)) {
    if (auto facts = file_facts(options.path); !facts) return std::unexpected(facts.error());
    if (options.users.size() != 1)
      return fail(Errc::invalid, fmt::format("say to whom {} belongs: exactly one user", options.path));
  }
  switch (options.kind) {
    case SourceKind::maildir:
      return open_maildir_source(options);
    case SourceKind::mbox:
      return open_mbox_source(options);
    case SourceKind::ics:
    case SourceKind::vcf:
      return open_item_file_source(options);
    default:
      return open_eml_source(options);
  }
}

}  // namespace

Result<std::unique_ptr<Source>> open_source(const SourceOptions& options) {
  if (!options.managesieve.empty() && options.kind != SourceKind::imap)
    return fail(Errc::invalid, "scripts come by ManageSieve only where mail comes by IMAP");
  if (!options.managesieve.empty() && !options.sieve_path.empty())
    return fail(Errc::invalid, "scripts come from one place: a ManageSieve server or a folder");
  // Or everybody would get the same person's.
  if (!options.sieve_path.empty() && !is_pattern(options.sieve_path) && options.users.size() != 1)
    return fail(Errc::invalid, fmt::format("say to whom {} belongs: exactly one user", options.sieve_path));
  TRY(auto source, open_mail_source(options));
  return with_scripts(std::move(source), options);
}

std::optional<std::chrono::milliseconds> suggested_back_off(const Error& error) { return read_back_off(error.text); }

}  // namespace kontor::migrate
