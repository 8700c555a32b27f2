// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/archive/record.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <set>

#include "base/bytes.h"
#include "base/digest.h"
#include "formats/archive/members.h"

namespace kontor::archive {
namespace {

namespace json = boost::json;

constexpr const char* kContentNames[] = {"bytes", "known", "none", "refused"};
constexpr const char* kListingNames[] = {"present", "vanished"};
constexpr std::string_view kFolderKinds[] = {"", "mail", "calendar", "tasks", "notes", "contacts", "files"};

std::string line(const json::object& object) { return json::serialize(object) + "\n"; }

json::object text_map_of(const std::map<std::string, std::string>& texts) {
  json::object out;
  for (const auto& [name, value] : texts) out[name] = text_value(value);
  return out;
}

// Two digits at `at`, or -1.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

constexpr std::string_view kLogin = "?user=";

// groupware::right bits, in their order.
constexpr const char* kRightNames[] = {"see",        "read",          "keep-seen",         "write-flags",  "insert",
                                       "post",       "create-folder", "delete-folder",     "delete-items", "expunge",
                                       "administer", "free-busy",     "free-busy-details", "read-private"};

json::array grants_of(const std::vector<Grant>& grants) {
  json::array out;
  for (const Grant& grant : grants) {
    json::array rights;
    for (std::size_t i = 0; i < std::size(kRightNames); ++i)
      if ((grant.rights & (1u << i)) != 0) rights.push_back(json::string(kRightNames[i]));
    out.push_back(json::object{{"who", text_value(grant.who)}, {"rights", std::move(rights)}});
  }
  return out;
}

Result<std::vector<Grant>> parse_grants(const json::value& list) {
  if (!list.is_array() || list.as_array().size() > kMaxGrants)
    return fail(Errc::invalid, "a folder record's \"grants\" must be a list within its limits");
  std::vector<Grant> out;
  for (const auto& element : list.as_array()) {
    if (!element.is_object()) return fail(Errc::invalid, "a folder record has a grant that is no object");
    auto one = Members::of(element.as_object(), "grant");
    auto& grant = out.emplace_back();
    std::vector<std::string> rights;
    one.text("who", grant.who, kMaxAddress);
    one.texts("rights", rights, std::size(kRightNames), 30);
    for (const auto& right : rights) {
      const auto* found = std::find(std::begin(kRightNames), std::end(kRightNames), right);
      one.need(found != std::end(kRightNames), "rights", "known rights");
      if (found != std::end(kRightNames)) grant.rights |= 1u << (found - std::begin(kRightNames));
    }
    TRY_VOID(one.finish());
  }
  return out;
}

constexpr std::string_view kNamed = "ni:///sha-256;";

json::array attachments_of(const std::vector<ItemAttachment>& attachments) {
  json::array out;
  for (const ItemAttachment& attachment : attachments) {
    json::object one{{"size", attachment.size}, {"sha256", to_hex(attachment.sha256)}};
    if (attachment.is_known) one["known"] = true;
    out.push_back(std::move(one));
  }
  return out;
}

Result<std::vector<ItemAttachment>> parse_attachments(const json::value& list) {
  if (!list.is_array() || list.as_array().size() > kMaxAttachments)
    return fail(Errc::invalid, "an item record's \"attachments\" must be a list within its limits");
  std::vector<ItemAttachment> out;
  for (const auto& element : list.as_array()) {
    if (!element.is_object()) return fail(Errc::invalid, "an item record has an attachment that is no object");
    auto one = Members::of(element.as_object(), "attachment");
    auto& attachment = out.emplace_back();
    std::string digest;
    one.number("size", attachment.size, INT64_MAX);
    one.text("sha256", digest, 64);
    one.flag("known", attachment.is_known);
    attachment.sha256 = from_hex(digest).value_or("");
    one.need(attachment.sha256.size() == 32, "sha256", "64 hex digits");
    TRY_VOID(one.finish());
  }
  return out;
}

}  // namespace

std::uint64_t Item::attached_bytes() const {
  std::uint64_t bytes = 0;
  for (const ItemAttachment& attachment : attachments) bytes += std::min(attachment.size, UINT64_MAX - bytes);
  return bytes;
}

std::string attachment_uri(std::string_view sha256) {
  std::string text = to_base64(sha256);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return std::string(kNamed) + text.substr(0, text.find('='));
}

std::optional<std::string> hash_of_attachment_uri(std::string_view uri) {
  if (!uri.starts_with(kNamed)) return std::nullopt;
  std::string text(uri.substr(kNamed.size()));
  if (text.find_first_of("+/=") != std::string::npos) return std::nullopt;
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  auto hash = from_base64(text);
  if (!hash || hash->size() != 32) return std::nullopt;
  return hash;
}

std::string source_name(std::string_view source, std::string_view login) {
  constexpr std::size_t kLongestLogin = 160;
  const auto lower = to_lower(login);
  std::string escaped;
  for (const char c : lower) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                       std::string_view("-._~@+*").find(c) != std::string_view::npos;
    escaped += plain ? std::string(1, c) : "%" + to_hex(std::string_view(&c, 1));
  }
  if (escaped.size() > kLongestLogin) escaped = escaped.substr(0, 100) + "#" + to_hex(sha256(lower)).substr(0, 32);
  return std::string(source).append(kLogin) + escaped;
}

