// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <unordered_map>

#include "base/bytes.h"
#include "base/digest.h"
#include "migrate/item_list.h"
#include "migrate/item_record.h"
#include "migrate/item_stream.h"
#include "migrate/settings_record.h"

namespace kontor::migrate {
namespace {

using VerifyClock = std::chrono::steady_clock;
constexpr std::uint8_t kVerifyDeletedFlag = 16;  // groupware::kDeleted

// What is compared of an item at the target, in little memory.
struct There {
  std::uint32_t uid = 0;
  std::uint8_t flags = 0;
  bool is_removed = false, is_elsewhere = false, is_vanished = false, was_seen = false, has_fault = false;
  std::int64_t date = 0;
  std::uint64_t size = 0, attachments = 0;
  std::uint64_t keywords = 0;
  std::string sha256;
  std::string name;
};

// A keyword as the target holds it: see the importer's rules.
std::string held_keyword(const std::string& keyword) {
  std::string out;
  for (const char c : keyword) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\' && out.empty()) continue;
    const bool sound = byte > 0x20 && byte < 0x7f && std::string_view("(){%*\"\\]").find(c) == std::string_view::npos;
    out += sound ? c : '_';
  }
  return out.substr(0, 255);
}

std::uint64_t keyword_digest(const std::vector<std::string>& keywords) {
  std::vector<std::string> held;
  for (const auto& keyword : keywords) {
    if (auto word = held_keyword(keyword); !word.empty()) held.push_back(std::move(word));
  }
  return archive::state_digest(0, held, {});
}

class AccountVerify {
 public:
  AccountVerify(Source& source, const SourceAccount& account, const VerifyOptions& options, Connections& connections,
                Stop& stop, Progress& progress, AccountReport& report)
      : source_(source),
        account_(account),
        options_(options),
        connections_(connections),
        stop_(stop),
        progress_(progress),
        report_(report),
        target_(options.target) {}

  Result<void> run() {
    progress_.phase = 1;
    TRY(session_, source_.open(account_));
    TRY(const auto folders, session_->folders());
    for (const auto& folder : folders) {
      FolderReport row;
      row.name = join_path(folder.path);
      row.key = folder.key;
      row.kind = folder.kind;
      if (options_.mapping->destination(folder.path, folder.role).is_excluded) {
        row.source = row.excluded = folder.messages;
        row.excluded_why = "by the mapping";
      } else if (!folder.is_container) {
        TRY_VOID(compare_folder(folder, row));
      }
      report_.folders.push_back(std::move(row));
    }
    TRY_VOID(compare_scripts());
    return compare_settings(folders);
  }

 private:
  // What is no item: rights, subscriptions, rules and all the other settings. The target finds the differences, which
  // knows how each of them came.
  Result<void> compare_settings(const std::vector<SourceFolder>& folders) {
    archive::Spool bytes;
    archive::Writer writer([&](std::string_view piece) { return bytes.write(piece); });
    TRY_VOID(writer.account({account_.address, ledger_name(source_, account_)}));
    std::uint32_t number = 0;
    for (const auto& folder : folders) {
      const auto destination = options_.mapping->destination(folder.path, folder.role);
      if (!destination.is_excluded)
        TRY_VOID(writer.folder(folder_record(++number, folder, destination.path, *options_.mapping)));
    }
    TRY(auto settings, session_->settings());
    FolderReport row = settings_row();
    if (settings) {
      settings->losses.clear();  // were named when they were lost
      PackedSettings packed = pack_settings(*std::move(settings), *options_.mapping);
      TRY_VOID(writer.settings(packed.settings));
    }
    TRY_VOID(writer.end_account({true, options_.mapping->subscriptions(session_->other_subscriptions())}));
    TRY_VOID(writer.finish());
    TRY(const auto answers, target_.compare(account_.address, bytes, stop_));
    for (const auto& answer : answers) {
      row.settings_compared += answer.counts.present + answer.different.size();
      for (const auto& one : answer.different) row.differ_in_setting(one.key, one.reason);
    }
    report_.folders.push_back(std::move(row));
    return {};
  }

  Result<void> compare_scripts() {
    TRY(const auto scripts, session_->scripts());
    if (!scripts) return {};
    std::unordered_map<std::string, archive::TargetItem> there;
    TRY_VOID(target_.verify(account_.address, ledger_name(source_, account_), std::string(archive::kScriptsKey), true,
                            [&](const archive::TargetItem& item) -> Result<void> {
                              there.emplace(item.key, item);
                              return {};
                            }));
    FolderReport row;
    row.name = "Sieve scripts";
    row.key = archive::kScriptsKey;
    for (const SourceScript& script : *scripts) {
      ++row.source;
      const auto found = there.find(archive::bounded_key(script.name));
      if (found == there.end() || found->second.is_removed) {
        row.differ(script.name, found == there.end() ? "is not at the target" : "was removed at the target");
        continue;
      }
      ++row.present;
      ++row.compared;
      row.compared_bytes += script.text.size();
      if (found->second.sha256 != sha256(script.text)) row.differ(script.name, "another text");
      if (script.is_active && found->second.flags == 0) row.differ(script.name, "is active at the source alone");
    }
    report_.folders.push_back(std::move(row));
    return {};
  }

