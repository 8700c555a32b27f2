// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/importer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "base/log.h"
#include "directory/directory.h"
#include "protocols/import/attached.h"
#include "protocols/import/collection.h"
#include "protocols/import/grants.h"
#include "protocols/import/ledger.h"
#include "protocols/import/scripts.h"
#include "protocols/import/settings.h"
#include "protocols/import/subscriptions.h"
#include "protocols/import/vanished.h"

namespace kontor::importing {

using groupware::Caller;

// The account that the stream is in.
struct Importer::Open {
  Open(std::shared_ptr<groupware::Account> a, directory::Principal o, const archive::Account& r, bool ignore_quota,
       Batch::Limits limits)
      : account(std::move(a)), owner(std::move(o)), record(r), batch(*account, r.source, ignore_quota, limits) {}

  std::shared_ptr<groupware::Account> account;
  directory::Principal owner;
  archive::Account record;
  Batch batch;
  // Of folders whose present items are being listed: hashes of their keys.
  std::map<std::uint32_t, std::vector<std::uint64_t>> listed;
};

Importer::Importer(groupware::Accounts& accounts, directory::Directory& directory, ImportOptions options,
                   Acknowledge acknowledge)
    : accounts_(accounts),
      directory_(directory),
      options_(std::move(options)),
      acknowledge_(std::move(acknowledge)),
      principals_(directory, {options_.create_users, options_.may_create_domains, options_.new_status,
                              options_.may_import, !options_.only_principals}) {}

Importer::~Importer() = default;

Result<void> Importer::run(archive::Reader& reader) {
  for (;;) {
    auto record = reader.next();
    Result<void> taken;
    if (!record) {
      taken = std::unexpected(record.error());
    } else if (std::holds_alternative<archive::ArchiveEnd>(*record)) {
      return end_principals();
    } else {
      taken = take(reader, *record);
    }
    if (taken) continue;
    if (open_) TRY_VOID(commit());  // what came whole before is kept
    return taken;
  }
}

Result<void> Importer::take(archive::Reader& reader, archive::Record& record) {
  if (const auto* principal = std::get_if<archive::Principal>(&record)) {
    if (!options_.only_address.empty()) return fail(Errc::denied, "this import is of one account alone");
    return principals_.take(*principal);
  }
  TRY_VOID(end_principals());
  if (const auto* account = std::get_if<archive::Account>(&record)) return open_account(*account);
  check(open_ != nullptr, "the reader gives an account first");
  if (const auto* folder = std::get_if<archive::Folder>(&record)) return open_folder(*folder);
  if (const auto* listing = std::get_if<archive::Listing>(&record)) return take_listing(*listing);
  if (auto* item = std::get_if<archive::Item>(&record)) return take_item(reader, std::move(*item));
  if (const auto* settings = std::get_if<archive::Settings>(&record)) return take_settings_of(*settings);
  if (const auto* end = std::get_if<archive::AccountEnd>(&record)) return end_account(*end);
  const auto& pass = std::get<archive::Pass>(record);
  Step step;
  step.kind = Step::Kind::pass;
  step.folder = pass.folder;
  step.pass = pass;
  open_->batch.add(std::move(step));
  return {};
}

Result<void> Importer::open_account(const archive::Account& record) {
  const auto& address = record.address;
  const bool is_other = !options_.only_address.empty() && options_.only_address != address;
  if (is_other || options_.only_principals || (options_.may_import && !options_.may_import(address))) {
    return fail(Errc::denied, fmt::format("this import may not touch the account {}", address));
  }
  auto principal = directory_.by_address(address);
  if (!principal && principal.error().code == Errc::not_found && options_.create_users) {
    directory::NewPrincipal made;
    made.address = address;
    made.name = address.substr(0, address.find('@'));
    made.status = options_.new_status;
    principal = directory_.add_principal(made);
  }
  if (!principal && principal.error().code == Errc::not_found) {
    return fail(Errc::not_found,
                fmt::format("there is no user {} here; add it, or allow the import to create users", address));
  }
  if (!principal) return std::unexpected(principal.error());
  if (!principal->account()) return fail(Errc::invalid, fmt::format("{} is a group: it has no account", address));
  if (principal->status == directory::Status::active && !options_.live) {
    return fail(Errc::denied, fmt::format("{} is active; set it to inactive first, or import live", address));
  }
  if (options_.claim) TRY_VOID(options_.claim(principal->account()));
  TRY(auto account, accounts_.open(principal->account()));
  TRY_VOID(settle_earlier_ledger(*account, record.source, options_.earlier_ledger));
  open_ = std::make_unique<Open>(std::move(account), *principal, record, options_.ignore_quota, options_.batch);
  return {};
}

Result<void> Importer::open_folder(const archive::Folder& record) {
  OpenFolder folder;
  folder.record = record;
  folder.code = folder_code(record.key);
  auto& folders = open_->batch.folders();
  if (record.is_gone) {
    TRY_VOID(mark_folder_gone(*open_->account, open_->record.source, folder.code));
  } else {
    TRY_VOID(commit());  // steps of the batch look the folder up by its number
    Placed placed;
    std::vector<std::string> unknown;
    TRY_VOID(open_->account->update(Caller::system(), [&](groupware::Transaction& transaction) -> Result<void> {
      unknown.clear();
      FolderId last;
      if (record.grants)
        for (const auto& there : transaction.folders()->all()) last = std::max(last, there->id);
      TRY(placed, place_folder(transaction, open_->record.source, record, false));
      return follow_grants(transaction, directory_, open_->owner, open_->record.source, record, placed.folder > last,
                           unknown);
    }));
    folder.placed = placed;
    if (!unknown.empty()) {
      archive::Answer answer;
      answer.folder = record.key;
      answer.note = fmt::format("nobody here has these addresses, whose rights wait: {}", fmt::join(unknown, ", "));
      TRY_VOID(acknowledge(std::move(answer)));
    }
  }
  folders[record.number] = std::move(folder);
  if (folders[record.number].placed.name_rewritten) {
    archive::Answer answer;
    answer.folder = record.key;
    answer.counts.names_rewritten = 1;
    return acknowledge(std::move(answer));
  }
  return {};
}

Result<void> Importer::take_settings_of(const archive::Settings& settings) {
  TRY_VOID(commit());
  TRY(auto answer, take_settings(*open_->account, directory_, open_->owner.id, open_->record.source, settings));
  return acknowledge(std::move(answer));
}

Result<void> Importer::end_principals() {
  if (!principals_.has_any()) return {};
  TRY(const auto answer, principals_.finish());
  return acknowledge_(answer);
}

Result<void> Importer::take_listing(const archive::Listing& listing) {
  const auto found = open_->batch.folders().find(listing.folder);
  if (found == open_->batch.folders().end()) return fail(Errc::invalid, "a listing of an unknown folder");
  const auto& folder = found->second;
  TRY_VOID(commit());
  std::uint64_t marked = 0;
  if (listing.kind == archive::Listing::Kind::vanished) {
    std::vector<std::string> keys;
    for (const auto& key : listing.keys) keys.push_back(archive::bounded_key(key));
    TRY(marked, mark_vanished(*open_->account, open_->record.source, folder.code, keys));
  } else {
    auto& hashes = open_->listed[listing.folder];
    for (const auto& key : listing.keys) hashes.push_back(stable_hash64(archive::bounded_key(key)));
    if (!listing.last) return {};
    std::sort(hashes.begin(), hashes.end());
    TRY(marked, mark_absent(*open_->account, open_->record.source, folder.code, hashes));
    open_->listed.erase(listing.folder);
  }
  if (marked == 0) return {};
  archive::Answer answer;
  answer.folder = folder.record.key;
  answer.counts.vanished = marked;
  return acknowledge(std::move(answer));
}

Result<void> Importer::take_item(archive::Reader& reader, archive::Item item) {
  const auto found = open_->batch.folders().find(item.folder);
  if (found == open_->batch.folders().end() || found->second.record.is_gone) {
    return fail(Errc::invalid, "an item of a folder that is not there");
  }
  Step step;
  step.folder = item.folder;
  step.key = archive::bounded_key(item.key);
  step.item_kind = found->second.placed.kind;
  if (item.content == archive::Item::Content::bytes) {
    TRY(auto ledger, open_->account->read(Caller::system()));
    TRY(const auto known, find_item(*ledger, open_->record.source, found->second.code, step.key));
    ledger.reset();
    // Of a message content cannot change, but for sources that say so.
    const bool is_other = known && known->mark.hash != item.sha256 &&
                          (found->second.placed.kind != groupware::Kind::mail ||
                           (!item.fingerprint.empty() && known->mark.fingerprint != item.fingerprint));
    if (!known || is_other) TRY_VOID(stage(reader, known, item, step));
  }
  step.item = std::move(item);
  open_->batch.add(std::move(step));
  if (open_->batch.is_full()) return commit();
  return {};
}

namespace {

void refuse(archive::Item& item, std::string why) {
  item.content = archive::Item::Content::refused;
  item.reason = std::move(why);
}

}  // namespace

// Takes what came into the step; an item that cannot be taken becomes one that was refused.
Result<void> Importer::stage(archive::Reader& reader, const std::optional<KnownItem>& known, archive::Item& item,
                             Step& step) {
  // Of an item that is here already, attachments may be here, too: the commit counts them.
  TRY(const bool room, has_room(item.size, known ? 0 : item.attached_bytes()));
  if (!room) {
    refuse(item, "the mailbox is full");
    return {};
  }
  if (!item.attachments.empty()) return stage_with_attachments(reader, known, item, step);
  auto staged = stage_content(reader, step);
  if (!staged && staged.error().code != Errc::too_large) return std::unexpected(staged.error());
  if (staged)
    step.content = *std::move(staged);
  else
    refuse(item, staged.error().text);
  return {};
}

Result<void> Importer::stage_with_attachments(archive::Reader& reader, const std::optional<KnownItem>& known,
                                              archive::Item& item, Step& step) {
  if (!groupware::is_described(step.item_kind)) {
    refuse(item, "only events, tasks, notes and cards have attachments of their own");
    return {};
  }
  std::optional<groupware::Item> earlier;
  if (known) {
    TRY(const auto ledger, open_->account->read(Caller::system()));
    if (auto there = ledger->item(known->item)) earlier = *std::move(there);
  }
  TRY(AttachedItem staged, stage_attached(reader, item, step.item_kind, earlier ? &*earlier : nullptr,
                                          {accounts_, *open_->account, options_.origin}));
  step.item_kind = staged.kind;
  if (!staged.refusal.empty()) refuse(item, std::move(staged.refusal));
  step.content = std::move(staged.content);
  if (step.content) step.attachments = std::move(staged.attachments);
  return {};
}

Result<groupware::StagedContent> Importer::stage_content(archive::Reader& reader, Step& step) {
  // The kind of the item shows in its beginning.
  std::string head;
  bool has_more = true;
  while (has_more && head.size() < kKindHead) {
    TRY(const auto piece, reader.content());
    has_more = !piece.empty();
    head += piece;
  }
  step.item_kind = kind_of_item(step.item_kind, head);
  const auto stager = accounts_.stage(open_->account->tenant(), step.item_kind);
  TRY_VOID(stager->write(head));
  while (has_more) {
    TRY(const auto piece, reader.content());
    has_more = !piece.empty();
    TRY_VOID(stager->write(piece));
  }
  TRY(auto content, stager->finish());
  return content;
}

Result<bool> Importer::has_room(std::uint64_t size, std::uint64_t attached) {
  if (options_.ignore_quota) return true;
  TRY(const auto reader, open_->account->read(Caller::system()));
  const auto usage = reader->usage();
  if (usage.limit == 0) return true;
  const std::uint64_t left = usage.limit - std::min(usage.limit, usage.bytes);
  return size <= left && attached <= left - size;
}

Result<void> Importer::end_account(const archive::AccountEnd& end) {
  TRY_VOID(commit());
  if (end.is_complete) TRY_VOID(take_subscriptions(*open_->account, open_->record.source, end.other_subscriptions));
  if (end.is_complete && end.scripts) {
    TRY(auto answer, take_scripts(*open_->account, open_->record.source, *end.scripts));
    TRY_VOID(acknowledge(std::move(answer)));
  }
  if (end.is_complete && options_.delete_vanished) {
    TRY(auto answers, remove_vanished(*open_->account, open_->record.source, options_.override_threshold));
    for (auto& answer : answers) TRY_VOID(acknowledge(std::move(answer)));
    TRY(const auto removed, remove_gone_folders(*open_->account, open_->record.source));
    for (const auto& path : removed)
      log::info("import.folder_removed", {{"account", open_->record.address}, {"folder", path}});
  }
  open_.reset();
  return {};
}

Result<void> Importer::commit() {
  TRY(auto answers, open_->batch.commit());
  for (auto& answer : answers) TRY_VOID(acknowledge(std::move(answer)));
  return {};
}

Result<void> Importer::acknowledge(archive::Answer answer) {
  answer.account = open_->record.address;
  return acknowledge_(answer);
}

}  // namespace kontor::importing
