// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/dump.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/bytes.h"
#include "migrate/item_record.h"
#include "migrate/item_stream.h"
#include "migrate/principals.h"
#include "migrate/scripts/script_report.h"
#include "migrate/selection.h"
#include "migrate/settings_record.h"

namespace kontor::migrate {
namespace {

constexpr std::uint8_t kDumpDeletedFlag = 16;                 // groupware::kDeleted
constexpr std::size_t kFilesInMemory = std::size_t{1} << 20;  // of an item's attachments; the rest is in a file

// Writes one account.
class AccountDump {
 public:
  AccountDump(SourceSession& session, const Mapping& mapping, archive::Writer& writer, Connections& connections,
              Stop& stop, AccountReport& report)
      : session_(session),
        mapping_(mapping),
        writer_(writer),
        connections_(connections),
        stop_(stop),
        report_(report) {}

  Result<void> run() {
    TRY(const auto folders, session_.folders());
    struct Listed {
      SourceFolder folder;
      std::size_t row = 0;
      std::uint64_t first = 0, last = 0;
      std::string state;
    };
    std::vector<Listed> listed;
    for (const auto& folder : folders) {
      const auto destination = mapping_.destination(folder.path, folder.role);
      FolderReport row;
      row.name = join_path(folder.path);
      row.key = folder.key;
      row.kind = folder.kind;
      if (destination.is_excluded) {
        row.source = row.excluded = folder.messages;
        row.excluded_why = "by the mapping";
        report_.folders.push_back(std::move(row));
        continue;
      }
      Listed one;
      one.folder = folder;
      one.row = report_.folders.size();
      report_.folders.push_back(std::move(row));
      const auto number = static_cast<std::uint32_t>(listed.size() + 1);
      TRY_VOID(writer_.folder(folder_record(number, folder, destination.path, mapping_)));
      one.first = items_.position();
      if (!folder.is_container) TRY_VOID(list(folder, number, report_.folders[one.row], one.state));
      one.last = items_.position();
      listed.push_back(std::move(one));
    }
    ItemStream stream(session_, connections_, ItemStream::Wanted::content,
                      [&](std::size_t i, const SourceItem& item, Fetched& fetched) {
                        return write_item(static_cast<std::uint32_t>(i + 1), item, fetched,
                                          report_.folders[listed[i].row]);
                      });
    for (std::size_t i = 0; i < listed.size(); ++i)
      TRY_VOID(items_.each(listed[i].first, listed[i].last, [&](const SourceItem& item) {
        return stop_.is_set() ? Result<void>(fail(Errc::unavailable, "stopped"))
                              : stream.add(listed[i].folder, i, item);
      }));
    TRY_VOID(stream.drain());
    for (std::size_t i = 0; i < listed.size(); ++i) {
      if (listed[i].folder.is_container) continue;
      const auto& row = report_.folders[listed[i].row];
      TRY_VOID(writer_.pass(
          {static_cast<std::uint32_t>(i + 1), row.quarantined == 0 ? listed[i].state : "", row.source - row.excluded}));
    }
    archive::AccountEnd end{true, mapping_.subscriptions(session_.other_subscriptions())};
    TRY(const auto scripts, session_.scripts());
    if (scripts) {
      PackedScripts packed = pack_scripts(*scripts);
      packed.row.counts.copied = packed.scripts.size();
      report_.folders.push_back(std::move(packed.row));
      end.scripts = std::move(packed.scripts);
    }
    TRY(auto settings, session_.settings());
    if (settings) {
      PackedSettings packed = pack_settings(*std::move(settings), mapping_);
      report_.folders.push_back(std::move(packed.row));
      TRY_VOID(writer_.settings(packed.settings));
    }
    return writer_.end_account(end);
  }

