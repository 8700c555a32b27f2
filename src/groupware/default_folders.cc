// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/default_folders.h"

#include <fmt/format.h>

#include <algorithm>

namespace kontor::groupware {
namespace {

struct DefaultFolder {
  const char* name;
  Kind kind;
};
constexpr DefaultFolder kDefaultFolders[] = {{"Calendar", Kind::calendar},
                                             {"Contacts", Kind::contacts},
                                             {"Tasks", Kind::tasks},
                                             {"Notes", Kind::notes},
                                             {"Files", Kind::files}};

// A folder that has the name already becomes the default one, if it is of that kind.
Result<FolderId> make_default_folder(Transaction& transaction, const DefaultFolder& wanted) {
  Transaction::NewFolder folder;
  folder.name = wanted.name;
  folder.kind = wanted.kind;
  folder.role = default_role(wanted.kind);
  for (int number = 2;; ++number) {
    const auto there = transaction.folders()->child(FolderId(), folder.name, wanted.kind);
    if (!there) return transaction.create_folder(folder);
    if (there->kind == wanted.kind && there->role == FolderRole::none) {
      Transaction::FolderChange change;
      change.role = folder.role;
      TRY_VOID(transaction.change_folder(there->id, change));
      return there->id;
    }
    folder.name = fmt::format("{} {}", wanted.name, number);
  }
}

}  // namespace

bool has_default_folders(const FolderTable& folders) {
  return std::ranges::all_of(
      kDefaultFolders, [&](const DefaultFolder& one) { return folders.by_role(default_role(one.kind)) != nullptr; });
}

Result<void> make_default_folders(Transaction& transaction) {
  for (const DefaultFolder& wanted : kDefaultFolders) {
    if (transaction.folders()->by_role(default_role(wanted.kind))) continue;
    TRY(const FolderId made, make_default_folder(transaction, wanted));
    if (wanted.kind != Kind::calendar) continue;
    const auto calendar = transaction.folders()->find(made);
    Transaction::FolderChange change;
    if (calendar->next_uid == Uid(1) && !calendar->properties.contains(kCalendarComponents))
      change.properties[kCalendarComponents] = "VEVENT";
    change.grants = calendar->grants;
    change.grants->push_back({PrincipalId(), right::kFreeBusy});
    TRY_VOID(transaction.change_folder(made, change));
  }
  return {};
}

}  // namespace kontor::groupware
