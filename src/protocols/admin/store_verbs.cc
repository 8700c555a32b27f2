// SPDX-License-Identifier: AGPL-3.0-or-later
// Verbs over the accounts themselves: folders, and the check of all invariants.
#include <fmt/format.h>

#include "protocols/admin/verb.h"

namespace kontor::admin {
namespace {

json::object show_folder(const groupware::FolderTable& table, const groupware::Folder& folder) {
  return {{"id", folder.id.value},
          {"path", table.path(folder.id)},
          {"role", name(folder.role)},
          {"subscribed", folder.subscribed},
          {"is_container", folder.is_container},
          {"uid_validity", folder.uid_validity.value},
          {"next_uid", folder.next_uid.value},
          {"highest_modseq", folder.highest.value},
          {"messages", folder.total},
          {"unseen", folder.unseen},
          {"deleted", folder.deleted},
          {"bytes", folder.bytes},
          {"kind", name(folder.kind)}};
}

Result<json::value> folder_list(Context& context, const Arguments& arguments) {
  TRY(std::string address, arguments.text("address"));
  TRY(directory::Principal owner, find_principal(context, address));
  if (!owner.account()) return fail(Errc::invalid, fmt::format("{} is a group and has no folders", address));
  TRY(auto account, context.accounts.open(owner.account()));
  auto table = account->folders();
  json::array out;
  for (const auto& folder : table->all()) out.push_back(show_folder(*table, *folder));
  return out;
}

Result<json::value> run_check(Context& context, const Arguments& arguments) {
  groupware::CheckOptions options;
  TRY(auto repair, arguments.flag("repair"));
  TRY(auto read_content, arguments.flag("read_content"));
  options.repair = repair.value_or(false);
  options.read_content = read_content.value_or(false);
  TRY(std::vector<std::string> directory_faults, context.directory.check());
  TRY(groupware::CheckReport report, context.accounts.check(options));
  for (const Admin::Check& check : context.checks) {
    TRY(std::vector<groupware::Fault> more, check(options));
    report.faults.insert(report.faults.end(), more.begin(), more.end());
  }

  json::array faults;
  std::uint64_t open = directory_faults.size();
  for (const std::string& what : directory_faults)
    faults.push_back(json::object{{"where", "directory"}, {"what", what}, {"repaired", false}});
  for (const groupware::Fault& fault : report.faults) {
    if (!fault.repaired) ++open;
    faults.push_back(json::object{{"where", fault.where}, {"what", fault.what}, {"repaired", fault.repaired}});
  }
  return json::object{{"clean", open == 0},          {"accounts", report.accounts}, {"folders", report.folders},
                      {"items", report.items},       {"bytes", report.bytes},       {"blobs", report.blobs},
                      {"faults", std::move(faults)}, {"open_faults", open}};
}

}  // namespace

std::span<const Verb> store_verbs() {
  static const std::vector<Verb> table = {
      {"folder.list", false, {"address"}, folder_list},
      {"check", false, {"repair", "read_content"}, run_check},
  };
  return table;
}

}  // namespace kontor::admin
