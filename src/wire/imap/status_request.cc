// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/status_request.h"

#include <algorithm>
#include <iterator>

namespace kontor::wire::imap {
namespace {

constexpr std::string_view kStatusNames[] = {"MESSAGES",  "RECENT",          "UIDNEXT",    "UIDVALIDITY",
                                             "UNSEEN",    "HIGHESTMODSEQ",   "SIZE",       "DELETED",
                                             "MAILBOXID", "DELETED-STORAGE", "APPENDLIMIT"};

}  // namespace

std::string_view name(StatusItem item) { return kStatusNames[static_cast<std::size_t>(item)]; }

std::vector<StatusItem> parse_status_items(Cursor& in) {
  std::vector<StatusItem> items;
  in.expect('(');
  do {
    std::size_t at = 0;
    while (at < std::size(kStatusNames) && !in.take_word(kStatusNames[at])) ++at;
    if (at == std::size(kStatusNames)) {
      in.fail("there is no such status item");
      return {};
    }
    const auto item = static_cast<StatusItem>(at);
    if (std::find(items.begin(), items.end(), item) == items.end()) items.push_back(item);
  } while (in.take(' '));
  in.expect(')');
  return items;
}

}  // namespace kontor::wire::imap
