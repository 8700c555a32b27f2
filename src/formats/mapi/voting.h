// SPDX-License-Identifier: AGPL-3.0-or-later
// What may be answered to a message by a click: PidLidVerbStream ([MS-OXOMSG] section 2.2.1.74).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kontor::mapi {

// The voting options, in order, as UTF-8; at most 100. None of what it cannot read.
std::vector<std::string> voting_options(std::string_view verb_stream);

}  // namespace kontor::mapi
