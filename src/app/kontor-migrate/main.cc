// SPDX-License-Identifier: AGPL-3.0-or-later
// kontor-migrate: moves mail, calendars, contacts and files into a Kontor server. Runs anywhere: at the source, at the
// target, between them.
#include <fmt/format.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <thread>

#include "base/log.h"
#include "kontor-migrate/commands.h"

namespace kontor::app {
namespace {

void add_source(CLI::App& app, MigrateSettings& s) {
  const auto group = "Source";
  app.add_option("--from", s.from,
                 "imaps://[user@]host[:port], imap://host, caldavs://host[/path], carddavs://host[/path], "
                 "davs://host/path, maildir:/path, mbox:/path, eml:/path, ics:/path, vcf:/path, kopano:/path; %u, %n "
                 "and %d in a "
                 "path stand for the login and its parts")
      ->group(group);
  app.add_option("--source", s.configuration, "The configuration of a Kopano source: as --from kopano:/path")
      ->group(group);
  app.add_flag("--with-deleted", s.with_deleted, "Also what was deleted at a Kopano source and is kept for a while")
      ->group(group);
  app.add_option("--user", s.users, "A login at the source; may be given several times")->group(group);
  app.add_option("--password-file", s.password_file,
                 "First line: the password of --user (else KONTOR_SOURCE_PASSWORD, else asked)")
      ->group(group);
  app.add_option("--users", s.users_file, "CSV file: login,password,address")->group(group);
  app.add_option("--master-user", s.master_user, "A user that may read all mailboxes")->group(group);
  app.add_option("--master-password-file", s.master_password_file,
                 "First line: its password (else KONTOR_MASTER_PASSWORD, else asked)")
      ->group(group);
  app.add_option("--master-separator", s.master_separator, "Between user and master user in a login (Dovecot: *)")
      ->group(group);
  app.add_flag("--authzid", s.authzid,
               "The master user names the mailbox by SASL authorization identity instead; of DAV by a path with %u")
      ->group(group);
  app.add_option("--oauth-token-file", s.oauth_token_file, "First line: an OAuth 2 access token")->group(group);
  app.add_option("--default-domain", s.default_domain, "Added to logins without a domain")->group(group);
  app.add_option("--from-ca-file", s.from_ca_file, "Certificates that the source's is checked against")->group(group);
  app.add_option("--managesieve", s.managesieve,
                 "Where an IMAP source's users have their Sieve scripts: host, or host:port (4190)")
      ->group(group);
  app.add_option(
         "--sieve", s.sieve_path,
         "Or the folder with their scripts (*.sieve), beside which .dovecot.sieve leads to the active one; with "
         "%u, %n and %d as in --from")
      ->group(group);
  app.add_option("--from-server-name", s.from_server_name,
                 "The name that the source's certificate must be for, if it is not the host's")
      ->group(group);
  app.add_option("--mechanism", s.mechanism, "How to log in (else the best that is offered)")
      ->check(CLI::IsMember({"PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"}, CLI::ignore_case))
      ->group(group);
  app.add_flag("--from-insecure", s.from_insecure, "Do not check the source's certificate")->group(group);
}

void add_target(CLI::App& app, MigrateSettings& s) {
  const auto group = "Target";
  app.add_option("--to", s.target.url, "https://host:port of the Kontor server")->group(group);
  app.add_option("--token-file", s.token_file, "First line: an import token (else KONTOR_IMPORT_TOKEN, else asked)")
      ->group(group);
  app.add_option("--ca-file", s.target.ca_file, "Certificates that the target's is checked against")->group(group);
  app.add_flag("--insecure", s.target.insecure, "Do not check the target's certificate; on loopback only")
      ->group(group);
}

void add_import(CLI::App& app, MigrateSettings& s) {
  const auto group = "What imports may do";
  app.add_flag("--create-users", s.target.create_users, "Make users that are not there, inactive")->group(group);
  app.add_flag("--create-active-users", s.target.create_active,
               "Make users that are not there, active (implies --live)")
      ->group(group);
  app.add_flag("--live", s.target.live, "Also into active accounts")->group(group);
  app.add_flag("--ignore-quota", s.target.ignore_quota, "Take items beyond the quota")->group(group);
  app.add_flag("--delete-vanished", s.target.delete_vanished,
               "Remove what the source has no longer, where it is untouched at the target")
      ->group(group);
  app.add_flag("--override-threshold", s.target.override_threshold,
               "... also where more than 50 items and a fifth of a folder vanished")
      ->group(group);
  app.add_option("--earlier-ledger", s.target.earlier_ledger,
                 "What an earlier version brought from this source without noting the login: \"take\" it as this "
                 "login's, or \"leave\" it as another's")
      ->check(CLI::IsMember({"take", "leave"}))
      ->group(group);
}

void add_selection(CLI::App& app, MigrateSettings& s) {
  const auto group = "Selection";
  app.add_option("--mapping", s.mapping_file, "TOML file: users, domains, folders")->group(group);
  app.add_option("--exclude-folder", s.excluded_folders, "A folder that stays behind; * and ** are wildcards")
      ->group(group);
  app.add_flag("--exclude-deleted", s.exclude_deleted, "Items flagged \\Deleted stay behind")->group(group);
  app.add_option("--only", s.only, "Only these accounts: logins, target addresses, or what else the source calls them")
      ->group(group);
  app.add_option("--pilot", s.pilot_file, "Only the accounts that this file names, one in each line")->group(group);
}

void add_work(CLI::App& app, MigrateSettings& s) {
  const auto group = "Work";
  app.add_option("--concurrency", s.concurrency, "Accounts at once")
      ->check(CLI::Range(1, 256))
      ->capture_default_str()
      ->group(group);
  app.add_option("--source-connections", s.source_connections,
                 "Connections to the source at once, of all accounts together: those that no account needs for itself "
                 "help with the items of others (as many as accounts at once)")
      ->check(CLI::Range(1, 256))
      ->group(group);
  app.add_option("--report", s.report,
                 "Write NAME.html (how far it is while it runs) and NAME.json of all, and in the folder NAME both of "
                 "each account")
      ->group(group);
  app.add_flag("--quiet", s.quiet, "Show no progress")->group(group);
}

// Signals end the run at the next item; what was sent stays.
void stop_on_signals(migrate::Stop& stop) {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGINT);
  ::sigaddset(&set, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::thread([set, &stop] {
    int number = 0;
    ::sigwait(&set, &number);
    stop.set();
    ::sigwait(&set, &number);  // a second one does not wait
    ::_exit(130);
  }).detach();
}

int run_program(int argc, char** argv) {
  MigrateSettings s;
  CLI::App app("Moves mail, calendars, contacts and files into a Kontor server, exactly once, and proves it.",
               "kontor-migrate");
  app.require_subcommand(1);
  auto* plan = app.add_subcommand("plan", "Show what a run would do; changes nothing");
  auto* run = app.add_subcommand("run", "Move everything; run again at any time: only what differs is sent");
  auto* dump = app.add_subcommand("dump", "Write the source as an archive");
  auto* import = app.add_subcommand("import", "Send an archive to the server");
  auto* verify = app.add_subcommand("verify", "Compare source and target, item by item");
  auto* status =
      app.add_subcommand("status", "Show accounts at the target, and what the last passes brought (with --from)");
  for (auto* one : {plan, run, dump, verify, status}) add_source(*one, s);
  for (auto* one : {plan, run, import, verify, status}) add_target(*one, s);
  for (auto* one : {plan, run, import}) add_import(*one, s);
  for (auto* one : {plan, run, dump, import, verify, status}) add_selection(*one, s);
  for (auto* one : {plan, run, dump, import, verify}) add_work(*one, s);
  for (auto* one : {run, import})
    one->add_option("--bandwidth", s.bandwidth, "Bytes per second to the target: 10M, 512k")->group("Work");
  run->add_option("--window", s.window, "Work only then: 22:00-06:00, local time")->group("Work");
  run->add_flag("--full", s.full, "List everything at the source, not only what changed since the last pass")
      ->group("Work");
  verify->add_flag("--quick", s.quick, "Compare no content")->group("Work");
  dump->add_flag("--stdout", s.to_stdout, "To standard output");
  dump->add_option("--output", s.output, "To a file");
  import->add_flag("--stdin", s.from_stdin, "From standard input");
  import->add_option("--input", s.input, "From a file");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  if (s.source_connections == 0) s.source_connections = s.concurrency;
  s.concurrency = std::min(s.concurrency, s.source_connections);
  if (const auto added = add_pilot(s); !added) {
    fmt::print(stderr, "kontor-migrate: {}\n", added.error().text);
    return 2;
  }
  static migrate::Stop stop;  // outlives the signal thread
  stop_on_signals(stop);
  ::signal(SIGPIPE, SIG_IGN);
  log::configure(s.quiet ? log::Level::error : log::Level::warn, log::Form::text, "");
  if (*plan) return plan_command(s, stop);
  if (*run) return run_command(s, stop);
  if (*dump) return dump_command(s, stop);
  if (*import) return import_command(s, stop);
  if (*verify) return verify_command(s, stop);
  return status_command(s);
}

}  // namespace
}  // namespace kontor::app

int main(int argc, char** argv) {
  try {
    return kontor::app::run_program(argc, argv);
  } catch (const std::exception& e) {
    fmt::print(stderr, "kontor-migrate: internal error: {}\n", e.what());
    return 2;
  }
}
