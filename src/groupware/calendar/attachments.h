// SPDX-License-Identifier: AGPL-3.0-or-later
// Managed attachments (RFC 8607): bytes that events, tasks, notes and cards refer to by name, kept once for all that
// do.
//
// An attachment is an item of files in a folder of the account that no protocol shows: quota, holds, recovery and check
// know it as they know every item. It is there as long as something filed refers to it, goes with the last of that in
// the same commit, and comes back with it. Whoever may read all of an item that refers to it may read it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "formats/lines/component.h"
#include "groupware/content.h"

namespace kontor::groupware {

class Accounts;
class Reader;

constexpr const char* kAttachmentsName = "Attachments";  // as long as nothing else is called so
// Before an attachment's id and name, where the DAV server gives it.
constexpr const char* kAttachmentsPath = "/dav/attachments/";
// Of a folder, "yes": attachments are there, whatever it is called.
constexpr const char* kIsAttachments = "calendar.attachments";
// Of an item there.
constexpr const char* kAttachmentId = "attachment.id";
constexpr const char* kAttachmentName = "attachment.name";
constexpr const char* kAttachmentType = "attachment.type";
constexpr const char* kAttachmentOrigin = "attachment.origin";

struct Attachment {
  std::string id;
  ItemId item;
  std::string name;          // of the file; may be empty
  std::string content_type;  // as it came, with parameters; may be empty
  std::string origin;        // the attachment of another account of which it is a copy; empty: of none
  std::string etag;          // in quotes
  std::string hash;
  std::uint64_t size = 0;
};

struct NewAttachment {
  std::string id;  // by new_attachment_id()
  StagedContent content;
  std::string name, content_type, origin = {};
};

// A MANAGED-ID that nothing else has, which says whose it is: "17-" and 32 hexadecimal digits.
std::string new_attachment_id(AccountId account);
// Nothing: this server makes no such ids.
std::optional<AccountId> account_of_attachment(std::string_view id);

// What is to be attached beside a calendar that comes from another account.
struct Carried {
  std::vector<NewAttachment> attachments;
  bool is_changed = false;  // the calendar
};
struct Carriage {
  Accounts& accounts;
  AccountId to;
  TenantId tenant;
  // Of the account that an attachment is in; null: it cannot be read. What it gives must live until the end.
  std::function<const Reader*(AccountId)> reader_of;
  std::map<std::string, std::string> copies = {};  // that are there already: origin → id
  std::uint64_t most_bytes = UINT64_MAX;           // of all together
};
// Makes the calendar refer to attachments of the account `to` alone: to copies of those of others. What cannot be read,
// and what goes beyond `most_bytes`, is no managed attachment any more.
Result<Carried> carry_attachments(lines::Component& calendar, const Carriage& carriage);

// Of an account what its items refer to as copies of others' attachments, by where they came from: for Carriage.
std::map<std::string, std::string> copied_attachments(const Reader& reader, const lines::Component& calendar);

}  // namespace kontor::groupware
