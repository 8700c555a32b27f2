// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 3501 section 6.3.9, RFC 2342 (NAMESPACE).
#include <fmt/format.h>

#include <set>

#include "protocols/imap/commands.h"
#include "protocols/imap/listing.h"
#include "protocols/imap/session.h"
#include "wire/imap/list_pattern.h"
#include "wire/imap/list_request.h"

namespace kontor::imap {
namespace {

using wire::imap::Cursor;
using wire::imap::ListPattern;

// With "%" a name that is not subscribed itself shows if one below it is (RFC 3501 section 6.3.9).
void add_matching_superiors(const std::string& name, const ListPattern& pattern, std::set<std::string>& superiors) {
  for (auto slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1)) {
    const std::string above = name.substr(0, slash);
    if (pattern.matches(above)) superiors.insert(above);
  }
}

std::string lsub_lines(const Listing& listing, const ListPattern& pattern, NameForm form) {
  std::map<std::string, std::string_view, NameOrder> found;  // name and attributes
  std::set<std::string> superiors;
  for (const auto& [name, listed] : listing) {
    if (!listed.is_subscribed) continue;
    if (pattern.matches(name)) {
      found.emplace(name, listed.exists() && listed.is_container ? "\\Noselect" : "");
    } else if (pattern.ends_with_percent()) {
      add_matching_superiors(name, pattern, superiors);
    }
  }
  for (const auto& name : superiors) found.emplace(name, "\\Noselect");
  std::string out;
  for (const auto& [name, attributes] : found) {
    ((out += "* LSUB (") += attributes) += ") \"/\" ";
    append_wire_name(out, name, form);
    out += "\r\n";
  }
  return out;
}

}  // namespace

Task<Result<Reply>> cmd_namespace(Session& session, Command& command) {
  Cursor in(command.args());
  if (!in.finish()) co_return Reply::bad(in);
  const std::string line =
      fmt::format("* NAMESPACE ((\"\" \"/\")) ((\"{}/\" \"/\")) ((\"{}/\" \"/\"))\r\n", kOtherUsers, kSharedFolders);
  co_await session.write(line);
  co_return Reply::ok("NAMESPACE completed");
}

Task<Result<Reply>> cmd_lsub(Session& session, Command& command) {
  Cursor in(command.args());
  const auto request = wire::imap::parse_list(in);
  if (!in.failed() && request.is_extended) in.fail("LSUB takes no options");
  if (in.failed()) co_return Reply::bad(in);
  std::string lines = "* LSUB (\\Noselect) \"/\" \"\"\r\n";
  if (!request.patterns.front().empty()) {
    const ListPattern pattern(wire::imap::join_reference(request.reference, request.patterns.front()));
    CO_TRY(lines, co_await net::blocking(session.workers(), [&]() -> Result<std::string> {
             TRY(const auto listing, list_names(session.mailboxes(), session.account(), session.caller(),
                                                session.name_form(), std::span(&pattern, 1)));
             return lsub_lines(listing, pattern, session.name_form());
           }));
  }
  co_await session.write(lines);
  co_return Reply::ok("LSUB completed");
}

}  // namespace kontor::imap
