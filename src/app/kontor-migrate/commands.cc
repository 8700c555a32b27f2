// SPDX-License-Identifier: AGPL-3.0-or-later
#include "kontor-migrate/commands.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>

#include "base/bytes.h"
#include "migrate/dump.h"
#include "migrate/report_page.h"
#include "migrate/verify.h"

namespace kontor::app {
namespace {

constexpr int kGood = 0, kNotClean = 1, kCannotBegin = 2;

int complain(const Error& error) {
  fmt::print(stderr, "kontor-migrate: {}\n", error.text);
  return kCannotBegin;
}

// A source with its accounts.
struct OpenSource {
  std::unique_ptr<migrate::Source> source;
  migrate::Mapping mapping;
  std::vector<migrate::SourceAccount> accounts;
};

Result<OpenSource> open_source_of(const MigrateSettings& settings) {
  OpenSource open;
  TRY(open.mapping, read_mapping(settings));
  TRY(const auto options, source_options(settings));
  TRY(open.source, migrate::open_source(options));
  TRY(open.mapping, migrate::complete_mapping(*open.source, open.mapping));
  TRY(open.accounts, migrate::chosen_accounts(*open.source, open.mapping, settings.only));
  if (open.accounts.empty()) return fail(Errc::not_found, "the source has no account that was asked for");
  return open;
}

// Prints the report and writes it where it was asked for.
int conclude(const migrate::RunReport& report, const MigrateSettings& settings) {
  fmt::print("{}", migrate::to_table(report));
  for (const auto& remark : report.remarks) fmt::print("note: {}\n", remark);
  for (const auto& account : report.accounts) {
    for (const auto& folder : account.folders) {
      for (const auto& item : folder.quarantined_items) {
        fmt::print("quarantined: {} {} {}: {}\n", account.address, folder.name, item.key, item.reason);
      }
      for (const auto& item : folder.damaged_items) {
        fmt::print("not understood, taken as it came: {} {} {}: {}\n", account.address, folder.name, item.key,
                   item.reason);
      }
      for (const auto& item : folder.lost) {
        fmt::print("did not come along exactly: {} {} {}: {}\n", account.address, folder.name, item.key, item.reason);
      }
      for (const auto& item : folder.different) {
        fmt::print("different: {} {} {}: {}\n", account.address, folder.name, item.key, item.reason);
      }
      if (!folder.note.empty()) fmt::print("note: {} {}: {}\n", account.address, folder.name, folder.note);
    }
  }
  if (!settings.report.empty()) {
    if (auto written = migrate::write_report(report, settings.report); !written) return complain(written.error());
    fmt::print("report: {0}.html, {0}.json, and of each account in {0}/\n", settings.report);
  }
  return report.is_clean() ? kGood : kNotClean;
}

Result<migrate::VerifyOptions> verify_options(const MigrateSettings& settings, const migrate::Mapping& mapping) {
  migrate::VerifyOptions options;
  options.mapping = &mapping;
  options.concurrency = settings.concurrency;
  options.connections = settings.source_connections;
  options.read_content = !settings.quick;
  options.showing = {!settings.quiet, settings.report};
  if (!settings.target.url.empty()) {
    TRY(options.target, target_options(settings));
  }
  return options;
}

Result<void> write_fully(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto wrote = ::write(file, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return fail(Errc::unavailable, fmt::format("cannot write the archive: {}", std::strerror(errno)));
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return {};
}

Result<std::string> read_piece(int file) {
  std::string piece(128 << 10, '\0');
  for (;;) {
    const auto got = ::read(file, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Errc::unavailable, fmt::format("cannot read the archive: {}", std::strerror(errno)));
    piece.resize(static_cast<std::size_t>(got));
    return piece;
  }
}

}  // namespace

int plan_command(const MigrateSettings& settings, migrate::Stop& stop) {
  auto open = open_source_of(settings);
  if (!open) return complain(open.error());
  auto options = verify_options(settings, open->mapping);
  if (!options) return complain(options.error());
  const auto report = migrate::plan_migration(*open->source, open->accounts, *options, stop);
  for (const auto& account : report.accounts) {
    fmt::print("{} -> {}{}\n", account.source, account.address, account.error.empty() ? "" : ": " + account.error);
    for (const auto& folder : account.folders) {
      fmt::print("  {:<40} {:<8} {:>8} items {:>10} KiB{}{}\n", folder.name, folder.kind.empty() ? "mail" : folder.kind,
                 folder.source, folder.counts.bytes >> 10, folder.goes_to.empty() ? "" : " -> " + folder.goes_to,
                 folder.excluded_why.empty() ? "" : " stays behind " + folder.excluded_why);
    }
  }
  for (const auto& remark : report.remarks) fmt::print("note: {}\n", remark);
  fmt::print("{}\n", report.verdict());
  if (report.estimate() > 0) {
    fmt::print("A first run takes about {} with {} accounts at once; a run with --pilot tells better.\n",
               migrate::spell_time(report.estimate()), report.concurrency);
  }
  if (!settings.report.empty()) {
    if (auto written = migrate::write_report(report, settings.report); !written) return complain(written.error());
  }
  return report.is_clean() ? kGood : kNotClean;
}

int run_command(const MigrateSettings& settings, migrate::Stop& stop) {
  migrate::RunOptions options;
  options.concurrency = settings.concurrency;
  options.connections = settings.source_connections;
  options.showing = {!settings.quiet, settings.report};
  options.pass.full = settings.full;
  if (!settings.bandwidth.empty()) {
    auto bandwidth = migrate::parse_size(settings.bandwidth);
    if (!bandwidth) return complain(bandwidth.error());
    options.bandwidth = *bandwidth;
    // The server gives up a body that comes slower than 1 KiB/s.
    if (const auto least = settings.concurrency * 2048; *bandwidth < least)
      return complain(Error(Errc::invalid, fmt::format("--bandwidth must be at least {}k for {} accounts at once",
                                                       least / 1024, settings.concurrency)));
  }
  if (!settings.window.empty()) {
    auto window = migrate::parse_window(settings.window);
    if (!window) return complain(window.error());
    options.pass.window = *window;
  }
  auto target = target_options(settings);
  if (!target) return complain(target.error());
  auto open = open_source_of(settings);
  if (!open) return complain(open.error());
  options.pass.target = std::move(*target);
  options.pass.mapping = &open->mapping;
  return conclude(migrate::run_migration(*open->source, open->accounts, options, stop), settings);
}

int verify_command(const MigrateSettings& settings, migrate::Stop& stop) {
  if (settings.target.url.empty())
    return complain(Error(Errc::invalid, "--to is needed: https://host:port of the Kontor server"));
  auto open = open_source_of(settings);
  if (!open) return complain(open.error());
  auto options = verify_options(settings, open->mapping);
  if (!options) return complain(options.error());
  return conclude(migrate::verify_migration(*open->source, open->accounts, *options, stop), settings);
}

int dump_command(const MigrateSettings& settings, migrate::Stop& stop) {
  if (settings.to_stdout == !settings.output.empty())
    return complain(Error(Errc::invalid, "give either --stdout or --output FILE"));
  if (settings.to_stdout && ::isatty(1) == 1)
    return complain(Error(Errc::invalid, "an archive is not written to a terminal"));
  auto open = open_source_of(settings);
  if (!open) return complain(open.error());
  const auto temporary = settings.output + ".part";
  const int file = settings.to_stdout ? 1 : ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0)
    return complain(Error(Errc::unavailable, fmt::format("cannot make {}: {}", temporary, std::strerror(errno))));
  auto report = migrate::dump_accounts(
      *open->source, open->accounts, open->mapping, settings.source_connections,
      [&](std::string_view bytes) { return write_fully(file, bytes); }, stop);
  if (!report) {
    complain(report.error());
    return kNotClean;
  }
  if (!settings.to_stdout &&
      (::fsync(file) != 0 || ::close(file) != 0 || ::rename(temporary.c_str(), settings.output.c_str()) != 0)) {
    return complain(
        Error(Errc::unavailable, fmt::format("cannot write {}: {}", settings.output, std::strerror(errno))));
  }
  fmt::print(stderr, "{}", migrate::to_table(*report));
  if (!settings.report.empty()) {
    if (auto written = migrate::write_report(*report, settings.report); !written) return complain(written.error());
  }
  return report->is_clean() ? kGood : kNotClean;
}

int import_command(const MigrateSettings& settings, migrate::Stop& stop) {
  if (settings.from_stdin == !settings.input.empty())
    return complain(Error(Errc::invalid, "give either --stdin or --input FILE"));
  auto mapping = read_mapping(settings);
  if (!mapping) return complain(mapping.error());
  auto target = target_options(settings);
  if (!target) return complain(target.error());
  std::uint64_t bandwidth = 0;
  if (!settings.bandwidth.empty()) {
    auto size = migrate::parse_size(settings.bandwidth);
    if (!size) return complain(size.error());
    bandwidth = *size;
  }
  const int file = settings.from_stdin ? 0 : ::open(settings.input.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return complain(Error(Errc::not_found, fmt::format("cannot read {}: {}", settings.input, std::strerror(errno))));
  archive::Reader reader([&] { return read_piece(file); });
  migrate::Bandwidth limit(bandwidth);
  migrate::RunReport report;
  report.source = settings.from_stdin ? "standard input" : settings.input;
  const auto done = migrate::import_archive(reader, *mapping, settings.only, *target, limit, stop, report);
  const int code = conclude(report, settings);
  if (done) return code;
  complain(done.error());
  return kNotClean;
}

int status_command(const MigrateSettings& settings) {
  auto target = target_options(settings);
  if (!target) return complain(target.error());
  auto mapping = read_mapping(settings);
  if (!mapping) return complain(mapping.error());
  if (settings.only.empty()) return complain(Error(Errc::invalid, "whose? Give target addresses with --only"));
  std::map<std::string, std::string> sources;  // by target address
  if (!settings.from.empty() || !settings.configuration.empty()) {
    auto options = source_options(settings);
    if (!options) return complain(options.error());
    auto opened = migrate::open_source(*options);
    if (!opened) return complain(opened.error());
    auto accounts = migrate::chosen_accounts(**opened, *mapping, {});
    if (!accounts) return complain(accounts.error());
    for (const auto& one : *accounts) sources[one.address] = migrate::ledger_name(**opened, one);
  }
  migrate::Target connection(*target);
  int code = kGood;
  for (const auto& address : settings.only) {
    const auto account = connection.account(address);
    if (!account) return complain(account.error());
    if (account->status.empty()) code = kNotClean;
    fmt::print("{}: {}, {} items, {} KiB used", address, account->status.empty() ? "no such user" : account->status,
               account->items, account->used >> 10);
    fmt::print("{}\n", account->limit == 0 ? "" : fmt::format(" of {} KiB", account->limit >> 10));
    const auto source = sources.find(to_lower(address));
    if (source == sources.end() || account->status.empty()) continue;
    const auto folders = connection.folders(address, source->second);
    if (!folders) return complain(folders.error());
    for (const auto& folder : *folders) {
      fmt::print("  {:<40} {:>8} items at the last complete pass{}{}\n", folder.key, folder.items,
                 folder.state.empty() ? "" : ", incremental from there", folder.is_gone ? ", gone at the source" : "");
    }
  }
  return code;
}

}  // namespace kontor::app
