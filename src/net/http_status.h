// SPDX-License-Identifier: AGPL-3.0-or-later
// What an error is in HTTP: the one table for all that is served over it.
#pragma once

#include "base/result.h"

namespace kontor::net {

// RFC 9110 section 15; RFC 4918 section 11.5 for a full mailbox.
unsigned http_status(Errc code);

}  // namespace kontor::net
