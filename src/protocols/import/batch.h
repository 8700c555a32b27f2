// SPDX-License-Identifier: AGPL-3.0-or-later
// Items on their way into one account: gathered, then committed together with their ledger records. Exactly once: what
// the ledger holds already is not added again, within a batch too.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "formats/archive/answer.h"
#include "formats/archive/record.h"
#include "groupware/account.h"
#include "protocols/import/ledger.h"
#include "protocols/import/place.h"

namespace kontor::importing {

// What was found out about a source's folder in this run.
struct OpenFolder {
  archive::Folder record;
  std::uint64_t code = 0;
  Placed placed;
  bool incomplete = false;  // an item was quarantined or must be sent again: its pass does not count
};

// One step of a batch.
struct Step {
  enum class Kind : std::uint8_t { item, pass };
  Kind kind = Kind::item;
  std::uint32_t folder = 0;
  archive::Item item;
  std::string key;  // bounded
  groupware::Kind item_kind = groupware::Kind::mail;
  std::optional<groupware::StagedContent> content;
  std::vector<groupware::NewAttachment> attachments = {};  // to which the content refers, and which are not here yet
  archive::Pass pass;
};

class Batch {
 public:
  struct Limits {
    std::size_t bytes = 8 << 20;  // held in memory: staged content, summaries, properties
    std::size_t steps = 500;
  };
  Batch(groupware::Account& account, std::string source, bool ignore_quota, Limits limits);

  std::map<std::uint32_t, OpenFolder>& folders() { return folders_; }
  void add(Step step);
  bool is_full() const { return bytes_ >= limits_.bytes || steps_.size() >= limits_.steps; }
  bool empty() const { return steps_.empty(); }

  // Commits; one answer for each folder that was touched. The batch is empty afterwards. Errors: unavailable, corrupt,
  // conflict: nothing of the batch was kept.
  Result<std::vector<archive::Answer>> commit();

 private:
  Result<void> apply(groupware::Transaction& transaction, std::size_t first, std::size_t last);
  Result<void> apply_step(groupware::Transaction& transaction, const Step& step, archive::Answer& answer,
                          bool is_incomplete);
  Result<void> apply_item(groupware::Transaction& transaction, const Step& step, archive::Answer& answer);
  Result<void> apply_pass(groupware::Transaction& transaction, const Step& step);
  Result<Placed> target(groupware::Transaction& transaction, OpenFolder& folder);
  Result<void> add_new(groupware::Transaction& transaction, const Step& step, archive::Answer& answer);
  Result<void> attach_all(groupware::Transaction& transaction, const Step& step) const;
  Result<bool> adopt(groupware::Transaction& transaction, const Step& step, FolderId folder, archive::Answer& answer);
  Result<bool> move_vanished(groupware::Transaction& transaction, const Step& step, archive::Answer& answer);
  // Of an item that is there, and not mail: the source's content, date and name, where nobody changed them here.
  Result<bool> follow_content(groupware::Transaction& transaction, const Step& step, const groupware::Item& item,
                              const groupware::Filing& filing, const ItemMark& mark, archive::Answer& answer);
  Result<void> replace_message(groupware::Transaction& transaction, const Step& step, const groupware::Item& item,
                               const groupware::Filing& filing, archive::Answer& answer);
  Result<void> merge(groupware::Transaction& transaction, const Step& step, archive::Answer& answer);

  groupware::Account& account_;
  const std::string source_;
  const bool ignore_quota_;
  const Limits limits_;
  std::map<std::uint32_t, OpenFolder> folders_;
  std::vector<Step> steps_;
  std::size_t bytes_ = 0;
  std::map<std::uint32_t, archive::Answer> outcome_;
};

}  // namespace kontor::importing
