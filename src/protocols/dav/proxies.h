// SPDX-License-Identifier: AGPL-3.0-or-later
#pragma once

#include "protocols/dav/family.h"

namespace kontor::dav {

// Delegates as Apple's clients know them (calendar-proxy): each principal with calendars has two groups below it, of
// those who may read all of its calendars, task lists and notebooks, and of those who may change them. Being in one is
// nothing but having those rights on each of these folders: by a grant, which setting the group's members makes and
// takes away, or by a role in a shared mailbox. Who was made a member so has them on later calendars as well.
const Family& proxy_family();

}  // namespace kontor::dav
