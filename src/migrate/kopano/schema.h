// SPDX-License-Identifier: AGPL-3.0-or-later
// Which form a Kopano or Zarafa database has: revisions 63 (Zarafa 7.1) to 118 (all since Kopano 8.7).
#pragma once

#include <string>

#include "base/result.h"
#include "migrate/kopano/database.h"

namespace kontor::migrate::kopano {

constexpr int kOldestRevision = 63;

struct Schema {
  int revision = 0;
  bool has_file_names = false;  // singleinstances.filename
  std::string server_guid;      // 16 bytes; empty if it is not told
  std::string attachments;      // settings.attachment_storage: "files_v1-10-20"; empty if it is not told
};

// By the columns that are there rather than by number, where that is possible. Errors: invalid (no database of
// Kopano's, or one too old), and those of reading.
Result<Schema> read_schema(Database& database);

}  // namespace kontor::migrate::kopano
