// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: HTML, which MAPI keeps as bytes of some code page.
#pragma once

#include <optional>
#include <string>

#include "formats/mapi/property.h"

namespace kontor::mapi {

// The HTML of an item as UTF-8; nothing where there is none. The bytes are in the page that the item names for them
// (PidTagInternetCodepage). Where it names none, or UTF-8 for what is not UTF-8, they are in what the HTML itself says,
// else in the page of the item's other texts, else in what can be guessed.
std::optional<std::string> html_of(const Properties& item);

// With the charset that it names in a <meta>, if it does, being UTF-8: what is saved must not be read otherwise.
std::string with_true_charset(std::string html);

}  // namespace kontor::mapi
