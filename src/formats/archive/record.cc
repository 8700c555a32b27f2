// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/archive/record.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <set>

#include "base/bytes.h"
#include "base/digest.h"

namespace kontor::archive {
namespace {

namespace json = boost::json;

constexpr const char* kFlagNames[] = {"\\Seen", "\\Answered", "\\Flagged", "\\Draft", "\\Deleted"};
constexpr const char* kContentNames[] = {"bytes", "known", "none", "refused"};
constexpr const char* kListingNames[] = {"present", "vanished"};

json::value text_value(std::string_view text) {
  if (is_utf8(text)) return json::string(text);
  return json::object{{"base64", to_base64(text)}};
}

template <class Texts>
json::array text_array(const Texts& texts) {
  json::array out;
  out.reserve(texts.size());
  for (const auto& text : texts) out.push_back(text_value(text));
  return out;
}

std::string line(const json::object& object) { return json::serialize(object) + "\n"; }

// Takes the members of one object by name; finish() complains of any that is left.
class Members {
 public:
  static Result<Members> parse(std::string_view text, std::string_view what) {
    if (text.size() > kMaxRecord) return fail(Errc::invalid, fmt::format("the {} record is too long", what));
    json::parse_options options;
    options.max_depth = 8;
    boost::system::error_code error;
    auto value = json::parse(text, error, {}, options);
    if (error) return fail(Errc::invalid, fmt::format("the {} record is no sound JSON: {}", what, error.message()));
    if (!value.is_object()) return fail(Errc::invalid, fmt::format("the {} record is no JSON object", what));
    Members members;
    members.object_ = std::move(value.as_object());
    members.what_ = what;
    return members;
  }

  // An absent member leaves `out` as it is.
  void number(const char* name, std::uint64_t& out, std::uint64_t limit) {
    const auto* value = take(name);
    if (value == nullptr) return;
    boost::system::error_code error;
    const auto got = value->to_number<std::uint64_t>(error);
    if (error || value->is_double() || got > limit) return complain(name, "a whole number within its limits");
    out = got;
  }
  void number(const char* name, std::uint32_t& out) {
    std::uint64_t wide = out;
    number(name, wide, UINT32_MAX);
    out = static_cast<std::uint32_t>(wide);
  }
  void flag(const char* name, bool& out) {
    const auto* value = take(name);
    if (value == nullptr) return;
    if (!value->is_bool()) return complain(name, "true or false");
    out = value->as_bool();
  }
  void text(const char* name, std::string& out, std::size_t limit) {
    const auto* value = take(name);
    if (value != nullptr && !to_text_of(*value, out, limit)) complain(name, "a text within its limits");
  }
  void texts(const char* name, std::vector<std::string>& out, std::size_t count, std::size_t limit) {
    const auto* value = take(name);
    if (value == nullptr) return;
    if (!value->is_array() || value->as_array().size() > count) return complain(name, "a list of texts");
    for (const auto& element : value->as_array()) {
      if (!to_text_of(element, out.emplace_back(), limit)) return complain(name, "a list of texts within their limits");
    }
  }
  void text_map(const char* name, std::map<std::string, std::string>& out, std::size_t count, std::size_t limit) {
    const auto* value = take(name);
    if (value == nullptr) return;
    if (!value->is_object() || value->as_object().size() > count) return complain(name, "an object of texts");
    for (const auto& [key, element] : value->as_object()) {
      if (key.empty() || key.size() > 200 || !to_text_of(element, out[std::string(key)], limit)) {
        return complain(name, "an object of texts within their limits");
      }
    }
  }
  template <std::size_t N>
  void choice(const char* name, std::size_t& out, const char* const (&names)[N]) {
    std::string text_;
    text(name, text_, 20);
    if (text_.empty()) return;
    const auto* found = std::find(std::begin(names), std::end(names), text_);
    if (found == std::end(names)) return complain(name, "one of its words");
    out = static_cast<std::size_t>(found - std::begin(names));
  }

  void need(bool holds, const char* name, const char* expected) {
    if (!holds) complain(name, expected);
  }
  Result<void> finish() {
    if (problem_.empty() && taken_.size() < object_.size()) {
      for (const auto& member : object_) {
        if (!taken_.contains(std::string(member.key()))) {
          problem_ = fmt::format("the {} record has the unknown member \"{}\"", what_, std::string(member.key()));
          break;
        }
      }
    }
    if (!problem_.empty()) return fail(Errc::invalid, problem_);
    return {};
  }

 private:
  const json::value* take(const char* name) {
    const auto* value = object_.if_contains(name);
    if (value != nullptr) taken_.insert(name);
    return value;
  }
  void complain(const char* name, const char* expected) {
    if (problem_.empty()) problem_ = fmt::format("the {} record's \"{}\" must be {}", what_, name, expected);
  }
  static bool to_text_of(const json::value& value, std::string& out, std::size_t limit) {
    if (value.is_string()) {
      out.assign(value.as_string().data(), value.as_string().size());
      return out.size() <= limit;
    }
    if (!value.is_object() || value.as_object().size() != 1) return false;
    const auto* inner = value.as_object().if_contains("base64");
    if (inner == nullptr || !inner->is_string()) return false;
    auto bytes = from_base64(std::string_view(inner->as_string().data(), inner->as_string().size()));
    if (!bytes || bytes->size() > limit) return false;
    out = std::move(*bytes);
    return true;
  }

