// SPDX-License-Identifier: AGPL-3.0-or-later
// Verbs over removed items that can still be brought back.
#include <fmt/format.h>

#include <charconv>

#include "base/config.h"
#include "formats/archive/record.h"
#include "groupware/recovery.h"
#include "protocols/admin/verb.h"

namespace kontor::admin {
namespace {

using groupware::Caller;
using groupware::RecoveryFilter;

constexpr std::uint64_t kListed = 1000;

// "2026-11-20", "2026-11-20T08:00:00Z", or how long ago: "3h", "2d".
Result<Instant> read_instant(const Context& context, std::string_view argument, const std::string& text) {
  if (const auto ago = config::parse_duration(text))
    return context.clock.now() - std::chrono::duration_cast<std::chrono::seconds>(*ago);
  std::string full = text.size() == 10 ? text + "T00:00:00Z" : text;
  if (full.ends_with('Z')) full.replace(full.size() - 1, 1, "+00:00");
  const auto date = archive::parse_date(full);
  if (!date)
    return fail(Errc::invalid,
                fmt::format("\"{}\" must be a date like 2026-11-20 or 2026-11-20T08:00:00Z, or how long ago: 3h, 2d",
                            argument));
  return date->at;
}

Result<std::set<ItemId>> read_items(const std::vector<std::string>& texts) {
  std::set<ItemId> out;
  for (const std::string& text : texts) {
    std::uint64_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc() || end != text.data() + text.size())
      return fail(Errc::invalid, fmt::format("\"{}\" is no item's number", text));
    out.insert(ItemId(id));
  }
  return out;
}

struct Chosen {
  std::shared_ptr<groupware::Account> account;
  RecoveryFilter filter;
  bool names_any = false;  // some word of the filter is given
};

Result<Chosen> choose(Context& context, const Arguments& arguments) {
  TRY(const std::string address, arguments.text("address"));
  TRY(const directory::Principal owner, find_principal(context, address));
  if (!owner.account()) return fail(Errc::invalid, fmt::format("{} is a group and has no items", address));
  Chosen out;
  TRY(out.account, context.accounts.open(owner.account()));
  for (const char* word : {"folder", "since", "until", "subject", "from", "items", "from_removed_folders", "all"})
    out.names_any = out.names_any || arguments.has(word);
  TRY(const auto path, arguments.optional_text("folder"));
  if (path) {
    const auto folder = out.account->folders()->at_any_path(*path);
    if (!folder)
      return fail(
          Errc::not_found,
          fmt::format("There is no folder {}; --from-removed-folders finds what was in one that is gone", *path));
    out.filter.folder = folder->id;
  }
  TRY(const auto is_gone, arguments.flag("from_removed_folders"));
  if (is_gone.value_or(false)) out.filter.folder = FolderId();
  TRY(const auto since, arguments.optional_text("since"));
  if (since) {
    TRY(out.filter.since, read_instant(context, "since", *since));
  }
  TRY(const auto until, arguments.optional_text("until"));
  if (until) {
    TRY(out.filter.until, read_instant(context, "until", *until));
  }
  TRY(const auto subject, arguments.optional_text("subject"));
  TRY(const auto sender, arguments.optional_text("from"));
  out.filter.subject = subject.value_or("");
  out.filter.sender = sender.value_or("");
  TRY(const auto has_versions, arguments.flag("versions"));
  out.filter.has_versions = has_versions.value_or(false);
  if (arguments.has("items")) {
    TRY(const auto items, arguments.texts("items"));
    TRY(out.filter.items, read_items(items));
  }
  return out;
}

json::object show_removed(const Context& context, const groupware::FolderTable& folders,
                          const groupware::Recoverable& found) {
  const auto& [item, at, from, by, name] = found.removed;
  json::object out{{"id", item.id.value},  {"removed", show(at)},      {"folder", nullptr},
                   {"from", found.sender}, {"subject", found.subject}, {"date", archive::to_text(item.internal_date)},
                   {"bytes", item.size}};
  out["by"] = nullptr;
  if (const auto who = context.directory.principal(by)) out["by"] = who->primary_address();
  out["version_of"] = nullptr;
  if (const auto of = item.properties.find(groupware::kVersionOf); of != item.properties.end())
    out["version_of"] = of->second;
  if (from) out["folder"] = folders.path(from);
  return out;
}

Result<json::value> recover_list(Context& context, const Arguments& arguments) {
  TRY(const Chosen chosen, choose(context, arguments));
  TRY(const auto limit, arguments.number("limit"));
  TRY(const auto reader, chosen.account->read(Caller::system()));
  const auto folders = reader->folders();
  json::array items;
  std::uint64_t total = 0, bytes = 0;
  TRY_VOID(find_recoverable(*reader, chosen.filter, [&](const groupware::Recoverable& found) {
    total += 1;
    bytes += found.removed.item.size;
    if (items.size() < limit.value_or(kListed)) items.push_back(show_removed(context, *folders, found));
    return true;
  }));
  return json::object{{"total", total}, {"bytes", bytes}, {"items", std::move(items)}};
}

// What was chosen, which somebody must have done: not all of it by mistake.
Result<std::vector<ItemId>> chosen_items(const Chosen& chosen) {
  if (!chosen.names_any)
    return fail(Errc::invalid, "Say which items (by --folder, --since, --subject, --from, --item, ...), or --all");
  TRY(const auto reader, chosen.account->read(Caller::system()));
  std::vector<ItemId> items;
  TRY_VOID(find_recoverable(*reader, chosen.filter, [&](const groupware::Recoverable& found) {
    items.push_back(found.removed.item.id);
    return true;
  }));
  return items;
}

Result<json::value> recover_restore(Context& context, const Arguments& arguments) {
  TRY(const Chosen chosen, choose(context, arguments));
  TRY(const auto path, arguments.optional_text("into"));
  std::optional<FolderId> into;
  if (path) {
    const auto folder = chosen.account->folders()->at_any_path(*path);
    if (!folder) return fail(Errc::not_found, fmt::format("There is no folder {}", *path));
    into = folder->id;
  }
  TRY(const auto items, chosen_items(chosen));
  TRY(const auto done, restore_items(*chosen.account, Caller::system(), items, into));
  return json::object{{"restored", done.items}, {"elsewhere", done.elsewhere}, {"found", items.size()}};
}

Result<json::value> recover_purge(Context& context, const Arguments& arguments) {
  TRY(const Chosen chosen, choose(context, arguments));
  TRY(const auto items, chosen_items(chosen));
  TRY(const std::uint64_t purged, purge_items(*chosen.account, Caller::system(), items));
  return json::object{{"purged", purged}};
}

}  // namespace

std::span<const Verb> recover_verbs() {
  const auto with = [](std::initializer_list<std::string_view> more) {
    std::vector<std::string_view> words = {
        "address", "folder", "from_removed_folders", "since", "until", "subject", "from", "items", "versions"};
    words.insert(words.end(), more);
    return words;
  };
  static const std::vector<Verb> table = {
      {"folder.recover.list", false, with({"limit"}), recover_list},
      {"folder.recover.restore", true, with({"all", "into"}), recover_restore},
      {"folder.recover.purge", true, with({"all"}), recover_purge},
  };
  return table;
}

}  // namespace kontor::admin
