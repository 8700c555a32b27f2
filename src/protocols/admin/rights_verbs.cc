// SPDX-License-Identifier: AGPL-3.0-or-later
// Verbs over the rights that people have on folders of others.
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "protocols/admin/verb.h"

namespace kontor::admin {
namespace {

using directory::Principal;
using groupware::FolderTable;
using groupware::Grant;
namespace right = groupware::right;

constexpr std::string_view kEveryone = "everyone";

struct RightsWord {
  std::string_view word;
  std::uint32_t rights;
};
constexpr RightsWord kRightsWords[] = {
    {"none", 0},
    {"reader", right::kReader},
    {"contributor", right::kReader | right::kKeepSeen | right::kInsert | right::kPost},
    {"editor", right::kEditor},
    {"manager", right::kAll},
    {"private", right::kReadPrivate},
    {"free-busy", right::kFreeBusy},
    {"free-busy-details", right::kFreeBusy | right::kFreeBusyDetails},
};

// A word of the table, or letters of RFC 4314.
Result<std::uint32_t> read_rights(const std::vector<std::string>& texts) {
  std::uint32_t rights = 0;
  for (const std::string& text : texts) {
    const auto* word = std::ranges::find(kRightsWords, text, &RightsWord::word);
    auto letters = right::of_letters(text);
    if (word == std::end(kRightsWords) && !letters)
      return fail(Errc::invalid,
                  fmt::format("\"{}\" is no right; there are none, reader, contributor, editor, manager, private, "
                              "free-busy, free-busy-details, and the letters lrswipkxtea of RFC 4314",
                              text));
    rights |= word == std::end(kRightsWords) ? *letters : word->rights;
  }
  return rights;
}

std::string_view show_free_busy(std::uint32_t rights) {
  if ((rights & right::kFreeBusyDetails) != 0) return "details";
  return (rights & right::kFreeBusy) != 0 ? "times" : "none";
}

struct Sharer {
  Principal owner;
  std::shared_ptr<groupware::Account> account;
};

Result<Sharer> open_sharer(const Context& context, const Arguments& arguments) {
  TRY(std::string address, arguments.text("address"));
  Sharer sharer;
  TRY(sharer.owner, find_principal(context, address));
  if (!sharer.owner.account()) return fail(Errc::invalid, fmt::format("{} is a group and has no folders", address));
  TRY(sharer.account, context.accounts.open(sharer.owner.account()));
  return sharer;
}

Result<PrincipalId> find_grantee(const Context& context, const Arguments& arguments, const Sharer& sharer) {
  TRY(std::string who, arguments.text("who"));
  if (who == kEveryone || who == "anyone") return PrincipalId();
  TRY(Principal found, find_principal(context, who));
  if (found.kind != directory::PrincipalKind::user && found.kind != directory::PrincipalKind::group)
    return fail(Errc::invalid, fmt::format("{} is a {}: rights are for people and groups", who, name(found.kind)));
  if (found.id == sharer.owner.id) return fail(Errc::invalid, "The owner always has all rights");
  return found.id;
}

json::object show_grant(const Context& context, const std::string& path, const Grant& grant) {
  std::string who(kEveryone);
  std::string kind(kEveryone);
  if (grant.principal) {
    auto found = context.directory.principal(grant.principal);
    who = found ? found->primary_address() : fmt::format("principal {}, who is gone", grant.principal.value);
    kind = found ? name(found->kind) : "gone";
  }
  return {{"folder", path},
          {"who", who},
          {"kind", kind},
          {"rights", right::letters(grant.rights)},
          {"free_busy", show_free_busy(grant.rights)},
          {"private", (grant.rights & right::kReadPrivate) != 0}};
}

// The folder and, if wanted, all below it. Errors: not_found.
Result<std::vector<FolderTable::Pointer>> chosen_folders(const FolderTable& table, const std::string& path,
                                                         bool with_inner) {
  FolderTable::Pointer top = table.at_any_path(path);
  if (!top) return fail(Errc::not_found, fmt::format("There is no folder {}", path));
  std::vector<FolderTable::Pointer> out = {top};
  for (std::size_t i = 0; with_inner && i < out.size(); ++i)
    for (FolderTable::Pointer& child : table.children(out[i]->id)) out.push_back(std::move(child));
  return out;
}

Result<json::value> rights_show(Context& context, const Arguments& arguments) {
  TRY(Sharer sharer, open_sharer(context, arguments));
  TRY(auto path, arguments.optional_text("folder"));
  auto table = sharer.account->folders();
  std::vector<FolderTable::Pointer> folders = table->all();
  if (path) {
    TRY(folders, chosen_folders(*table, *path, false));
  }
  json::array out;
  for (const FolderTable::Pointer& folder : folders)
    for (const Grant& grant : folder->grants) out.push_back(show_grant(context, table->path(folder->id), grant));
  return out;
}

// What the grantee has from now on is `rights`; none: its grant is taken away.
Result<json::value> change_grants(Context& context, const Arguments& arguments, std::uint32_t rights) {
  TRY(Sharer sharer, open_sharer(context, arguments));
  TRY(std::string path, arguments.text("folder"));
  TRY(auto with_inner, arguments.flag("with_inner"));
  TRY(PrincipalId who, find_grantee(context, arguments, sharer));
  json::array out;
  TRY_VOID(sharer.account->update(groupware::Caller::system(), [&](groupware::Transaction& t) -> Result<void> {
    out.clear();
    TRY(auto folders, chosen_folders(*t.folders(), path, with_inner.value_or(false)));
    for (const FolderTable::Pointer& folder : folders) {
      groupware::Transaction::FolderChange change;
      change.grants = folder->grants;
      std::erase_if(*change.grants, [&](const Grant& grant) { return grant.principal == who; });
      change.grants->push_back({who, rights});
      TRY_VOID(t.change_folder(folder->id, change));
      out.push_back(show_grant(context, t.folders()->path(folder->id), {who, rights}));
    }
    return {};
  }));
  return out;
}

Result<json::value> rights_set(Context& context, const Arguments& arguments) {
  TRY(auto texts, arguments.texts("rights"));
  if (texts.empty()) return fail(Errc::invalid, "\"rights\" is missing");
  TRY(std::uint32_t rights, read_rights(texts));
  return change_grants(context, arguments, rights);
}

Result<json::value> rights_remove(Context& context, const Arguments& arguments) {
  return change_grants(context, arguments, 0);
}

}  // namespace

std::span<const Verb> rights_verbs() {
  static const std::vector<Verb> table = {
      {"folder.rights.show", false, {"address", "folder"}, rights_show},
      {"folder.rights.set", true, {"address", "folder", "who", "rights", "with_inner"}, rights_set},
      {"folder.rights.remove", true, {"address", "folder", "who", "with_inner"}, rights_remove},
  };
  return table;
}

}  // namespace kontor::admin