  Result<void> compare_folder(const SourceFolder& folder, FolderReport& row) {
    std::unordered_map<std::string, There> there;
    TRY_VOID(target_.verify(account_.address, ledger_name(source_, account_), folder.key, options_.read_content,
                            [&](const archive::TargetItem& item) -> Result<void> {
                              there.emplace(item.key, held(item));
                              return {};
                            }));
    ItemList listed;
    TRY_VOID(session_->list(folder, "", [&](const SourceItem& item) -> Result<void> {
      ++row.source;
      const bool is_excluded =
          (options_.mapping->exclude_deleted && (item.flags & kVerifyDeletedFlag) != 0) ||
          (options_.mapping->largest_item > 0 && item.announced_size > options_.mapping->largest_item);
      if (!is_excluded) return listed.add(item);
      ++row.excluded;
      if (const auto found = there.find(archive::bounded_key(item.key)); found != there.end())
        found->second.was_seen = true;
      return {};
    }));
    progress_.total += row.source - row.excluded;
    progress_.phase = 2;
    const auto compare = [&](const SourceItem& item, const Fetched* fetched) {
      const auto found = there.find(archive::bounded_key(item.key));
      compare_item(folder, item, found == there.end() ? nullptr : &found->second, fetched, row);
      ++progress_.done;
    };
    ItemStream stream(*session_, connections_, ItemStream::Wanted::digests,
                      [&](std::size_t, const SourceItem& item, Fetched& fetched) -> Result<void> {
                        if (!fetched.done && fetched.done.error().code == Errc::unavailable) return fetched.done;
                        progress_.bytes += fetched.all_bytes();
                        compare(item, &fetched);
                        return {};
                      });
    TRY_VOID(listed.each(0, listed.position(), [&](const SourceItem& item) -> Result<void> {
      if (stop_.is_set()) return fail(Errc::unavailable, "stopped");
      const auto found = there.find(archive::bounded_key(item.key));
      const bool is_read = options_.read_content && found != there.end() && !found->second.is_removed;
      if (is_read) return stream.add(folder, 0, item);
      compare(item, nullptr);
      return {};
    }));
    TRY_VOID(stream.drain());
    for (const auto& [key, item] : there) {
      if (!item.was_seen && !item.is_removed && !item.is_vanished)
        row.differ(key, "is at the target but not at the source");
    }
    return {};
  }

  static There held(const archive::TargetItem& item) {
    There out;
    out.uid = item.uid;
    out.flags = item.flags;
    out.is_removed = item.is_removed;
    out.is_elsewhere = item.is_elsewhere;
    out.is_vanished = item.is_vanished;
    out.has_fault = !item.fault.empty();
    out.date = item.date.at.time_since_epoch().count();
    out.size = item.size;
    out.attachments = item.attachments;
    out.keywords = keyword_digest(item.keywords);
    out.sha256 = item.sha256;
    out.name = item.name;
    return out;
  }

  static void compare_item(const SourceFolder& folder, const SourceItem& item, There* there, const Fetched* fetched,
                           FolderReport& row) {
    if (there == nullptr) return row.differ(item.key, "is not at the target");
    there->was_seen = true;
    ++row.present;
    ++row.compared;
    std::string faults;
    const auto fault = [&](std::string_view text) {
      if (!faults.empty()) faults += "; ";
      faults += text;
    };
    if (there->is_removed) return row.differ(item.key, "was removed at the target");
    if (there->is_elsewhere) fault("lies in another folder at the target");
    if (there->is_vanished) fault("counts as vanished at the source");
    if (there->flags != item.flags)
      fault(fmt::format("flags {:#x} at the source, {:#x} at the target", item.flags, there->flags));
    if (there->keywords != keyword_digest(item.keywords)) fault("other keywords");
    // The times that servers and file systems tell of calendars and cards are those of their own files.
    const bool has_date = folder.kind.empty() || folder.kind == "files";
    if (has_date && there->date != item.date.at.time_since_epoch().count()) fault("another date");
    if (!item.name.empty() && there->name != item.name)
      fault(fmt::format("is called {} at the source, {} at the target", item.name, there->name));
    if (there->has_fault) fault("its content cannot be read at the target");
    if (item.uid != 0 && there->uid != item.uid) ++row.counts.uids_changed;  // told, and no difference in what is kept
    if (fetched != nullptr) compare_content(*fetched, *there, row, fault);
    if (!faults.empty()) row.differ(item.key, std::move(faults));
  }

