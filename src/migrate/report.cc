// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "formats/archive/members.h"

namespace kontor::migrate {
namespace {

namespace json = boost::json;
using archive::text_value;

// The columns of every table, in their order.
constexpr struct {
  const char* name;
  std::uint64_t (*value)(const FolderReport&);
} kColumns[] = {
    {"source", [](const FolderReport& f) { return f.source; }},
    {"copied", [](const FolderReport& f) { return f.counts.copied; }},
    {"present", [](const FolderReport& f) { return f.present; }},
    {"quarantined", [](const FolderReport& f) { return f.quarantined; }},
    {"excluded", [](const FolderReport& f) { return f.excluded; }},
    {"updated", [](const FolderReport& f) { return f.counts.updated; }},
    {"moved", [](const FolderReport& f) { return f.counts.moved; }},
    {"vanished", [](const FolderReport& f) { return f.counts.vanished; }},
    {"removed", [](const FolderReport& f) { return f.counts.removed; }},
    {"kept", [](const FolderReport& f) { return f.counts.kept; }},
    {"uids_changed", [](const FolderReport& f) { return f.counts.uids_changed; }},
    {"names_rewritten", [](const FolderReport& f) { return f.counts.names_rewritten; }},
    {"damaged", [](const FolderReport& f) { return f.damaged; }},
    {"date_guesses", [](const FolderReport& f) { return f.date_guesses; }},
    {"bytes", [](const FolderReport& f) { return f.counts.bytes; }},
    {"compared", [](const FolderReport& f) { return f.compared; }},
    {"compared_bytes", [](const FolderReport& f) { return f.compared_bytes; }},
    {"differences", [](const FolderReport& f) { return f.differences; }},
};

json::array named_items(const std::vector<NamedItem>& items) {
  json::array out;
  for (const auto& item : items)
    out.push_back(json::object{{"key", text_value(item.key)}, {"reason", text_value(item.reason)}});
  return out;
}

json::object folder_json(const FolderReport& folder) {
  json::object out{{"folder", text_value(folder.name)}};
  if (!folder.kind.empty()) out["kind"] = folder.kind;
  for (const auto& column : kColumns) out[column.name] = column.value(folder);
  out["unaccounted"] = folder.unaccounted();
  if (!folder.goes_to.empty()) out["goes_to"] = text_value(folder.goes_to);
  if (folder.unchanged) out["unchanged"] = true;
  if (!folder.excluded_why.empty()) out["excluded_why"] = folder.excluded_why;
  if (!folder.note.empty()) out["note"] = text_value(folder.note);
  if (!folder.quarantined_items.empty()) out["quarantined_items"] = named_items(folder.quarantined_items);
  if (!folder.damaged_items.empty()) out["damaged_items"] = named_items(folder.damaged_items);
  if (!folder.different.empty()) out["different_items"] = named_items(folder.different);
  return out;
}

std::string html_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

void add_up(FolderReport& sum, const FolderReport& one) {
  sum.source += one.source;
  sum.counts.add(one.counts);
  sum.present += one.present;
  sum.excluded += one.excluded;
  sum.quarantined += one.quarantined;
  sum.damaged += one.damaged;
  sum.date_guesses += one.date_guesses;
  sum.compared += one.compared;
  sum.compared_bytes += one.compared_bytes;
  sum.differences += one.differences;
}

bool is_verification(const RunReport& report) { return report.kind == "verify"; }

std::string html_row(std::string_view head, const FolderReport& folder, bool bold) {
  std::string out = fmt::format("<tr{}><td>{}</td>", bold ? " class=sum" : "", html_escaped(head));
  for (const auto& column : kColumns) out += fmt::format("<td>{}</td>", column.value(folder));
  return out + fmt::format("<td>{}</td></tr>\n", folder.unaccounted());
}

std::string html_items(std::string_view title, const FolderReport& folder, const std::vector<NamedItem>& items,
                       std::uint64_t of) {
  if (items.empty()) return {};
  auto out = fmt::format("<details open><summary>{}: {} ({})</summary><ul>\n", html_escaped(folder.name), title, of);
  for (const auto& item : items) {
    out += fmt::format("<li><code>{}</code> {}</li>\n", html_escaped(item.key), html_escaped(item.reason));
  }
  if (of > items.size()) out += fmt::format("<li>and {} more</li>\n", of - items.size());
  return out + "</ul></details>\n";
}

constexpr const char* kHtmlHead =
    R"(<!doctype html><html lang="en"><meta charset="utf-8"><title>Kontor migration</title><style>
body{font:15px/1.4 system-ui,sans-serif;margin:2em;max-width:90em}table{border-collapse:collapse;margin:1em 0}
td,th{padding:.2em .6em;border-bottom:1px solid #ddd;text-align:right}td:first-child,th:first-child{text-align:left}
.sum td{font-weight:600}.good{color:#161}.bad{color:#a11}th{font-weight:500;color:#555}</style>
)";

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

void FolderReport::differ(std::string item_key, std::string reason) {
  ++differences;
  if (different.size() < kNamedPerFolder) different.push_back({std::move(item_key), std::move(reason)});
}

FolderReport AccountReport::total() const {
  FolderReport sum;
  for (const auto& folder : folders) add_up(sum, folder);
  return sum;
}

FolderReport RunReport::total() const {
  FolderReport sum;
  for (const auto& account : accounts) add_up(sum, account.total());
  return sum;
}

bool RunReport::is_clean() const {
  if (accounts.empty()) return false;
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
    return fmt::format("{} of {} items compared, {} differences, {} of {} accounts failed.", sum.compared, sum.source,
                       sum.differences, failed, accounts.size());
  }
  if (kind == "plan")
    return fmt::format("{} items in {} accounts; {} excluded, {} accounts failed.", sum.source, accounts.size(),
                       sum.excluded, failed);
  return fmt::format(
      "{} of {} items are there ({} copied, {} present before), {} quarantined, {} excluded, {} of {} accounts failed.",
      sum.counts.copied + sum.present, sum.source, sum.counts.copied, sum.present, sum.quarantined, sum.excluded,
      failed, accounts.size());
}

std::string to_json(const RunReport& report) {
  json::array accounts;
  for (const auto& account : report.accounts) {
    json::array folders;
    for (const auto& folder : account.folders) folders.push_back(folder_json(folder));
    auto total = folder_json(account.total());
    total.erase("folder");
    json::object one{{"source", text_value(account.source)},
                     {"address", text_value(account.address)},
                     {"attempts", account.attempts},
                     {"seconds", account.seconds},
                     {"total", std::move(total)},
                     {"folders", std::move(folders)}};
    if (!account.error.empty()) one["error"] = text_value(account.error);
    accounts.push_back(std::move(one));
  }
  auto total = folder_json(report.total());
  total.erase("folder");
  return json::serialize(json::object{{"kind", report.kind},
                                      {"source", text_value(report.source)},
                                      {"target", report.target},
                                      {"started", report.started},
                                      {"seconds", report.seconds},
                                      {"clean", report.is_clean()},
                                      {"verdict", report.verdict()},
                                      {"total", std::move(total)},
                                      {"accounts", std::move(accounts)}}) +
         "\n";
}

std::string to_html(const RunReport& report) {
  std::string out = kHtmlHead;
  out += fmt::format("<h1>Kontor migration: {}</h1><p>{} → {}, {}, {:.1f} s</p><p class={}><b>{}</b></p>\n",
                     report.kind, html_escaped(report.source), html_escaped(report.target), report.started,
                     report.seconds, report.is_clean() ? "good" : "bad", html_escaped(report.verdict()));
  out +=
      "<p>In each row <i>source = copied + present + quarantined + excluded</i>; what is missing is unaccounted.</p>\n";
  std::string head = "<tr><th></th>";
  for (const auto& column : kColumns) head += fmt::format("<th>{}</th>", column.name);
  head += "<th>unaccounted</th></tr>\n";
  out += "<table>" + head;
  for (const auto& account : report.accounts) out += html_row(account.address, account.total(), false);
  out += html_row("all", report.total(), true) + "</table>\n";
  for (const auto& account : report.accounts) {
    out += fmt::format("<h2>{}</h2>\n", html_escaped(account.address));
    if (!account.error.empty()) out += fmt::format("<p class=bad>{}</p>\n", html_escaped(account.error));
    out += "<table>" + head;
    for (const auto& folder : account.folders)
      out +=
          html_row(folder.kind.empty() ? folder.name : fmt::format("{} ({})", folder.name, folder.kind), folder, false);
    out += html_row("all", account.total(), true) + "</table>\n";
    for (const auto& folder : account.folders) {
      if (!folder.note.empty())
        out += fmt::format("<p>{}: {}</p>\n", html_escaped(folder.name), html_escaped(folder.note));
      out += html_items("quarantined", folder, folder.quarantined_items, folder.quarantined);
      out += html_items("taken as they came, not understood", folder, folder.damaged_items, folder.damaged);
      out += html_items("differences", folder, folder.different, folder.differences);
    }
  }
  return out + "</html>\n";
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
  return out + report.verdict() + "\n";
}

Result<void> write_report(const RunReport& report, const std::string& name) {
  for (const auto& [suffix, text] : {std::pair(".json", to_json(report)), std::pair(".html", to_html(report))}) {
    std::ofstream out(name + suffix, std::ios::binary | std::ios::trunc);
    out << text;
    out.flush();
    if (!out) return fail(Errc::unavailable, fmt::format("cannot write {}{}: {}", name, suffix, std::strerror(errno)));
  }
  return {};
}

}  // namespace kontor::migrate
