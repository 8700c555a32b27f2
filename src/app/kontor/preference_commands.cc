// SPDX-License-Identifier: AGPL-3.0-or-later
// `kontor user preferences`: what somebody has set.
#include <fmt/format.h>

#include "kontor/commands.h"
#include "kontor/exit_code.h"
#include "kontor/print.h"

namespace kontor::app {
namespace {

int print_preferences(const json::value& answer) {
  const json::object& all = answer.as_object();
  fmt::print("language {}, time zone {}\n", cell(all.at("language")), cell(all.at("time_zone")));
  const auto table = [&](const char* name, const std::vector<Column>& columns) {
    const json::array& rows = all.at(name).as_array();
    if (rows.empty()) return;
    fmt::print("\n{}\n", name);
    print_table(rows, columns);
  };
  table("signatures", {{"ID", "id"}, {"NAME", "name"}, {"HTML", "html"}});
  table("identities", {{"ID", "id"}, {"NAME", "name"}, {"ADDRESS", "address"}, {"REPLY TO", "reply_to"}});
  table("categories", {{"NAME", "name"}, {"COLOUR", "colour"}});
  table("favourites", {{"NAME", "name"}, {"FOLDER", "folder"}, {"OWNER", "owner"}});
  table("searches", {{"NAME", "name"}, {"FILTER", "filter"}});
  if (!all.at("display").as_object().empty())
    fmt::print("\n{} more (--json shows them)\n", all.at("display").as_object().size());
  return kOk;
}

}  // namespace

void add_preference_commands(CommandLine& line) {
  line.verb("user preferences", "user.preferences",
            "Shows what somebody has set: signatures, identities, categories, favourites, saved searches",
            print_preferences)
      .required("address", "ADDRESS", "Whose")
      .example("kontor user preferences ada@example.org --json");
}

}  // namespace kontor::app
