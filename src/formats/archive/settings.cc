// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/archive/settings.h"

#include <boost/json.hpp>

#include "formats/archive/members.h"
#include "formats/archive/record.h"

namespace kontor::archive {
namespace {

namespace json = boost::json;

constexpr const char* kPrincipalKinds[] = {"user", "shared", "group", "room", "equipment"};
constexpr std::size_t kMaxMembers = 10'000;
constexpr std::size_t kMaxPrincipalNames = 20, kMaxPrincipalName = 300;  // as an account's
constexpr std::size_t kMaxHash = 4096;

void put_text(json::object& out, const char* name, std::string_view text) {
  if (!text.empty()) out[name] = text_value(text);
}
void put_flag(json::object& out, const char* name, bool flag) {
  if (flag) out[name] = true;
}

json::object object_of(const Signature& one) {
  json::object out{{"id", text_value(one.id)}, {"name", text_value(one.name)}, {"text", text_value(one.text)}};
  put_flag(out, "html", one.is_html);
  return out;
}
json::object object_of(const Identity& one) {
  json::object out{{"id", text_value(one.id)}, {"name", text_value(one.name)}, {"address", text_value(one.address)}};
  put_text(out, "reply_to", one.reply_to);
  put_text(out, "signature", one.signature);
  put_text(out, "reply_signature", one.reply_signature);
  return out;
}
json::object object_of(const Category& one) {
  json::object out{{"name", text_value(one.name)}};
  put_text(out, "colour", one.colour);
  put_flag(out, "quick", one.is_quick);
  return out;
}
json::object object_of(const Favourite& one) {
  json::object out{{"folder", text_value(one.folder)}};
  put_text(out, "owner", one.owner);
  put_text(out, "name", one.name);
  return out;
}
json::object object_of(const SavedSearch& one) {
  return {{"id", text_value(one.id)},
          {"name", text_value(one.name)},
          {"filter", text_value(one.filter)},
          {"folders", text_array(one.folders)},
          {"deep", one.is_deep}};
}
json::object object_of(const Delegate& one) {
  json::object out{{"who", text_value(one.who)}};
  put_flag(out, "sees_private", one.sees_private);
  put_flag(out, "gets_requests", one.gets_requests);
  return out;
}

void take(Members& members, Signature& out) {
  members.text("id", out.id, kMaxSettingName);
  members.text("name", out.name, kMaxSettingName);
  members.text("text", out.text, kMaxSettingText);
  members.flag("html", out.is_html);
  members.need(!out.id.empty(), "id", "given");
}
void take(Members& members, Identity& out) {
  members.text("id", out.id, kMaxSettingName);
  members.text("name", out.name, kMaxSettingName);
  members.text("address", out.address, kMaxAddress);
  members.text("reply_to", out.reply_to, kMaxAddress);
  members.text("signature", out.signature, kMaxSettingName);
  members.text("reply_signature", out.reply_signature, kMaxSettingName);
  members.need(!out.id.empty(), "id", "given");
}
void take(Members& members, Category& out) {
  members.text("name", out.name, kMaxSettingName);
  members.text("colour", out.colour, kMaxColour);
  members.flag("quick", out.is_quick);
  members.need(!out.name.empty(), "name", "given");
}
void take(Members& members, Favourite& out) {
  members.text("folder", out.folder, kMaxKey);
  members.text("owner", out.owner, kMaxAddress);
  members.text("name", out.name, kMaxSettingName);
}
void take(Members& members, SavedSearch& out) {
  members.text("id", out.id, kMaxSettingName);
  members.text("name", out.name, kMaxSettingName);
  members.text("filter", out.filter, kMaxSettingText);
  members.texts("folders", out.folders, kMaxSettings, kMaxKey);
  members.flag("deep", out.is_deep);
  members.need(!out.id.empty(), "id", "given");
}
void take(Members& members, Delegate& out) {
  members.text("who", out.who, kMaxAddress);
  members.flag("sees_private", out.sees_private);
  members.flag("gets_requests", out.gets_requests);
  members.need(!out.who.empty(), "who", "given");
}

template <class T>
void put_list(json::object& out, const char* name, const std::optional<std::vector<T>>& list) {
  if (!list) return;
  json::array all;
  for (const T& one : *list) all.push_back(object_of(one));
  out[name] = std::move(all);
}

template <class T>
Result<void> take_list(Members& members, const char* name, std::optional<std::vector<T>>& out) {
  const auto* value = members.take(name);
  if (value == nullptr) return {};
  if (!value->is_array() || value->as_array().size() > kMaxSettings) {
    members.complain(name, "a list within its limits");
    return {};
  }
  out.emplace();
  for (const auto& element : value->as_array()) {
    if (!element.is_object()) {
      members.complain(name, "a list of objects");
      return {};
    }
    auto one = Members::of(element.as_object(), name);
    take(one, out->emplace_back());
    TRY_VOID(one.finish());
  }
  return {};
}

void take_text(Members& members, const char* name, std::optional<std::string>& out, std::size_t limit) {
  std::string text;
  members.text(name, text, limit);
  if (!text.empty()) out = std::move(text);
}

Result<void> take_booking(Members& members, std::optional<Booking>& out) {
  const auto* value = members.take("booking");
  if (value == nullptr) return {};
  if (!value->is_object()) {
    members.complain("booking", "an object");
    return {};
  }
  auto one = Members::of(value->as_object(), "booking");
  auto& booking = out.emplace();
  one.flag("answers", booking.answers);
  one.flag("takes_series", booking.takes_series);
  one.flag("takes_conflicts", booking.takes_conflicts);
  return one.finish();
}

Result<void> take_senders(Members& members, std::optional<Senders>& out) {
  const auto* value = members.take("senders");
  if (value == nullptr) return {};
  if (!value->is_object()) {
    members.complain("senders", "an object");
    return {};
  }
  auto one = Members::of(value->as_object(), "senders");
  auto& senders = out.emplace();
  one.texts("allowed", senders.allowed, kMaxSenders, kMaxAddress);
  one.texts("blocked", senders.blocked, kMaxSenders, kMaxAddress);
  return one.finish();
}

}  // namespace

std::string folder_mark(std::string_view key) { return "${kontor.folder:" + std::string(key) + "}"; }

std::string to_json(const Settings& settings) {
  json::object out;
  if (settings.language) out["language"] = text_value(*settings.language);
  if (settings.time_zone) out["time_zone"] = text_value(*settings.time_zone);
  put_list(out, "signatures", settings.signatures);
  put_text(out, "new_signature", settings.new_signature);
  put_text(out, "reply_signature", settings.reply_signature);
  put_list(out, "identities", settings.identities);
  put_list(out, "categories", settings.categories);
  put_list(out, "favourites", settings.favourites);
  put_list(out, "searches", settings.searches);
  if (!settings.display.empty()) {
    json::object display;
    for (const auto& [name, value] : settings.display) display[name] = text_value(value);
    out["display"] = std::move(display);
  }
  if (settings.rules) out["rules"] = text_value(*settings.rules);
  if (settings.rules_are_unread) out["rules_are_unread"] = true;
  if (settings.senders)
    out["senders"] = json::object{{"allowed", text_array(settings.senders->allowed)},
                                  {"blocked", text_array(settings.senders->blocked)}};
  put_list(out, "delegates", settings.delegates);
  if (settings.send_as) out["send_as"] = text_array(*settings.send_as);
  if (settings.quota) out["quota"] = *settings.quota;
  if (settings.booking)
    out["booking"] = json::object{{"answers", settings.booking->answers},
                                  {"takes_series", settings.booking->takes_series},
                                  {"takes_conflicts", settings.booking->takes_conflicts}};
  put_text(out, "password_hash", settings.password_hash);
  return json::serialize(out) + "\n";
}

Result<Settings> parse_settings(std::string_view text) {
  TRY(auto members, Members::parse(text, "settings"));
  Settings out;
  take_text(members, "language", out.language, 100);
  take_text(members, "time_zone", out.time_zone, 100);
  TRY_VOID(take_list(members, "signatures", out.signatures));
  members.text("new_signature", out.new_signature, kMaxSettingName);
  members.text("reply_signature", out.reply_signature, kMaxSettingName);
  TRY_VOID(take_list(members, "identities", out.identities));
  TRY_VOID(take_list(members, "categories", out.categories));
  TRY_VOID(take_list(members, "favourites", out.favourites));
  TRY_VOID(take_list(members, "searches", out.searches));
  members.text_map("display", out.display, kMaxSettings, kMaxSettingText);
  take_text(members, "rules", out.rules, kMaxRules);
  members.flag("rules_are_unread", out.rules_are_unread);
  TRY_VOID(take_senders(members, out.senders));
  TRY_VOID(take_list(members, "delegates", out.delegates));
  if (members.take("send_as") != nullptr) members.texts("send_as", out.send_as.emplace(), kMaxSettings, kMaxAddress);
  if (members.take("quota") != nullptr) members.number("quota", out.quota.emplace(), INT64_MAX);
  TRY_VOID(take_booking(members, out.booking));
  members.text("password_hash", out.password_hash, kMaxHash);
  TRY_VOID(members.finish());
  return out;
}

std::string to_json(const Principal& principal) {
  json::object out{
      {"kind", principal.kind}, {"address", text_value(principal.address)}, {"name", text_value(principal.name)}};
  put_text(out, "tenant", principal.tenant);
  if (principal.tenant_quota != 0) out["tenant_quota"] = principal.tenant_quota;
  if (!principal.aliases.empty()) out["aliases"] = text_array(principal.aliases);
  if (!principal.members.empty()) out["members"] = text_array(principal.members);
  put_flag(out, "hidden", principal.is_hidden);
  if (!principal.names.empty()) out["names"] = text_array(principal.names);
  return json::serialize(out) + "\n";
}

Result<Principal> parse_principal(std::string_view text) {
  TRY(auto members, Members::parse(text, "principal"));
  Principal out;
  std::size_t kind = 0;
  members.choice("kind", kind, kPrincipalKinds);
  members.text("address", out.address, kMaxAddress);
  members.text("name", out.name, kMaxSettingName);
  members.text("tenant", out.tenant, kMaxSettingName);
  members.number("tenant_quota", out.tenant_quota, INT64_MAX);
  members.texts("aliases", out.aliases, kMaxSettings, kMaxAddress);
  members.texts("members", out.members, kMaxMembers, kMaxAddress);
  members.flag("hidden", out.is_hidden);
  members.texts("names", out.names, kMaxPrincipalNames, kMaxPrincipalName);
  members.need(!out.address.empty(), "address", "given");
  TRY_VOID(members.finish());
  out.kind = kPrincipalKinds[kind];
  return out;
}

}  // namespace kontor::archive
