// SPDX-License-Identifier: AGPL-3.0-or-later
// Parameters of requests: in a query, and in Content-Disposition (RFC 6266).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kontor::wire::http {

// "a=b%20c&d" gives a → "b c" and d → "", in their order. Values may hold any octets; more than 100 are left out.
std::vector<std::pair<std::string, std::string>> query_parameters(std::string_view query);

// The name of a file in a Content-Disposition, in UTF-8: without folders and control characters, at most 200 bytes.
// Empty: there is none.
std::string disposition_filename(std::string_view value);
// "attachment", with the name in both forms that clients read. `filename`: UTF-8 without control characters.
std::string attachment_disposition(std::string_view filename);

}  // namespace kontor::wire::http
