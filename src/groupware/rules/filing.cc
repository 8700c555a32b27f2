// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/rules/filing.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/bytes.h"
#include "groupware/delivery_notes.h"
#include "groupware/rules/filter.h"
#include "groupware/rules/script_world.h"
#include "groupware/scheduling/noted_mail.h"

namespace kontor::groupware {
namespace {

struct Target {
  FolderId folder;
  sieve::EditionIndex edition = 0;
  FlagNames flags;
};

void add_flags(FlagNames& to, const std::vector<std::string>& names) {
  static const std::map<std::string, Flag> kSystem = {{"\\seen", kSeen},
                                                      {"\\answered", kAnswered},
                                                      {"\\flagged", kFlagged},
                                                      {"\\draft", kDraft},
                                                      {"\\deleted", kDeleted}};
  for (const std::string& name : names) {
    if (const auto found = kSystem.find(to_lower(name)); found != kSystem.end())
      to.flags |= found->second;
    else if (std::ranges::find(to.keywords, name) == to.keywords.end())
      to.keywords.push_back(name);
  }
}

bool takes_mail(const FolderTable::Pointer& folder) {
  return folder && folder->kind == Kind::mail && !folder->is_container;
}

// Whether the failure is of this folder alone, so that the message can go into another.
bool is_of_folder(const Error& error) {
  return error.code == Errc::invalid || error.code == Errc::not_found || error.code == Errc::denied ||
         error.code == Errc::exists || error.code == Errc::too_large;
}

Result<FolderId> make_path(Transaction& transaction, const std::string& path, FolderRole role) {
  FolderId parent;
  std::string_view rest = path;
  for (;;) {
    const auto slash = rest.find('/');
    const bool is_last = slash == std::string_view::npos;
    const std::string name(rest.substr(0, slash));
    const FolderTable::Pointer there = transaction.folders()->child(parent, name);
    FolderId id = there ? there->id : FolderId();
    if (!there || (is_last && there->is_container)) {
      Transaction::NewFolder folder;
      folder.parent = parent;
      folder.name = name;
      if (is_last && role != FolderRole::none && !transaction.folders()->by_role(role)) folder.role = role;
      TRY(id, transaction.create_folder(folder));
    }
    if (is_last) return id;
    parent = id;
    rest.remove_prefix(slash + 1);
  }
}

// RFC 9042 section 3.1, RFC 8579 section 4, RFC 5490 section 3.2, in this order.
Result<FolderId> folder_of(Transaction& transaction, AccountId account, const sieve::FileInto& action) {
  const std::shared_ptr<const FolderTable> folders = transaction.folders();
  if (action.mailbox_id)
    for (const FolderTable::Pointer& folder : folders->all())
      if (mailbox_id(account, folder->id) == *action.mailbox_id && takes_mail(folder)) return folder->id;
  const auto role = action.special_use ? role_of_use(*action.special_use) : std::nullopt;
  if (role)
    if (const FolderTable::Pointer folder = folders->by_role(*role); takes_mail(folder)) return folder->id;
  const FolderTable::Pointer folder = folders->at_path(action.mailbox);
  if (takes_mail(folder)) return folder->id;
  if (!action.create) return fail(Errc::not_found, fmt::format("There is no folder \"{}\".", action.mailbox));
  FolderId made;
  TRY_VOID(transaction.attempt([&](Transaction& step) -> Result<void> {
    TRY(made, make_path(step, action.mailbox, role.value_or(FolderRole::none)));
    return {};
  }));
  return made;
}

// Twice into one folder is once (RFC 5228 section 2.10.3).
Target& target_in(std::vector<Target>& targets, FolderId folder, sieve::EditionIndex edition) {
  for (Target& target : targets)
    if (target.folder == folder && target.edition == edition) return target;
  return targets.emplace_back(Target{folder, edition, {}});
}

}  // namespace

Result<void> note_filed(Transaction& transaction, const Incoming& incoming, Filed& filed, Instant now) {
  filed.is_noted =
      incoming.has_scheduler && !incoming.is_junk && filed.item.has_value() && may_have_calendar(incoming.content);
  if (filed.is_noted) TRY_VOID(note_mail(transaction, {*filed.item, incoming.is_author_proven, now}));
  if (incoming.note.empty()) return {};
  return keep_delivery_note(transaction, incoming.note, filed.item.value_or(ItemId()), now);
}

FolderId delivery_folder(const FolderTable& folders, const std::string& detail, bool is_junk) {
  if (is_junk)
    if (FolderTable::Pointer folder = folders.by_role(FolderRole::junk)) return folder->id;
  if (!detail.empty())
    if (FolderTable::Pointer folder = folders.at_path(detail); folder && !folder->is_container)
      for (const Grant& grant : folder->grants)
        if (!grant.principal && (grant.rights & right::kPost) != 0) return folder->id;
  return folders.by_role(FolderRole::inbox)->id;
}

Result<FiledCopies> file_copies(Transaction& transaction, AccountId account, const sieve::Outcome& outcome,
                                const StagedContent& content, const std::vector<StagedContent>& editions,
                                const std::string& detail, bool is_junk) {
  FiledCopies out;
  std::vector<Target> targets;
  const auto usual = [&] { return delivery_folder(*transaction.folders(), detail, is_junk); };
  for (const sieve::Action& action : outcome.actions) {
    if (const auto* keep = std::get_if<sieve::Keep>(&action))
      add_flags(target_in(targets, usual(), keep->edition).flags, keep->flags);
    const auto* file = std::get_if<sieve::FileInto>(&action);
    if (!file) continue;
    Result<FolderId> folder = folder_of(transaction, account, *file);
    if (!folder && !is_of_folder(folder.error())) return std::unexpected(folder.error());
    if (!folder) out.complaints.push_back(fmt::format("fileinto \"{}\": {}", file->mailbox, folder.error().text));
    add_flags(target_in(targets, folder ? *folder : usual(), file->edition).flags, file->flags);
  }
  for (const Target& target : targets) {
    NewItem item;
    item.content = target.edition == 0 ? content : editions.at(target.edition - 1);
    item.flags = target.flags;
    Result<Added> added = transaction.add(target.folder, item);
    if (!added && is_of_folder(added.error())) {
      out.complaints.push_back(added.error().text);
      item.flags.keywords.clear();  // there may be too many of them
      added = transaction.add(transaction.folders()->by_role(FolderRole::inbox)->id, item);
    }
    if (!added) return std::unexpected(added.error());
    out.item = added->item;
  }
  return out;
}

}  // namespace kontor::groupware
