// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/pass.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "migrate/engine.h"
#include "migrate/item_record.h"
#include "migrate/scripts/script_report.h"
#include "migrate/settings_record.h"

namespace kontor::migrate {
namespace {

constexpr std::uint8_t kDeletedFlag = 16;  // groupware::kDeleted
constexpr std::uint64_t kFewItems = 5000;  // asked for by key; more by the whole digest
// Larger attachments of an item that the target has are not sent unless it asks for them: it may have them, too.
constexpr std::uint64_t kWorthAsking = 64 << 10;

}  // namespace

AccountPass::AccountPass(Source& source, const SourceAccount& account, const PassOptions& options, Bandwidth& bandwidth,
                         Connections& connections, Stop& stop, Progress& progress,
                         std::map<std::string, archive::Counts>& counts_before)
    : source_(source),
      account_(account),
      options_(options),
      connections_(connections),
      stop_(stop),
      progress_(progress),
      before_(counts_before),
      target_(options.target),
      upload_(options.target, account.address, ledger_name(source, account), bandwidth, stop,
              [this](const archive::Answer& answer) { take_answer(answer); }) {}

Result<void> AccountPass::run(AccountReport& report) {
  report_ = &report;
  progress_.phase = 1;
  auto passed = [&]() -> Result<void> {
    TRY(const auto there, target_.account(account_.address));
    if (there.status.empty() && !options_.target.create_users) {
      return fail(Errc::not_found,
                  fmt::format("there is no user {} at the target; add it, or use --create-users", account_.address));
    }
    if (there.status == "active" && !options_.target.live) {
      return fail(Errc::denied,
                  fmt::format("{} is active at the target; set it to inactive first, or use --live", account_.address));
    }
    TRY(session_, source_.open(account_));
    // Before anything is asked of the ledger.
    if (!options_.target.earlier_ledger.empty()) TRY_VOID(upload_.finish({}));
    TRY_VOID(open_folders(report));
    for (auto& folder : folders_) {
      TRY_VOID(may_go_on());
      if (!folder.record.is_container) TRY_VOID(list_folder(folder));
    }
    TRY_VOID(tell_vanished());
    progress_.phase = 2;
    stream_ = std::make_unique<ItemStream>(*session_, connections_, ItemStream::Wanted::content,
                                           [this](std::size_t tag, const SourceItem& item, Fetched& fetched) {
                                             return send_fetched(folders_[tag / 2], tag % 2 != 0, item, fetched);
                                           });
    for (auto& folder : folders_) TRY_VOID(send_folder(folder));
    TRY_VOID(stream_->drain());
    TRY_VOID(upload_.flush());
    for (auto& folder : folders_) TRY_VOID(send_needed(folder));
    stream_.reset();
    return close_folders();
  }();
  stream_.reset();
  if (!passed) (void)upload_.flush();  // what was on its way counts
  sum_up();
  if (!passed) {
    for (const auto& folder : folders_) before_[folder.record.key].add(folder.answered);
  }
  return passed;
}

Result<void> AccountPass::open_folders(AccountReport& report) {
  TRY(auto listed, session_->folders());
  TRY(auto ledger, target_.folders(account_.address, ledger_name(source_, account_)));
  std::map<std::string, archive::LedgerFolder> known;
  for (auto& folder : ledger) known.emplace(folder.key, std::move(folder));
  for (auto& source : listed) {
    const auto destination = options_.mapping->destination(source.path, source.role);
    FolderReport row;
    row.name = join_path(source.path);
    row.key = source.key;
    row.kind = source.kind;
    const auto entry = known.find(source.key);
    const bool has_entry = entry != known.end() && !entry->second.is_gone;
    if (destination.is_excluded) {
      row.source = row.excluded = source.messages;
      row.excluded_why = "by the mapping";
    } else {
      if (destination.path != source.path) row.goes_to = join_path(destination.path);
      Folder folder;
      folder.report = report.folders.size();
      folder.is_known = has_entry;
      folder.record =
          folder_record(static_cast<std::uint32_t>(folders_.size() + 1), source, destination.path, *options_.mapping);
      if (has_entry && !options_.full) folder.pass.state = entry->second.state;
      if (has_entry) folder.known_items = entry->second.items;
      folder.source = std::move(source);
      by_key_[folder.record.key] = folders_.size();
      folders_.push_back(std::move(folder));
    }
    report.folders.push_back(std::move(row));
    if (entry != known.end()) known.erase(entry);
  }
  for (auto& [key, folder] : known) {
    if (!folder.is_gone) gone_.push_back(std::move(folder));
  }
  return {};
}

Result<void> AccountPass::may_go_on() const {
  if (stop_.is_set()) return fail(Errc::unavailable, "stopped");
  if (options_.window && !options_.window->holds(minute_of_day()))
    return fail(Errc::unavailable, "the time window has closed");
  return {};
}

bool AccountPass::excludes(const SourceItem& item) const {
  if (options_.mapping->exclude_deleted && (item.flags & kDeletedFlag) != 0) return true;
  return options_.mapping->largest_item > 0 && item.announced_size > options_.mapping->largest_item;
}

Result<void> AccountPass::list_folder(Folder& folder) {
  ItemList listed;
  const auto state = std::move(folder.pass.state);
  std::uint64_t count = 0;
  TRY(folder.pass, session_->list(folder.source, state, [&](const SourceItem& item) -> Result<void> {
    TRY_VOID(may_go_on());
    ++count;
    return listed.add(item);
  }));
  folder.listed = count;
  auto& row = report_->folders[folder.report];
  folder.fresh_first = folder.fresh_last = fresh_.position();
  folder.changed_first = folder.changed_last = changed_.position();
  if (folder.pass.unchanged) {
    row.unchanged = true;
    folder.unlisted = folder.known_items;
    progress_.total += folder.unlisted;
    progress_.done += folder.unlisted;
    return {};
  }
  TRY_VOID(compare(folder, listed));
  folder.fresh_last = fresh_.position();
  folder.changed_last = changed_.position();
  return {};
}

// What the ledger has of the listed items, or of the whole folder.
Result<void> AccountPass::load_known(const Folder& folder, const ItemList& listed, KnownItems& known) {
  const auto take = [&](const archive::DigestLine& line) -> Result<void> {
    known.add(line);
    return {};
  };
  const auto source = ledger_name(source_, account_);
  if (!folder.is_known) return {};
  const bool is_few = folder.pass.is_delta && !folder.pass.vanished_unknown && folder.listed <= kFewItems;
  if (is_few) {
    std::vector<std::string> keys;
    TRY_VOID(listed.each(0, listed.position(), [&](const SourceItem& item) -> Result<void> {
      keys.push_back(item.key);
      return {};
    }));
    TRY_VOID(target_.digest_of(account_.address, source, folder.record.key, keys, take));
  } else {
    TRY_VOID(target_.digest(account_.address, source, folder.record.key, take));
  }
  known.seal();
  return {};
}

Result<void> AccountPass::compare(Folder& folder, const ItemList& listed) {
  KnownItems known;
  TRY_VOID(load_known(folder, listed, known));
  auto& row = report_->folders[folder.report];
  std::uint64_t fresh = 0;
  TRY_VOID(listed.each(0, listed.position(), [&](const SourceItem& item) -> Result<void> {
    auto* entry = known.find(archive::bounded_key(item.key));
    if (entry != nullptr) entry->was_seen = true;
    if (excludes(item)) {
      --folder.listed;
      ++row.excluded;
      row.excluded_why = "by the mapping's rules for items";
      return {};
    }
    if (item.date_is_guess) ++row.date_guesses;
    if (entry == nullptr) {
      ++fresh;
      return fresh_.add(item);
    }
    ++folder.listed_known;
    const bool same =
        !entry->is_vanished &&
        entry->state == archive::state_digest(item.flags, item.keywords, item.properties, item.name, item.fingerprint);
    if (!same) return changed_.add(item);
    ++folder.same;
    return {};
  }));
  if (folder.pass.is_delta) folder.vanished = folder.pass.vanished;
  if (folder.pass.vanished_unknown) {
    TRY_VOID(session_->keys(folder.source, [&](std::string_view key) {
      if (auto* entry = known.find(archive::bounded_key(std::string(key)))) entry->was_seen = true;
    }));
  }
  if (!folder.pass.is_delta || folder.pass.vanished_unknown) {
    known.each([&](std::string_view key, const KnownItems::Entry& entry) {
      if (!entry.was_seen && !entry.is_vanished) folder.vanished.emplace_back(key);
    });
  }
  if (folder.pass.is_delta) {
    const auto touched = folder.listed_known + folder.vanished.size();
    folder.unlisted = folder.known_items - std::min<std::uint64_t>(folder.known_items, touched);
  }
  progress_.total += folder.unlisted + fresh + folder.listed_known;
  progress_.done += folder.unlisted + folder.same;
  return {};
}

Result<void> AccountPass::tell_vanished() {
  for (auto& folder : folders_) {
    TRY_VOID(upload_.folder(folder.record));
    if (folder.vanished.empty()) continue;
    TRY_VOID(upload_.listing(folder.record.number, archive::Listing::Kind::vanished, folder.vanished, true));
    folder.vanished = {};
  }
  auto number = static_cast<std::uint32_t>(folders_.size());
  for (const auto& gone : gone_) {
    archive::Folder record;
    record.number = ++number;
    record.key = gone.key;
    record.path = {"gone"};
    record.is_gone = true;
    TRY_VOID(upload_.folder(record));
    TRY_VOID(upload_.listing(record.number, archive::Listing::Kind::present, {}, true));
  }
  TRY_VOID(upload_.flush());
  if (fresh_.position() == 0) return {};
  auto vanished = target_.vanished(account_.address, ledger_name(source_, account_));
  if (!vanished) return std::unexpected(vanished.error());
  vanished_hashes_ = std::move(*vanished);
  std::sort(vanished_hashes_.begin(), vanished_hashes_.end());
  return {};
}

Result<void> AccountPass::send_folder(Folder& folder) {
  const auto index = static_cast<std::size_t>(&folder - folders_.data());
  const auto ask = [&](const SourceItem& item, bool is_there) -> Result<void> {
    TRY_VOID(may_go_on());
    return stream_->add(folder.source, index * 2 + (is_there ? 1 : 0), item);
  };
  TRY_VOID(changed_.each(folder.changed_first, folder.changed_last, [&](const SourceItem& item) -> Result<void> {
    // Its content may be another one: the target finds that out.
    if (!item.fingerprint.empty()) return ask(item, true);
    auto record = item_record(folder.record.number, item);
    record.content = archive::Item::Content::none;
    ++progress_.done;
    return upload_.item(std::move(record), nullptr);
  }));
  return fresh_.each(folder.fresh_first, folder.fresh_last, [&](const SourceItem& item) { return ask(item, false); });
}

Result<void> AccountPass::send_fetched(Folder& folder, bool is_there, const SourceItem& item, Fetched& fetched) {
  TRY_VOID(may_go_on());
  ++progress_.done;
  progress_.bytes += fetched.all_bytes();
  auto record = item_record(folder.record.number, item);
  if (fetched.done) {
    auto& row = report_->folders[folder.report];
    for (auto& loss : fetched.losses) row.lose(item.key, std::move(loss));
    record.kept = std::move(fetched.kept);
    const bool may_be_known =
        !sends_bytes_ && std::binary_search(vanished_hashes_.begin(), vanished_hashes_.end(), to_hex(fetched.sha256));
    if (!may_be_known) {
      record.attachments = std::move(fetched.attachments);
      for (archive::ItemAttachment& one : record.attachments) {
        one.is_known = is_there && !sends_bytes_ && one.size > kWorthAsking;
        if (!one.is_known) ++row.attachments;
      }
      const archive::AttachedBytes attached{*fetched.attached, std::move(fetched.attached_at)};
      return upload_.item(std::move(record), fetched.content, &attached);
    }
    record.content = archive::Item::Content::known;
    record.size = fetched.size;
    record.sha256 = fetched.sha256;
    return upload_.item(std::move(record), nullptr);
  }
  const auto& error = fetched.done.error();
  if (error.code == Errc::not_found) {
    ++folder.gone_meanwhile;
    return {};
  }
  if (error.code == Errc::unavailable) return fetched.done;
  record.content = archive::Item::Content::refused;
  record.reason = error.text.substr(0, 1000);
  return upload_.item(std::move(record), nullptr);
}

// Sends the content of what the importer turned out not to have.
Result<void> AccountPass::send_needed(Folder& folder) {
  if (folder.needed.empty()) return {};
  const std::set<std::string> wanted(folder.needed.begin(), folder.needed.end());
  folder.needed.clear();
  const auto index = static_cast<std::size_t>(&folder - folders_.data());
  sends_bytes_ = true;
  const auto pick = [&](const SourceItem& item) -> Result<void> {
    return wanted.contains(item.key) ? stream_->add(folder.source, index * 2, item) : Result<void>();
  };
  TRY_VOID(fresh_.each(folder.fresh_first, folder.fresh_last, pick));
  TRY_VOID(changed_.each(folder.changed_first, folder.changed_last, pick));
  TRY_VOID(stream_->drain());
  TRY_VOID(upload_.flush());
  if (!folder.needed.empty()) return fail(Errc::invalid, "the target asks again for content that it was sent");
  return {};
}

Result<void> AccountPass::close_folders() {
  sum_up();
  for (auto& folder : folders_) {
    const auto& row = report_->folders[folder.report];
    if (folder.record.is_container || folder.pass.unchanged || folder.answered_quarantined > 0) continue;
    archive::Pass pass;
    pass.folder = folder.record.number;
    pass.items = row.source - std::min(row.source, row.excluded);
    if (folder.pass.state.size() <= archive::kMaxState) pass.state = folder.pass.state;
    TRY_VOID(upload_.pass(pass));
  }
  archive::AccountEnd end{true, options_.mapping->subscriptions(session_->other_subscriptions())};
  TRY(const auto scripts, session_->scripts());
  if (scripts) {
    PackedScripts packed = pack_scripts(*scripts);
    scripts_row_ = report_->folders.size();
    report_->folders.push_back(std::move(packed.row));
    end.scripts = std::move(packed.scripts);
  }
  TRY(auto settings, session_->settings());
  if (settings) {
    PackedSettings packed = pack_settings(*std::move(settings), *options_.mapping);
    settings_row_ = report_->folders.size();
    report_->folders.push_back(std::move(packed.row));
    TRY_VOID(upload_.settings(packed.settings));
  }
  return upload_.finish(end);
}

void AccountPass::take_answer(const archive::Answer& answer) {
  if (answer.folder == archive::kScriptsKey && scripts_row_)
    return add_script_answer(answer, report_->folders[*scripts_row_]);
  if (answer.folder == archive::kSettingsKey && settings_row_)
    return add_settings_answer(answer, report_->folders[*settings_row_]);
  const auto found = by_key_.find(answer.folder);
  if (found == by_key_.end()) {
    // Of a folder that is gone at the source.
    const bool says_something = answer.counts != archive::Counts() || !answer.note.empty();
    if (report_ == nullptr || !says_something) return;
    FolderReport row;
    row.name = answer.folder + " (gone at the source)";
    row.key = answer.folder;
    row.counts = answer.counts;
    row.note = answer.note;
    report_->folders.push_back(std::move(row));
    return;
  }
  auto& folder = folders_[found->second];
  auto& row = report_->folders[folder.report];
  folder.answered.add(answer.counts);
  folder.needed.insert(folder.needed.end(), answer.needed.begin(), answer.needed.end());
  folder.answered_quarantined += answer.quarantined.size();
  for (const auto& one : answer.quarantined) row.quarantine(one.key, one.reason);
  for (const auto& one : answer.damaged) row.damage(one.key, one.reason);
  if (!answer.note.empty()) row.note = answer.note;
}

void AccountPass::sum_up() {
  for (auto& folder : folders_) {
    auto& row = report_->folders[folder.report];
    const auto before = before_[folder.record.key];
    row.counts = folder.answered;
    row.counts.add(before);
    const auto present =
        folder.unlisted + folder.same + folder.answered.present + folder.answered.updated + folder.answered.moved;
    row.present = present - std::min(present, before.copied);
    const auto source = folder.pass.unchanged ? folder.unlisted : folder.listed + folder.unlisted;
    row.source = source + row.excluded - std::min(source, folder.gone_meanwhile);
  }
}

}  // namespace kontor::migrate
