// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "formats/archive/members.h"
#include "migrate/report_columns.h"
#include "migrate/report_page.h"

namespace kontor::migrate {
namespace {

namespace json = boost::json;
using archive::text_value;

json::array named_items(const std::vector<NamedItem>& items) {
  json::array out;
  for (const auto& item : items)
    out.push_back(json::object{{"key", text_value(item.key)}, {"reason", text_value(item.reason)}});
  return out;
}

json::object folder_json(const FolderReport& folder) {
  json::object out{{"folder", text_value(folder.name)}};
  if (!folder.kind.empty()) out["kind"] = folder.kind;
  for (const auto& column : kReportColumns) out[column.name] = column.value(folder);
  out["unaccounted"] = folder.unaccounted();
  if (!folder.goes_to.empty()) out["goes_to"] = text_value(folder.goes_to);
  if (folder.unchanged) out["unchanged"] = true;
  if (!folder.excluded_why.empty()) out["excluded_why"] = folder.excluded_why;
  if (!folder.note.empty()) out["note"] = text_value(folder.note);
  if (!folder.quarantined_items.empty()) out["quarantined_items"] = named_items(folder.quarantined_items);
  if (!folder.damaged_items.empty()) out["damaged_items"] = named_items(folder.damaged_items);
  if (!folder.lost.empty()) out["lost_items"] = named_items(folder.lost);
  if (!folder.different.empty()) out["different_items"] = named_items(folder.different);
  return out;
}

json::object account_json(const AccountReport& account) {
  json::array folders;
  for (const auto& folder : account.folders) folders.push_back(folder_json(folder));
  auto total = folder_json(account.total());
  total.erase("folder");
  json::object out{{"source", text_value(account.source)},
                   {"address", text_value(account.address)},
                   {"attempts", account.attempts},
                   {"seconds", account.seconds},
                   {"total", std::move(total)},
                   {"folders", std::move(folders)}};
  if (account.estimate > 0) out["estimate_seconds"] = account.estimate;
  if (!account.error.empty()) out["error"] = text_value(account.error);
  return out;
}

bool is_verification(const RunReport& report) { return report.kind == "verify"; }

}  // namespace

std::int64_t FolderReport::unaccounted() const {
  return static_cast<std::int64_t>(source) -
         static_cast<std::int64_t>(counts.copied + present + quarantined + excluded);
}

void FolderReport::quarantine(std::string item_key, std::string reason) {
  ++quarantined;
  if (quarantined_items.size() < kNamedPerFolder) quarantined_items.push_back({std::move(item_key), std::move(reason)});
}

void FolderReport::damage(std::string item_key, std::string reason) {
  ++damaged;
  if (damaged_items.size() < kNamedPerFolder) damaged_items.push_back({std::move(item_key), std::move(reason)});
}

void FolderReport::lose(std::string item_key, std::string reason) {
  ++losses;
  if (lost.size() < kNamedPerFolder) lost.push_back({std::move(item_key), std::move(reason)});
}

void FolderReport::differ(std::string item_key, std::string reason) {
  ++differences;
  if (different.size() < kNamedPerFolder) different.push_back({std::move(item_key), std::move(reason)});
}

void FolderReport::differ_in_setting(std::string setting, std::string reason) {
  ++settings_different;
  differ(std::move(setting), std::move(reason));
}

void FolderReport::add(const FolderReport& other) {
  source += other.source;
  counts.add(other.counts);
  present += other.present;
  excluded += other.excluded;
  quarantined += other.quarantined;
  damaged += other.damaged;
  losses += other.losses;
  date_guesses += other.date_guesses;
  attachments += other.attachments;
  compared += other.compared;
  compared_bytes += other.compared_bytes;
  differences += other.differences;
  settings_compared += other.settings_compared;
  settings_different += other.settings_different;
}

FolderReport AccountReport::total() const {
  FolderReport sum;
  for (const auto& folder : folders) sum.add(folder);
  return sum;
}

FolderReport RunReport::total() const {
  FolderReport sum;
  for (const auto& account : accounts) sum.add(account.total());
  return sum;
}

bool RunReport::is_clean() const {
  if (accounts.empty()) return false;
  if (directory && (!directory->error.empty() || directory->total().quarantined > 0)) return false;
  for (const auto& account : accounts) {
    if (!account.error.empty()) return false;
    for (const auto& folder : account.folders) {
      if (folder.differences > 0 || folder.quarantined > 0) return false;
      if (kind == "run" && folder.unaccounted() > 0) return false;
    }
  }
  const auto sum = total();
  if (kind == "run" && sum.source > sum.excluded && sum.counts.copied + sum.present == 0) return false;
  return true;
}

std::string RunReport::verdict() const {
  const auto sum = total();
  const auto failed =
      std::count_if(accounts.begin(), accounts.end(), [](const auto& one) { return !one.error.empty(); });
  if (accounts.empty()) return "There was no account to work on.";
  if (is_verification(*this)) {
    return fmt::format("{} of {} items and {} settings compared, {} differences, {} of {} accounts failed.",
                       sum.compared, sum.source, sum.settings_compared, sum.differences, failed, accounts.size());
  }
  if (kind == "plan")
    return fmt::format("{} items in {} accounts; {} excluded, {} accounts failed.", sum.source, accounts.size(),
                       sum.excluded, failed);
  return fmt::format(
      "{} of {} items are there ({} copied, {} present before), {} quarantined, {} excluded, {} of {} accounts failed.",
      sum.counts.copied + sum.present, sum.source, sum.counts.copied, sum.present, sum.quarantined, sum.excluded,
      failed, accounts.size());
}

double RunReport::estimate() const {
  double sum = 0, longest = 0;
  for (const auto& account : accounts) {
    sum += account.estimate;
    longest = std::max(longest, account.estimate);
  }
  return std::max(longest, sum / static_cast<double>(std::max<std::size_t>(concurrency, 1)));
}

std::string to_json(const AccountReport& account) { return json::serialize(account_json(account)) + "\n"; }

std::string to_json(const RunReport& report) {
  json::array accounts, remarks;
  for (const auto& account : report.accounts) accounts.push_back(account_json(account));
  for (const auto& remark : report.remarks) remarks.push_back(text_value(remark));
  auto total = folder_json(report.total());
  total.erase("folder");
  json::object out{{"kind", report.kind},
                   {"source", text_value(report.source)},
                   {"target", report.target},
                   {"started", report.started},
                   {"seconds", report.seconds},
                   {"clean", report.is_clean()},
                   {"verdict", report.verdict()},
                   {"estimate_seconds", report.estimate()},
                   {"remarks", std::move(remarks)},
                   {"total", std::move(total)},
                   {"accounts", std::move(accounts)}};
  if (report.directory) {
    auto directory = folder_json(report.directory->total());
    if (!report.directory->folders.empty()) directory = folder_json(report.directory->folders.front());
    if (!report.directory->error.empty()) directory["error"] = text_value(report.directory->error);
    out["directory"] = std::move(directory);
  }
  return json::serialize(out) + "\n";
}

std::string to_table(const RunReport& report) {
  const bool verify = is_verification(report);
  std::string out = fmt::format("{:<32} {:>8} {:>8} {:>8} {:>8} {:>8} {:>10} {:>7}\n", "account", "folders", "source",
                                verify ? "compared" : "copied", verify ? "differ" : "present", verify ? "" : "quarant.",
                                verify ? "KiB" : "KiB copied", "s");
  for (const auto& account : report.accounts) {
    const auto sum = account.total();
    out += fmt::format("{:<32} {:>8} {:>8} {:>8} {:>8} {:>8} {:>10} {:>7.1f}{}\n", account.address,
                       account.folders.size(), sum.source, verify ? sum.compared : sum.counts.copied,
                       verify ? sum.differences : sum.present, verify ? "" : std::to_string(sum.quarantined),
                       (verify ? sum.compared_bytes : sum.counts.bytes) >> 10, account.seconds,
                       account.error.empty() ? "" : "  FAILED: " + account.error);
  }
  if (report.directory) {
    const auto sum = report.directory->total();
    out += fmt::format("{}: {} made, {} there before{}\n", report.directory->address, sum.counts.copied, sum.present,
                       report.directory->error.empty() ? "" : ", FAILED: " + report.directory->error);
    for (const auto& folder : report.directory->folders)
      for (const auto& one : folder.quarantined_items) out += fmt::format("  not made: {}: {}\n", one.key, one.reason);
  }
  return out + report.verdict() + "\n";
}

namespace {

// Whole or not at all: a page may be read while it is written anew.
Result<void> write_whole(const std::string& name, const std::string& text) {
  const auto temporary = name + ".part";
  std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out || ::rename(temporary.c_str(), name.c_str()) != 0)
    return fail(Errc::unavailable, fmt::format("cannot write {}: {}", name, std::strerror(errno)));
  return {};
}

}  // namespace

Result<void> write_page(const std::string& name, const std::string& page) { return write_whole(name + ".html", page); }

Result<void> write_report(const RunReport& report, const std::string& name) {
  TRY_VOID(write_whole(name + ".json", to_json(report)));
  std::error_code error;
  std::filesystem::create_directories(name, error);
  if (error) return fail(Errc::unavailable, fmt::format("cannot make the folder {}: {}", name, error.message()));
  for (const auto& account : report.accounts) {
    const auto file = fmt::format("{}/{}", name, page_name(account.address));
    TRY_VOID(write_whole(file + ".json", to_json(account)));
    TRY_VOID(write_page(file, account_page(report, account)));
  }
  return write_page(name, report_page(report, std::filesystem::path(name).filename().string()));
}

}  // namespace kontor::migrate
