// SPDX-License-Identifier: AGPL-3.0-or-later
// Whether the authors of a message are who they say, whatever their domains ask for.
#pragma once

#include <string_view>

#include "transport/auth/public_suffixes.h"
#include "transport/auth/results.h"

namespace kontor::transport {

// Each domain in From passed DMARC or, where it has no policy, is the organizational domain of a passed SPF or DKIM.
bool is_author_proven(std::string_view head, const AuthResults& results, const PublicSuffixes& suffixes);

}  // namespace kontor::transport
