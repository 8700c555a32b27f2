// SPDX-License-Identifier: AGPL-3.0-or-later
// An account at one moment, and layers of changes on top of it.
//
// A commit works on a bottom layer; each update of the commit works on a layer of its own above it, which the bottom
// layer absorbs when the update succeeded and which is dropped when it failed. So one commit can hold many updates,
// each all or nothing.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "groupware/flag_block.h"
#include "groupware/folder_view.h"
#include "groupware/records.h"
#include "store/engine.h"

namespace kontor::groupware {

// What every reader of a moment shares. Immutable.
struct Moment {
  AccountRecord record;
  std::string record_bytes;  // as stored; the next commit expects it
  std::shared_ptr<const FolderTable> folders;
  std::shared_ptr<const KeywordTable> keywords;
};

// Reads the account's moment from its partition. Errors: not_found (there is no such account), corrupt, unavailable.
Result<std::shared_ptr<const Moment>> load_moment(store::Snapshot& snapshot);

// One thread at a time.
class Layer {
 public:
  using Opener = std::function<Result<std::unique_ptr<store::Snapshot>>()>;
  struct RowChange : FolderView::Put {
    // The row is stored, and nothing but its flags and modseq changed since: pack_flags() writes it.
    bool flags_only = false;
  };
  using ViewDelta = std::map<Uid, std::optional<RowChange>>;
  struct BlobUse {
    TenantId tenant;
    std::string hash;
  };

  // The bottom. The snapshot is opened when first needed: it may be of a later moment than `moment` then.
  Layer(std::shared_ptr<const Moment> moment, Opener open);
  // On top of `below`, which must outlive it and stay untouched meanwhile.
  explicit Layer(Layer* below);

  Result<std::optional<std::string>> get(const std::string& key);
  // What waits for this row in this layer or below, the latest; null if nothing does.
  const std::optional<RowChange>* pending_row(FolderId folder, Uid uid) const;
  // Whether anything waits for the rows of a folder; and what, the later change of a row over the earlier one.
  bool has_pending_rows(FolderId folder) const;
  ViewDelta pending_rows(FolderId folder) const;
  // Lets the snapshot go: a thread that commits must not hold the store open. The next read opens a new one.
  void release() { snapshot_.reset(); }
  Result<std::optional<std::string>> get_content(ItemId id);
  // Visits in ascending order, own changes included but for flags in rows; `visit` must not change this layer.
  Result<void> scan(const std::string& first, const std::string& last,
                    const std::function<bool(std::string_view, std::string_view)>& visit);
  // The contents kept under these items' ids, both included, by the store; none while some wait in a layer.
  Result<void> scan_contents(ItemId first, ItemId last, const std::function<bool(ItemId, std::string_view)>& visit);
  // A row with its latest flags.
  Result<std::optional<RowRecord>> row(FolderId folder, Uid uid);
  Result<FlagBlock> flag_block(FolderId folder, std::uint32_t number);
  // Of the blocks that hold the UIDs from `first` to `last`.
  Result<FlagBlocks> flag_blocks(FolderId folder, Uid first, Uid last);
  Result<bool> any(const std::string& prefix);  // whether a key with that prefix exists

  void put(std::string key, std::string value) { writes_[std::move(key)] = std::move(value); }
  void erase(std::string key) { writes_[std::move(key)] = std::nullopt; }
  void put_content(ItemId id, std::shared_ptr<const std::string> bytes) { contents_[id] = std::move(bytes); }
  void erase_content(ItemId id) { contents_[id] = nullptr; }
  void use_blob(BlobUse use) { blobs_.push_back(std::move(use)); }

  std::shared_ptr<const Folder> folder(FolderId id) const;                                      // null if there is none
  FolderTable::Pointer stored_folder(FolderId id) const { return moment_->folders->find(id); }  // without changes
  Folder& edit_folder(FolderId id);                                                             // which must exist
  void put_folder(Folder folder);
  void remove_folder(FolderId id);
  std::shared_ptr<const FolderTable> folders();

  AccountRecord record;
  std::shared_ptr<const KeywordTable> keywords;
  std::map<FolderId, ViewDelta> views;

  // What this layer's update did, for the change log.
  struct Log {
    std::set<FolderId> folders_changed, folders_removed;
    std::set<ItemId> items_changed, items_removed;
    std::vector<Changes::Vanished> vanished;
    std::set<FolderId> touched;  // whose items or own properties changed, for watchers
    bool folder_list_changed = false;
    void append(Log&& later);
  };
  Log log;

  // Writes changes of flags alone: in blocks where enough of them lie together, else in the rows. Drops from the
  // blocks which rows went. Of the bottom layer, once, before take_batch().
  Result<void> pack_flags();
  // Adds the folders' records, the account's record and the change record of `modseq` to the writes. Once, at the end.
  void seal(Modseq modseq, Instant now, std::uint32_t log_commits);
  // Without a modseq: what need not be told to anyone.
  void seal_quietly();
  bool is_dirty() const {
    return !writes_.empty() || !contents_.empty() || !folders_.empty() || keywords_dirty || scripts_dirty;
  }
  bool keywords_dirty = false;
  bool scripts_dirty = false;    // a script changed, or which is active
  bool teaches = false;          // a message was moved to or from junk by its owner
  std::optional<Instant> alarm;  // the earliest alarm that was noted
  std::optional<Instant> push;   // when a device is to be told of something, first
  bool dooms = false;            // a folder was removed whose items are still to go
  bool feeds = false;            // one was set
  // Managed attachments that something refers to since, or not any more, and new ones: settle_attachments().
  std::set<std::string> attachments;
  bool grants_dirty = false;  // of some folder, or a folder with grants came or went

  // Takes over what the layer above changed, but not its log: a sealed layer wrote that itself.
  void absorb(Layer&& above);
  store::Batch take_batch();  // the writes, which the layer loses
  const std::vector<BlobUse>& blobs() const { return blobs_; }
  std::shared_ptr<const Moment> to_moment();  // after seal: what this layer makes of the account

 private:
  Result<store::Snapshot*> snapshot();
  Result<void> pack_block(FolderId folder, ViewDelta::const_iterator first, ViewDelta::const_iterator last, bool packs);
  bool is_erased(FolderId folder, Uid uid) const;  // by a change that waits
  void write_row(FolderId folder, const RowChange& change);
  const Layer& bottom() const { return below_ ? below_->bottom() : *this; }

  std::shared_ptr<const Moment> moment_;
  Opener open_;
  Layer* below_ = nullptr;
  std::unique_ptr<store::Snapshot> snapshot_;

  std::map<std::string, std::optional<std::string>> writes_;
  std::map<ItemId, std::shared_ptr<const std::string>> contents_;
  std::map<FolderId, std::shared_ptr<Folder>> folders_;  // null = removed
  std::shared_ptr<const FolderTable> table_;             // with own changes; null = to be made
  std::vector<BlobUse> blobs_;
};

}  // namespace kontor::groupware