std::optional<std::string_view> without_login(std::string_view name) {
  const auto at = name.rfind(kLogin);  // a login's own "?" is escaped
  if (at == std::string_view::npos || at == 0) return std::nullopt;
  return name.substr(0, at);
}

std::string bounded_key(std::string_view key) {
  constexpr std::size_t kLongest = 240;
  if (!key.empty() && key.size() <= kLongest) return std::string(key);
  return "#" + to_hex(sha256(key));
}

std::uint64_t state_digest(std::uint8_t flags, const std::vector<std::string>& keywords,
                           const std::map<std::string, std::string>& properties, std::string_view name,
                           std::string_view fingerprint) {
  std::set<std::string> words;
  for (const auto& keyword : keywords) words.insert(to_lower(keyword));
  std::string bytes(1, static_cast<char>(flags));
  for (const auto& word : words) bytes += word + '\0';
  for (const auto& [property, value] : properties) bytes += '\1' + property + '\0' + value + '\0';
  if (!name.empty() || !fingerprint.empty()) bytes.append("\2").append(name).append(1, '\0').append(fingerprint);
  return stable_hash64(bytes);
}

std::string to_text(const InternalDate& date) {
  using namespace std::chrono;
  constexpr std::int64_t kFirst = -62135596800, kLast = 253402300799;
  const auto zone = std::clamp<int>(date.zone_minutes, -1439, 1439);
  const std::int64_t at = date.at.time_since_epoch().count() + zone * 60;
  const sys_seconds local{seconds(std::clamp(at, kFirst, kLast))};
  const auto day = floor<days>(local);
  const year_month_day ymd{day};
  const hh_mm_ss time{local - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}{:02}:{:02}", static_cast<int>(ymd.year()),
                     static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()), time.hours().count(),
                     time.minutes().count(), time.seconds().count(), zone < 0 ? '-' : '+', std::abs(zone) / 60,
                     std::abs(zone) % 60);
}

Result<InternalDate> parse_date(std::string_view text) {
  using namespace std::chrono;
  const auto bad = [] { return fail(Errc::invalid, "a date must look like 1996-07-07T02:44:25-07:00"); };
  if (text.size() != 25 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':' ||
      text[22] != ':' || (text[19] != '+' && text[19] != '-')) {
    return bad();
  }
  const int y = digits(text, 0, 4), mo = digits(text, 5, 2), d = digits(text, 8, 2), h = digits(text, 11, 2),
            mi = digits(text, 14, 2), s = digits(text, 17, 2), zh = digits(text, 20, 2), zm = digits(text, 23, 2);
  const year_month_day ymd{year(y), month(static_cast<unsigned>(mo)), day(static_cast<unsigned>(d))};
  if (std::min({y, mo, d, h, mi, s, zh, zm}) < 0 || y < 1 || !ymd.ok() || h > 23 || mi > 59 || s > 59 || zh > 23 ||
      zm > 59) {
    return bad();
  }
  const int zone = (text[19] == '-' ? -1 : 1) * (zh * 60 + zm);
  const auto local = sys_days(ymd) + hours(h) + minutes(mi) + seconds(s);
  return InternalDate(time_point_cast<seconds>(local) - minutes(zone), static_cast<std::int16_t>(zone));
}

std::string to_json(const Account& account) {
  json::object out{
      {"version", kVersion}, {"address", text_value(account.address)}, {"source", text_value(account.source)}};
  if (!account.names.empty()) out["names"] = text_array(account.names);
  return line(out);
}

std::string to_json(const Folder& folder) {
  json::object out{{"number", folder.number}, {"key", text_value(folder.key)}, {"path", text_array(folder.path)}};
  if (!folder.role.empty()) out["role"] = text_value(folder.role);
  out["subscribed"] = folder.subscribed;
  if (folder.is_container) out["container"] = true;
  if (folder.is_gone) out["gone"] = true;
  if (folder.uid_validity != 0) out["uid_validity"] = folder.uid_validity;
  if (folder.uid_next != 0) out["uid_next"] = folder.uid_next;
  if (folder.name_was_rewritten) out["name_was_rewritten"] = true;
  if (!folder.kind.empty()) out["kind"] = folder.kind;
  if (!folder.colour.empty()) out["colour"] = text_value(folder.colour);
  if (!folder.description.empty()) out["description"] = text_value(folder.description);
  if (!folder.properties.empty()) out["properties"] = text_map_of(folder.properties);
  if (folder.grants) out["grants"] = grants_of(*folder.grants);
  return line(out);
}

