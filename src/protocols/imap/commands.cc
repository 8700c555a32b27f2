// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/commands.h"

#include "base/bytes.h"

namespace kontor::imap {
namespace {

using state::kAny;
using state::kGreeted;
using state::kLoggedIn;
using state::kSelected;

constexpr Row kRows[] = {
    {"CAPABILITY", kAny, 0, cmd_capability, "RFC 3501 section 6.1.1"},
    {"NOOP", kAny, 0, cmd_noop, "RFC 3501 section 6.1.2"},
    {"LOGOUT", kAny, 0, cmd_logout, "RFC 3501 section 6.1.3"},
    {"ID", kAny, 0, cmd_id, "RFC 2971 section 3.1"},
    {"COMPRESS", kLoggedIn, 0, cmd_compress, "RFC 4978 section 3"},
    {"UNAUTHENTICATE", kLoggedIn, 0, cmd_unauthenticate, "RFC 8437 section 3"},
    {"STARTTLS", kGreeted, 0, cmd_starttls, "RFC 3501 section 6.2.1"},
    {"AUTHENTICATE", kGreeted, 0, cmd_authenticate, "RFC 3501 section 6.2.2, RFC 4959"},
    {"LOGIN", kGreeted, 0, cmd_login, "RFC 3501 section 6.2.3"},
    {"ENABLE", kLoggedIn, 0, cmd_enable, "RFC 5161 section 3.1"},
    {"SELECT", kLoggedIn, 0, cmd_select, "RFC 3501 section 6.3.1, RFC 7162 sections 3.1.8 and 3.2.5"},
    {"EXAMINE", kLoggedIn, 0, cmd_examine, "RFC 3501 section 6.3.2"},
    {"CREATE", kLoggedIn, 0, cmd_create, "RFC 3501 section 6.3.3, RFC 6154 section 3"},
    {"DELETE", kLoggedIn, 0, cmd_delete, "RFC 3501 section 6.3.4"},
    {"RENAME", kLoggedIn, 0, cmd_rename, "RFC 3501 section 6.3.5"},
    {"SUBSCRIBE", kLoggedIn, 0, cmd_subscribe, "RFC 3501 section 6.3.6"},
    {"UNSUBSCRIBE", kLoggedIn, 0, cmd_unsubscribe, "RFC 3501 section 6.3.7"},
    {"LIST", kLoggedIn, 0, cmd_list, "RFC 3501 section 6.3.8, RFC 5258, RFC 5819, RFC 3348, RFC 6154"},
    {"LSUB", kLoggedIn, 0, cmd_lsub, "RFC 3501 section 6.3.9"},
    {"STATUS", kLoggedIn, 0, cmd_status, "RFC 3501 section 6.3.10"},
    {"APPEND", kLoggedIn, kStreamsLiteral, cmd_append, "RFC 3501 section 6.3.11, RFC 3502, RFC 4469"},
    {"GETQUOTA", kLoggedIn, 0, cmd_getquota, "RFC 9208 section 4.1.1"},
    {"GETQUOTAROOT", kLoggedIn, 0, cmd_getquotaroot, "RFC 9208 section 4.1.2"},
    {"SETQUOTA", kLoggedIn, 0, cmd_setquota, "RFC 9208 section 4.1.3"},
    {"GETMETADATA", kLoggedIn, 0, cmd_getmetadata, "RFC 5464 section 4.2"},
    {"SETMETADATA", kLoggedIn, kTakesBinary, cmd_setmetadata, "RFC 5464 section 4.3"},
    {"NOTIFY", kLoggedIn, 0, cmd_notify, "RFC 5465 section 3"},
    {"COMPARATOR", kLoggedIn, 0, cmd_comparator, "RFC 5255 section 4.7"},
    {"NAMESPACE", kLoggedIn, 0, cmd_namespace, "RFC 2342 section 5"},
    {"SETACL", kLoggedIn, 0, cmd_setacl, "RFC 4314 section 3.1"},
    {"DELETEACL", kLoggedIn, 0, cmd_deleteacl, "RFC 4314 section 3.2"},
    {"GETACL", kLoggedIn, 0, cmd_getacl, "RFC 4314 section 3.3"},
    {"LISTRIGHTS", kLoggedIn, 0, cmd_listrights, "RFC 4314 section 3.4"},
    {"MYRIGHTS", kLoggedIn, 0, cmd_myrights, "RFC 4314 section 3.5"},
    {"IDLE", kLoggedIn, 0, cmd_idle, "RFC 2177 section 3"},
    {"CHECK", kSelected, 0, cmd_noop, "RFC 3501 section 6.4.1"},
    {"CLOSE", kSelected, 0, cmd_close, "RFC 3501 section 6.4.2"},
    {"UNSELECT", kSelected, 0, cmd_unselect, "RFC 3691 section 2"},
    {"EXPUNGE", kSelected, 0, cmd_expunge, "RFC 3501 section 6.4.3"},
    {"EXPUNGE", kSelected, kHasUid | kOnlyUid, cmd_expunge, "RFC 4315 section 2.1"},
    {"SEARCH", kSelected, kHasUid | kKeepsNumbers, cmd_search, "RFC 3501 section 6.4.4, RFC 4731, RFC 9394"},
    {"CANCELUPDATE", kSelected, 0, cmd_cancelupdate, "RFC 5267 section 4.3.5"},
    {"ESEARCH", kLoggedIn, 0, cmd_esearch, "RFC 7377"},
    {"SORT", kSelected, kHasUid | kKeepsNumbers, cmd_sort, "RFC 5256 section 3, RFC 5267 section 3"},
    {"THREAD", kSelected, kHasUid | kKeepsNumbers, cmd_thread, "RFC 5256 section 3"},
    {"FETCH", kSelected, kHasUid | kKeepsNumbers, cmd_fetch, "RFC 3501 section 6.4.5"},
    {"STORE", kSelected, kHasUid | kKeepsNumbers, cmd_store, "RFC 3501 section 6.4.6"},
    {"COPY", kSelected, kHasUid, cmd_copy, "RFC 3501 section 6.4.7"},
    {"MOVE", kSelected, kHasUid, cmd_move, "RFC 6851 section 3"},
    {"REPLACE", kSelected, kHasUid | kStreamsLiteral | kNumberFirst, cmd_replace, "RFC 8508 section 3"},
};

}  // namespace

std::span<const Row> rows() { return kRows; }

const Row* find_row(std::string_view name, bool by_uid) {
  for (const auto& row : kRows) {
    const bool fits = by_uid ? (row.flags & kHasUid) != 0 : (row.flags & kOnlyUid) == 0;
    if (fits && iequals(row.name, name)) return &row;
  }
  return nullptr;
}

}  // namespace kontor::imap
