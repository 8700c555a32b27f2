// SPDX-License-Identifier: AGPL-3.0-or-later
// What Outlook's junk filter knows of senders and recipients, on its way into our lists of senders.
#pragma once

#include <vector>

#include "formats/archive/settings.h"
#include "formats/mapi/property.h"
#include "migrate/source.h"

namespace kontor::migrate::kopano {

// `messages`: hidden messages of the inbox that hold rules; `are_all`: there are no others. Where the filter cannot be
// read nothing is said of senders; what cannot be here as it was is named in `losses`.
void take_junk_filter(const std::vector<mapi::Properties>& messages, bool are_all, archive::Settings& settings,
                      std::vector<SettingLoss>& losses);

}  // namespace kontor::migrate::kopano
