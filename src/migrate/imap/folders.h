// SPDX-License-Identifier: AGPL-3.0-or-later
// The folders of an account at an IMAP server: which there are, what they are called for people, and what they are for.
#pragma once

#include <string>
#include <vector>

#include "migrate/imap/connection.h"
#include "migrate/source.h"

namespace kontor::migrate {

// All folders of the account's own, parents before children as listed. Left out: other users' and shared namespaces
// (they move with their owners) and views of messages that lie elsewhere (\All, \Flagged, \Important), except Gmail's
// "All Mail", which alone holds what was archived: it becomes the archive (see list_gmail_archive in listing.h).
struct ImapFolders {
  std::vector<SourceFolder> folders;
  std::vector<SourcePath> other_subscriptions;  // to what is none of the account's own names
};
Result<ImapFolders> read_folders(ImapConnection& connection);

// What the server said, put together. Pure; for tests.
struct FolderFacts {
  std::vector<imap_client::Listing> listings;
  std::vector<imap_client::Listing> subscriptions;  // LSUB, or LIST (SUBSCRIBED)
  bool listings_tell_subscriptions = false;
  imap_client::Namespaces namespaces;
  std::vector<imap_client::MailboxStatus> statuses;
  bool is_gmail = false;
};
ImapFolders make_folders(const FolderFacts& facts);

}  // namespace kontor::migrate
