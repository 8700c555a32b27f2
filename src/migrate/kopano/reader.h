// SPDX-License-Identifier: AGPL-3.0-or-later
// The items of one store, with what comes next read ahead: over a connection and moment of the database of its own.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "formats/icalendar/zones.h"
#include "migrate/kopano/convert.h"
#include "migrate/kopano/installation.h"
#include "migrate/kopano/listing.h"
#include "migrate/kopano/snapshot.h"
#include "migrate/kopano/tree.h"
#include "migrate/source.h"

namespace kontor::migrate::kopano {

// What all readers of one store share; all of it outlives them, and nobody changes it while they read.
struct StoreInView {
  const Config& config;
  const Installation& installation;
  const icalendar::ZoneDatabase& zones;
  const InstalledStore& store;
  std::optional<StoreTree> tree;
  std::set<std::string> doubles;  // Lister::doubles of what was listed
};

class StoreReader : public ItemReader {
 public:
  StoreReader(const StoreInView& store, std::unique_ptr<Snapshot> snapshot);

  Result<void> fetch(const SourceFolder& folder, const SourceItem& item, const TakePiece& take) override {
    return fetch_with_files(folder, item, take, {});
  }
  Result<void> fetch_with_files(const SourceFolder& folder, const SourceItem& item, const TakePiece& take,
                                const TakeFile& file) override;
  std::vector<std::string> losses() override { return std::exchange(facts_.losses, {}); }
  std::map<std::string, std::string> kept() override { return std::exchange(facts_.kept, {}); }
  void announce(const SourceFolder& folder, const std::vector<SourceItem>& items) override;

  Snapshot& snapshot() { return *snapshot_; }
  // Errors: not_found (it is gone).
  Result<const FolderNode*> find(const SourceFolder& folder) const;

 private:
  struct Waiting {
    std::string key;
    std::uint32_t id = 0;  // 0: it is gone
    std::uint64_t bytes = 0;
  };
  Result<std::optional<Tree>> tree_of(const SourceItem& item);
  Result<void> read_ahead(const std::string& key);
  // What an archiver left is followed to where the content is; `tree` and `snapshot` become that.
  Result<void> follow_stub(Tree& tree, Snapshot*& at, std::vector<std::string>& losses);
  Result<Snapshot*> snapshot_of(std::size_t server);
  std::string address_of_entry(const mapi::EntryId& entry);
  std::optional<mapi::Properties> list_of_entry(const mapi::EntryId& entry);

  const StoreInView& store_;
  std::unique_ptr<Snapshot> snapshot_;
  std::map<std::size_t, std::unique_ptr<Snapshot>> others_;  // of other servers, where archives are
  ConvertContext context_;
  std::deque<Waiting> waiting_;
  std::map<std::string, Tree> ready_;  // by item key
  Facts facts_;
  std::optional<Error> trouble_;  // of what was asked for amid a conversion
};

}  // namespace kontor::migrate::kopano