 private:
  Result<void> list(const SourceFolder& folder, std::uint32_t number, FolderReport& row, std::string& state) {
    std::vector<std::string> keys;
    TRY(auto pass, session_.list(folder, "", [&](const SourceItem& item) -> Result<void> {
      if (stop_.is_set()) return fail(Errc::unavailable, "stopped");
      ++row.source;
      const bool is_excluded = (mapping_.exclude_deleted && (item.flags & kDumpDeletedFlag) != 0) ||
                               (mapping_.largest_item > 0 && item.announced_size > mapping_.largest_item);
      if (is_excluded) ++row.excluded;
      keys.push_back(item.key);
      if (keys.size() >= archive::kMaxListingKeys) {
        TRY_VOID(writer_.listing(number, archive::Listing::Kind::present, keys, false));
        keys.clear();
      }
      return is_excluded ? Result<void>() : items_.add(item);
    }));
    if (pass.state.size() <= archive::kMaxState) state = std::move(pass.state);
    return writer_.listing(number, archive::Listing::Kind::present, keys, true);
  }

  Result<void> write_item(std::uint32_t number, const SourceItem& item, Fetched& fetched, FolderReport& row) {
    auto record = item_record(number, item);
    if (fetched.done) {
      for (auto& loss : fetched.losses) row.lose(item.key, std::move(loss));
      record.kept = std::move(fetched.kept);
      ++row.counts.copied;
      row.counts.bytes += fetched.all_bytes();
      if (item.date_is_guess) ++row.date_guesses;
      row.attachments += fetched.attachments.size();
      record.attachments = std::move(fetched.attachments);
      const archive::AttachedBytes attached{*fetched.attached, std::move(fetched.attached_at)};
      return writer_.item(std::move(record), fetched.content, &attached);
    }
    const auto& error = fetched.done.error();
    if (error.code == Errc::unavailable) return fetched.done;
    if (error.code == Errc::not_found) {
      --row.source;
      return {};
    }
    record.content = archive::Item::Content::refused;
    record.reason = error.text.substr(0, 1000);
    row.quarantine(item.key, record.reason);
    return writer_.item(std::move(record), nullptr);
  }

  SourceSession& session_;
  const Mapping& mapping_;
  archive::Writer& writer_;
  Connections& connections_;
  Stop& stop_;
  AccountReport& report_;
  ItemList items_;
};

// Sends one account out of an archive.
class AccountImport {
 public:
  AccountImport(const archive::Account& account, const Mapping& mapping, const TargetOptions& target,
                Bandwidth& bandwidth, Stop& stop, AccountReport& report)
      : mapping_(mapping),
        report_(report),
        upload_(target, report.address, account.source, bandwidth, stop,
                [this](const archive::Answer& answer) { take_answer(answer); }) {}

  Result<void> folder(archive::Folder folder) {
    const auto destination =
        folder.is_gone ? Destination{false, folder.path} : mapping_.destination(folder.path, folder.role);
    auto& row = rows_[folder.number];
    row = report_.folders.size();
    FolderReport made;
    made.name = join_path(folder.path);
    made.key = folder.key;
    made.kind = folder.kind;
    if (destination.is_excluded) {
      excluded_.insert(folder.number);
      made.excluded_why = "by the mapping";
    }
    report_.folders.push_back(std::move(made));
    if (destination.is_excluded) return {};
    by_key_[folder.key] = row;
    if (destination.path != folder.path) folder.role.clear();
    folder.path = destination.path;
    if (folder.grants) folder.grants = mapped_grants(*std::move(folder.grants), mapping_);
    return upload_.folder(folder);
  }

  Result<void> listing(const archive::Listing& listing) {
    if (excluded_.contains(listing.folder)) return {};
    return upload_.listing(listing.folder, listing.kind, listing.keys, listing.last);
  }

  Result<void> item(archive::Reader& reader, const archive::Item& item) {
    auto& row = report_.folders[rows_.at(item.folder)];
    ++row.source;
    const bool is_excluded =
        excluded_.contains(item.folder) || (mapping_.exclude_deleted && (item.flags & kDumpDeletedFlag) != 0) ||
        (mapping_.largest_item > 0 &&
         (item.size > mapping_.largest_item || item.attached_bytes() > mapping_.largest_item - item.size));
    if (is_excluded) {
      ++row.excluded;
      return {};
    }
    archive::Spool spool, files(kFilesInMemory, archive::Spool::Digest::none);
    if (item.content == archive::Item::Content::bytes) TRY_VOID(take_content(reader, spool));
    archive::AttachedBytes attached{files, std::vector<std::uint64_t>(item.attachments.size())};
    for (;;) {
      TRY(const auto index, reader.next_attachment());
      if (!index) break;
      attached.starts.at(*index) = files.size();
      TRY_VOID(take_content(reader, files));
    }
    row.attachments += item.attachments.size();
    return upload_.item(item, &spool, &attached);
  }

