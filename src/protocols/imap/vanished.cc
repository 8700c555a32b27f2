// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/vanished.h"

#include <algorithm>

namespace kontor::imap {
namespace {

using groupware::FolderView;
using wire::imap::Range;
using wire::imap::Ranges;

// What of `wanted` lies in (above, below) and is no message of `view`.
Ranges absent(const Ranges& wanted, const FolderView& view, Uid above, Uid below) {
  Ranges out;
  for (const auto& range : wanted) {
    std::uint64_t next = std::max(range.first, above.value + 1);
    const std::uint64_t end = std::min<std::uint64_t>(std::uint64_t{range.last} + 1, below.value);
    const auto gap = [&](std::uint64_t to) {
      if (next < to) out.push_back({static_cast<std::uint32_t>(next), static_cast<std::uint32_t>(to - 1)});
    };
    if (next >= end) continue;
    view.each(view.lower_bound(Uid(static_cast<std::uint32_t>(next))), view.size(),
              [&](std::uint32_t, const groupware::Row& row) {
                if (row.uid.value >= end) return false;
                gap(row.uid.value);
                next = std::uint64_t{row.uid.value} + 1;
                return true;
              });
    gap(end);
  }
  return wire::imap::canonical(std::move(out));
}

}  // namespace

Result<Ranges> vanished_since(groupware::Account& account, const groupware::Caller& caller, FolderId folder,
                              const FolderView& view, Modseq since, const Ranges& wanted, Uid matched) {
  TRY(const auto reader, account.read(caller));
  const auto changes = reader->changes_since(since);
  if (!changes && changes.error().code != Errc::conflict) return std::unexpected(changes.error());
  if (!changes) {
    TRY(const auto present, reader->folder(folder));
    return absent(wanted, view, matched, present->next_uid);
  }
  std::vector<Range> gone;
  for (const auto& one : changes->vanished) {
    // The log may be of a later moment than the view: the client will be told of those later.
    const bool is_meant = one.folder == folder && wire::imap::contains(wanted, one.uid.value) && !view.find(one.uid);
    if (is_meant) gone.push_back({one.uid.value, one.uid.value});
  }
  return wire::imap::canonical(std::move(gone));
}

std::string print_vanished(const Ranges& uids, bool earlier) {
  if (uids.empty()) return {};
  return std::string("* VANISHED ") + (earlier ? "(EARLIER) " : "") + wire::imap::print(uids) + "\r\n";
}

}  // namespace kontor::imap
