// SPDX-License-Identifier: AGPL-3.0-or-later
// The importer: an archive's stream goes into accounts, each item exactly once, whatever breaks off in between.
//
// Each batch is durable before it is acknowledged. The ledger's record of an item rides in the item's own commit, so
// that running the same archive again changes nothing. Nothing is dropped: what cannot be taken is quarantined with a
// reason.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "directory/principal.h"
#include "formats/archive/answer.h"
#include "formats/archive/reader.h"
#include "groupware/accounts.h"
#include "protocols/import/batch.h"
#include "protocols/import/earlier.h"
#include "protocols/import/principals.h"

namespace kontor::directory {
class Directory;
}

namespace kontor::importing {

struct ImportOptions {
  bool create_users = false;
  directory::Status new_status = directory::Status::inactive;  // of created users
  bool live = false;                                           // also into active accounts
  bool ignore_quota = false;
  bool delete_vanished = false;  // what the source has no longer, where it is untouched here
  EarlierLedger earlier_ledger = EarlierLedger::ask;
  bool override_threshold = false;                   // also if that is much of a folder: see kVanishedShare
  std::string only_address;                          // refuse any other account, and principals; empty = take all
  bool only_principals = false;                      // refuse accounts
  bool may_create_domains = true;                    // for principals, where users may be created
  std::function<bool(std::string_view)> may_import;  // by the token; unset = all
  // Called before anything is done in an account: its error ends the import. Unset: nobody else imports here.
  std::function<Result<void>(AccountId)> claim;
  std::string origin;  // how clients call this server, for addresses of attachments: "https://mail.example.org"
  Batch::Limits batch;
};

// A folder of which more than both vanished is not emptied without override_threshold: an unreachable source looks so.
constexpr std::uint64_t kVanishedMany = 50;
constexpr double kVanishedShare = 0.2;

// One archive at a time. Blocks: runs on a worker.
class Importer {
 public:
  // Called after each durable batch; an error ends the import.
  using Acknowledge = std::function<Result<void>(const archive::Answer&)>;
  Importer(groupware::Accounts& accounts, directory::Directory& directory, ImportOptions options,
           Acknowledge acknowledge);
  ~Importer();

  // Reads to the archive's end. What was complete before an error is committed and acknowledged. Errors: of the
  // archive, and denied or not_found (the account), unavailable, corrupt.
  Result<void> run(archive::Reader& reader);

 private:
  struct Open;
  Result<void> take(archive::Reader& reader, archive::Record& record);
  Result<void> open_account(const archive::Account& record);
  Result<void> open_folder(const archive::Folder& record);
  Result<void> take_listing(const archive::Listing& listing);
  Result<void> take_item(archive::Reader& reader, archive::Item item);
  Result<void> stage(archive::Reader& reader, const std::optional<KnownItem>& known, archive::Item& item, Step& step);
  Result<groupware::StagedContent> stage_content(archive::Reader& reader, Step& step);
  Result<void> stage_with_attachments(archive::Reader& reader, const std::optional<KnownItem>& known,
                                      archive::Item& item, Step& step);
  Result<bool> has_room(std::uint64_t size, std::uint64_t attached);
  Result<void> take_settings_of(const archive::Settings& settings);
  Result<void> end_account(const archive::AccountEnd& end);
  Result<void> end_principals();
  Result<void> commit();
  Result<void> acknowledge(archive::Answer answer);

  groupware::Accounts& accounts_;
  directory::Directory& directory_;
  const ImportOptions options_;
  const Acknowledge acknowledge_;
  std::unique_ptr<Open> open_;
  PrincipalImport principals_;
};

}  // namespace kontor::importing
