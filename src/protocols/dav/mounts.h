// SPDX-License-Identifier: AGPL-3.0-or-later
// What of others' collections in one's own home is one's own to choose, whatever one may do with what is in them: how
// they are called and described there, their colour and place (calendarserver-sharing, "Per-user WebDAV Properties").
#pragma once

#include "protocols/dav/family.h"

namespace kontor::dav {

const Family& mounts_family();

}  // namespace kontor::dav
