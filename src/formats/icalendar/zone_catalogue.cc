// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/icalendar/zone_catalogue.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <vector>

#include "base/text.h"

namespace kontor::icalendar {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestLine = 10'000;
constexpr int kLongestChain = 10;  // of names that mean names

bool is_zone_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, 4> begin{};
  return file.read(begin.data(), begin.size()) && std::string_view(begin.data(), begin.size()) == "TZif";
}

// "# version 2025b", "Z Europe/Berlin ...", "L Europe/Berlin Arctic/Longyearbyen".
bool read_index(const std::string& folder, ZoneCatalogue& out) {
  std::ifstream file(folder + "/tzdata.zi");
  std::map<std::string, std::string> links;
  for (std::string line; std::getline(file, line) && line.size() < kLongestLine;) {
    const auto words = words_of(line);
    if (words.size() >= 3 && words[0] == "#" && words[1] == "version") out.version = words[2];
    if (words.size() >= 2 && words[0] == "Z") out.zones[std::string(words[1])];
    if (words.size() >= 3 && words[0] == "L") links[std::string(words[2])] = words[1];
  }
  for (const auto& [alias, target] : links) {
    std::string zone = target;
    for (int i = 0; i < kLongestChain && links.contains(zone); ++i) zone = links[zone];
    const auto found = out.zones.find(zone);
    if (found == out.zones.end()) continue;
    found->second.insert(alias);
    out.aliases[alias] = zone;
  }
  return !out.zones.empty();
}

// What the index names may be packed apart.
void keep_what_is_there(const std::string& folder, ZoneCatalogue& out) {
  std::erase_if(out.zones, [&](const auto& zone) {
    // No place: what programs show before anybody chose one.
    return zone.first == "Factory" || !is_zone_file(folder + "/" + zone.first);
  });
  std::erase_if(out.aliases, [&](const auto& alias) {
    const auto zone = out.zones.find(alias.second);
    if (zone == out.zones.end()) return true;
    if (is_zone_file(folder + "/" + alias.first)) return false;
    zone->second.erase(alias.first);
    return true;
  });
}

void list_files(const std::string& folder, ZoneCatalogue& out) {
  std::error_code error;
  for (auto at = fs::recursive_directory_iterator(folder, error); !error && at != fs::recursive_directory_iterator();
       at.increment(error)) {
    const std::string name = fs::relative(at->path(), folder, error).string();
    if (name == "posix" || name == "right") at.disable_recursion_pending();
    if (name == "posixrules" || name == "localtime" || name == "Factory" || error) continue;
    if (at->is_regular_file(error) && is_zone_file(at->path())) out.zones[name];
  }
}

}  // namespace

std::string_view ZoneCatalogue::canonical(std::string_view name) const {
  if (const auto zone = zones.find(name); zone != zones.end()) return zone->first;
  const auto alias = aliases.find(name);
  return alias == aliases.end() ? std::string_view() : std::string_view(alias->second);
}

ZoneCatalogue read_zone_catalogue(const std::string& folder) {
  ZoneCatalogue out{.version = "unknown", .zones = {}, .aliases = {}};
  if (read_index(folder, out))
    keep_what_is_there(folder, out);
  else
    list_files(folder, out);
  return out;
}

}  // namespace kontor::icalendar
