// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 5255 sections 4.7 and 4.8: by which collation texts are searched, sorted and threaded. Those that can tell parts
// of texts, which SEARCH needs: i;ascii-numeric cannot.
#include <algorithm>

#include "protocols/imap/commands.h"
#include "protocols/imap/session.h"
#include "wire/imap/collation_pattern.h"
#include "wire/imap/print.h"

namespace kontor::imap {
namespace {

struct InstalledCollation {
  std::string_view id;
  groupware::Collation collation;
};
// Where a pattern fits several, the first is taken. The first of all is the default.
constexpr InstalledCollation kInstalledCollations[] = {
    {"i;unicode-casemap", groupware::Collation::unicode_casemap},
    {"i;ascii-casemap", groupware::Collation::ascii_casemap},
    {"i;octet", groupware::Collation::octet},
};

std::string print_comparator(const Comparator& active, const std::vector<std::string_view>& matching) {
  std::string name = active.is_descending ? "-" : "";
  for (const InstalledCollation& one : kInstalledCollations)
    if (one.collation == active.collation) name += one.id;
  std::string out = "* COMPARATOR ";
  wire::imap::append_astring(out, name);
  for (std::size_t i = 0; matching.size() > 1 && i < matching.size(); ++i) {
    out += i == 0 ? " (" : " ";
    wire::imap::append_astring(out, matching[i]);
  }
  return out + (matching.size() > 1 ? ")\r\n" : "\r\n");
}

}  // namespace

Task<Result<Reply>> cmd_comparator(Session& session, Command& command) {
  wire::imap::Cursor in(command.args());
  std::vector<wire::imap::CollationPattern> wanted;
  while (!in.at_end()) {
    in.space();
    const auto pattern = wire::imap::parse_collation_pattern(in.astring());
    if (!pattern) in.fail("this cannot be a comparator");
    if (pattern) wanted.push_back(*pattern);
  }
  if (!in.finish()) co_return Reply::bad(in);
  std::optional<Comparator> found;
  std::vector<std::string_view> matching;
  for (const auto& pattern : wanted) {
    for (const InstalledCollation& one : kInstalledCollations) {
      const bool is_default = pattern.is_default() && &one == &kInstalledCollations[0];
      if (!is_default && !pattern.matches(one.id)) continue;
      if (!found) found = Comparator{one.collation, pattern.is_descending};
      if (std::find(matching.begin(), matching.end(), one.id) == matching.end()) matching.push_back(one.id);
    }
  }
  if (!wanted.empty() && !found) co_return Reply::no("there is no such comparator", "BADCOMPARATOR");
  if (found) session.set_comparator(*found);
  const std::string line = print_comparator(session.comparator(), matching);
  co_await session.write(line);
  co_return Reply::ok("COMPARATOR completed");
}

}  // namespace kontor::imap
