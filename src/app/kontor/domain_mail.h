// SPDX-License-Identifier: AGPL-3.0-or-later
#pragma once

#include "kontor/house.h"
#include "protocols/admin/admin.h"

namespace kontor::app {

// domain-key.*: the keys with which a domain's mail is signed; srs.rotate: senders of forwards. `house` must outlive
// it.
void add_domain_mail_verbs(admin::Admin& admin, House& house);

}  // namespace kontor::app
