// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/icalendar/zones.h"

#include <fmt/core.h>
#include <unicode/ucal.h>
#include <unicode/ustring.h>

#include <algorithm>
#include <fstream>
#include <optional>

#include "base/bytes.h"
#include "formats/icalendar/display_zones.h"

namespace kontor::icalendar {
namespace {

constexpr std::size_t kMostOfFile = 1 << 20;

// A relative path of zoneinfo without any trick in it.
bool is_zone_name(std::string_view name) {
  if (name.empty() || name.size() > 100 || name.front() == '/' || name.back() == '/' || name.contains(".."))
    return false;
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_+-/").contains(c);
  });
}

std::optional<std::string> read_small_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string bytes(kMostOfFile, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

// "europe/berlin" and "EUROPE/BERLIN" as zoneinfo writes it; "Port-au-Prince" and the like only by their own case.
std::string usual_case(std::string_view name) {
  std::string out = to_lower(name);
  bool begins = true;
  for (char& c : out) {
    if (begins && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    begins = c == '/' || c == '_' || c == '-';
  }
  return out;
}

// CLDR's windowsZones.
std::string iana_of_windows(std::string_view id) {
  if (id.empty() || id.size() > 100 || !std::ranges::all_of(id, [](char c) { return c >= ' ' && c <= '~'; })) return {};
  const std::u16string wide(id.begin(), id.end());
  char16_t found[128];
  UErrorCode error = U_ZERO_ERROR;
  const int size =
      ucal_getTimeZoneIDForWindowsID(wide.data(), static_cast<int>(wide.size()), nullptr, found, 128, &error);
  if (U_FAILURE(error) != 0 || size <= 0 || size >= 128) return {};
  std::string out;
  for (int i = 0; i < size; ++i) out += static_cast<char>(found[i]);
  return out;
}

}  // namespace

ZoneDatabase::ZoneDatabase(std::string folder) : folder_(std::move(folder)) {}

ZonePointer ZoneDatabase::find(std::string_view name) const {
  if (!is_zone_name(name)) return nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = zones_.find(name); known != zones_.end()) return known->second;
  }
  const auto bytes = read_small_file(folder_ + "/" + std::string(name));
  if (!bytes) return nullptr;
  auto zone = read_zone_file(name, *bytes);
  if (!zone) return nullptr;
  const std::lock_guard lock(mutex_);
  return zones_.try_emplace(std::string(name), *std::move(zone)).first->second;
}

ZonePointer ZoneDatabase::match(std::string_view id) const {
  while (id.starts_with(' ')) id.remove_prefix(1);
  while (id.ends_with(' ')) id.remove_suffix(1);
  if (iequals(id, "UTC") || iequals(id, "GMT") || iequals(id, "Z")) return find("Etc/UTC");
  if (ZonePointer zone = find(id)) return zone;
  if (const std::string name = iana_of_windows(id); !name.empty()) return find(name);
  if (const auto windows = windows_name_of(lines::unescape(id)); !windows.empty()) return match(windows);
  // The last three or two parts of a path, longest first: America/Argentina/Ushuaia.
  for (int parts : {3, 2}) {
    std::size_t at = id.size();
    for (; parts > 0 && at != std::string_view::npos; --parts)
      at = at == 0 ? std::string_view::npos : id.rfind('/', at - 1);
    if (at == std::string_view::npos) continue;
    if (ZonePointer zone = find(id.substr(at + 1))) return zone;
  }
  return id.contains('/') ? find(usual_case(id)) : nullptr;
}

const ZoneCatalogue& ZoneDatabase::catalogue() const {
  std::call_once(is_listed_, [&] { catalogue_ = read_zone_catalogue(folder_); });
  return catalogue_;
}

CalendarZones::CalendarZones(const lines::Component& calendar, const ZoneDatabase& database)
    : calendar_(calendar), database_(database) {}

Result<ZonePointer> CalendarZones::find(std::string_view id) {
  if (const auto known = known_.find(id); known != known_.end()) return known->second;
  TRY(ZonePointer zone, look_up(id));
  return known_.try_emplace(std::string(id), std::move(zone)).first->second;
}

Result<ZonePointer> CalendarZones::look_up(std::string_view id) const {
  if (ZonePointer zone = database_.match(id)) return zone;
  for (const lines::Component& component : calendar_.components) {
    if (!component.is("VTIMEZONE") || lines::unescape(component.value("TZID")) != lines::unescape(id)) continue;
    for (const std::string_view property : {"TZID-ALIAS-OF", "X-LIC-LOCATION"})
      if (ZonePointer zone = database_.match(lines::unescape(component.value(property)))) return zone;
    return zone_of_rules(component);
  }
  return fail(Errc::invalid,
              fmt::format("The time zone \"{}\" is not known, and nothing says what it means.", id.substr(0, 80)));
}

}  // namespace kontor::icalendar
