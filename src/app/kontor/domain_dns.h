// SPDX-License-Identifier: AGPL-3.0-or-later
#pragma once

#include "kontor/house.h"
#include "kontor/settings.h"
#include "protocols/admin/admin.h"

namespace kontor::app {

// domain.dns and domain.check: what DNS must say of a domain, and whether it does. Both must outlive it.
void add_domain_dns_verbs(admin::Admin& admin, House& house, const Settings& settings);

}  // namespace kontor::app
