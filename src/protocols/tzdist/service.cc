// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/tzdist/service.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <fstream>
#include <optional>
#include <set>

#include "base/bytes.h"
#include "formats/icalendar/calendar.h"
#include "formats/icalendar/vtimezone.h"
#include "wire/http/condition.h"
#include "wire/http/date.h"

namespace kontor::tzdist {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

// Of what the service itself makes of a zone: another one, another ETag.
constexpr int kForm = 1;
constexpr std::size_t kLongestPattern = 200;

Told refused(unsigned status, const char* error, const std::string& why) {
  json::object problem;
  problem["type"] = fmt::format("urn:ietf:params:tzdist:error:{}", error);
  problem["title"] = why;
  problem["status"] = status;
  return {
      .status = status, .content_type = "application/problem+json", .headers = {}, .body = json::serialize(problem)};
}

std::string print_moment(Instant at) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", fmt::gmtime(at.time_since_epoch().count()));
}

std::optional<int> number_at(std::string_view text, std::size_t at, std::size_t length) {
  int value = 0;
  const char* const end = text.data() + at + length;
  const auto [stop, error] = std::from_chars(text.data() + at, end, value);
  return error == std::errc() && stop == end && text[at] != '-' ? std::optional(value) : std::nullopt;
}

// "2026-01-31T00:00:00Z" (section 5.6: in UTC).
std::optional<Instant> parse_moment(std::string_view text) {
  if (text.size() != 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':' ||
      text[19] != 'Z')
    return std::nullopt;
  const auto year = number_at(text, 0, 4), month = number_at(text, 5, 2), day = number_at(text, 8, 2);
  const auto hour = number_at(text, 11, 2), minute = number_at(text, 14, 2), second = number_at(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59)
    return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok() || *year == 0) return std::nullopt;
  return Instant(std::chrono::sys_days(date)) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         seconds(*second);
}

// A parameter that stands once; nothing: not at all.
struct Parameter {
  bool is_there = false, is_single = true;
  std::string value;
};
Parameter parameter(const Asked& asked, std::string_view name) {
  Parameter out;
  for (const auto& [key, value] : asked.parameters) {
    if (key != name) continue;
    out.is_single = !out.is_there;
    out.is_there = true;
    out.value = value;
  }
  return out;
}

std::string header_of(const Asked& asked, std::string_view name) {
  for (const auto& [key, value] : asked.headers)
    if (iequals(key, name)) return value;
  return {};
}

bool takes_calendars(const std::string& accept) {
  if (accept.empty()) return true;
  return std::ranges::any_of(std::array{"text/calendar", "text/*", "*/*"},
                             [&](const char* type) { return to_lower(accept).contains(type); });
}

json::object action(const char* name, const char* uri, std::initializer_list<std::pair<const char*, bool>> parameters) {
  json::object out;
  out["name"] = name;
  out["uri-template"] = std::string(kService) + uri;
  json::array list;
  for (const auto& [parameter, is_required] : parameters)
    list.push_back({{"name", parameter}, {"required", is_required}, {"multi", false}});
  out["parameters"] = std::move(list);
  return out;
}

// Without regard to case; "_" and " " are one (section 5.5).
std::string folded(std::string_view text) {
  std::string out = to_lower(text);
  std::ranges::replace(out, ' ', '_');
  return out;
}

json::object listed(const std::string& name, const std::set<std::string>& aliases, const std::string& version,
                    const std::string& etag) {
  json::object out;
  out["tzid"] = name;
  out["etag"] = etag;
  out["publisher"] = "IANA";
  out["version"] = version;
  if (!aliases.empty()) out["aliases"] = json::array(aliases.begin(), aliases.end());
  return out;
}

// Section 5.3: what was asked for is answered under the name that was asked.
struct Span {
  icalendar::ZoneSpan span;
  std::optional<Told> refusal;
};
Span span_of(const Asked& asked) {
  Span out;
  for (const auto& [name, error, into] :
       {std::tuple{"start", "invalid-start", &out.span.from}, {"end", "invalid-end", &out.span.until}}) {
    const Parameter given = parameter(asked, name);
    if (!given.is_there) continue;
    if (given.is_single) *into = parse_moment(given.value);
    if (!*into) out.refusal = refused(400, error, fmt::format("{} is one date and time in UTC", name));
  }
  if (!out.refusal && out.span.from && out.span.until && *out.span.until <= *out.span.from)
    out.refusal = refused(400, "invalid-end", "the end is not behind the start");
  return out;
}

Told no_such_zone() { return refused(404, "tzid-not-found", "there is no such time zone"); }

}  // namespace

Service::Service(const icalendar::ZoneDatabase& zones, const Clock& clock, std::string leap_seconds)
    : zones_(zones), clock_(clock), leaps_(read_leap_seconds(leap_seconds)) {}