  json::object object_;
  std::string what_;
  std::set<std::string> taken_;
  std::string problem_;
};

// Two digits at `at`, or -1.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || i + length > text.size()) return false;
    const auto second = static_cast<unsigned char>(text[i + 1]);
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) || (lead == 0xf0 && second < 0x90) ||
        (lead == 0xf4 && second > 0x8f)) {
      return false;
    }
    for (std::size_t k = 1; k < length; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return false;
    }
    i += length;
  }
  return true;
}

std::string bounded_key(std::string_view key) {
  constexpr std::size_t kLongest = 240;
  if (!key.empty() && key.size() <= kLongest) return std::string(key);
  return "#" + to_hex(sha256(key));
}

std::uint64_t state_digest(std::uint8_t flags, const std::vector<std::string>& keywords,
                           const std::map<std::string, std::string>& properties) {
  std::set<std::string> words;
  for (const auto& keyword : keywords) words.insert(to_lower(keyword));
  std::string bytes(1, static_cast<char>(flags));
  for (const auto& word : words) bytes += word + '\0';
  for (const auto& [name, value] : properties) bytes += '\1' + name + '\0' + value + '\0';
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
  return line(
      {{"version", kVersion}, {"address", text_value(account.address)}, {"source", text_value(account.source)}});
}

std::string to_json(const Folder& folder) {
  json::object out{{"number", folder.number}, {"key", text_value(folder.key)}, {"path", text_array(folder.path)}};
  if (!folder.role.empty()) out["role"] = folder.role;
  out["subscribed"] = folder.subscribed;
  if (folder.is_container) out["container"] = true;
  if (folder.is_gone) out["gone"] = true;
  if (folder.uid_validity != 0) out["uid_validity"] = folder.uid_validity;
  if (folder.uid_next != 0) out["uid_next"] = folder.uid_next;
  if (folder.name_was_rewritten) out["name_was_rewritten"] = true;
  return line(out);
}

std::string to_json(const Listing& listing) {
  return line({{"folder", listing.folder},
               {"kind", kListingNames[static_cast<std::size_t>(listing.kind)]},
               {"last", listing.last},
               {"keys", text_array(listing.keys)}});
}

std::string to_json(const Item& item) {
  json::array flags;
  for (std::size_t i = 0; i < std::size(kFlagNames); ++i) {
    if ((item.flags & (1u << i)) != 0) flags.push_back(kFlagNames[i]);
  }
  json::object out{{"folder", item.folder}, {"key", text_value(item.key)}};
  if (item.uid != 0) out["uid"] = item.uid;
  out["flags"] = std::move(flags);
  if (!item.keywords.empty()) out["keywords"] = text_array(item.keywords);
  out["date"] = to_text(item.date);
  if (item.date_is_guess) out["date_is_guess"] = true;
  if (item.announced_size != 0) out["announced_size"] = item.announced_size;
  if (!item.properties.empty()) {
    json::object properties;
    for (const auto& [name, value] : item.properties) properties[name] = text_value(value);
    out["properties"] = std::move(properties);
  }
  out["content"] = kContentNames[static_cast<std::size_t>(item.content)];
  out["size"] = item.size;
  if (!item.sha256.empty()) out["sha256"] = to_hex(item.sha256);
  if (!item.reason.empty()) out["reason"] = text_value(item.reason);
  return line(out);
}

std::string to_json(const Pass& pass) {
  json::object out{{"folder", pass.folder}, {"items", pass.items}};
  if (!pass.state.empty()) out["state"] = to_base64(pass.state);
  return line(out);
}

std::string to_json(const AccountEnd& end) { return line({{"complete", end.is_complete}}); }
std::string to_json(const ArchiveEnd& end) { return line({{"accounts", end.accounts}}); }

Result<Account> parse_account(std::string_view text) {
  TRY(auto members, Members::parse(text, "account"));
  Account out;
  std::uint32_t version = 0;
  members.number("version", version);
  members.need(version == kVersion, "version", "1: this archive is of a newer form than this program reads");
  members.text("address", out.address, 320);
  members.text("source", out.source, 100);
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
  std::vector<std::string> flags;
  std::string date, digest;
  std::size_t content = 0;
  members.number("folder", out.folder);
  members.text("key", out.key, kMaxKey);
  members.number("uid", out.uid);
  members.texts("flags", flags, std::size(kFlagNames), 20);
  members.texts("keywords", out.keywords, kMaxKeywords, 1000);
  members.text("date", date, 40);
  members.flag("date_is_guess", out.date_is_guess);
  members.number("announced_size", out.announced_size, INT64_MAX);
  members.text_map("properties", out.properties, kMaxProperties, 64 << 10);
  members.choice("content", content, kContentNames);
  members.number("size", out.size, INT64_MAX);
  members.text("sha256", digest, 64);
  members.text("reason", out.reason, 2000);
  out.content = static_cast<Item::Content>(content);
  for (const auto& name : flags) {
    const auto* found = std::find(std::begin(kFlagNames), std::end(kFlagNames), name);
    members.need(found != std::end(kFlagNames), "flags", "known flags");
    if (found != std::end(kFlagNames)) out.flags |= static_cast<std::uint8_t>(1u << (found - std::begin(kFlagNames)));
  }
  const bool has_digest = out.content == Item::Content::bytes || out.content == Item::Content::known;
  out.sha256 = from_hex(digest).value_or("");
  members.need(out.sha256.size() == (has_digest ? 32u : 0u), "sha256", "64 hex digits where there is content");
  members.need(!out.key.empty(), "key", "given");
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

Result<AccountEnd> parse_account_end(std::string_view text) {
  TRY(auto members, Members::parse(text, "end"));
  AccountEnd out;
  members.flag("complete", out.is_complete);
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
