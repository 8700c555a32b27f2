// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: files that a configuration names.
#pragma once

#include <string>

#include "base/result.h"

namespace kontor::migrate::kopano {

// `path` as `file` means it: its neighbour, if it does not begin with "/".
std::string beside(const std::string& file, const std::string& path);
// At most 16 MiB. Errors: not_found, too_large, with the file's name.
Result<std::string> read_whole(const std::string& file);
// The first line of a file: a secret.
Result<std::string> read_secret(const std::string& file);

}  // namespace kontor::migrate::kopano
