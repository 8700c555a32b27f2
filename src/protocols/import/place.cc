// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/place.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "formats/mime/charset.h"
#include "protocols/import/collection.h"
#include "protocols/import/followed_folder.h"
#include "protocols/import/ledger.h"

namespace kontor::importing {
namespace {

using groupware::FolderRole;
using groupware::Transaction;

// Gives an unused folder the source's UIDVALIDITY. True if it has it now.
Result<bool> take_uid_validity(Transaction& transaction, FolderId id, std::uint32_t uid_validity) {
  TRY(auto folder, transaction.folder(id));
  if (uid_validity == 0) return false;
  if (folder->uid_validity.value == uid_validity) return true;
  if (!never_used(*folder)) return false;
  Transaction::FolderChange change;
  change.uid_validity = UidValidity(uid_validity);
  TRY_VOID(transaction.change_folder(id, change));
  return true;
}

struct Place {
  FolderId parent;
  std::string name;
};

// The account's own folder of that role, at the source's path if nobody ever used it.
Result<FolderId> merge_by_role(Transaction& transaction, const groupware::Folder& standard, const Place& place) {
  const auto table = transaction.folders();
  const auto there = table->child(place.parent, place.name);
  if (!never_used(standard) || (there && there->id == standard.id)) return standard.id;
  if (!there) {
    // A parent inside the standard folder itself would be a knot.
    for (auto at = table->find(place.parent); at; at = table->find(at->parent)) {
      if (at->id == standard.id) return standard.id;
    }
    TRY_VOID(transaction.rename_folder(standard.id, place.parent, place.name));
    return standard.id;
  }
  if (there->role != FolderRole::none || there->is_container) return standard.id;
  const auto role = standard.role;
  Transaction::FolderChange without, with;
  without.role = FolderRole::none;
  with.role = role;
  TRY_VOID(transaction.change_folder(standard.id, without));
  if (table->children(standard.id).empty()) TRY_VOID(transaction.remove_folder(standard.id));
  TRY_VOID(transaction.change_folder(there->id, with));
  return there->id;
}

Result<FolderId> make_folder(Transaction& transaction, const archive::Folder& folder, const Place& place,
                             FolderRole role, bool& rewritten) {
  Transaction::NewFolder made;
  made.parent = place.parent;
  made.name = place.name;
  made.role = role;
  made.subscribed = folder.subscribed;
  made.is_container = folder.is_container;
  if (folder.uid_validity != 0) made.uid_validity = UidValidity(folder.uid_validity);
  auto id = transaction.create_folder(made);
  // A name that differs only in its Unicode form from a sibling's is another folder at the source.
  for (int i = 2; !id && id.error().code == Errc::exists && i < 100; ++i) {
    rewritten = true;
    made.name = fmt::format("{} ({})", place.name, i);
    id = transaction.create_folder(made);
  }
  return id;
}

}  // namespace

Result<FolderId> place_parents(Transaction& transaction, const archive::Folder& folder, bool& rewritten) {
  FolderId parent;
  for (std::size_t i = 0; i + 1 < folder.path.size(); ++i) {
    const auto name = sound_name(folder.path[i]);
    rewritten = rewritten || name != folder.path[i];
    if (const auto there = transaction.folders()->child(parent, name)) {
      parent = there->id;
      continue;
    }
    Transaction::NewFolder made;
    made.parent = parent;
    made.name = name;
    made.is_container = true;
    made.subscribed = false;
    TRY(parent, transaction.create_folder(made));
  }
  return parent;
}

Result<bool> is_taken(Transaction& transaction, const std::string& source, FolderId id, std::uint64_t code) {
  bool taken = false;
  TRY_VOID(transaction.ledger_scan(source, "F", [&](std::string_view key, const groupware::LedgerEntry& entry) {
    if (key.empty() || key[0] != 'F') return false;
    auto mark = decode_folder_mark(entry.fingerprint);
    taken = mark && mark->target == id && !mark->is_gone && folder_mark_key(code) != key;
    return !taken;
  }));
  return taken;
}

namespace {

Result<FolderId> find_mail_place(Transaction& transaction, const std::string& source, const archive::Folder& folder,
                                 bool& rewritten) {
  const auto table = transaction.folders();
  const bool is_inbox = folder.role == "inbox" || (folder.path.size() == 1 && iequals(folder.path[0], "INBOX"));
  if (is_inbox) {
    if (const auto inbox = table->by_role(FolderRole::inbox)) return inbox->id;
  }
  Place place;
  TRY(place.parent, place_parents(transaction, folder, rewritten));
  place.name = sound_name(folder.path.back());
  const bool changed = place.name != folder.path.back();
  rewritten = rewritten || changed;
  auto role = groupware::parse_folder_role(folder.role).value_or(FolderRole::none);
  const bool is_virtual = role == FolderRole::all || role == FolderRole::flagged || role == FolderRole::important;
  if (is_virtual || groupware::kind_of(role) != groupware::Kind::mail) role = FolderRole::none;
  if (role != FolderRole::none && !folder.is_container) {
    if (const auto standard = transaction.folders()->by_role(role)) {
      TRY(const bool taken, is_taken(transaction, source, standard->id, folder_code(folder.key)));
      if (!taken) return merge_by_role(transaction, *standard, place);
      role = FolderRole::none;
    }
  }
  if (const auto there = transaction.folders()->child(place.parent, place.name)) {
    bool taken = false;
    if (changed) {
      TRY(taken, is_taken(transaction, source, there->id, folder_code(folder.key)));
    }
    const bool revives = there->is_container && !folder.is_container;
    if (!taken && !revives) return there->id;
  }
  return make_folder(transaction, folder, place, role, rewritten);
}

}  // namespace

std::string sound_name(const std::string& name) {
  std::string out;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7f || c == '/' ? '_' : c;
  }
  if (!mime::is_utf8(out)) {
    for (auto& c : out) c = static_cast<unsigned char>(c) < 0x80 ? c : '_';
  }
  // C1 controls are two bytes in UTF-8.
  for (std::size_t i = 0; i + 1 < out.size(); ++i) {
    const bool control = out[i] == '\xc2' && static_cast<unsigned char>(out[i + 1]) < 0xa0;
    if (control) out.replace(i, 2, "_");
  }
  if (out.size() > 250) {
    out.resize(250);
    while (!mime::is_utf8(out)) out.pop_back();
  }
  const auto first = out.find_first_not_of(' ');
  if (first == std::string::npos) return "_";
  out.erase(0, first);
  out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

Result<Placed> place_folder(Transaction& transaction, const std::string& source, const archive::Folder& folder,
                            bool bring_back) {
  const auto code = folder_code(folder.key);
  TRY(auto known, find_folder(transaction, source, code));
  Placed placed;
  placed.kind = kind_named(folder.kind).value_or(groupware::Kind::mail);
  FolderMark mark;
  if (known) mark = *known;
  if (known && transaction.folder(known->target)) {
    placed.folder = known->target;
    if (mark.subscribed != folder.subscribed) {
      Transaction::FolderChange change;
      change.subscribed = folder.subscribed;
      TRY_VOID(transaction.change_folder(placed.folder, change));
    }
  } else if (known && known->target && !bring_back) {
    return placed;
  } else {
    placed.name_rewritten = folder.name_was_rewritten;
    if (placed.kind == groupware::Kind::mail) {
      TRY(placed.folder, find_mail_place(transaction, source, folder, placed.name_rewritten));
      std::erase_if(mark.traits, [](const auto& one) { return !one.first.starts_with(kGrantTrait); });
    } else {
      TRY(placed.folder, place_collection(transaction, source, folder, placed.kind, placed.name_rewritten));
      mark.traits.clear();
    }
    TRY(auto there, transaction.folder(placed.folder));
    if (there->subscribed != folder.subscribed && never_used(*there)) {
      Transaction::FolderChange change;
      change.subscribed = folder.subscribed;
      TRY_VOID(transaction.change_folder(placed.folder, change));
    }
  }
  TRY(placed.keeps_uids, take_uid_validity(transaction, placed.folder, folder.uid_validity));
  TRY_VOID(follow_folder(transaction, source, folder, placed.folder, mark));
  mark.key = folder.key;
  mark.target = placed.folder;
  mark.uid_validity = folder.uid_validity;
  mark.subscribed = folder.subscribed;
  mark.is_gone = false;
  const auto bytes = encode(mark);
  if (!known || encode(*known) != bytes) {
    TRY_VOID(transaction.note_imported(source, folder_mark_key(code), {ItemId(), bytes}));
  }
  return placed;
}

}  // namespace kontor::importing
