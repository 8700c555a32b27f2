// SPDX-License-Identifier: AGPL-3.0-or-later
// What senders are told while somebody is away, as it stands on his store.
#pragma once

#include <optional>
#include <string>

#include "formats/mapi/property.h"
#include "formats/sieve/rules.h"

namespace kontor::migrate::kopano {

// Nothing: no text was ever set. `loss`: a sentence, where it cannot be what it was.
std::optional<sieve::Rule> out_of_office_of(const mapi::Properties& store, std::string& loss);

}  // namespace kontor::migrate::kopano
