// SPDX-License-Identifier: AGPL-3.0-or-later
// A source of mail, and beside it where its users' Sieve scripts are.
#pragma once

#include <memory>

#include "migrate/source.h"
#include "migrate/sources.h"

namespace kontor::migrate {

// `source` as it is where the options name no place of scripts.
std::unique_ptr<Source> with_scripts(std::unique_ptr<Source> source, const SourceOptions& options);

}  // namespace kontor::migrate
