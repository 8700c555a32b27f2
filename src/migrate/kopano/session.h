// SPDX-License-Identifier: AGPL-3.0-or-later
// One store, open: its connection and moment of the database, its folders, and the items that come next.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "formats/icalendar/zones.h"
#include "migrate/kopano/attachment_store.h"
#include "migrate/kopano/config.h"
#include "migrate/kopano/convert.h"
#include "migrate/kopano/database.h"
#include "migrate/kopano/installation.h"
#include "migrate/kopano/listing.h"
#include "migrate/kopano/names.h"
#include "migrate/kopano/objects.h"
#include "migrate/kopano/schema.h"
#include "migrate/kopano/store_settings.h"
#include "migrate/kopano/tree.h"
#include "migrate/source.h"

namespace kontor::migrate::kopano {

// A server's database at one moment, with all that is needed to read objects from it. Does not move.
struct Snapshot {
  static Result<std::unique_ptr<Snapshot>> open(const ServerConfig& config);

  std::unique_ptr<Database> database;
  Schema schema;
  Names names;
  std::unique_ptr<ObjectReader> objects;
  std::unique_ptr<AttachmentStore> attachments;
};

class StoreSession : public SourceSession {
 public:
  // All must outlive the session.
  StoreSession(const Config& config, const Installation& installation, const icalendar::ZoneDatabase& zones,
               const InstalledStore& store, std::unique_ptr<Snapshot> snapshot);

  Result<std::vector<SourceFolder>> folders() override;
  Result<FolderPass> list(const SourceFolder& folder, const FolderState& state,
                          const std::function<Result<void>(const SourceItem&)>& visit) override;
  Result<void> fetch(const SourceFolder& folder, const SourceItem& item, const TakePiece& take) override;
  std::vector<std::string> losses() override { return std::exchange(facts_.losses, {}); }
  std::map<std::string, std::string> kept() override { return std::exchange(facts_.kept, {}); }
  void announce(const SourceFolder& folder, const std::vector<SourceItem>& items) override;
  Result<std::optional<SourceSettings>> settings() override;

 private:
  struct Waiting {
    std::string key;
    std::uint32_t id = 0;  // 0: it is gone
    std::uint64_t bytes = 0;
  };
  Result<const FolderNode*> find(const SourceFolder& folder) const;
  Result<std::optional<Tree>> tree_of(const SourceItem& item);
  Result<void> read_ahead(const std::string& key);
  // What an archiver left is followed to where the content is; `tree` and `snapshot` become that.
  Result<void> follow_stub(Tree& tree, Snapshot*& at, std::vector<std::string>& losses);
  Result<Snapshot*> snapshot_of(std::size_t server);
  std::string address_of_entry(const mapi::EntryId& entry);

  const Config& config_;
  const Installation& installation_;
  const InstalledStore& store_;
  std::unique_ptr<Snapshot> snapshot_;
  std::map<std::size_t, std::unique_ptr<Snapshot>> others_;  // of other servers, where archives are
  Lister lister_;
  ConvertContext context_;
  std::optional<StoreTree> tree_;
  std::unique_ptr<StoreSettings> settings_;  // refers to it
  std::deque<Waiting> waiting_;
  std::map<std::string, Tree> ready_;  // by item key
  Facts facts_;
};

}  // namespace kontor::migrate::kopano