  Result<void> pass(const archive::Pass& pass) {
    if (excluded_.contains(pass.folder)) return {};
    return upload_.pass(pass);
  }

  Result<void> settings(archive::Settings settings) {
    FolderReport row = settings_row();
    by_key_[row.key] = report_.folders.size();
    report_.folders.push_back(std::move(row));
    return upload_.settings(mapped_settings(std::move(settings), mapping_));
  }

  Result<void> end(archive::AccountEnd end) {
    if (!end.is_complete) return upload_.flush();
    end.other_subscriptions = mapping_.subscriptions(end.other_subscriptions);
    if (end.scripts) {
      FolderReport row;
      row.name = "Sieve scripts";
      row.key = archive::kScriptsKey;
      row.source = end.scripts->size();
      by_key_[row.key] = report_.folders.size();
      report_.folders.push_back(std::move(row));
    }
    return upload_.finish(end);
  }

 private:
  static Result<void> take_content(archive::Reader& reader, archive::Spool& into) {
    for (;;) {
      TRY(const auto piece, reader.content());
      if (piece.empty()) return {};
      TRY_VOID(into.write(piece));
    }
  }

  void take_answer(const archive::Answer& answer) {
    const auto found = by_key_.find(answer.folder);
    if (found == by_key_.end()) return;
    auto& row = report_.folders[found->second];
    if (answer.folder == archive::kScriptsKey) return add_script_answer(answer, row);
    if (answer.folder == archive::kSettingsKey) return add_settings_answer(answer, row);
    row.counts.add(answer.counts);
    row.present += answer.counts.present + answer.counts.updated + answer.counts.moved;
    for (const auto& one : answer.quarantined) row.quarantine(one.key, one.reason);
    for (const auto& one : answer.damaged) row.damage(one.key, one.reason);
    for (const auto& key : answer.needed) row.quarantine(key, "the archive has only a reference to its content");
    if (!answer.note.empty()) row.note = answer.note;
  }

