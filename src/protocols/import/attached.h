// SPDX-License-Identifier: AGPL-3.0-or-later
// Items that come with attachments: events, tasks, notes and cards whose content names them by their hashes
// (archive::attachment_uri). Here they are managed attachments (groupware/calendar/attachments.h), and the content
// names those.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/archive/reader.h"
#include "groupware/accounts.h"

namespace kontor::importing {

// Where attachments of an account go.
struct AttachedSite {
  groupware::Accounts& accounts;
  groupware::Account& account;
  std::string_view origin;  // how clients call the server: "https://mail.example.org"
};

struct AttachedItem {
  groupware::Kind kind = groupware::Kind::calendar;
  std::optional<groupware::StagedContent> content;    // as it is kept here; nothing: see below
  std::vector<groupware::NewAttachment> attachments;  // that the account does not have yet
  bool is_needed = false;                             // the bytes of some neither came nor are here
  std::string refusal;                                // why this item cannot be taken
};

// Takes an item's content and attachments off the archive. `earlier`: the item as it is here, whose attachments it may
// refer to again; they keep their ids. Bytes that nothing refers to are passed over. Errors: of the archive, and
// unavailable.
Result<AttachedItem> stage_attached(archive::Reader& archive, const archive::Item& item, groupware::Kind folder,
                                    const groupware::Item* earlier, const AttachedSite& site);

struct AsItCame {
  std::uint64_t size = 0;
  std::string sha256;             // raw
  std::uint64_t attachments = 0;  // contents, each once
};
// The content of an event, task, note or card of this account, with its managed attachments named by their hashes.
// `reads_attachments`: by those of what can be read now. Errors: not_found, corrupt, unavailable; invalid (nobody can
// read it).
Result<AsItCame> as_it_came(const groupware::Reader& reader, const groupware::Item& item, bool reads_attachments);

// Of bytes, read in pieces. Errors: of reading; corrupt (there are fewer than there should be).
Result<std::string> hash_of_content(const groupware::Content& content);

}  // namespace kontor::importing
