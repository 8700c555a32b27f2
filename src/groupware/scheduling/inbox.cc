// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/scheduling/inbox.h"

#include <algorithm>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "groupware/scheduling/hidden_folder.h"
#include "groupware/scheduling/post.h"

namespace kontor::groupware {
namespace {

// Makes room for one more.
Result<void> trim(Transaction& transaction, FolderId inbox, Instant now) {
  std::vector<Entry> present;
  TRY_VOID(transaction.entries(inbox, [&](const Entry& entry) {
    present.push_back(entry);
    return true;
  }));
  std::ranges::sort(present, {}, &Entry::uid);
  std::size_t count = present.size();
  for (const Entry& entry : present) {
    if (count < kMostInInbox && entry.date.at >= now - kKeptInInbox) break;
    TRY_VOID(transaction.remove(inbox, entry.uid));
    // A hold keeps it.
    if (auto purged = transaction.purge_removed_item(entry.item); !purged && purged.error().code == Errc::unavailable)
      return purged;
    --count;
  }
  return {};
}

}  // namespace

FolderTable::Pointer scheduling_inbox(const FolderTable& folders) { return hidden_folder(folders, kIsInbox); }

NewItem inbox_item(const itip::Message& message, const StagedContent& content) {
  NewItem item;
  item.kind = Kind::files;
  item.content = content;
  item.name = to_hex(random_bytes(16)) + ".ics";
  item.properties = {{kPostMethod, std::string(itip::name(message.method))}, {kPostFrom, message.from}};
  return item;
}

std::string inbox_method(const Item& item) {
  const auto found = item.properties.find(kPostMethod);
  return found == item.properties.end() ? std::string() : found->second;
}

Result<void> add_to_inbox(Transaction& transaction, const NewItem& item, Instant now) {
  FolderId inbox;
  if (const auto folder = scheduling_inbox(*transaction.folders())) {
    inbox = folder->id;
    // A folder that a commit at work has just made cannot be listed yet; nor is there much in it.
    if (auto done = trim(transaction, inbox, now); !done && done.error().code != Errc::not_found) return done;
  } else {
    TRY(inbox, make_hidden_folder(transaction, kInboxName, kIsInbox));
  }
  TRY_VOID(transaction.add(inbox, item, {.ignore_quota = true}));
  return {};
}

}  // namespace kontor::groupware
