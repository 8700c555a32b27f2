// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/ics/collection_files.h"

#include <boost/json.hpp>

#include "base/bytes.h"
#include "migrate/files/message_file.h"

namespace kontor::migrate {
namespace {

constexpr std::size_t kLargestTraitFile = 64 << 10;

std::string trait(const std::string& directory, const char* name, bool& is_there) {
  auto text = read_small_file(directory + "/" + name, kLargestTraitFile);
  if (!text) return {};
  is_there = true;
  while (!text->empty() && std::string_view(" \t\r\n").contains(text->back())) text->pop_back();
  return std::move(*text);
}

}  // namespace

std::string kind_of_components(std::string_view components) {
  const bool events = components.contains("VEVENT"), tasks = components.contains("VTODO");
  if (events) return "calendar";
  if (tasks) return "tasks";
  return components.contains("VJOURNAL") ? "notes" : "";
}

CollectionTraits parse_radicale_properties(std::string_view text) {
  CollectionTraits out;
  boost::system::error_code error;
  const auto parsed = boost::json::parse(boost::json::string_view(text.data(), text.size()), error);
  if (error || !parsed.is_object()) return out;
  out.is_there = true;
  const auto get = [&](std::string_view name) -> std::string {
    const auto* value = parsed.as_object().if_contains(boost::json::string_view(name.data(), name.size()));
    if (value == nullptr || !value->is_string()) return {};
    return std::string(value->as_string());
  };
  const auto tag = get("tag");
  out.name = get("D:displayname");
  out.colour = get("ICAL:calendar-color");
  if (out.colour.empty()) out.colour = get("INF:addressbook-color");
  out.order = get("ICAL:calendar-order");
  out.description = get(tag == "VADDRESSBOOK" ? "CR:addressbook-description" : "C:calendar-description");
  out.kind = tag == "VADDRESSBOOK" ? "contacts" : kind_of_components(get("C:supported-calendar-component-set"));
  return out;
}

CollectionTraits read_collection_traits(const std::string& directory) {
  CollectionTraits out;
  if (const auto text = read_small_file(directory + "/.Radicale.props", kLargestTraitFile))
    out = parse_radicale_properties(*text);
  for (auto [file, into] : {std::pair("displayname", &out.name), std::pair("color", &out.colour),
                            std::pair("description", &out.description), std::pair("order", &out.order)}) {
    auto text = trait(directory, file, out.is_there);
    if (!text.empty()) *into = std::move(text);
  }
  return out;
}

}  // namespace kontor::migrate
