// SPDX-License-Identifier: AGPL-3.0-or-later
// From the names of folders at a source to names that our folders can have: UTF-8 (NFC), 1 to 255 bytes, no "/", no
// control characters, no outer blanks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "migrate/source.h"
#include "migrate/sources.h"

namespace kontor::migrate {

struct FolderName {
  std::string text;
  bool was_rewritten = false;
};

// One level of a name. `automatic`: modified UTF-7 if it is that, else UTF-8 if it is that, else windows-1252
// (rewritten). What our names cannot hold is replaced by something alike, so that different names stay different as far
// as possible:
// "/" (and U+F8FF, as which Exchange says it) by U+2215, controls by their pictures, outer blanks by U+00A0.
FolderName decode_folder_name(std::string_view raw, NameEncoding encoding);

// Splits at every `delimiter` (empty = flat) and decodes each level; empty levels are left out (rewritten).
void set_path(SourceFolder& folder, std::string_view raw, std::string_view delimiter, NameEncoding encoding);

// Where several folders have the same path, the later ones get " (2)", " (3)" ... (rewritten). Names "inbox" at the
// root in any case other than the inbox itself count as the same.
void make_paths_unique(std::vector<SourceFolder>& folders);

}  // namespace kontor::migrate
