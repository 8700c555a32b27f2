// SPDX-License-Identifier: AGPL-3.0-or-later
// A Kopano inbox's rules on their way into our list of rules.
#pragma once

#include <string_view>
#include <vector>

#include "formats/archive/settings.h"
#include "formats/mapi/rules.h"
#include "migrate/source.h"

namespace kontor::migrate::kopano {

// All rules as one list of ours; the out-of-office answer, if there is one, comes first. Each that does not come along,
// or not exactly, is named in `losses`. Whether delegates get copies of what is sent about meetings is told in
// `has_delegation`.
sieve::RuleList rules_of(std::string_view xml, const std::optional<sieve::Rule>& out_of_office,
                         const mapi::NameOfNumber& name_of, const mapi::RuleWorld& world, bool& has_delegation,
                         std::vector<SettingLoss>& losses);

}  // namespace kontor::migrate::kopano
