// SPDX-License-Identifier: AGPL-3.0-or-later
// The reading half of Reader and Transaction, over a layer.
#pragma once

#include <memory>

#include "groupware/account.h"
#include "groupware/environment.h"
#include "groupware/layer.h"

namespace kontor::groupware {

// Whose account it is, for rights: the owner has all of them, members of a shared mailbox those of their role.
struct Ownership {
  AccountId account;
  TenantId tenant;
  bool is_full = false;             // the caller is the owner or the system
  std::uint32_t everywhere = 0;     // rights on every folder
  bool is_foreign = false;          // the caller is of another tenant: no grant applies
  std::vector<PrincipalId> groups;  // of the caller, nested ones too; empty where is_full
};
Ownership ownership_of(Environment& environment, AccountId account, TenantId tenant, const Caller& caller);

// Whom the folders' grants name, for finding the account: see directory::Share.
directory::Shares shares_of(const FolderTable& folders);

enum class Sight : std::uint8_t { nothing, times, all };

// Whether the caller is the account's owner, a member of a shared mailbox, or stands in for the owner (delegates.h).
bool acts_for_owner(const FolderTable& folders, const Ownership& ownership, const Caller& caller);
std::uint32_t rights_on(const Folder& folder, const Ownership& ownership, const Caller& caller);

// Whether what scripts remember until then, as it is stored, is over.
bool is_past(std::string_view until, Instant now);

// What stands under a subscription's key.
constexpr const char* kSubscribed = "1";
constexpr const char* kRefused = "0";

// Base is Reader or Transaction; both are instantiated in reading.cc and, for what concerns entries and guests, in
// reading_entries.cc and reading_own_parts.cc.
template <class Base>
class Reading : public Base {
 public:
  Reading(Environment& environment, Ownership ownership, Caller caller, Layer layer)
      : environment_(environment), ownership_(ownership), caller_(std::move(caller)), layer_(std::move(layer)) {}

  Modseq modseq() const override { return layer_.record.modseq; }
  std::shared_ptr<const FolderTable> folders() const override { return layer_.folders(); }
  std::uint32_t rights(FolderId folder) const override;
  Result<std::shared_ptr<const Folder>> folder(FolderId id) const override;
  std::shared_ptr<const KeywordTable> keywords() const override { return layer_.keywords; }
  Result<std::shared_ptr<const FolderView>> view(FolderId folder) const override;
  Result<Item> item(ItemId id) const override;
  Result<std::string> summary(ItemId id) const override;
  Result<void> summaries(const std::vector<ItemId>& ids,
                         const std::function<bool(ItemId, std::string_view)>& visit) const override;
  Result<std::shared_ptr<const Content>> content(ItemId id) const override;
  void contents(const std::vector<ItemId>& ids, const Reader::VisitContent& visit) const override;
  Result<Uid> named(FolderId folder, const std::string& name) const override;
  Result<Entry> entry(FolderId folder, Uid uid) const override;
  using Base::entries;
  Result<void> entries(FolderId folder, const std::string& after, const Reader::VisitEntry& visit) const override;
  Result<std::vector<Place>> with_uid(std::optional<Kind> kind, std::string_view uid) const override;
  Result<Facts> facts(ItemId item) const override;
  Result<void> facts(std::vector<ItemId> ids, const std::function<void(ItemId, const Facts&)>& visit) const override;
  Result<void> facts_in(FolderId folder, const Reader::VisitFacts& visit) const override;
  Result<void> in_time(FolderId folder, Instant from, Instant to,
                       const std::function<bool(const Entry&, const Facts&)>& visit) const override;
  Result<bool> ringing(FolderId folder, Instant from, Instant to,
                       const std::function<bool(const Entry&, const Facts&)>& visit) const override;
  Result<std::vector<ItemVersion>> versions(ItemId item) const override;
  Result<std::string> shared_content(ItemId item) const override;
  Result<std::optional<TakenApart>> take_apart(FolderId folder, std::optional<Uid> present,
                                               std::string_view bytes) const override;
  Result<std::optional<Feed>> feed(FolderId folder) const override;
  Result<void> entries_above(FolderId folder, Uid after, const Reader::VisitEntry& visit) const override;
  Result<Attachment> attachment(const std::string& id) const override;
  Result<std::shared_ptr<const Content>> attachment_content(const std::string& id) const override;
  std::shared_ptr<const TextFinding> find_text(TextScope scope, const std::string& folded,
                                               TextMatch match) const override;
  Extractor* extractor() const override { return environment_.extractor; }
  Result<void> pop3_facts(std::vector<ItemId> ids,
                          const std::function<void(ItemId, const Pop3Facts&)>& visit) const override;
  Result<void> removed_items(Instant since, Instant until,
                             const std::function<bool(const RemovedItem&)>& visit) const override;
  Result<Changes> changes_since(Modseq since) const override;
  Usage usage() const override;
  Result<std::map<std::string, std::string>> annotations(FolderId folder) const override;
  std::vector<std::string> other_subscriptions() const override { return subscriptions(kSubscribed); }
  std::vector<std::string> refused_subscriptions() const override { return subscriptions(kRefused); }
  ActiveScript active_script() const override { return {layer_.record.active_script, layer_.record.scripts_changed}; }
  Result<std::vector<std::string>> scripts() const override;
  Result<std::string> script(const std::string& name) const override;
  Result<Preferences> preferences() const override;
  Result<bool> remembers(std::string_view what, Instant now) const override;
  Result<std::optional<LedgerEntry>> ledger(std::string_view source, std::string_view source_key) const override;
  Result<void> ledger_scan(std::string_view source, std::string_view first_key,
                           const std::function<bool(std::string_view, const LedgerEntry&)>& visit) const override;

