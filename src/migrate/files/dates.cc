// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/files/dates.h"

#include "base/bytes.h"
#include "formats/mime/header.h"

namespace kontor::migrate {

std::optional<InternalDate> date_of_header(std::string_view header) {
  std::optional<InternalDate> received, written;
  mime::each_field(header, [&](const mime::Field& field) {
    if (iequals(field.name, "Received")) {
      // RFC 5322 section 3.6.7: the date follows the last ";".
      const auto value = mime::unfold(field.value);
      const auto semicolon = value.rfind(';');
      const auto date = semicolon == std::string::npos
                            ? std::nullopt
                            : mime::parse_date(std::string_view(value).substr(semicolon + 1));
      if (date && (!received || *received < *date)) received = date;
    } else if (!written && iequals(field.name, "Date")) {
      written = mime::parse_date(mime::unfold(field.value));
    }
    return true;
  });
  return received ? received : written;
}

}  // namespace kontor::migrate
