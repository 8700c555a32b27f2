// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: values that 3.0 and 4.0 write differently.
#pragma once

#include <string>
#include <string_view>

#include "formats/vcard/card.h"

namespace kontor::vcard {

// "image/jpeg" of "JPEG" in 3.0's TYPE, by the property it is of; and back.
std::string media_type_of(std::string_view property, std::string_view type);
std::string short_type_of(std::string_view media_type);
// The type and the base64 text of a data: URI (RFC 2397); nothing if it is none in base64.
struct DataUri {
  std::string type;
  std::string_view base64;
};
std::optional<DataUri> parse_data_uri(std::string_view uri);

// Of BDAY: 3.0 has dashes, 4.0 has none; a date without a year is Apple's 1604 in 3.0.
std::string print_date(const PartialDate& date, Version version);

}  // namespace kontor::vcard