// "2272060800 10 # 1 Jan 1972": seconds since 1900, and "#@ 3960057600": when the next list comes.
Service::LeapSeconds Service::read_leap_seconds(const std::string& file) {
  constexpr seconds kSince1900{2'208'988'800};
  LeapSeconds out;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line) && out.all.size() < 1000;) {
    const bool is_end = line.starts_with("#@");
    if (line.starts_with('#') && !is_end) continue;
    std::int64_t at = 0;
    int offset = 0;
    const std::size_t begin = line.find_first_of("0123456789");
    if (begin == std::string::npos) continue;
    const auto [stop, error] = std::from_chars(line.data() + begin, line.data() + line.size(), at);
    if (error != std::errc()) continue;
    if (is_end) {
      out.expires = Instant(seconds(at) - kSince1900);
      continue;
    }
    const std::string_view rest(stop, static_cast<std::size_t>(line.data() + line.size() - stop));
    const std::size_t number = rest.find_first_not_of(" \t");
    if (number == std::string_view::npos) continue;
    if (std::from_chars(rest.data() + number, rest.data() + rest.size(), offset).ec != std::errc()) continue;
    out.all.push_back({Instant(seconds(at) - kSince1900), offset});
  }
  return out;
}

std::string Service::etag() const { return fmt::format("\"{}-{}\"", zones_.catalogue().version, kForm); }

Told Service::answer(const Asked& asked) const {
  if (asked.method != "GET" && asked.method != "HEAD") {
    Told out = refused(405, "invalid-action", "zones can only be read");
    out.headers.emplace_back("Allow", "GET, HEAD");
    return out;
  }
  std::string_view path = asked.path;
  path.remove_prefix(std::min(path.size(), kService.size()));
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path == "/capabilities") return capabilities();
  if (path == "/leapseconds" && !leaps_.all.empty()) return leap_seconds(asked);
  if (path == "/zones") {
    const Parameter pattern = parameter(asked, "pattern");
    if (!pattern.is_there) return list(asked);
    if (!pattern.is_single) return refused(400, "invalid-pattern", "there is more than one pattern");
    return find(asked, pattern.value);
  }
  constexpr std::string_view kZones = "/zones/", kObservances = "/observances";
  if (!path.starts_with(kZones)) return refused(400, "invalid-action", "there is no such action");
  path.remove_prefix(kZones.size());
  if (!path.ends_with(kObservances)) return zone(asked, std::string(path));
  path.remove_suffix(kObservances.size());
  return observances(asked, std::string(path));
}

Told Service::capabilities() const {
  json::object info;
  info["primary-source"] = "https://www.iana.org/time-zones";
  info["formats"] = json::array{"text/calendar"};
  info["truncated"] = {{"any", true}, {"untruncated", true}};
  json::array actions;
  actions.push_back(action("capabilities", "/capabilities", {}));
  actions.push_back(action("list", "/zones{?changedsince}", {{"changedsince", false}}));
  actions.push_back(action("get", "/zones{/tzid}{?start,end}", {{"start", false}, {"end", false}}));
  actions.push_back(action("expand", "/zones{/tzid}/observances{?start,end}", {{"start", true}, {"end", true}}));
  actions.push_back(action("find", "/zones{?pattern}", {{"pattern", true}}));
  if (!leaps_.all.empty()) actions.push_back(action("leapseconds", "/leapseconds", {}));
  json::object out;
  out["version"] = 1;
  out["info"] = std::move(info);
  out["actions"] = std::move(actions);
  return {.body = json::serialize(out)};
}

// Whoever has this release has it all; of another one nothing is known.
Told Service::list(const Asked& asked) const {
  const icalendar::ZoneCatalogue& all = zones_.catalogue();
  const std::string token = fmt::format("{}-{}", all.version, kForm);
  const Parameter since = parameter(asked, "changedsince");
  if (since.is_there && (!since.is_single || since.value.empty()))
    return refused(400, "invalid-changedsince", "changedsince is one synctoken");
  json::array zones;
  if (!since.is_there || since.value != token)
    for (const auto& [name, aliases] : all.zones) zones.push_back(listed(name, aliases, all.version, etag()));
  json::object out;
  out["synctoken"] = token;
  out["timezones"] = std::move(zones);
  return {.body = json::serialize(out)};
}

