// SPDX-License-Identifier: AGPL-3.0-or-later
// A server's database at one moment, with all that is needed to read objects from it.
#pragma once

#include <memory>

#include "base/result.h"
#include "migrate/kopano/attachment_store.h"
#include "migrate/kopano/config.h"
#include "migrate/kopano/database.h"
#include "migrate/kopano/names.h"
#include "migrate/kopano/objects.h"
#include "migrate/kopano/schema.h"

namespace kontor::migrate::kopano {

// Does not move. One thread at a time.
struct Snapshot {
  // `batch_bytes`: how much of properties its reader holds at once. Errors: those of the database.
  static Result<std::unique_ptr<Snapshot>> open(const ServerConfig& config, std::size_t batch_bytes);

  std::unique_ptr<Database> database;
  Schema schema;
  Names names;
  std::unique_ptr<ObjectReader> objects;
  std::unique_ptr<AttachmentStore> attachments;
};

}  // namespace kontor::migrate::kopano