std::string to_json(const Listing& listing) {
  return line({{"folder", listing.folder},
               {"kind", kListingNames[static_cast<std::size_t>(listing.kind)]},
               {"last", listing.last},
               {"keys", text_array(listing.keys)}});
}

std::string to_json(const Item& item) {
  json::object out{{"folder", item.folder}, {"key", text_value(item.key)}};
  if (item.uid != 0) out["uid"] = item.uid;
  out["flags"] = flag_names(item.flags);
  if (!item.keywords.empty()) out["keywords"] = text_array(item.keywords);
  out["date"] = to_text(item.date);
  if (item.date_is_guess) out["date_is_guess"] = true;
  if (item.announced_size != 0) out["announced_size"] = item.announced_size;
  if (!item.properties.empty()) out["properties"] = text_map_of(item.properties);
  if (!item.name.empty()) out["name"] = text_value(item.name);
  if (!item.fingerprint.empty()) out["fingerprint"] = text_value(item.fingerprint);
  if (!item.kept.empty()) out["kept"] = text_map_of(item.kept);
  out["content"] = kContentNames[static_cast<std::size_t>(item.content)];
  out["size"] = item.size;
  if (!item.sha256.empty()) out["sha256"] = to_hex(item.sha256);
  if (!item.reason.empty()) out["reason"] = text_value(item.reason);
  if (!item.attachments.empty()) out["attachments"] = attachments_of(item.attachments);
  return line(out);
}

std::string to_json(const Pass& pass) {
  json::object out{{"folder", pass.folder}, {"items", pass.items}};
  if (!pass.state.empty()) out["state"] = to_base64(pass.state);
  return line(out);
}

std::string to_json(const AccountEnd& end) {
  json::object out{{"complete", end.is_complete}};
  json::array paths;
  for (const auto& path : end.other_subscriptions) paths.push_back(json::object{{"path", text_array(path)}});
  if (!paths.empty()) out["other_subscriptions"] = std::move(paths);
  if (end.scripts) {
    json::array scripts;
    for (const auto& script : *end.scripts) {
      json::object one{{"name", text_value(script.name)}, {"text", text_value(script.text)}};
      if (script.is_active) one["active"] = true;
      scripts.push_back(std::move(one));
    }
    out["scripts"] = std::move(scripts);
  }
  return line(out);
}
std::string to_json(const ArchiveEnd& end) { return line({{"accounts", end.accounts}}); }

Result<Account> parse_account(std::string_view text) {
  TRY(auto members, Members::parse(text, "account"));
  Account out;
  std::uint32_t version = 0;
  members.number("version", version);
  members.need(version == kVersion, "version", "1: this archive is of a newer form than this program reads");
  members.text("address", out.address, 320);
  members.text("source", out.source, kMaxSource);
  members.texts("names", out.names, kMaxNames, kMaxSource);
  members.need(!out.address.empty(), "address", "given");
  members.need(!out.source.empty(), "source", "given");
  TRY_VOID(members.finish());
  return out;
}

Result<Folder> parse_folder(std::string_view text) {
  TRY(auto members, Members::parse(text, "folder"));
  Folder out;
  members.number("number", out.number);
  members.text("key", out.key, kMaxKey);
  members.texts("path", out.path, kMaxPath, kMaxKey);
  members.text("role", out.role, 20);
  members.flag("subscribed", out.subscribed);
  members.flag("container", out.is_container);
  members.flag("gone", out.is_gone);
  members.number("uid_validity", out.uid_validity);
  members.number("uid_next", out.uid_next);
  members.flag("name_was_rewritten", out.name_was_rewritten);
  members.text("kind", out.kind, 20);
  members.need(std::find(std::begin(kFolderKinds), std::end(kFolderKinds), out.kind) != std::end(kFolderKinds), "kind",
               "a kind that this program knows");
  members.text("colour", out.colour, kMaxColour);
  members.text("description", out.description, kMaxDescription);
  members.text_map("properties", out.properties, kMaxProperties, 64 << 10);
  if (const auto* grants = members.take("grants")) {
    TRY(out.grants, parse_grants(*grants));
  }
  if (out.kind == "mail") out.kind.clear();
  members.need(!out.path.empty() || out.is_gone, "path", "given");
  TRY_VOID(members.finish());
  return out;
}

