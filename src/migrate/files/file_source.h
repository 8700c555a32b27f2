// SPDX-License-Identifier: AGPL-3.0-or-later
// What all sources of files have in common: an account is a place, found by the pattern in the options' path.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "migrate/source.h"
#include "migrate/sources.h"

namespace kontor::migrate {

// Opens the account at `root`, which is there. Errors: as Source::open.
using OpenPlace =
    std::function<Result<std::unique_ptr<SourceSession>>(const std::string& root, const SourceAccount& account)>;

// `scheme`: "maildir", as in the source's name.
std::unique_ptr<Source> make_file_source(std::string scheme, const SourceOptions& options, OpenPlace open);

// Errors: not_found (it is no directory).
Result<void> check_directory(const std::string& path);

}  // namespace kontor::migrate
