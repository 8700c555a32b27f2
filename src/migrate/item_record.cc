// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/item_record.h"

#include "base/bytes.h"
#include "base/digest.h"
#include "migrate/settings_record.h"

namespace kontor::migrate {

archive::Item item_record(std::uint32_t folder, const SourceItem& item) {
  archive::Item record;
  record.folder = folder;
  record.key = item.key;
  record.uid = item.uid;
  record.flags = item.flags;
  record.keywords = item.keywords;
  record.date = item.date;
  record.date_is_guess = item.date_is_guess;
  record.announced_size = item.announced_size;
  record.properties = item.properties;
  record.name = item.name;
  record.fingerprint =
      item.fingerprint.size() <= archive::kMaxFingerprint ? item.fingerprint : to_hex(sha256(item.fingerprint));
  return record;
}

archive::Folder folder_record(std::uint32_t number, const SourceFolder& folder, const SourcePath& goes_to,
                              const Mapping& mapping) {
  archive::Folder record;
  record.number = number;
  record.key = folder.key;
  record.path = goes_to;
  record.role = folder.role;
  // What is renamed is no longer what its role says, but for the inbox.
  if (goes_to != folder.path) record.role = folder.kind.empty() && goes_to == SourcePath{"INBOX"} ? "inbox" : "";
  record.subscribed = folder.subscribed;
  record.is_container = folder.is_container;
  record.uid_validity = folder.uid_validity;
  record.uid_next = folder.uid_next;
  record.name_was_rewritten = folder.name_was_rewritten;
  record.kind = folder.kind;
  record.colour = folder.colour.substr(0, archive::kMaxColour);
  record.description = folder.description.substr(0, archive::kMaxDescription);
  record.properties = folder.properties;
  if (folder.grants) record.grants = mapped_grants(*folder.grants, mapping);
  return record;
}

}  // namespace kontor::migrate
