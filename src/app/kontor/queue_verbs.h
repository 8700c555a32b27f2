// SPDX-License-Identifier: AGPL-3.0-or-later
#pragma once

#include "kontor/house.h"
#include "protocols/admin/admin.h"

namespace kontor::app {

// queue.list, show, retry, hold, release, remove and counts, and the queue's part of `check`. `house` must outlive it.
void add_queue_verbs(admin::Admin& admin, House& house);

}  // namespace kontor::app
