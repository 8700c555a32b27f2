// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/scheduling/hidden_folder.h"

#include <fmt/format.h>

namespace kontor::groupware {

FolderTable::Pointer hidden_folder(const FolderTable& folders, const char* mark) {
  for (const FolderTable::Pointer& folder : folders.all())
    if (folder->kind == Kind::files && folder->properties.contains(mark)) return folder;
  return nullptr;
}

Result<FolderId> make_hidden_folder(Transaction& transaction, const std::string& name, const char* mark) {
  Transaction::NewFolder folder;
  folder.name = name;
  folder.kind = Kind::files;
  folder.subscribed = false;
  for (int number = 2; transaction.folders()->child(FolderId(), folder.name, folder.kind); ++number)
    folder.name = fmt::format("{} {}", name, number);
  TRY(const FolderId made, transaction.create_folder(folder));
  Transaction::FolderChange change;
  change.properties[mark] = "yes";
  TRY_VOID(transaction.change_folder(made, change));
  return made;
}

}  // namespace kontor::groupware
