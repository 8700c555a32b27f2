// SPDX-License-Identifier: AGPL-3.0-or-later
#include <fmt/format.h>

#include "base/config.h"
#include "protocols/admin/verb.h"

namespace kontor::admin {
namespace {

std::unexpected<Error> bad_argument(std::string_view name, std::string_view what) {
  return fail(Errc::invalid, fmt::format("\"{}\" must be {}", name, what));
}

std::optional<std::uint64_t> as_count(const json::value& value) {
  if (value.is_uint64()) return value.get_uint64();
  if (value.is_int64() && value.get_int64() >= 0) return static_cast<std::uint64_t>(value.get_int64());
  return std::nullopt;
}

}  // namespace

bool Arguments::has(std::string_view name) const {
  const json::value* value = find(name);
  return value && !value->is_null();
}

Result<std::string> Arguments::text(std::string_view name) const {
  TRY(std::optional<std::string> value, optional_text(name));
  if (!value || value->empty()) return fail(Errc::invalid, fmt::format("\"{}\" is missing", name));
  return *std::move(value);
}

Result<std::optional<std::string>> Arguments::optional_text(std::string_view name) const {
  if (!has(name)) return std::nullopt;
  const json::string* value = find(name)->if_string();
  if (!value) return bad_argument(name, "a text");
  return std::string(*value);
}

Result<std::optional<bool>> Arguments::flag(std::string_view name) const {
  if (!has(name)) return std::nullopt;
  const bool* value = find(name)->if_bool();
  if (!value) return bad_argument(name, "true or false");
  return *value;
}

Result<std::optional<std::uint64_t>> Arguments::number(std::string_view name) const {
  if (!has(name)) return std::nullopt;
  auto value = as_count(*find(name));
  if (!value) return bad_argument(name, "a whole number, not negative");
  return value;
}

Result<std::optional<std::uint64_t>> Arguments::size(std::string_view name) const {
  if (!has(name)) return std::nullopt;
  if (const json::string* text = find(name)->if_string()) {
    TRY(std::uint64_t bytes, config::parse_size(std::string_view(*text)));
    return bytes;
  }
  return number(name);
}

Result<std::vector<std::string>> Arguments::texts(std::string_view name) const {
  std::vector<std::string> out;
  if (!has(name)) return out;
  const json::array* array = find(name)->if_array();
  if (!array) return bad_argument(name, "a list of texts");
  for (const json::value& element : *array) {
    const json::string* text = element.if_string();
    if (!text) return bad_argument(name, "a list of texts");
    out.emplace_back(*text);
  }
  return out;
}

}  // namespace kontor::admin
