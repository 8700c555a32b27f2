// SPDX-License-Identifier: AGPL-3.0-or-later
#pragma once

#include "protocols/dav/family.h"

namespace kontor::dav {

// Access control: RFC 3744 section 5 to 8.
const Family& acl_family();

}  // namespace kontor::dav
