// SPDX-License-Identifier: AGPL-3.0-or-later
// Mail as a tree of directories with one file per message (".eml"). Nothing is written there.
#pragma once

#include <memory>

#include "migrate/source.h"
#include "migrate/sources.h"

namespace kontor::migrate {

Result<std::unique_ptr<Source>> open_eml_source(const SourceOptions& options);

}  // namespace kontor::migrate
