// SPDX-License-Identifier: AGPL-3.0-or-later
#include "kontor/verb_arguments.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace kontor::app {

namespace json = boost::json;

Result<json::object> verb_arguments(std::string_view text, std::initializer_list<std::string_view> known) {
  boost::system::error_code failed;
  json::value value = json::parse(text.empty() ? "{}" : text, failed);
  if (failed || !value.is_object()) return fail(Errc::invalid, "The arguments must be a JSON object");
  for (const auto& pair : value.get_object())
    if (std::ranges::find(known, std::string_view(pair.key())) == known.end())
      return fail(Errc::invalid, fmt::format("There is no argument \"{}\" here", std::string_view(pair.key())));
  return std::move(value.get_object());
}

Result<std::optional<std::string>> text_argument(const json::object& arguments, std::string_view name) {
  const json::value* value = arguments.if_contains(name);
  if (!value || value->is_null()) return std::nullopt;
  if (!value->is_string()) return fail(Errc::invalid, fmt::format("\"{}\" must be a text", name));
  return std::string(value->get_string());
}

Result<std::string> needed_text(const json::object& arguments, std::string_view name) {
  TRY(auto value, text_argument(arguments, name));
  if (!value || value->empty()) return fail(Errc::invalid, fmt::format("\"{}\" is missing", name));
  return *value;
}

std::string time_text(Instant at) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(at.time_since_epoch().count()));
}

}  // namespace kontor::app
