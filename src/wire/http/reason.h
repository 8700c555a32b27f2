// SPDX-License-Identifier: AGPL-3.0-or-later
// The words behind a status: RFC 9110 section 15, RFC 4918 section 11.
#pragma once

#include <string_view>

namespace kontor::wire::http {

// "Status" for one without words here: they mean nothing to a client.
std::string_view reason(unsigned status);

}  // namespace kontor::wire::http
