// SPDX-License-Identifier: AGPL-3.0-or-later
// One pass over one account: list the source, ask the target what it knows, send what differs.
//
// 1. all folders are listed (from the state of the last pass where there is one) and compared with the ledger's
// digests;
// 2. what vanished is told first, so that what moved is recognised by its content;
// 3. new and changed items are sent; 4. each folder's pass is closed with its new state.
// Memory does not grow with the account: lists lie in temporary files.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "migrate/connections.h"
#include "migrate/item_list.h"
#include "migrate/item_stream.h"
#include "migrate/known.h"
#include "migrate/mapping.h"
#include "migrate/report.h"
#include "migrate/source.h"
#include "migrate/upload.h"

namespace kontor::migrate {

// For the display; written by the account's thread, read by another.
struct Progress {
  std::atomic<std::uint64_t> done = 0;  // items sent or found to be there
  std::atomic<std::uint64_t> total = 0;
  std::atomic<std::uint64_t> bytes = 0;
  std::atomic<int> phase = 0;  // 0 waiting, 1 listing, 2 sending, 3 done, 4 failed, 5 backing off
};

struct PassOptions {
  TargetOptions target;
  const Mapping* mapping = nullptr;
  bool full = false;             // list everything, whatever the last pass knew
  std::optional<Window> window;  // outside of it a pass ends (unavailable) at the next item
};

class AccountPass {
 public:
  // `copied_before`: by folder key, what earlier attempts of this run copied; kept up to date.
  AccountPass(Source& source, const SourceAccount& account, const PassOptions& options, Bandwidth& bandwidth,
              Connections& connections, Stop& stop, Progress& progress,
              std::map<std::string, archive::Counts>& counts_before);

  // Fills `report` as far as it came, also on errors. Errors: what the source and the target return.
  Result<void> run(AccountReport& report);

 private:
  struct Folder {
    SourceFolder source;
    archive::Folder record;
    std::size_t report = 0;  // index
    bool is_known = false;   // the ledger has it
    std::uint64_t known_items = 0;
    FolderPass pass;
    std::vector<std::string> vanished;
    std::uint64_t fresh_first = 0, fresh_last = 0;      // of fresh_
    std::uint64_t changed_first = 0, changed_last = 0;  // of changed_
    std::uint64_t listed = 0;                           // without those that a rule excludes
    std::uint64_t listed_known = 0;                     // of those, what the ledger has
    std::uint64_t same = 0;                             // of those, what needs nothing
    std::uint64_t unlisted = 0;                         // delta: as many are as they were
    std::uint64_t gone_meanwhile = 0;
    archive::Counts answered;
    std::vector<std::string> needed;
    std::uint64_t answered_quarantined = 0;
  };

  Result<void> open_folders(AccountReport& report);
  Result<void> list_folder(Folder& folder);
  Result<void> compare(Folder& folder, const ItemList& listed);
  Result<void> load_known(const Folder& folder, const ItemList& listed, KnownItems& known);
  Result<void> tell_vanished();
  Result<void> send_folder(Folder& folder);
  // `is_there`: the target has the item, as it was.
  Result<void> send_fetched(Folder& folder, bool is_there, const SourceItem& item, Fetched& fetched);
  Result<void> send_needed(Folder& folder);
  Result<void> close_folders();
  void take_answer(const archive::Answer& answer);
  void sum_up();
  bool excludes(const SourceItem& item) const;
  Result<void> may_go_on() const;

  Source& source_;
  const SourceAccount account_;
  const PassOptions& options_;
  Connections& connections_;
  Stop& stop_;
  Progress& progress_;
  std::map<std::string, archive::Counts>& before_;
  Target target_;
  Upload upload_;
  std::unique_ptr<SourceSession> session_;
  std::unique_ptr<ItemStream> stream_;  // of it
  bool sends_bytes_ = false;            // even of what the importer may have
  AccountReport* report_ = nullptr;
  std::optional<std::size_t> scripts_row_, settings_row_;  // in it
  std::vector<Folder> folders_;
  std::map<std::string, std::size_t> by_key_;
  std::vector<archive::LedgerFolder> gone_;
  ItemList fresh_;                            // not in the ledger: their content is needed
  ItemList changed_;                          // in the ledger with other flags, keywords or properties
  std::vector<std::string> vanished_hashes_;  // hex, ascending
};

}  // namespace kontor::migrate