Result<Listing> parse_listing(std::string_view text) {
  TRY(auto members, Members::parse(text, "listing"));
  Listing out;
  std::size_t kind = 0;
  members.number("folder", out.folder);
  members.choice("kind", kind, kListingNames);
  members.flag("last", out.last);
  members.texts("keys", out.keys, kMaxListingKeys, kMaxKey);
  TRY_VOID(members.finish());
  out.kind = static_cast<Listing::Kind>(kind);
  return out;
}

Result<Item> parse_item(std::string_view text) {
  TRY(auto members, Members::parse(text, "item"));
  Item out;
  std::string date, digest;
  std::size_t content = 0;
  members.number("folder", out.folder);
  members.text("key", out.key, kMaxKey);
  members.number("uid", out.uid);
  take_flags(members, out.flags);
  members.texts("keywords", out.keywords, kMaxKeywords, 1000);
  members.text("date", date, 40);
  members.flag("date_is_guess", out.date_is_guess);
  members.number("announced_size", out.announced_size, INT64_MAX);
  members.text_map("properties", out.properties, kMaxProperties, 64 << 10);
  members.text("name", out.name, kMaxItemName);
  members.text("fingerprint", out.fingerprint, kMaxFingerprint);
  members.text_map("kept", out.kept, kMaxProperties, 64 << 10);
  members.choice("content", content, kContentNames);
  members.number("size", out.size, INT64_MAX);
  members.text("sha256", digest, 64);
  members.text("reason", out.reason, 2000);
  if (const auto* attachments = members.take("attachments")) {
    TRY(out.attachments, parse_attachments(*attachments));
  }
  out.content = static_cast<Item::Content>(content);
  const bool has_digest = out.content == Item::Content::bytes || out.content == Item::Content::known;
  out.sha256 = from_hex(digest).value_or("");
  members.need(out.sha256.size() == (has_digest ? 32u : 0u), "sha256", "64 hex digits where there is content");
  members.need(!out.key.empty(), "key", "given");
  members.need(out.attachments.empty() || out.content == Item::Content::bytes, "attachments", "beside a content");
  TRY_VOID(members.finish());
  TRY(out.date, parse_date(date));
  return out;
}

Result<Pass> parse_pass(std::string_view text) {
  TRY(auto members, Members::parse(text, "pass"));
  Pass out;
  std::string state;
  members.number("folder", out.folder);
  members.number("items", out.items, INT64_MAX);
  members.text("state", state, kMaxState * 4 / 3 + 4);
  auto bytes = from_base64(state);
  members.need(bytes.has_value(), "state", "base64");
  TRY_VOID(members.finish());
  out.state = std::move(*bytes);
  return out;
}

namespace {

Result<std::vector<Script>> parse_scripts(const json::value& list) {
  if (!list.is_array() || list.as_array().size() > kMaxScripts)
    return fail(Errc::invalid, "the end record's \"scripts\" must be a list within its limits");
  std::vector<Script> out;
  for (const auto& element : list.as_array()) {
    if (!element.is_object()) return fail(Errc::invalid, "the end record has a script that is no object");
    auto one = Members::of(element.as_object(), "script");
    auto& script = out.emplace_back();
    one.text("name", script.name, kMaxScriptName);
    one.text("text", script.text, kMaxScriptBytes);
    one.flag("active", script.is_active);
    one.need(!script.name.empty(), "name", "given");
    TRY_VOID(one.finish());
  }
  return out;
}

}  // namespace

Result<AccountEnd> parse_account_end(std::string_view text) {
  TRY(auto members, Members::parse(text, "end"));
  AccountEnd out;
  members.flag("complete", out.is_complete);
  if (const auto* list = members.take("other_subscriptions")) {
    if (!list->is_array() || list->as_array().size() > kMaxSubscriptions)
      return fail(Errc::invalid, "the end record's \"other_subscriptions\" must be a list within its limits");
    for (const auto& element : list->as_array()) {
      if (!element.is_object()) return fail(Errc::invalid, "the end record has a subscription that is no object");
      auto one = Members::of(element.as_object(), "subscription");
      auto& path = out.other_subscriptions.emplace_back();
      one.texts("path", path, kMaxPath, kMaxKey);
      one.need(!path.empty(), "path", "given");
      TRY_VOID(one.finish());
    }
  }
  if (const auto* list = members.take("scripts")) {
    TRY(out.scripts, parse_scripts(*list));
  }
  TRY_VOID(members.finish());
  return out;
}

Result<ArchiveEnd> parse_archive_end(std::string_view text) {
  TRY(auto members, Members::parse(text, "end"));
  ArchiveEnd out;
  members.number("accounts", out.accounts, INT64_MAX);
  TRY_VOID(members.finish());
  return out;
}

}  // namespace kontor::archive
