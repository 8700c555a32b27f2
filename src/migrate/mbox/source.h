// SPDX-License-Identifier: AGPL-3.0-or-later
// Mail in mbox files: spools, trees of them, Thunderbird profiles, Gmail Takeout. Nothing is written there.
#pragma once

#include <memory>

#include "migrate/source.h"
#include "migrate/sources.h"

namespace kontor::migrate {

Result<std::unique_ptr<Source>> open_mbox_source(const SourceOptions& options);

}  // namespace kontor::migrate
