// SPDX-License-Identifier: AGPL-3.0-or-later
// One store, open: its connection and moment of the database, and its folders.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "formats/icalendar/zones.h"
#include "migrate/kopano/config.h"
#include "migrate/kopano/installation.h"
#include "migrate/kopano/listing.h"
#include "migrate/kopano/reader.h"
#include "migrate/kopano/store_settings.h"
#include "migrate/source.h"

namespace kontor::migrate::kopano {

class StoreSession : public SourceSession {
 public:
  // All must outlive the session.
  StoreSession(const Config& config, const Installation& installation, const icalendar::ZoneDatabase& zones,
               const InstalledStore& store, std::unique_ptr<Snapshot> snapshot);

  Result<std::vector<SourceFolder>> folders() override;
  Result<FolderPass> list(const SourceFolder& folder, const FolderState& state,
                          const std::function<Result<void>(const SourceItem&)>& visit) override;
  Result<void> keys(const SourceFolder& folder, const std::function<void(std::string_view)>& visit) override;
  Result<void> fetch(const SourceFolder& folder, const SourceItem& item, const TakePiece& take) override {
    return reader_.fetch(folder, item, take);
  }
  Result<void> fetch_with_files(const SourceFolder& folder, const SourceItem& item, const TakePiece& take,
                                const TakeFile& file) override {
    return reader_.fetch_with_files(folder, item, take, file);
  }
  std::vector<std::string> losses() override { return reader_.losses(); }
  std::map<std::string, std::string> kept() override { return reader_.kept(); }
  void announce(const SourceFolder& folder, const std::vector<SourceItem>& items) override {
    reader_.announce(folder, items);
  }
  Result<std::unique_ptr<ItemReader>> helper() override;
  Result<std::optional<SourceSettings>> settings() override;

 private:
  StoreInView view_;
  StoreReader reader_;
  Lister lister_;
  std::unique_ptr<StoreSettings> settings_;  // refers to the tree in view_
};

}  // namespace kontor::migrate::kopano
