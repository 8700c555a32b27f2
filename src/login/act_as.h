// SPDX-License-Identifier: AGPL-3.0-or-later
// Acting as somebody else: SASL's authorization identity (RFC 4422 section 3.4.1).
#pragma once

#include <string_view>

#include "directory/directory.h"

namespace kontor::login {

// The principal of that address, if `who` may act as it: administrators of the server as anyone, those of a tenant as
// whoever in it is no administrator of the server, managers of a shared mailbox as the mailbox. Errors: denied.
Result<directory::Principal> act_as(const directory::Directory& directory, const directory::Principal& who,
                                    std::string_view address, directory::Protocol protocol);

}  // namespace kontor::login
