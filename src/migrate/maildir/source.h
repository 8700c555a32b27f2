// SPDX-License-Identifier: AGPL-3.0-or-later
// Mail in Maildirs on the disk, with what Dovecot and Courier keep beside it. Nothing is written there.
#pragma once

#include <memory>

#include "migrate/source.h"
#include "migrate/sources.h"

namespace kontor::migrate {

Result<std::unique_ptr<Source>> open_maildir_source(const SourceOptions& options);

}  // namespace kontor::migrate
