// SPDX-License-Identifier: AGPL-3.0-or-later
// A report as pages of HTML, each in one file: one of all that whoever answers for the move can read, and one of each
// account with all its numbers.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "migrate/pass.h"
#include "migrate/report.h"

namespace kontor::migrate {

// `folder`: where the accounts' pages are, as seen from this one.
std::string report_page(const RunReport& report, const std::string& folder);
std::string account_page(const RunReport& report, const AccountReport& account);

// How far a run is that goes on; browsers load it again by themselves. `report` has no accounts yet.
std::string progress_page(const RunReport& report, const std::vector<SourceAccount>& accounts,
                          const std::deque<Progress>& progress);

// The name of an account's page, without its ending: no path, whatever the address is.
std::string page_name(const std::string& address);

// "2 h 10 min", "45 s".
std::string spell_time(double seconds);

}  // namespace kontor::migrate
