// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/session.h"

#include "base/log.h"

namespace kontor::migrate::kopano {

StoreSession::StoreSession(const Config& config, const Installation& installation, const icalendar::ZoneDatabase& zones,
                           const InstalledStore& store, std::unique_ptr<Snapshot> snapshot)
    : view_{config, installation, zones, store, std::nullopt, {}},
      reader_(view_, std::move(snapshot)),
      lister_(*reader_.snapshot().database, reader_.snapshot().names, view_.doubles) {}

Result<std::vector<SourceFolder>> StoreSession::folders() {
  Snapshot& snapshot = reader_.snapshot();
  TRY(view_.tree, read_tree(*snapshot.database, *snapshot.objects, view_.store.store, view_.config.with_deleted));
  for (const std::string& problem : view_.tree->problems)
    log::warn("kopano.folders", {{"store", view_.store.store.title}, {"problem", problem}});
  settings_ = std::make_unique<StoreSettings>(*snapshot.database, *snapshot.objects, snapshot.names, view_.installation,
                                              view_.store, *view_.tree);
  TRY_VOID(settings_->add_grants(view_.tree->folders));
  std::vector<SourceFolder> out;
  for (const FolderNode& node : view_.tree->folders) out.push_back(node.source);
  return out;
}

Result<std::optional<SourceSettings>> StoreSession::settings() {
  if (!settings_) return std::nullopt;
  TRY(auto settings, settings_->read());
  for (const std::string& problem : view_.tree->problems) settings.losses.push_back({"folders", problem});
  return settings;
}

Result<FolderPass> StoreSession::list(const SourceFolder& folder, const FolderState& state,
                                      const std::function<Result<void>(const SourceItem&)>& visit) {
  TRY(const FolderNode* node, reader_.find(folder));
  return lister_.list(*node, state, visit);
}

Result<void> StoreSession::keys(const SourceFolder& folder, const std::function<void(std::string_view)>& visit) {
  TRY(const FolderNode* node, reader_.find(folder));
  return lister_.keys(*node, visit);
}

// Sees the store a little later than this session. What changed in between is other than what was listed: the next pass
// finds it so, and brings it again.
Result<std::unique_ptr<ItemReader>> StoreSession::helper() {
  const Config& config = view_.config;
  TRY(auto snapshot, Snapshot::open(config.servers[view_.store.server], config.batch_bytes));
  return std::make_unique<StoreReader>(view_, std::move(snapshot));
}

}  // namespace kontor::migrate::kopano
