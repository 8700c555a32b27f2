// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/object_id.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/digest.h"

namespace kontor::imap {

std::string mailbox_id(AccountId account, FolderId folder) {
  return fmt::format("F{:x}-{:x}", account.value, folder.value);
}

std::string email_id(const groupware::Item& item) {
  std::string bytes = item.hash;
  append_be64(bytes, static_cast<std::uint64_t>(groupware::Row::pack(item.internal_date)));
  append_be64(bytes, item.thread.value);
  return "M" + to_hex(sha256(bytes).substr(0, 16));
}

std::string thread_id(AccountId account, ThreadId thread) {
  return fmt::format("T{:x}-{:x}", account.value, thread.value);
}

}  // namespace kontor::imap
