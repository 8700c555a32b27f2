// SPDX-License-Identifier: AGPL-3.0-or-later
// `kontor hold`: what may not go for good, and what was kept because of it.
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/bytes.h"
#include "kontor/commands.h"
#include "kontor/exit_code.h"
#include "kontor/print.h"

namespace kontor::app {
namespace {

int print_holds(const json::value& answer) {
  print_table(
      answer,
      {{"HOLD", "hold"}, {"OF", "of"}, {"KIND", "kind"}, {"SINCE", "since"}, {"BY", "by"}, {"REASON", "reason"}});
  return kOk;
}

int print_hold(const json::value& answer) {
  print_holds(answer.at("holds"));
  if (const json::value* items = answer.as_object().if_contains("items"))
    fmt::print("{} removed items are kept, {}\n", cell(*items),
               human_size(answer.at("bytes").to_number<std::uint64_t>()));
  return kOk;
}

int print_released(const json::value& answer) {
  fmt::print("Released {}; {} items went back, {} of them into Recovered, because their folder is gone\n",
             cell(answer.at("released")), cell(answer.at("restored")), cell(answer.at("elsewhere")));
  return kOk;
}

int print_exported(const json::value& answer) {
  fmt::print("Wrote {} items, {}\n", cell(answer.at("items")),
             human_size(answer.at("bytes").to_number<std::uint64_t>()));
  return kOk;
}

std::string who_runs_this() {
  if (const char* before = std::getenv("SUDO_USER")) return before;
  const passwd* entry = ::getpwuid(::getuid());
  return entry != nullptr ? entry->pw_name : fmt::format("user id {}", ::getuid());
}

Answer set_hold(const Settings& settings, const json::object& arguments) {
  json::object with_name = arguments;
  if (!with_name.contains("by")) with_name["by"] = who_runs_this();
  return call(settings, "hold.set", json::serialize(with_name), {});
}

// One item's bytes into a file.
Result<std::uint64_t> write_item(const Settings& settings, const std::string& address, const std::string& item,
                                 const std::filesystem::path& file) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  for (std::uint64_t at = 0;;) {
    const json::object asked{{"address", address}, {"item", item}, {"offset", at}};
    const Answer answer = call(settings, "hold.read", json::serialize(asked), {});
    if (!answer.result) return std::unexpected(answer.result.error());
    const json::value got = json::parse(*answer.result);
    const auto bytes = from_base64(std::string_view(got.at("bytes").as_string()));
    if (!bytes) return fail(Errc::corrupt, "the server's answer cannot be read");
    out.write(bytes->data(), static_cast<std::streamsize>(bytes->size()));
    at += bytes->size();
    const auto size = got.at("size").to_number<std::uint64_t>();
    if (at < size && !bytes->empty()) continue;
    out.flush();
    if (!out || at != size) return fail(Errc::unavailable, fmt::format("Cannot write {}", file.string()));
    return size;
  }
}

// NUMBER.eml for each item, and items.json, which says what they were.
Result<std::string> export_items(const Settings& settings, const json::object& arguments) {
  json::object filter = arguments;
  const std::filesystem::path folder(std::string(filter.at("to").as_string()));
  filter.erase("to");
  filter["limit"] = std::uint64_t{UINT32_MAX};
  const Answer listed = call(settings, "folder.recover.list", json::serialize(filter), {});
  if (!listed.result) return std::unexpected(listed.result.error());
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return fail(Errc::denied, fmt::format("Cannot make {}: {}", folder.string(), error.message()));
  const json::value items = json::parse(*listed.result).at("items");
  const std::string address(filter.at("address").as_string());
  std::uint64_t bytes = 0;
  for (const json::value& one : items.as_array()) {
    const std::string item = cell(one.at("id"));
    TRY(const std::uint64_t size, write_item(settings, address, item, folder / (item + ".eml")));
    bytes += size;
  }
  std::ofstream index(folder / "items.json", std::ios::trunc);
  index << json::serialize(items) << '\n';
  index.flush();
  if (!index) return fail(Errc::unavailable, fmt::format("Cannot write {}", (folder / "items.json").string()));
  return json::serialize(json::object{{"items", items.as_array().size()}, {"bytes", bytes}});
}

}  // namespace

void add_hold_commands(CommandLine& line) {
  line.group("hold", "What may not go for good: removed items are kept, out of their owners' sight");
  line.work("hold set", "Sets a hold on an account, or on a tenant's all", print_holds, set_hold)
      .text("--address", "address", "ADDRESS", "Whose account")
      .text("--tenant", "tenant", "NAME", "All accounts of a tenant")
      .text("--name", "hold", "NAME", "The hold's name: several are kept apart", true)
      .text("--reason", "reason", "TEXT", "Why")
      .text("--by", "by", "NAME", "Who says so; otherwise the user who runs this")
      .example("kontor hold set --address ada@example.org --name case-7 --reason \"Court order 12/26\"");
  line.verb("hold list", "hold.list", "Lists all holds", print_holds);
  line.verb("hold show", "hold.show", "Shows an account's holds and how much they keep", print_hold)
      .text("--address", "address", "ADDRESS", "Whose account")
      .text("--tenant", "tenant", "NAME", "Of a tenant");
  line.verb("hold release", "hold.release", "Ends a hold: what is past its time goes with the next sweep",
            print_released)
      .text("--address", "address", "ADDRESS", "Whose account")
      .text("--tenant", "tenant", "NAME", "Of a tenant")
      .text("--name", "hold", "NAME", "Which", true)
      .flag("--restore", "restore", true, "What was removed since it was set goes back to its folders");
  const Work work = [](const Settings& settings, const json::object& arguments) -> Answer {
    return {export_items(settings, arguments), false};
  };
  line.work("hold export", "Writes removed items that are kept into a folder on this host", print_exported, work)
      .required("address", "ADDRESS", "Whose")
      .text("--to", "to", "FOLDER", "Where: a file for each, and items.json", true)
      .text("--since", "since", "TIME", "Removed then or later")
      .text("--until", "until", "TIME", "Removed before")
      .text("--folder", "folder", "PATH", "Those that were in this folder")
      .text("--subject", "subject", "TEXT", "With this in the subject")
      .text("--from", "from", "TEXT", "With this in the sender's name or address")
      .example("kontor hold export ada@example.org --to /srv/case-7");
}

}  // namespace kontor::app
