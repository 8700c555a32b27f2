// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/listing.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "base/bytes.h"

namespace kontor::imap {
namespace {

using groupware::Folder;
using groupware::FolderRole;
using groupware::Reader;

struct NamedUse {
  FolderRole role;
  std::string_view attribute;
};
// RFC 6154 section 2, RFC 8457 section 3.
constexpr NamedUse kUses[] = {
    {FolderRole::sent, "\\Sent"},       {FolderRole::drafts, "\\Drafts"},       {FolderRole::trash, "\\Trash"},
    {FolderRole::junk, "\\Junk"},       {FolderRole::archive, "\\Archive"},     {FolderRole::all, "\\All"},
    {FolderRole::flagged, "\\Flagged"}, {FolderRole::important, "\\Important"},
};

// Adds the folders of one account.
Result<void> add_folders(const Mailbox& root, const groupware::Caller& caller, NameForm form, Listing& listing) {
  TRY(const auto reader, root.account->read(caller));
  const auto folders = reader->folders();
  for (const auto& folder : folders->all()) {
    if (!shows(*reader, *folder)) continue;
    const std::string path = folders->path(folder->id);
    Listed& listed = listing[wire_from_path(root.prefix + (is_inbox(path) ? "INBOX" : path), form)];
    listed.account = root.account;
    listed.folder = folder->id;
    listed.is_container = folder->is_container;
    // Who is a member of a shared mailbox need not subscribe to its folders.
    listed.is_subscribed = (root.is_own() || root.is_member) && folder->subscribed;
    listed.role = folder->role;
    listed.rights = reader->rights(folder->id);
  }
  return {};
}

// Superiors that are missing, and who has existing names below it.
void add_superiors(Listing& listing) {
  std::set<std::string> parents;
  for (const auto& [name, listed] : listing) {
    if (!listed.exists()) continue;
    for (auto slash = name.rfind('/'); slash != std::string::npos && slash > 0; slash = name.rfind('/', slash - 1)) {
      if (!parents.insert(name.substr(0, slash)).second) break;  // and so are all above it
    }
  }
  for (const auto& name : parents) listing[name].has_children = true;
}

}  // namespace

Result<Listing> list_names(const Mailboxes& mailboxes, groupware::Account& own, const groupware::Caller& caller,
                           NameForm form, std::span<const wire::imap::ListPattern> patterns) {
  Listing listing;
  const auto matters = [&](std::string_view prefix) {
    const std::string begin = wire_from_path(prefix, form);
    return patterns.empty() ||
           std::ranges::any_of(patterns, [&](const auto& pattern) { return pattern.may_match_from(begin); });
  };
  TRY(const auto roots, mailboxes.roots(matters));
  for (const auto& root : roots) TRY_VOID(add_folders(root, caller, form, listing));
  add_superiors(listing);
  TRY(const auto reader, own.read(caller));
  for (const auto& path : reader->other_subscriptions()) listing[wire_from_path(path, form)].is_subscribed = true;
  for (const auto& path : reader->refused_subscriptions()) {
    const auto at = listing.find(wire_from_path(path, form));
    if (at != listing.end()) at->second.is_subscribed = false;
  }
  return listing;
}

std::string attributes_of(const Reader& reader, const Folder& folder, const Mailbox& place) {
  const auto children = reader.folders()->children(folder.id);
  const bool has_children = std::ranges::any_of(children, [&](const auto& child) { return shows(reader, *child); });
  std::string out = folder.is_container ? "\\Noselect " : "";
  out += has_children ? "\\HasChildren" : "\\HasNoChildren";
  if ((place.is_own() || place.is_member) && folder.subscribed) out += " \\Subscribed";
  if (const auto use = special_use(folder.role); !use.empty()) (out += ' ') += use;
  return out;
}

void append_list_line(std::string& out, std::string_view attributes, const std::string& name, NameForm form,
                      const std::string& old_name) {
  ((out += "* LIST (") += attributes) += ") \"/\" ";
  append_wire_name(out, name, form);
  if (!old_name.empty()) {
    out += " (\"OLDNAME\" (";
    append_wire_name(out, old_name, form);
    out += "))";
  }
  out += "\r\n";
}

std::string_view special_use(FolderRole role) {
  for (const auto& use : kUses) {
    if (use.role == role) return use.attribute;
  }
  return "";
}

std::optional<FolderRole> role_of_special_use(std::string_view attribute) {
  for (const auto& use : kUses) {
    const bool is_virtual = use.role == FolderRole::all || use.role == FolderRole::flagged;
    if (iequals(use.attribute, attribute)) return is_virtual ? std::nullopt : std::optional(use.role);
  }
  return std::nullopt;
}

}  // namespace kontor::imap
