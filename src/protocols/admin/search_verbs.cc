// SPDX-License-Identifier: AGPL-3.0-or-later
// Verbs over the search index.
#include "groupware/search/text_index.h"
#include "protocols/admin/verb.h"

namespace kontor::admin {
namespace {

Result<groupware::TextIndex*> text_index(Context& context) {
  groupware::TextIndex* index = context.accounts.text_index();
  if (index == nullptr) return fail(Errc::not_found, "there is no search index: `search.index` is off");
  return index;
}

// The principal of that address, or all of them; only those that have an account.
Result<std::vector<directory::Principal>> owners(Context& context, const Arguments& arguments) {
  TRY(const auto address, arguments.optional_text("address"));
  std::vector<directory::Principal> found;
  if (address) {
    TRY(auto owner, find_principal(context, *address));
    if (!owner.account()) return fail(Errc::invalid, *address + " is a group and has no mail");
    found.push_back(std::move(owner));
    return found;
  }
  found = context.directory.principals(TenantId());
  std::erase_if(found, [](const directory::Principal& principal) { return !principal.account(); });
  return found;
}

Result<json::value> index_status(Context& context, const Arguments& arguments) {
  TRY(groupware::TextIndex * index, text_index(context));
  TRY(const auto accounts, owners(context, arguments));
  json::array rows;
  for (const auto& owner : accounts) {
    const auto status = index->status(owner.account());
    if (!status && status.error().code == Errc::not_found) continue;  // nobody used it yet
    if (!status) return std::unexpected(status.error());
    rows.push_back(json::object{{"address", owner.primary_address()},
                                {"documents", status->documents},
                                {"waiting", status->waiting},
                                {"bytes", status->bytes},
                                {"is_sound", status->is_sound}});
  }
  return json::object{{"accounts", std::move(rows)}};
}

Result<json::value> rebuild_index(Context& context, const Arguments& arguments) {
  TRY(groupware::TextIndex * index, text_index(context));
  TRY(const auto accounts, owners(context, arguments));
  for (const auto& owner : accounts) TRY_VOID(index->rebuild(owner.account()));
  return json::object{{"accounts", accounts.size()}};
}

}  // namespace

std::span<const Verb> search_verbs() {
  static const std::vector<Verb> table = {
      {"search.status", false, {"address"}, index_status},
      {"search.rebuild", true, {"address"}, rebuild_index},
  };
  return table;
}

}  // namespace kontor::admin
