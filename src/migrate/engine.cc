// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <set>
#include <thread>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/log.h"
#include "migrate/principals.h"
#include "migrate/progress.h"
#include "migrate/selection.h"
#include "migrate/sources.h"

namespace kontor::migrate {
namespace {

using SteadyClock = std::chrono::steady_clock;

bool is_worth_a_retry(const Error& error) { return error.code == Errc::unavailable || error.code == Errc::conflict; }

// Waits for the window to open. False if the run is to end.
bool wait_for_window(const std::optional<Window>& window, Stop& stop) {
  while (window && window->minutes_until_open(minute_of_day()) > 0) {
    if (!stop.wait(std::chrono::seconds(5))) return false;
  }
  return !stop.is_set();
}

void run_account(Source& source, const SourceAccount& account, const RunOptions& options, Bandwidth& bandwidth,
                 Connections& connections, Stop& stop, AccountReport& report, Progress& progress) {
  const auto began = SteadyClock::now();
  std::map<std::string, archive::Counts> before;
  int in_vain = 0;
  for (report.attempts = 1;; ++report.attempts) {
    progress.phase = 0;
    if (!wait_for_window(options.pass.window, stop)) {
      report.error = "stopped";
      break;
    }
    report.folders.clear();
    report.error.clear();
    progress.done = 0;
    progress.total = 0;
    const auto bytes = progress.bytes.load();
    AccountPass pass(source, account, options.pass, bandwidth, connections, stop, progress, before);
    const auto done = pass.run(report);
    if (done) break;
    report.error = done.error().text;
    if (!stop.is_set() && options.pass.window && !options.pass.window->holds(minute_of_day())) continue;
    in_vain = progress.bytes > bytes ? 1 : in_vain + 1;
    if (stop.is_set() || !is_worth_a_retry(done.error()) || in_vain >= options.attempts) break;
    const auto pause = std::max(back_off(in_vain, random_u64()),
                                suggested_back_off(done.error()).value_or(std::chrono::milliseconds(0)));
    log::warn("migrate.retry", {{"account", account.address}, {"why", done.error().text}, {"ms", pause.count()}});
    progress.phase = 5;
    if (!stop.wait(pause)) break;
  }
  report.seconds = std::chrono::duration<double>(SteadyClock::now() - began).count();
  progress.phase = report.error.empty() ? 3 : 4;
}

// Nothing: the source knows of nobody.
std::optional<AccountReport> make_principals(Source& source, const std::vector<SourceAccount>& accounts,
                                             const RunOptions& options, Bandwidth& bandwidth, Stop& stop) {
  const auto principals = mapped_principals(source, *options.pass.mapping);
  if (!principals) return report_of_principals(std::unexpected(principals.error()));
  if (principals->empty()) return std::nullopt;
  std::set<std::string> chosen;
  for (const auto& account : accounts) chosen.insert(account.address);
  for (int attempt = 1;; ++attempt) {
    auto sent = send_principals(*principals, chosen, options.pass.target, bandwidth, stop);
    const bool again = !sent && is_worth_a_retry(sent.error()) && attempt < options.attempts;
    if (!again || !stop.wait(back_off(attempt, random_u64()))) return report_of_principals(std::move(sent));
  }
}

}  // namespace

std::string ledger_name(const Source& source, const SourceAccount& account) {
  auto name = source.name();
  if (name.size() > 100) {
    // A long path: its beginning for people, its digest for certainty.
    const auto digest = to_hex(sha256(name)).substr(0, 32);
    name = name.substr(0, 60) + "#" + digest;
  }
  return source.has_logins() ? archive::source_name(name, account.key) : name;
}

std::vector<std::string> names_of(const SourceAccount& account) {
  auto names = account.names;
  names.push_back(account.key);
  names.push_back(account.address);
  return names;
}

std::string now_text() {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  return archive::to_text(InternalDate(now));
}

Result<Mapping> complete_mapping(Source& source, Mapping mapping) {
  TRY(const auto accounts, source.accounts());
  std::map<std::string, std::string> addresses;
  for (const auto& account : accounts) {
    if (account.address.empty()) continue;
    for (const auto& name : names_of(account)) {
      const auto mapped = mapping.users.find(to_lower(name));
      if (mapped == mapping.users.end()) continue;
      addresses.emplace(to_lower(account.address), mapped->second);
      break;
    }
  }
  for (auto& [address, target] : addresses) mapping.users.emplace(address, target);
  return mapping;
}

Result<std::vector<SourceAccount>> chosen_accounts(Source& source, const Mapping& mapping,
                                                   const std::vector<std::string>& only) {
  TRY(auto accounts, source.accounts());
  std::set<std::string> addresses;
  Selection selection(only);
  std::vector<SourceAccount> out;
  for (auto& account : accounts) {
    const auto names = names_of(account);
    const auto mapped = std::find_if(names.begin(), names.end(),
                                     [&](const auto& name) { return mapping.users.contains(to_lower(name)); });
    account.address = mapping.address(mapped != names.end()     ? *mapped
                                      : account.address.empty() ? account.key
                                                                : account.address);
    if (!selection.takes(names_of(account))) continue;
    if (!addresses.insert(account.address).second) {
      return fail(Errc::invalid, fmt::format("two accounts of the source go to {}", account.address));
    }
    out.push_back(std::move(account));
  }
  if (const auto unmet = selection.unmet())
    return fail(Errc::not_found, fmt::format("the source has no account {}", *unmet));
  return out;
}

void for_each_account(const std::vector<SourceAccount>& accounts, std::size_t concurrency, std::size_t most,
                      const Showing& showing, RunReport& report, const AccountWork& work) {
  auto& reports = report.accounts;
  reports.resize(accounts.size());
  report.concurrency = concurrency;
  std::deque<Progress> progress(accounts.size());
  std::atomic<std::size_t> next = 0;
  concurrency = std::max<std::size_t>(concurrency, 1);
  Connections connections(most == 0 ? concurrency : most, concurrency, accounts.size());
  const auto work_on = [&] {
    for (std::size_t i = next++; i < accounts.size(); i = next++) {
      reports[i].source = accounts[i].key;
      reports[i].address = accounts[i].address;
      try {
        work(accounts[i], reports[i], progress[i], connections);
      } catch (const std::exception& e) {
        reports[i].error = fmt::format("internal error: {}", e.what());
        progress[i].phase = 4;
      }
      connections.account_ended();
    }
  };
  const Display display(report, accounts, progress, showing);
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < std::min(concurrency, accounts.size()); ++i) {
    threads.emplace_back(work_on);
  }
}

RunReport run_migration(Source& source, const std::vector<SourceAccount>& accounts, const RunOptions& options,
                        Stop& stop) {
  RunReport report;
  report.kind = "run";
  report.source = source.name();
  report.target = options.pass.target.url;
  report.started = now_text();
  report.remarks = source.remarks();
  const auto began = SteadyClock::now();
  Bandwidth bandwidth(options.bandwidth);
  if (options.pass.target.create_users) report.directory = make_principals(source, accounts, options, bandwidth, stop);
  for_each_account(accounts, options.concurrency, options.connections, options.showing, report,
                   [&](const SourceAccount& account, AccountReport& one, Progress& progress, Connections& connections) {
                     run_account(source, account, options, bandwidth, connections, stop, one, progress);
                   });
  report.seconds = std::chrono::duration<double>(SteadyClock::now() - began).count();
  return report;
}

}  // namespace kontor::migrate
