// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/report_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/bytes.h"
#include "base/digest.h"
#include "migrate/report_columns.h"

namespace kontor::migrate {
namespace {

constexpr const char* kStyle = R"(<style>
body{font:15px/1.45 system-ui,sans-serif;margin:2em auto;max-width:72em;padding:0 1em;color:#222}
table{border-collapse:collapse;margin:1em 0}td,th{padding:.25em .7em;border-bottom:1px solid #ddd;text-align:right}
td:first-child,th:first-child{text-align:left}th{font-weight:500;color:#555}.sum td{font-weight:600}.good{color:#161}.bad{color:#a11}
.bar{background:#e4e4e4;border-radius:4px;height:.8em;width:12em;display:inline-block}.bar i{background:#3a7;border-radius:4px;height:100%;display:block}
.wide .bar{width:100%}.wide{max-width:40em}.tables{overflow-x:auto}</style>
)";

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

std::string page_head(std::string_view title, bool is_live = false) {
  return fmt::format(
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
      "{}<title>{}</title>{}<h1>{}</h1>\n",
      is_live ? "<meta http-equiv=\"refresh\" content=\"15\">" : "", html_escaped(title), kStyle, html_escaped(title));
}

std::string bar(std::uint64_t done, std::uint64_t total) {
  const auto percent = total == 0 ? 0 : std::min<std::uint64_t>(100, done * 100 / total);
  return fmt::format("<span class=bar title=\"{0} %\"><i style=\"width:{0}%\"></i></span>", percent);
}

std::string size_text(std::uint64_t bytes) {
  if (bytes >= 10ull << 30) return fmt::format("{} GiB", bytes >> 30);
  if (bytes >= 10ull << 20) return fmt::format("{} MiB", bytes >> 20);
  return fmt::format("{} KiB", bytes >> 10);
}

// What of it is where it belongs, in a run or a verification.
std::uint64_t settled(const RunReport& report, const FolderReport& sum) {
  const std::uint64_t different = sum.differences - sum.settings_different;
  return report.kind == "verify" ? sum.compared - std::min(sum.compared, different) : sum.counts.copied + sum.present;
}

std::uint64_t wanted(const FolderReport& sum) { return sum.source - std::min(sum.source, sum.excluded); }

std::string state_of(const RunReport& report, const AccountReport& account) {
  if (!account.error.empty()) return "<span class=bad>failed</span>";
  const auto sum = account.total();
  if (report.kind == "plan") return "can move";
  if (sum.quarantined + sum.differences > 0 || (report.kind == "run" && sum.unaccounted() > 0))
    return "<span class=bad>needs attention</span>";
  return "<span class=good>done</span>";
}

std::string bytes_of(const RunReport& report, const FolderReport& sum) {
  return size_text(report.kind == "verify" ? sum.compared_bytes : sum.counts.bytes);
}

std::string kinds_table(const RunReport& report) {
  std::map<std::string, std::pair<std::uint64_t, FolderReport>> kinds;
  for (const auto& account : report.accounts) {
    for (const auto& folder : account.folders) {
      auto& [folders, sum] = kinds[folder.kind.empty() ? "mail" : folder.kind];
      ++folders;
      sum.add(folder);
    }
  }
  std::string out =
      "<h2>What it is</h2><div class=tables><table><tr><th></th><th>folders</th><th>items at the source</th>"
      "<th>in place</th><th>quarantined</th></tr>\n";
  for (const auto& [kind, row] : kinds) {
    const auto& [folders, sum] = row;
    out +=
        fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n", html_escaped(kind), folders,
                    sum.source, report.kind == "plan" ? "" : fmt::format("{}", settled(report, sum)), sum.quarantined);
  }
  return out + "</table></div>\n";
}

std::string attention(const RunReport& report, const std::string& folder) {
  std::string out;
  for (const auto& account : report.accounts) {
    const auto sum = account.total();
    std::vector<std::string> reasons;
    if (!account.error.empty()) reasons.push_back(html_escaped(account.error));
    if (sum.quarantined > 0) reasons.push_back(fmt::format("{} items could not be taken", sum.quarantined));
    if (const auto items = sum.differences - sum.settings_different; items > 0)
      reasons.push_back(fmt::format("{} items differ", items));
    if (sum.settings_different > 0) reasons.push_back(fmt::format("{} settings differ", sum.settings_different));
    if (report.kind == "run" && sum.unaccounted() > 0)
      reasons.push_back(fmt::format("{} items are unaccounted for", sum.unaccounted()));
    if (sum.losses > 0) reasons.push_back(fmt::format("{} details did not come along", sum.losses));
    if (reasons.empty()) continue;
    out +=
        fmt::format("<li><a href=\"{}/{}.html\">{}</a>: {}</li>\n", html_escaped(folder),
                    html_escaped(page_name(account.address)), html_escaped(account.address), fmt::join(reasons, "; "));
  }
  for (const auto& remark : report.remarks) out += fmt::format("<li>{}</li>\n", html_escaped(remark));
  return out.empty() ? std::string() : "<h2>What needs attention</h2><ul>\n" + out + "</ul>\n";
}

std::string folder_row(std::string_view head, const FolderReport& folder, bool is_sum) {
  std::string out = fmt::format("<tr{}><td>{}</td>", is_sum ? " class=sum" : "", html_escaped(head));
  for (const auto& column : kReportColumns) out += fmt::format("<td>{}</td>", column.value(folder));
  return out + fmt::format("<td>{}</td></tr>\n", folder.unaccounted());
}

std::string item_list(std::string_view title, const FolderReport& folder, const std::vector<NamedItem>& items,
                      std::uint64_t of) {
  if (items.empty()) return {};
  auto out = fmt::format("<details open><summary>{}: {} ({})</summary><ul>\n", html_escaped(folder.name), title, of);
  for (const auto& item : items) {
    out += fmt::format("<li><code>{}</code> {}</li>\n", html_escaped(item.key), html_escaped(item.reason));
  }
  if (of > items.size()) out += fmt::format("<li>and {} more</li>\n", of - items.size());
  return out + "</ul></details>\n";
}

std::string about(const RunReport& report) {
  return fmt::format("<p>{}{}, begun {}{}</p>\n", html_escaped(report.source),
                     report.target.empty() ? "" : " → " + html_escaped(report.target), report.started,
                     report.seconds > 0 ? ", " + spell_time(report.seconds) : "");
}

}  // namespace

std::string spell_time(double seconds) {
  const auto whole = static_cast<std::uint64_t>(std::llround(std::max(seconds, 0.0)));
  if (whole < 120) return fmt::format("{} s", whole);
  if (whole < 7200) return fmt::format("{} min", (whole + 30) / 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

std::string page_name(const std::string& address) {
  std::string out;
  bool is_same = !address.empty() && address.size() <= 100 && address.front() != '.';
  for (const char c : address.substr(0, 100)) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '@' ||
                          c == '.' || c == '-' || c == '_' || c == '+';
    is_same = is_same && is_plain;
    out += is_plain ? c : '_';
  }
  return is_same ? out : "account-" + to_hex(sha256(address)).substr(0, 16);
}

std::string report_page(const RunReport& report, const std::string& folder) {
  const auto sum = report.total();
  auto out = page_head("Kontor migration: " + report.kind) + about(report);
  out += fmt::format("<p class={}><b>{}</b></p>\n", report.is_clean() ? "good" : "bad", html_escaped(report.verdict()));
  if (report.kind == "plan") {
    if (report.estimate() > 0)
      out += fmt::format("<p>A first run takes about {} with {} accounts at once; a pilot tells better.</p>\n",
                         spell_time(report.estimate()), report.concurrency);
  } else {
    out += fmt::format("<p class=wide>{} of {} items are in place<br>{}</p>\n", settled(report, sum), wanted(sum),
                       bar(settled(report, sum), wanted(sum)));
  }
  out += attention(report, folder) + kinds_table(report);
  out +=
      "<h2>Accounts</h2><div class=tables><table><tr><th></th><th></th><th></th><th>items at the source</th>"
      "<th>in place</th><th>size</th><th>time</th></tr>\n";
  for (const auto& account : report.accounts) {
    const auto one = account.total();
    out += fmt::format(
        "<tr><td><a href=\"{}/{}.html\">{}</a></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"
        "</tr>\n",
        html_escaped(folder), html_escaped(page_name(account.address)), html_escaped(account.address),
        state_of(report, account), report.kind == "plan" ? "" : bar(settled(report, one), wanted(one)), one.source,
        report.kind == "plan" ? "" : fmt::format("{}", settled(report, one)), bytes_of(report, one),
        spell_time(report.kind == "plan" ? account.estimate : account.seconds));
  }
  out += fmt::format("<tr class=sum><td>all</td><td></td><td></td><td>{}</td><td>{}</td><td>{}</td><td></td></tr>\n",
                     sum.source, report.kind == "plan" ? "" : fmt::format("{}", settled(report, sum)),
                     bytes_of(report, sum));
  return out + "</table></div></html>\n";
}

std::string account_page(const RunReport& report, const AccountReport& account) {
  auto out = page_head(account.address) + about(report);
  out += fmt::format("<p>{} at the source: {}</p>\n", html_escaped(account.source), state_of(report, account));
  if (!account.error.empty()) out += fmt::format("<p class=bad>{}</p>\n", html_escaped(account.error));
  out +=
      "<p>In each row <i>source = copied + present + quarantined + excluded</i>; what is missing is unaccounted.</p>\n";
  out += "<div class=tables><table><tr><th></th>";
  for (const auto& column : kReportColumns) out += fmt::format("<th>{}</th>", column.name);
  out += "<th>unaccounted</th></tr>\n";
  for (const auto& folder : account.folders) {
    out +=
        folder_row(folder.kind.empty() ? folder.name : fmt::format("{} ({})", folder.name, folder.kind), folder, false);
  }
  out += folder_row("all", account.total(), true) + "</table></div>\n";
  for (const auto& folder : account.folders) {
    if (!folder.note.empty())
      out += fmt::format("<p>{}: {}</p>\n", html_escaped(folder.name), html_escaped(folder.note));
    out += item_list("quarantined", folder, folder.quarantined_items, folder.quarantined);
    out += item_list("taken as they came, not understood", folder, folder.damaged_items, folder.damaged);
    out += item_list("did not come along exactly", folder, folder.lost, folder.losses);
    out += item_list("differences", folder, folder.different, folder.differences);
  }
  return out + "</html>\n";
}

std::string progress_page(const RunReport& report, const std::vector<SourceAccount>& accounts,
                          const std::deque<Progress>& progress) {
  constexpr const char* kPhaseNames[] = {"waiting", "listing", "copying", "done", "failed", "trying again"};
  std::uint64_t done = 0, total = 0, bytes = 0, ended = 0;
  std::string rows;
  for (std::size_t i = 0; i < accounts.size() && i < progress.size(); ++i) {
    const auto& one = progress[i];
    const int phase = std::clamp(one.phase.load(), 0, 5);
    done += one.done;
    total += one.total;
    bytes += one.bytes;
    ended += phase == 3 || phase == 4 ? 1 : 0;
    rows += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{} of {}</td><td>{}</td></tr>\n",
                        html_escaped(accounts[i].address), kPhaseNames[phase],
                        phase == 3 ? bar(1, 1) : bar(one.done, one.total), one.done.load(), one.total.load(),
                        size_text(one.bytes));
  }
  return page_head("Kontor migration: " + report.kind + " in progress", true) + about(report) +
         fmt::format(
             "<p class=wide>{} of {} accounts have ended; {} of {} items, {} read<br>{}</p>\n"
             "<div class=tables><table>{}</table></div></html>\n",
             ended, accounts.size(), done, total, size_text(bytes), bar(ended, accounts.size()), rows);
}

}  // namespace kontor::migrate