  const Mapping& mapping_;
  AccountReport& report_;
  std::map<std::uint32_t, std::size_t> rows_;
  std::map<std::string, std::size_t> by_key_;
  std::set<std::uint32_t> excluded_;
  Upload upload_;
};

// Takes one record. The account at work is in `open`; nothing of one that was not selected is taken.
Result<void> import_record(archive::Reader& reader, archive::Record& record, const Mapping& mapping,
                           Selection& selection, const TargetOptions& target, Bandwidth& bandwidth, Stop& stop,
                           RunReport& report, std::unique_ptr<AccountImport>& open) {
  if (const auto* account = std::get_if<archive::Account>(&record)) {
    auto names = account->names;
    names.push_back(account->address);
    names.push_back(mapping.address(account->address));
    if (!selection.takes(names)) return {};
    auto& one = report.accounts.emplace_back();
    one.source = account->address;
    one.address = mapping.address(account->address);
    open = std::make_unique<AccountImport>(*account, mapping, target, bandwidth, stop, one);
    return {};
  }
  if (!open) return {};
  if (auto* folder = std::get_if<archive::Folder>(&record)) return open->folder(std::move(*folder));
  if (const auto* listing = std::get_if<archive::Listing>(&record)) return open->listing(*listing);
  if (const auto* item = std::get_if<archive::Item>(&record)) return open->item(reader, *item);
  if (const auto* pass = std::get_if<archive::Pass>(&record)) return open->pass(*pass);
  if (auto* settings = std::get_if<archive::Settings>(&record)) return open->settings(std::move(*settings));
  TRY_VOID(open->end(std::move(std::get<archive::AccountEnd>(record))));
  open.reset();
  return {};
}

// Only where users may be made; else there is nothing to do with them.
Result<void> import_principals(std::vector<archive::Principal> principals, const Mapping& mapping,
                               const Selection& selection, const TargetOptions& target, Bandwidth& bandwidth,
                               Stop& stop, RunReport& report) {
  if (!target.create_users) return {};
  std::set<std::string> chosen;
  for (auto& one : principals) {
    auto names = one.names;
    names.push_back(one.address);
    one = mapped_principal(std::move(one), mapping);
    names.push_back(one.address);
    if (selection.means(names)) chosen.insert(one.address);
  }
  TRY(auto row, send_principals(principals, chosen, target, bandwidth, stop));
  report.directory = report_of_principals(std::move(row));
  return {};
}

Result<void> import_records(archive::Reader& reader, const Mapping& mapping, Selection& selection,
                            const TargetOptions& target, Bandwidth& bandwidth, Stop& stop, RunReport& report) {
  std::unique_ptr<AccountImport> open;
  std::vector<archive::Principal> principals;  // they come first
  // True at the end.
  const auto take = [&](Result<archive::Record> next) -> Result<bool> {
    if (!next) return std::unexpected(next.error());
    if (auto* principal = std::get_if<archive::Principal>(&*next)) {
      principals.push_back(std::move(*principal));
      return false;
    }
    if (!principals.empty())
      TRY_VOID(import_principals(std::exchange(principals, {}), mapping, selection, target, bandwidth, stop, report));
    if (std::holds_alternative<archive::ArchiveEnd>(*next)) return true;
    TRY_VOID(import_record(reader, *next, mapping, selection, target, bandwidth, stop, report, open));
    return stop.is_set() ? Result<bool>(fail(Errc::unavailable, "stopped")) : false;
  };
  for (;;) {
    const auto is_end = take(reader.next());
    if (is_end && *is_end) return {};
    if (is_end) continue;
    if (open) (void)open->end({});  // what came whole is kept
    return std::unexpected(is_end.error());
  }
}

}  // namespace

Result<RunReport> dump_accounts(Source& source, const std::vector<SourceAccount>& accounts, const Mapping& mapping,
                                std::size_t connections, const archive::Writer::Sink& sink, Stop& stop) {
  RunReport report;
  report.kind = "dump";
  report.source = source.name();
  report.started = now_text();
  const auto began = std::chrono::steady_clock::now();
  archive::Writer writer(sink);
  TRY(auto principals, mapped_principals(source, mapping));
  for (auto& one : principals) {
    const auto account = std::ranges::find(accounts, one.address, &SourceAccount::address);
    if (account != accounts.end()) one.names = names_of(*account);
    TRY_VOID(writer.principal(one));
  }
  Connections spare(std::max<std::size_t>(connections, 1), 1, accounts.size());
  for (const auto& account : accounts) {
    auto& one = report.accounts.emplace_back();
    one.source = account.key;
    one.address = account.address;
    TRY(const auto session, source.open(account));
    TRY_VOID(writer.account({account.address, ledger_name(source, account), names_of(account)}));
    TRY_VOID(AccountDump(*session, mapping, writer, spare, stop, one).run());
  }
  TRY_VOID(writer.finish());
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return report;
}

Result<void> import_archive(archive::Reader& reader, const Mapping& mapping, const std::vector<std::string>& only,
                            const TargetOptions& target, Bandwidth& bandwidth, Stop& stop, RunReport& report) {
  report.kind = "import";
  report.target = target.url;
  report.started = now_text();
  const auto began = std::chrono::steady_clock::now();
  Selection selection(only);
  auto done = import_records(reader, mapping, selection, target, bandwidth, stop, report);
  if (!done && !report.accounts.empty()) report.accounts.back().error = done.error().text;
  if (const auto unmet = selection.unmet(); done && unmet)
    done = fail(Errc::not_found, fmt::format("the archive has no account {}", *unmet));
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return done;
}

}  // namespace kontor::migrate
