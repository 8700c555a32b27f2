// SPDX-License-Identifier: AGPL-3.0-or-later
#pragma once

#include "kontor/house.h"
#include "protocols/admin/admin.h"

namespace kontor::app {

// quarantine.list, show, release and remove. `house` must outlive it.
void add_quarantine_verbs(admin::Admin& admin, House& house);

}  // namespace kontor::app
