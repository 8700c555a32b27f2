// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: the categories of an item ([MS-OXCMSG] section 2.2.1.17, PidNameKeywords).
#pragma once

#include <string>
#include <vector>

#include "formats/mapi/property.h"

namespace kontor::mapi {

// In their order, none twice or empty. Some programs wrote one text with semicolons instead of several.
std::vector<std::string> categories_of(const Properties& item);

}  // namespace kontor::mapi
