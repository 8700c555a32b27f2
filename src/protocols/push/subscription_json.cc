// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/push/subscription_json.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "base/bytes.h"

namespace kontor::push {
namespace {

namespace json = boost::json;
using groupware::NewPushSubscription;
using groupware::PushChange;
using groupware::PushSubscription;

Result<json::object> read_members(std::string_view text, std::initializer_list<std::string_view> known) {
  if (text.size() > kLargestRequest) return fail(Errc::too_large, "the object is too large");
  json::error_code error;
  json::parse_options options;
  options.max_depth = 8;
  json::value value = json::parse({text.data(), text.size()}, error, {}, options);
  if (error || !value.is_object()) return fail(Errc::invalid, "the body is no JSON object");
  for (const auto& member : value.get_object()) {
    const std::string_view name(member.key().data(), member.key().size());
    if (std::ranges::find(known, name) == known.end())
      return fail(Errc::invalid, fmt::format("\"{}\" cannot be set", name.substr(0, 50)));
  }
  return std::move(value.get_object());
}

Result<std::string> text_of(const json::object& object, const char* name) {
  const json::value* found = object.if_contains(name);
  if (found == nullptr || !found->is_string()) return fail(Errc::invalid, fmt::format("{} must be a text", name));
  return std::string(found->get_string());
}

// RFC 4648 section 5; browsers write it without padding, some libraries with it.
Result<std::string> key_of(const json::object& keys, const char* name) {
  TRY(std::string text, text_of(keys, name));
  while (text.ends_with('=')) text.pop_back();
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  auto bytes = from_base64(text);
  if (!bytes) return fail(Errc::invalid, fmt::format("keys.{} is no base64url", name));
  return *std::move(bytes);
}

bool read_number(std::string_view text, int& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && out >= 0;
}

// RFC 8620 section 1.4: UTCDate, "2014-10-30T06:12:00Z".
std::optional<Instant> utc_date(std::string_view text) {
  if (text.size() != 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':' ||
      text[19] != 'Z')
    return std::nullopt;
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  const bool is_read = read_number(text.substr(0, 4), year) && read_number(text.substr(5, 2), month) &&
                       read_number(text.substr(8, 2), day) && read_number(text.substr(11, 2), hour) &&
                       read_number(text.substr(14, 2), minute) && read_number(text.substr(17, 2), second);
  const auto date = std::chrono::year(year) / month / day;
  if (!is_read || !date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

// Null and absent: nothing.
Result<std::optional<Instant>> expires_of(const json::object& object) {
  const json::value* found = object.if_contains("expires");
  if (found == nullptr || found->is_null()) return std::nullopt;
  const auto at = found->is_string() ? utc_date(found->get_string()) : std::nullopt;
  if (!at) return fail(Errc::invalid, "expires is no date in UTC, like 2026-10-30T06:12:00Z");
  return at;
}

Result<std::optional<std::vector<std::string>>> types_of(const json::object& object) {
  const json::value* found = object.if_contains("types");
  if (found == nullptr || found->is_null()) return std::nullopt;
  std::vector<std::string> out;
  if (!found->is_array()) return fail(Errc::invalid, "types is no list");
  for (const json::value& one : found->get_array()) {
    if (!one.is_string()) return fail(Errc::invalid, "types is no list of texts");
    out.emplace_back(one.get_string());
  }
  return out;
}

json::object to_json(const PushSubscription& subscription) {
  json::object out;
  out["id"] = subscription.id;
  out["deviceClientId"] = subscription.device;
  out["verificationCode"] = nullptr;
  if (subscription.verified) out["verificationCode"] = subscription.code;
  out["expires"] = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(subscription.expires.time_since_epoch().count()));
  out["types"] = nullptr;
  if (subscription.types) {
    json::array types;
    for (const std::string& one : *subscription.types) types.emplace_back(one);
    out["types"] = std::move(types);
  }
  return out;
}

}  // namespace

Result<NewPushSubscription> read_new(std::string_view text) {
  TRY(const json::object object, read_members(text, {"deviceClientId", "url", "keys", "expires", "types"}));
  NewPushSubscription out;
  TRY(out.device, text_of(object, "deviceClientId"));
  TRY(out.url, text_of(object, "url"));
  const json::value* keys = object.if_contains("keys");
  if (keys == nullptr || !keys->is_object())
    return fail(Errc::invalid, "keys must be there: nothing is sent without encryption");
  TRY(out.key, key_of(keys->get_object(), "p256dh"));
  TRY(out.secret, key_of(keys->get_object(), "auth"));
  TRY(out.expires, expires_of(object));
  TRY(out.types, types_of(object));
  TRY_VOID(groupware::check_push_subscription(out));
  return out;
}

Result<PushChange> read_change(std::string_view text) {
  TRY(const json::object object, read_members(text, {"verificationCode", "expires", "types"}));
  PushChange out;
  if (object.contains("verificationCode")) {
    TRY(out.code, text_of(object, "verificationCode"));
  }
  out.changes_expiry = object.contains("expires");
  TRY(out.expires, expires_of(object));
  out.changes_types = object.contains("types");
  TRY(out.types, types_of(object));
  return out;
}

std::string print(const PushSubscription& subscription) { return json::serialize(to_json(subscription)); }

std::string print(const std::vector<PushSubscription>& all) {
  json::array list;
  for (const PushSubscription& one : all) list.emplace_back(to_json(one));
  return json::serialize(json::object{{"list", std::move(list)}});
}

}  // namespace kontor::push
