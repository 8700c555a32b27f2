// SPDX-License-Identifier: AGPL-3.0-or-later
// Mail in accounts of an IMAP server. Folders are only ever EXAMINEd and messages PEEKed at.
#pragma once

#include <memory>

#include "migrate/source.h"
#include "migrate/sources.h"

namespace kontor::migrate {

Result<std::unique_ptr<Source>> open_imap_source(const SourceOptions& options);

}  // namespace kontor::migrate
