// SPDX-License-Identifier: AGPL-3.0-or-later
// A Kopano inbox's rules on their way into our list of rules.
#pragma once

#include <string>
#include <vector>

#include "formats/archive/settings.h"
#include "formats/mapi/rules.h"
#include "migrate/source.h"

namespace kontor::migrate::kopano {

// What an inbox has of rules.
struct InboxRules {
  std::string xml;                         // those that the server runs
  std::vector<mapi::Properties> messages;  // hidden messages that hold rules (mapi::holds_rules)
};

struct CarriedRules {
  sieve::RuleList list;
  bool is_unread = false;       // the server's own cannot be read: nobody knows what there is
  bool has_delegation = false;  // delegates get copies of what is sent about meetings
};

// All rules as one list of ours, by their sequence; the out-of-office answer, if there is one, comes first. A hidden
// message with the name of one of the server's rules is the same rule in another form: the server's counts. Each that
// does not come along, or not exactly, is named in `losses`.
CarriedRules rules_of(const InboxRules& rules, const std::optional<sieve::Rule>& out_of_office,
                      const mapi::NameOfNumber& name_of, const mapi::RuleWorld& world,
                      std::vector<SettingLoss>& losses);

}  // namespace kontor::migrate::kopano