 protected:
  std::vector<std::string> subscriptions(std::string_view value) const;
  // The content as a guest sees it.
  Result<std::shared_ptr<const Content>> as_guest(const ItemRecord& record,
                                                  std::shared_ptr<const Content> content) const;
  Result<std::shared_ptr<const Content>> stored_content_of(const ItemRecord& record) const;
  Result<ItemRecord> attachment_item(const std::string& id) const;
  // The item as stored, if the caller may read one of the folders it is in.
  Result<ItemRecord> readable(ItemId id) const;
  void hide_unreadable(Changes& changes) const;
  // Errors: not_found, denied.
  Result<std::shared_ptr<const Folder>> readable_folder(FolderId id) const;
  // Of items that may be read, all of them, whatever the caller may see. `ids` ascend.
  Result<void> stored_facts(const std::vector<ItemId>& ids,
                            const std::function<void(ItemId, const Facts&)>& visit) const;
  // Those that stand in that index of times (time_index.h) of the folder, each once.
  Result<void> visit_times(const Folder& folder, const std::string& index, Instant from, Instant to,
                           const std::function<bool(const Entry&, const Facts&)>& visit) const;
  // Nothing if the caller may not know of it. `own`: what it has of its own of the item; null: nothing.
  std::optional<Entry> make_entry(const NamedRecord& named, std::string name, const Row& row, bool sees_private,
                                  const OwnRecord* own) const;
  // Whether the caller has alarms of its own where it reads those of others: calendar/own_parts.h.
  bool is_guest() const;
  // What the guest has of its own; nothing for all others.
  Result<std::optional<OwnRecord>> own_of(ItemId item) const;
  Result<std::optional<OwnRecord>> own_of(const ItemRecord& item) const;
  Result<std::map<ItemId, OwnRecord>> all_own() const;  // without the text
  std::optional<Row> row_of(const FolderView* rows, FolderId folder, Uid uid) const;
  // All rows, whatever the caller may see of their items.
  Result<std::shared_ptr<const FolderView>> rows_of(const Folder& folder) const;
  bool sees_private(const Folder& folder) const {
    return (rights_on(folder, ownership_, caller_) & right::kReadPrivate) != 0;
  }
  // How much of an item the caller may see that is in a folder which it may read.
  Sight sight_of(const ItemRecord& item) const;
  // The folder's view before this layer's and the lower layers' changes, if it is kept; and with those changes.
  std::shared_ptr<const FolderView> stored_view(FolderId folder) const;
  std::shared_ptr<const FolderView> with_pending(const FolderView& base, FolderId folder, Modseq highest) const;
  // Leaves out filings in folders that were removed: their rows are on the way out (AccountTransaction::doom).
  void drop_doomed(ItemRecord& item) const;
  // Its flags and its filings' modseqs, from its rows.
  Result<void> complete(ItemRecord& item) const;

  Environment& environment_;
  Ownership ownership_;
  Caller caller_;
  mutable Layer layer_;  // reading opens snapshots and makes tables
  mutable std::optional<bool> is_guest_;
};

extern template class Reading<Reader>;
extern template class Reading<Transaction>;

}  // namespace kontor::groupware
