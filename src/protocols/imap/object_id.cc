// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/object_id.h"

#include <fmt/format.h>

#include <charconv>

#include "base/bytes.h"
#include "base/digest.h"

namespace kontor::imap {

std::string mailbox_id(AccountId account, FolderId folder) { return groupware::mailbox_id(account, folder); }

std::string email_id(const groupware::Item& item) {
  std::string bytes = item.hash;
  append_be64(bytes, static_cast<std::uint64_t>(groupware::Row::pack(item.internal_date)));
  append_be64(bytes, item.thread.value);
  return "M" + to_hex(sha256(bytes).substr(0, 16));
}

std::string thread_id(AccountId account, ThreadId thread) {
  return fmt::format("T{:x}-{:x}", account.value, thread.value);
}

std::optional<ThreadId> thread_of(AccountId account, std::string_view id) {
  const auto dash = id.rfind('-');
  if (dash == std::string_view::npos) return std::nullopt;
  std::uint64_t number = 0;
  (void)std::from_chars(id.data() + dash + 1, id.data() + id.size(), number, 16);
  const ThreadId thread(number);
  return thread_id(account, thread) == id ? std::optional(thread) : std::nullopt;
}

}  // namespace kontor::imap
