// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/snapshot.h"

namespace kontor::migrate::kopano {

Result<std::unique_ptr<Snapshot>> Snapshot::open(const ServerConfig& config, std::size_t batch_bytes) {
  auto snapshot = std::make_unique<Snapshot>();
  TRY(snapshot->database, Database::open(config.database));
  TRY(snapshot->schema, read_schema(*snapshot->database));
  TRY(snapshot->names, Names::read(*snapshot->database));
  snapshot->objects =
      std::make_unique<ObjectReader>(*snapshot->database, snapshot->schema, snapshot->names, batch_bytes);
  TRY(snapshot->attachments,
      open_attachment_store(config.attachments, snapshot->schema.attachments, *snapshot->database));
  return snapshot;
}

}  // namespace kontor::migrate::kopano
