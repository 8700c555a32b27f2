// SPDX-License-Identifier: AGPL-3.0-or-later
#include "kontor-migrate/settings.h"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>

#include "migrate/selection.h"

namespace kontor::app {
namespace {

Result<std::string> read_text(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  if (in) text << in.rdbuf();
  if (!in) return fail(Errc::not_found, fmt::format("cannot read {}: {}", file, std::strerror(errno)));
  return text.str();
}

// The first line of a file.
Result<std::string> read_secret(const std::string& file) {
  TRY(auto text, read_text(file));
  const auto end = text.find_first_of("\r\n");
  if (end != std::string::npos) text.resize(end);
  if (text.empty()) return fail(Errc::invalid, fmt::format("{} is empty", file));
  return text;
}

// From `file`, else from the environment, else asked for on a terminal.
Result<std::string> secret(const std::string& file, const char* variable, const std::string& question) {
  if (!file.empty()) return read_secret(file);
  if (const char* value = std::getenv(variable); value != nullptr && *value != 0) return std::string(value);
  if (::isatty(0) != 1)
    return fail(Errc::invalid, fmt::format("{} is needed: give a file or set {}", question, variable));
  termios before{};
  ::tcgetattr(0, &before);
  auto hidden = before;
  hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  fmt::print(stderr, "{}: ", question);
  ::tcsetattr(0, TCSAFLUSH, &hidden);
  std::string line;
  std::getline(std::cin, line);
  ::tcsetattr(0, TCSAFLUSH, &before);
  fmt::print(stderr, "\n");
  if (line.empty()) return fail(Errc::invalid, fmt::format("{} is needed", question));
  return line;
}

bool is_network_source(const migrate::SourceOptions& options) { return migrate::is_remote(options.kind); }

Result<void> add_users(const MigrateSettings& settings, migrate::SourceOptions& options) {
  if (!settings.users_file.empty()) {
    TRY(const auto text, read_text(settings.users_file));
    TRY(options.users, migrate::parse_user_csv(text));
  }
  for (const auto& login : settings.users) {
    migrate::SourceUser user;
    user.login = login;
    const bool needs_password = is_network_source(options) && options.master_user.empty() && options.token.empty();
    if (needs_password) {
      TRY(user.password,
          secret(settings.password_file, "KONTOR_SOURCE_PASSWORD", "Password of " + login + " at the source"));
    }
    options.users.push_back(std::move(user));
  }
  return {};
}

}  // namespace

Result<void> add_pilot(MigrateSettings& settings) {
  if (settings.pilot_file.empty()) return {};
  TRY(const auto text, read_text(settings.pilot_file));
  const auto names = migrate::parse_selection(text);
  if (names.empty()) return fail(Errc::invalid, fmt::format("{} names no account", settings.pilot_file));
  settings.only.insert(settings.only.end(), names.begin(), names.end());
  return {};
}

Result<migrate::SourceOptions> source_options(const MigrateSettings& settings) {
  const std::string from = settings.configuration.empty() ? settings.from : "kopano:" + settings.configuration;
  if (from.empty())
    return fail(
        Errc::invalid,
        "--from is needed: imaps://host, caldavs://host, carddavs://host, davs://host/path, maildir:/path, mbox:/path, "
        "eml:/path, ics:/path, vcf:/path or kopano:/path");
  if (!settings.configuration.empty() && !settings.from.empty())
    return fail(Errc::invalid, "give either --from or --source");
  TRY(auto options, migrate::parse_source_url(from));
  options.connections = std::max<std::size_t>(settings.source_connections, 1);
  if (settings.with_deleted && options.kind != migrate::SourceKind::kopano)
    return fail(Errc::invalid, "--with-deleted is for Kopano");
  options.with_deleted = settings.with_deleted;
  options.default_domain = settings.default_domain;
  options.ca_file = settings.from_ca_file;
  options.verify = !settings.from_insecure;
  options.server_name = settings.from_server_name;
  options.mechanism = settings.mechanism;
  options.managesieve = settings.managesieve;
  options.sieve_path = settings.sieve_path;
  if (!settings.master_user.empty()) {
    options.master_user = settings.master_user;
    TRY(options.master_password,
        secret(settings.master_password_file, "KONTOR_MASTER_PASSWORD", "Password of the master user"));
    if (settings.authzid) options.master_style = migrate::MasterStyle::authzid;
    if (settings.master_separator.size() == 1) options.master_separator = settings.master_separator[0];
  }
  if (!settings.oauth_token_file.empty()) {
    TRY(options.token, read_secret(settings.oauth_token_file));
    options.token_file = settings.oauth_token_file;
  }
  TRY_VOID(add_users(settings, options));
  return options;
}

Result<migrate::TargetOptions> target_options(const MigrateSettings& settings) {
  auto options = settings.target;
  if (options.url.empty()) return fail(Errc::invalid, "--to is needed: https://host:port of the Kontor server");
  while (options.url.ends_with('/')) options.url.pop_back();
  TRY(options.token, secret(settings.token_file, "KONTOR_IMPORT_TOKEN", "Import token"));
  // What is made active is imported live.
  options.create_users = options.create_users || options.create_active;
  options.live = options.live || options.create_active;
  TRY_VOID(migrate::check_target(options));
  if (options.insecure) fmt::print(stderr, "warning: the target's certificate is not checked\n");
  return options;
}

Result<migrate::Mapping> read_mapping(const MigrateSettings& settings) {
  migrate::Mapping mapping;
  if (!settings.mapping_file.empty()) {
    TRY(const auto text, read_text(settings.mapping_file));
    TRY(mapping, migrate::parse_mapping(text));
  }
  for (const auto& folder : settings.excluded_folders) {
    migrate::FolderRule rule;
    rule.match.path = folder;
    rule.exclude = true;
    mapping.folders.push_back(std::move(rule));
  }
  if (settings.exclude_deleted) mapping.exclude_deleted = true;
  if (!settings.default_domain.empty()) mapping.default_domain = settings.default_domain;
  return mapping;
}

}  // namespace kontor::app
