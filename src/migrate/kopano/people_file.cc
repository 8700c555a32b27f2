// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/people_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/bytes.h"
#include "base/config.h"
#include "base/text.h"
#include "migrate/csv.h"

namespace kontor::migrate::kopano {
namespace {

constexpr std::size_t kShortestHexName = 16;

std::vector<std::string> names_in(std::string_view field) {
  const auto words = words_of(field);
  return {words.begin(), words.end()};
}

// What one column does with a field, which is not empty. A sentence: what is wrong with it.
using TakeField = std::string (*)(std::string_view field, Told& into);

std::string take_kind(std::string_view field, Told& into) {
  static constexpr auto kKinds = std::to_array<std::pair<std::string_view, PersonClass>>({
      {"user", PersonClass::user},
      {"shared", PersonClass::shared},
      {"room", PersonClass::room},
      {"equipment", PersonClass::equipment},
      {"contact", PersonClass::contact},
      {"group", PersonClass::group},
      {"company", PersonClass::company},
  });
  for (const auto& [name, kind] : kKinds)
    if (iequals(name, field)) {
      into.kind = kind;
      return {};
    }
  return fmt::format("\"{}\" is no kind: there are user, shared, room, equipment, contact, group and company", field);
}

std::string take_quota(std::string_view field, Told& into) {
  const auto bytes = config::parse_size(field);
  if (!bytes) return fmt::format("the quota \"{}\" is not understood: {}", field, bytes.error().text);
  into.quota = *bytes;
  return {};
}

std::string take_hidden(std::string_view field, Told& into) {
  const bool is_yes = iequals(field, "yes") || field == "1" || iequals(field, "true");
  if (!is_yes && !iequals(field, "no") && field != "0" && !iequals(field, "false"))
    return fmt::format("hidden is yes or no, not \"{}\"", field);
  into.is_hidden = is_yes;
  return {};
}

// Binary names are written in hex.
std::string take_name_in_directory(std::string_view field, Told& into) {
  const auto bytes = from_hex(field);
  into.external_id = bytes && field.size() >= kShortestHexName ? *bytes : std::string(field);
  return {};
}

struct PeopleColumn {
  std::string_view name;
  TakeField take;
};
constexpr auto kPeopleColumns = std::to_array<PeopleColumn>({
    {"login", [](std::string_view field, Told& into) { return into.login = field, std::string(); }},
    {"address", [](std::string_view field, Told& into) { return into.address = field, std::string(); }},
    {"name", [](std::string_view field, Told& into) { return into.name = field, std::string(); }},
    {"externid", take_name_in_directory},
    {"kind", take_kind},
    {"aliases", [](std::string_view field, Told& into) { return into.aliases = names_in(field), std::string(); }},
    {"members", [](std::string_view field, Told& into) { return into.members = names_in(field), std::string(); }},
    {"senders", [](std::string_view field, Told& into) { return into.senders = names_in(field), std::string(); }},
    {"quota", take_quota},
    {"hidden", take_hidden},
});

Result<std::vector<const PeopleColumn*>> columns_of(const CsvLine& line) {
  std::vector<const PeopleColumn*> columns;
  for (const std::string& field : line.fields) {
    const auto column = std::ranges::find(kPeopleColumns, to_lower(trimmed(field, " ")), &PeopleColumn::name);
    if (column == kPeopleColumns.end()) {
      std::string names;
      for (const PeopleColumn& one : kPeopleColumns) names += (names.empty() ? "" : ", ") + std::string(one.name);
      return fail(Errc::invalid, fmt::format("line {}: \"{}\" is no column: there are {}", line.number, field, names));
    }
    columns.push_back(&*column);
  }
  return columns;
}

}  // namespace

Result<std::vector<Told>> parse_people(std::string_view csv) {
  TRY(const auto lines, parse_csv(csv));
  std::vector<Told> people;
  std::vector<const PeopleColumn*> columns;
  for (const CsvLine& line : lines) {
    if (columns.empty()) {
      TRY(columns, columns_of(line));
      continue;
    }
    if (line.fields.size() > columns.size())
      return fail(Errc::invalid, fmt::format("line {}: {} fields where {} are expected", line.number,
                                             line.fields.size(), columns.size()));
    Told& one = people.emplace_back();
    for (std::size_t i = 0; i < line.fields.size(); ++i) {
      const std::string_view field = trimmed(line.fields[i], " ");
      const std::string wrong = field.empty() ? std::string() : columns[i]->take(field, one);
      if (!wrong.empty()) return fail(Errc::invalid, fmt::format("line {}: {}", line.number, wrong));
    }
    if (one.login.empty() && one.external_id.empty())
      return fail(Errc::invalid, fmt::format("line {}: neither login nor externid", line.number));
  }
  return people;
}

}  // namespace kontor::migrate::kopano