  static void compare_content(const Fetched& fetched, const There& there, FolderReport& row,
                              const std::function<void(std::string_view)>& fault) {
    if (!fetched.done) return fault(fmt::format("cannot be read at the source: {}", fetched.done.error().text));
    row.compared_bytes += fetched.all_bytes();
    row.attachments += fetched.attachments.size();
    if (fetched.attachments.size() != there.attachments)
      fault(
          fmt::format("{} attachments at the source, {} at the target", fetched.attachments.size(), there.attachments));
    if (fetched.size != there.size)
      fault(fmt::format("{} bytes at the source, {} at the target", fetched.size, there.size));
    if (fetched.sha256 != there.sha256) fault("another content");
  }

  Source& source_;
  const SourceAccount& account_;
  const VerifyOptions& options_;
  Connections& connections_;
  Stop& stop_;
  Progress& progress_;
  AccountReport& report_;
  Target target_;
  std::unique_ptr<SourceSession> session_;
};

// What one account's first pass does on two cores with source and target beside each other; for estimates.
constexpr double kItemsPerSecond = 300, kBytesPerSecond = 8 << 20;

Result<void> plan_account(Source& source, const SourceAccount& account, const VerifyOptions& options, Stop& stop,
                          Progress& progress, AccountReport& report) {
  progress.phase = 1;
  TRY(const auto session, source.open(account));
  TRY(const auto folders, session->folders());
  std::uint64_t bytes = 0;
  for (const auto& folder : folders) {
    const auto destination = options.mapping->destination(folder.path, folder.role);
    FolderReport row;
    row.name = join_path(folder.path);
    row.key = folder.key;
    row.kind = folder.kind;
    if (destination.path != folder.path) row.goes_to = join_path(destination.path);
    if (destination.is_excluded) {
      row.source = row.excluded = folder.messages;
      row.excluded_why = "by the mapping";
    } else if (!folder.is_container) {
      TRY_VOID(session->list(folder, "", [&](const SourceItem& item) -> Result<void> {
        if (stop.is_set()) return fail(Errc::unavailable, "stopped");
        ++row.source;
        ++progress.done;
        row.counts.bytes += item.announced_size;
        return {};
      }));
      bytes += row.counts.bytes;
    }
    report.estimate += static_cast<double>(row.source - row.excluded) / kItemsPerSecond +
                       static_cast<double>(row.counts.bytes) / kBytesPerSecond;
    report.folders.push_back(std::move(row));
  }
  if (options.target.url.empty()) return {};
  Target target(options.target);
  TRY(const auto there, target.account(account.address));
  if (there.status.empty() && !options.target.create_users)
    return fail(Errc::not_found, "there is no such user at the target");
  if (there.status == "active" && !options.target.live)
    return fail(Errc::denied, "the user is active at the target; a run needs --live");
  if (there.limit != 0 && there.used + bytes > there.limit && !options.target.ignore_quota) {
    return fail(Errc::over_quota,
                fmt::format("some {} MiB do not fit into the quota of {} MiB, of which {} MiB are used", bytes >> 20,
                            there.limit >> 20, there.used >> 20));
  }
  return {};
}

RunReport new_report(const char* kind, Source& source, const VerifyOptions& options) {
  RunReport report;
  report.kind = kind;
  report.source = source.name();
  report.target = options.target.url;
  report.started = now_text();
  report.remarks = source.remarks();
  return report;
}

double seconds_since(VerifyClock::time_point began) {
  return std::chrono::duration<double>(VerifyClock::now() - began).count();
}

}  // namespace

RunReport verify_migration(Source& source, const std::vector<SourceAccount>& accounts, const VerifyOptions& options,
                           Stop& stop) {
  auto report = new_report("verify", source, options);
  const auto began = VerifyClock::now();
  for_each_account(accounts, options.concurrency, options.connections, options.showing, report,
                   [&](const SourceAccount& account, AccountReport& one, Progress& progress, Connections& connections) {
                     const auto start = VerifyClock::now();
                     const auto done = AccountVerify(source, account, options, connections, stop, progress, one).run();
                     if (!done) one.error = done.error().text;
                     one.seconds = seconds_since(start);
                     progress.phase = done ? 3 : 4;
                   });
  report.seconds = seconds_since(began);
  return report;
}

RunReport plan_migration(Source& source, const std::vector<SourceAccount>& accounts, const VerifyOptions& options,
                         Stop& stop) {
  auto report = new_report("plan", source, options);
  const auto began = VerifyClock::now();
  for_each_account(accounts, options.concurrency, options.connections, options.showing, report,
                   [&](const SourceAccount& account, AccountReport& one, Progress& progress, Connections&) {
                     const auto start = VerifyClock::now();
                     const auto done = plan_account(source, account, options, stop, progress, one);
                     if (!done) one.error = done.error().text;
                     one.seconds = seconds_since(start);
                     progress.phase = done ? 3 : 4;
                   });
  report.seconds = seconds_since(began);
  return report;
}

}  // namespace kontor::migrate
