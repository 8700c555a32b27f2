// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: what was written into an item, whichever of MAPI's three bodies it is in.
#pragma once

#include <string>

#include "formats/mapi/property.h"

namespace kontor::mapi {

struct ItemBody {
  std::string text;    // UTF-8, without what is between the marks of HTML
  std::string html;    // UTF-8; "" if there is none
  bool is_all = true;  // false: the looks of an RTF, or damaged parts of it, are in neither
};

// Text and HTML as they are; what is missing of them is taken from the RTF, and text from the HTML.
ItemBody body_of(const Properties& item);

}  // namespace kontor::mapi
