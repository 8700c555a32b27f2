// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/icalendar/display_zones.h"

#include <algorithm>

#include "base/bytes.h"

namespace kontor::icalendar {
namespace {

struct Displayed {
  std::string_view shown, windows;
};

// By Windows' own list, with what its cities were called before.
constexpr Displayed kDisplayed[] = {
    {"Abu Dhabi, Muscat", "Arabian Standard Time"},
    {"Adelaide", "Cen. Australia Standard Time"},
    {"Alaska", "Alaskan Standard Time"},
    {"Amman", "Jordan Standard Time"},
    {"Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "W. Europe Standard Time"},
    {"Arizona", "US Mountain Standard Time"},
    {"Astana", "Central Asia Standard Time"},
    {"Asuncion", "Paraguay Standard Time"},
    {"Athens, Bucharest", "GTB Standard Time"},
    {"Athens, Bucharest, Istanbul", "GTB Standard Time"},
    {"Atlantic Time (Canada)", "Atlantic Standard Time"},
    {"Auckland, Wellington", "New Zealand Standard Time"},
    {"Azores", "Azores Standard Time"},
    {"Baghdad", "Arabic Standard Time"},
    {"Baku", "Azerbaijan Standard Time"},
    {"Bangkok, Hanoi, Jakarta", "SE Asia Standard Time"},
    {"Beijing, Chongqing, Hong Kong, Urumqi", "China Standard Time"},
    {"Beirut", "Middle East Standard Time"},
    {"Belgrade, Bratislava, Budapest, Ljubljana, Prague", "Central Europe Standard Time"},
    {"Bogota, Lima, Quito", "SA Pacific Standard Time"},
    {"Bogota, Lima, Quito, Rio Branco", "SA Pacific Standard Time"},
    {"Brasilia", "E. South America Standard Time"},
    {"Brisbane", "E. Australia Standard Time"},
    {"Brussels, Copenhagen, Madrid, Paris", "Romance Standard Time"},
    {"Bucharest", "GTB Standard Time"},
    {"Cabo Verde Is.", "Cape Verde Standard Time"},
    {"Cairo", "Egypt Standard Time"},
    {"Canberra, Melbourne, Sydney", "AUS Eastern Standard Time"},
    {"Cape Verde Is.", "Cape Verde Standard Time"},
    {"Caracas", "Venezuela Standard Time"},
    {"Casablanca", "Morocco Standard Time"},
    {"Caucasus Standard Time", "Caucasus Standard Time"},
    {"Cayenne, Fortaleza", "SA Eastern Standard Time"},
    {"Central America", "Central America Standard Time"},
    {"Central Time (US & Canada)", "Central Standard Time"},
    {"Chennai, Kolkata, Mumbai, New Delhi", "India Standard Time"},
    {"Chihuahua, La Paz, Mazatlan", "Mountain Standard Time (Mexico)"},
    {"Chisinau", "E. Europe Standard Time"},
    {"City of Buenos Aires", "Argentina Standard Time"},
    {"Coordinated Universal Time", "UTC"},
    {"Copenhagen", "Romance Standard Time"},
    {"Cuiaba", "Central Brazilian Standard Time"},
    {"Damascus", "Syria Standard Time"},
    {"Darwin", "AUS Central Standard Time"},
    {"Dhaka", "Bangladesh Standard Time"},
    {"Dublin, Edinburgh, Lisbon, London", "GMT Standard Time"},
    {"Eastern Time (US & Canada)", "Eastern Standard Time"},
    {"Ekaterinburg", "Ekaterinburg Standard Time"},
    {"Fiji", "Fiji Standard Time"},
    {"Fiji, Kamchatka, Marshall Is.", "Fiji Standard Time"},
    {"Georgetown, La Paz, Manaus, San Juan", "SA Western Standard Time"},
    {"Greenland", "Greenland Standard Time"},
    {"Greenwich Mean Time : Dublin, Edinburgh, Lisbon, London", "GMT Standard Time"},
    {"Guadalajara, Mexico City, Monterrey", "Central Standard Time (Mexico)"},
    {"Guam, Port Moresby", "West Pacific Standard Time"},
    {"Harare, Pretoria", "South Africa Standard Time"},
    {"Hawaii", "Hawaiian Standard Time"},
    {"Helsinki, Kiev, Riga, Sofia, Tallinn, Vilnius", "FLE Standard Time"},
    {"Helsinki, Kyiv, Riga, Sofia, Tallinn, Vilnius", "FLE Standard Time"},
    {"Hobart", "Tasmania Standard Time"},
    {"Indiana (East)", "US Eastern Standard Time"},
    {"International Date Line West", "Dateline Standard Time"},
    {"Irkutsk", "North Asia East Standard Time"},
    {"Irkutsk, Ulaan Bataar", "North Asia East Standard Time"},
    {"Islamabad, Karachi", "Pakistan Standard Time"},
    {"Istanbul", "Turkey Standard Time"},
    {"Jerusalem", "Israel Standard Time"},
    {"Kabul", "Afghanistan Standard Time"},
    {"Kaliningrad", "Kaliningrad Standard Time"},
    {"Kathmandu", "Nepal Standard Time"},
    {"Krasnoyarsk", "North Asia Standard Time"},
    {"Kuala Lumpur, Singapore", "Singapore Standard Time"},
    {"Kuwait, Riyadh", "Arab Standard Time"},
    {"Magadan", "Magadan Standard Time"},
    {"Midway Island, Samoa", "UTC-11"},
    {"Minsk", "Belarus Standard Time"},
    {"Monrovia, Reykjavik", "Greenwich Standard Time"},
    {"Montevideo", "Montevideo Standard Time"},
    {"Moscow, St. Petersburg", "Russian Standard Time"},
    {"Moscow, St. Petersburg, Volgograd", "Russian Standard Time"},
    {"Mountain Time (US & Canada)", "Mountain Standard Time"},
    {"Nairobi", "E. Africa Standard Time"},
    {"Newfoundland", "Newfoundland Standard Time"},
    {"Novosibirsk", "N. Central Asia Standard Time"},
    {"Nuku'alofa", "Tonga Standard Time"},
    {"Osaka, Sapporo, Tokyo", "Tokyo Standard Time"},
    {"Pacific Time (US & Canada)", "Pacific Standard Time"},
    {"Perth", "W. Australia Standard Time"},
    {"Port Louis", "Mauritius Standard Time"},
    {"Samoa", "Samoa Standard Time"},
    {"Santiago", "Pacific SA Standard Time"},
    {"Sarajevo, Skopje, Warsaw, Zagreb", "Central European Standard Time"},
    {"Saskatchewan", "Canada Central Standard Time"},
    {"Seoul", "Korea Standard Time"},
    {"Solomon Is., New Caledonia", "Central Pacific Standard Time"},
    {"Sri Jayawardenepura", "Sri Lanka Standard Time"},
    {"Taipei", "Taipei Standard Time"},
    {"Tashkent", "West Asia Standard Time"},
    {"Tbilisi", "Georgian Standard Time"},
    {"Tehran", "Iran Standard Time"},
    {"Ulaanbaatar", "Ulaanbaatar Standard Time"},
    {"Vladivostok", "Vladivostok Standard Time"},
    {"West Central Africa", "W. Central Africa Standard Time"},
    {"Windhoek", "Namibia Standard Time"},
    {"Yakutsk", "Yakutsk Standard Time"},
    {"Yangon (Rangoon)", "Myanmar Standard Time"},
    {"Yerevan", "Caucasus Standard Time"},
};

// What Windows writes before the cities: the offset, which may have changed since.
std::string_view without_offset(std::string_view shown) {
  const std::string_view begin = shown.substr(0, 4);
  if (!iequals(begin, "(UTC") && !iequals(begin, "(GMT")) return shown;
  const auto end = shown.find(')');
  if (end == std::string_view::npos || end > 12) return {};
  shown.remove_prefix(end + 1);
  while (shown.starts_with(' ')) shown.remove_prefix(1);
  return shown;
}

}  // namespace

std::string_view windows_name_of(std::string_view shown) {
  if (iequals(shown, "tzone://Microsoft/Utc")) return "UTC";
  const std::string_view name = without_offset(shown);
  const auto* found = std::ranges::find_if(kDisplayed, [&](const Displayed& one) { return iequals(one.shown, name); });
  return found == std::end(kDisplayed) ? std::string_view() : found->windows;
}

}  // namespace kontor::icalendar
