// SPDX-License-Identifier: AGPL-3.0-or-later
// Verbs over what an account's user has set and no folder or item holds.
#include <fmt/format.h>

#include "protocols/admin/verb.h"

namespace kontor::admin {
namespace {

using groupware::Caller;
using groupware::Preferences;

std::string path_of(const groupware::FolderTable& folders, FolderId folder) {
  return folders.find(folder) ? folders.path(folder) : fmt::format("folder {}, which is gone", folder.value);
}

json::array show_favourites(const Context& context, const Preferences& preferences,
                            const groupware::FolderTable& folders) {
  json::array out;
  for (const auto& one : preferences.favourites) {
    json::object shown{{"name", one.name}};
    if (one.owner) {
      const auto owner = context.directory.principal(one.owner);
      shown["owner"] = owner ? owner->primary_address() : fmt::format("principal {}, who is gone", one.owner.value);
    } else {
      shown["folder"] = path_of(folders, one.folder);
    }
    out.push_back(std::move(shown));
  }
  return out;
}

json::array show_searches(const Preferences& preferences, const groupware::FolderTable& folders) {
  json::array out;
  for (const auto& one : preferences.searches) {
    json::array paths;
    for (const FolderId folder : one.folders) paths.push_back(json::string(path_of(folders, folder)));
    out.push_back(json::object{{"id", one.id},
                               {"name", one.name},
                               {"filter", one.filter},
                               {"folders", std::move(paths)},
                               {"deep", one.is_deep}});
  }
  return out;
}

Result<json::value> show_preferences(Context& context, const Arguments& arguments) {
  TRY(const std::string address, arguments.text("address"));
  TRY(const directory::Principal owner, find_principal(context, address));
  if (!owner.account()) return fail(Errc::invalid, address + " is a group and has no preferences");
  TRY(const auto account, context.accounts.open(owner.account()));
  TRY(const auto reader, account->read(Caller::system()));
  TRY(const Preferences preferences, reader->preferences());
  json::array signatures, identities, categories;
  for (const auto& one : preferences.signatures)
    signatures.push_back(json::object{{"id", one.id}, {"name", one.name}, {"text", one.text}, {"html", one.is_html}});
  for (const auto& one : preferences.identities)
    identities.push_back(json::object{{"id", one.id},
                                      {"name", one.name},
                                      {"address", one.address},
                                      {"reply_to", one.reply_to},
                                      {"signature", one.signature},
                                      {"reply_signature", one.reply_signature}});
  for (const auto& one : preferences.categories)
    categories.push_back(json::object{{"name", one.name}, {"colour", one.colour}, {"quick", one.is_quick}});
  json::object display;
  for (const auto& [name, value] : preferences.display) display[name] = value;
  return json::object{{"language", preferences.language},
                      {"time_zone", preferences.time_zone},
                      {"signatures", std::move(signatures)},
                      {"new_signature", preferences.new_signature},
                      {"reply_signature", preferences.reply_signature},
                      {"identities", std::move(identities)},
                      {"categories", std::move(categories)},
                      {"favourites", show_favourites(context, preferences, *reader->folders())},
                      {"searches", show_searches(preferences, *reader->folders())},
                      {"display", std::move(display)}};
}

}  // namespace

std::span<const Verb> preference_verbs() {
  static const std::vector<Verb> table = {{"user.preferences", false, {"address"}, show_preferences}};
  return table;
}

}  // namespace kontor::admin
