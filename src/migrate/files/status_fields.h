// SPDX-License-Identifier: AGPL-3.0-or-later
// Flags that mail programs keep in the header of a stored message.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "migrate/source.h"

namespace kontor::migrate {

struct StatusFields {
  bool is_expunged = false;        // X-Mozilla-Status: deleted, waiting for compaction
  bool is_folder_data = false;     // UW's dummy "FOLDER INTERNAL DATA" message
  std::uint32_t uid = 0;           // X-UID
  std::uint32_t uid_validity = 0;  // X-IMAPbase or X-IMAP
  std::uint32_t last_uid = 0;
  bool has_status = false;          // something said whether it was read
  std::vector<std::string> labels;  // X-Gmail-Labels, UTF-8
};

// Status, X-Status, X-Keywords, X-Mozilla-Status and -Keys and X-Unsent go into the item's flags and keywords.
StatusFields read_status_fields(std::string_view header, SourceItem& item);

// Whether a field says something about the state of the stored message rather than being part of it.
bool is_status_field(std::string_view name);

}  // namespace kontor::migrate