Told Service::find(const Asked&, const std::string& pattern) const {
  const bool is_open_before = pattern.starts_with('*'), is_open_behind = pattern.ends_with('*');
  std::string_view inner = pattern;
  if (is_open_before) inner.remove_prefix(1);
  if (is_open_behind && !inner.empty()) inner.remove_suffix(1);
  if (inner.empty() || inner.contains('*') || inner.size() > kLongestPattern)
    return refused(400, "invalid-pattern", "a pattern is a part of a name, with * before or behind it");
  const std::string wanted = folded(inner);
  const auto fits = [&](std::string_view name) {
    const std::string text = folded(name);
    if (is_open_before && is_open_behind) return text.contains(wanted);
    if (is_open_before) return text.ends_with(wanted);
    return is_open_behind ? text.starts_with(wanted) : text == wanted;
  };
  const icalendar::ZoneCatalogue& all = zones_.catalogue();
  json::array zones;
  for (const auto& [name, aliases] : all.zones)
    if (fits(name) || std::ranges::any_of(aliases, fits)) zones.push_back(listed(name, aliases, all.version, etag()));
  json::object out;
  out["synctoken"] = fmt::format("{}-{}", all.version, kForm);
  out["timezones"] = std::move(zones);
  return {.body = json::serialize(out)};
}

Told Service::zone(const Asked& asked, const std::string& id) const {
  const auto found = zones_.catalogue().has(id) ? zones_.find(id) : nullptr;
  if (!found) return no_such_zone();
  if (!takes_calendars(header_of(asked, "accept")))
    return refused(406, "invalid-format", "zones are told as text/calendar");
  const Span span = span_of(asked);
  if (span.refusal) return *span.refusal;
  Told out{.content_type = "text/calendar; charset=utf-8"};
  out.headers = {{"ETag", etag()}, {"Cache-Control", "max-age=86400"}, {"Vary", "Accept"}};
  const wire::http::Representation there{.is_there = true, .etag = etag(), .modified = {}};
  if (wire::http::evaluate(asked.headers, true, there, clock_.now()) == wire::http::Condition::not_modified) {
    out.status = 304;
    return out;
  }
  lines::Component zone = icalendar::vtimezone_between(*found, id, span.span);
  const std::string_view canonical = zones_.catalogue().canonical(id);
  if (canonical != id) zone.set("TZID-ALIAS-OF", lines::escape(canonical));
  lines::Component calendar{.name = "VCALENDAR"};
  calendar.set("VERSION", "2.0");
  calendar.set("PRODID", "-//Kontor//Kontor//EN");
  calendar.components.push_back(std::move(zone));
  out.body = icalendar::write(calendar);
  return out;
}

Told Service::observances(const Asked& asked, const std::string& id) const {
  const auto found = zones_.catalogue().has(id) ? zones_.find(id) : nullptr;
  if (!found) return no_such_zone();
  const Span span = span_of(asked);
  if (span.refusal) return *span.refusal;
  if (!span.span.from) return refused(400, "invalid-start", "an expansion has a start");
  if (!span.span.until || *span.span.until - *span.span.from > kLongestExpansion)
    return refused(400, "invalid-end", "an expansion has an end, at most 300 years behind its start");
  const Instant from = *span.span.from, until = *span.span.until;
  json::array all;
  auto before = static_cast<std::int32_t>(found->offset_at(from).count());
  const auto add = [&](const std::string& name, bool is_daylight, Instant onset, std::int32_t to) {
    json::object one;
    one["name"] = !name.empty() ? name : is_daylight ? "Daylight" : "Standard";
    one["onset"] = print_moment(onset);
    one["utc-offset-from"] = before;
    one["utc-offset-to"] = to;
    all.push_back(std::move(one));
    before = to;
  };
  // What holds when it begins (section 5.4).
  const auto earlier = found->changes_between(from - std::chrono::days(800), from + seconds(1));
  const auto later = found->changes_between(from, until);
  if (later.empty() || Instant(seconds(later.front().at)) != from)
    add(earlier.empty() ? "" : earlier.back().name, !earlier.empty() && earlier.back().is_daylight, from, before);
  else
    before = static_cast<std::int32_t>(found->offset_at(from - seconds(1)).count());
  for (const icalendar::Zone::Change& change : later)
    add(change.name, change.is_daylight, Instant(seconds(change.at)), change.offset);
  json::object out;
  out["tzid"] = id;
  out["start"] = print_moment(from);
  out["end"] = print_moment(until);
  out["observances"] = std::move(all);
  return {.headers = {{"ETag", etag()}}, .body = json::serialize(out)};
}

Told Service::leap_seconds(const Asked&) const {
  json::array all;
  for (const LeapSecond& one : leaps_.all)
    all.push_back({{"utc-offset", one.offset}, {"onset", print_moment(one.onset).substr(0, 10)}});
  json::object out;
  out["expires"] = print_moment(leaps_.expires).substr(0, 10);
  out["publisher"] = "IANA";
  out["version"] = zones_.catalogue().version;
  out["leapseconds"] = std::move(all);
  return {.body = json::serialize(out)};
}

}  // namespace kontor::tzdist
