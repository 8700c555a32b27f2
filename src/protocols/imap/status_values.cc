// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/status_values.h"

#include <algorithm>

#include "protocols/imap/object_id.h"
#include "wire/imap/print.h"

namespace kontor::imap {
namespace {

using groupware::Folder;
using groupware::Reader;
using wire::imap::StatusItem;

Result<std::uint64_t> recent(const Reader& reader, const Folder& folder) {
  if (folder.first_recent >= folder.next_uid) return 0;
  TRY(const auto view, reader.view(folder.id));
  return view->size() - view->lower_bound(folder.first_recent);
}

// RFC 9208 section 4.1.4: what an EXPUNGE would give back, in units of 1024 octets.
Result<std::uint64_t> deleted_storage(const Reader& reader, const Folder& folder) {
  if (folder.deleted == 0) return 0;
  TRY(const auto view, reader.view(folder.id));
  std::uint64_t bytes = 0;
  view->each(0, view->size(), [&](std::uint32_t, const groupware::Row& row) {
    if ((row.flag_bits & groupware::kDeleted) != 0) bytes += row.size;
    return true;
  });
  return (bytes + 1023) / 1024;
}

Result<std::uint64_t> value(const Reader& reader, const Folder& folder, StatusItem item) {
  switch (item) {
    case StatusItem::messages:
      return folder.total;
    case StatusItem::recent:
      return recent(reader, folder);
    case StatusItem::uid_next:
      return folder.next_uid.value;
    case StatusItem::uid_validity:
      return folder.uid_validity.value;
    case StatusItem::unseen:
      return folder.unseen;
    case StatusItem::highest_modseq:
      return std::max<std::uint64_t>(folder.highest.value, 1);
    case StatusItem::size:
      return folder.bytes;
    case StatusItem::deleted:
      return folder.deleted;
    case StatusItem::deleted_storage:
      return deleted_storage(reader, folder);
    case StatusItem::mailbox_id:
    case StatusItem::append_limit:
      break;
  }
  return 0;
}

}  // namespace

Result<std::string> status_values(const Reader& reader, AccountId account, const Folder& folder,
                                  std::span<const StatusItem> items, std::uint64_t append_limit) {
  if (folder.is_container) return fail(Errc::not_found, "this folder holds folders only");
  if ((reader.rights(folder.id) & groupware::right::kRead) == 0) return fail(Errc::denied, "you may not read there");
  std::string out;
  for (const auto item : items) {
    if (!out.empty()) out.push_back(' ');
    out += name(item);
    out.push_back(' ');
    if (item == StatusItem::mailbox_id) {
      out += "(" + mailbox_id(account, folder.id) + ")";
      continue;
    }
    if (item == StatusItem::append_limit) {
      out += append_limit == 0 ? "NIL" : std::to_string(append_limit);
      continue;
    }
    TRY(const auto number, value(reader, folder, item));
    wire::imap::append_number(out, number);
  }
  return out;
}

}  // namespace kontor::imap
