// SPDX-License-Identifier: AGPL-3.0-or-later
// Arguments of the verbs that this program adds to the administration's table.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace kontor::app {

// A verb's arguments: only those of `known` may be there. Errors: invalid.
Result<boost::json::object> verb_arguments(std::string_view text, std::initializer_list<std::string_view> known);
// Errors: invalid (it is no text).
Result<std::optional<std::string>> text_argument(const boost::json::object& arguments, std::string_view name);
Result<std::string> needed_text(const boost::json::object& arguments, std::string_view name);

std::string time_text(Instant at);  // RFC 3339, UTC

}  // namespace kontor::app
