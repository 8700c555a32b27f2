// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 3501 sections 6.3.8 and 6.3.9, RFC 3348 (CHILDREN), RFC 6154 (SPECIAL-USE), RFC 2342 (NAMESPACE).
#include <map>
#include <set>

#include "base/bytes.h"
#include "protocols/imap/commands.h"
#include "protocols/imap/names.h"
#include "protocols/imap/session.h"
#include "wire/imap/list_pattern.h"
#include "wire/imap/print.h"

namespace kontor::imap {
namespace {

using groupware::FolderRole;
using wire::imap::Cursor;
using wire::imap::ListPattern;

// One name with its attributes. Ordered by name, the inbox first.
struct Listed {
  bool is_container = false;
  bool is_subscribed = false;
  bool has_children = false;
  FolderRole role = FolderRole::none;
};
struct NameOrder {
  bool operator()(const std::string& a, const std::string& b) const {
    return std::pair(a != "INBOX", std::string_view(a)) < std::pair(b != "INBOX", std::string_view(b));
  }
};
using Listing = std::map<std::string, Listed, NameOrder>;  // by name on the wire

// Adds all names of the account that show in IMAP.
Result<void> list_folders(const Mailbox& root, const groupware::Caller& caller, Listing& listing) {
  TRY(const auto reader, root.account->read(caller));
  const auto folders = reader->folders();
  std::set<FolderId> parents;
  for (const auto& folder : folders->all()) {
    if (shows(*reader, *folder)) parents.insert(folder->parent);
  }
  for (const auto& folder : folders->all()) {
    const bool is_parent = parents.contains(folder->id);
    if (!shows(*reader, *folder)) continue;
    Listed listed;
    listed.is_container = folder->is_container;
    listed.is_subscribed = folder->subscribed;
    listed.has_children = is_parent;
    listed.role = folder->role;
    std::string path = folders->path(folder->id);
    listing.emplace(wire_from_path(root.prefix + (is_inbox(path) ? "INBOX" : path)), listed);
  }
  return {};
}

// All names that show to the session.
Result<Listing> list_all(const Mailboxes& mailboxes, const groupware::Caller& caller) {
  Listing listing;
  TRY(const auto roots, mailboxes.roots());
  for (const auto& root : roots) TRY_VOID(list_folders(root, caller, listing));
  return listing;
}

std::string_view special_use(FolderRole role) {
  switch (role) {
    case FolderRole::sent:
      return "\\Sent";
    case FolderRole::drafts:
      return "\\Drafts";
    case FolderRole::trash:
      return "\\Trash";
    case FolderRole::junk:
      return "\\Junk";
    case FolderRole::archive:
      return "\\Archive";
    case FolderRole::all:
      return "\\All";
    case FolderRole::flagged:
      return "\\Flagged";
    case FolderRole::none:
    case FolderRole::inbox:
    case FolderRole::important:
      return "";
  }
  return "";
}

void append_line(std::string& out, std::string_view word, std::string_view attributes, std::string_view name) {
  out += "* ";
  out += word;
  out += " (";
  out += attributes;
  out += ") \"/\" ";
  wire::imap::append_astring(out, name);
  out += "\r\n";
}

std::string attributes(const Listed& listed) {
  std::string out = listed.is_container ? "\\Noselect " : "";
  out += listed.has_children ? "\\HasChildren" : "\\HasNoChildren";
  if (const auto use = special_use(listed.role); !use.empty()) (out += " ") += use;
  return out;
}

// The reference is a prefix of the name; one delimiter between them (RFC 3501 section 6.3.8).
std::string join_reference(std::string reference, std::string_view pattern) {
  if (reference.ends_with('/') && pattern.starts_with('/')) pattern.remove_prefix(1);
  return reference += pattern;
}

struct ListArguments {
  std::string reference;
  std::string pattern;
};

ListArguments parse_list(Cursor& in) {
  ListArguments arguments;
  in.space();
  arguments.reference = in.astring();
  in.space();
  arguments.pattern = in.list_pattern();
  if (arguments.reference.size() + arguments.pattern.size() > ListPattern::kMaxLength)
    in.fail("the pattern is too long");
  in.finish();
  return arguments;
}

// With "%" a name that is not subscribed itself shows if one below it is (RFC 3501 section 6.3.9).
void add_superiors(const std::string& name, const ListPattern& pattern, std::set<std::string>& superiors) {
  for (auto slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1)) {
    const std::string above = name.substr(0, slash);
    if (pattern.matches(above)) superiors.insert(above);
  }
}

std::string lsub_lines(const Listing& listing, const std::vector<std::string>& others, const ListPattern& pattern) {
  std::map<std::string, std::string, NameOrder> found;  // name and attributes
  std::set<std::string> superiors;
  const auto see = [&](const std::string& name, const std::string& shown) {
    if (pattern.matches(name)) {
      found.emplace(name, shown);
    } else if (pattern.ends_with_percent()) {
      add_superiors(name, pattern, superiors);
    }
  };
  for (const auto& [name, listed] : listing) {
    if (listed.is_subscribed) see(name, listed.is_container ? "\\Noselect" : "");
  }
  for (const auto& path : others) see(wire_from_path(path), "");
  for (const auto& name : superiors) found.emplace(name, "\\Noselect");
  std::string out;
  for (const auto& [name, shown] : found) append_line(out, "LSUB", shown, name);
  return out;
}

}  // namespace

Task<Result<Reply>> cmd_namespace(Session& session, Command& command) {
  Cursor in(command.args());
  if (!in.finish()) co_return Reply::bad(in);
  co_await session.write("* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n");
  co_return Reply::ok("NAMESPACE completed");
}

Task<Result<Reply>> cmd_list(Session& session, Command& command) {
  Cursor in(command.args());
  const auto arguments = parse_list(in);
  if (in.failed()) co_return Reply::bad(in);
  std::string lines;
  if (arguments.pattern.empty()) {  // asks for the delimiter and the reference's root
    append_line(lines, "LIST", "\\Noselect", "");
  } else {
    const ListPattern pattern(join_reference(arguments.reference, arguments.pattern));
    CO_TRY(lines, co_await net::blocking(session.workers(), [&]() -> Result<std::string> {
             TRY(const auto listing, list_all(session.mailboxes(), session.caller()));
             std::string out;
             for (const auto& [name, listed] : listing) {
               if (pattern.matches(name)) append_line(out, "LIST", attributes(listed), name);
             }
             return out;
           }));
  }
  co_await session.write(lines);
  co_return Reply::ok("LIST completed");
}

Task<Result<Reply>> cmd_lsub(Session& session, Command& command) {
  Cursor in(command.args());
  const auto arguments = parse_list(in);
  if (in.failed()) co_return Reply::bad(in);
  std::string lines;
  if (arguments.pattern.empty()) {
    append_line(lines, "LSUB", "\\Noselect", "");
  } else {
    const ListPattern pattern(join_reference(arguments.reference, arguments.pattern));
    CO_TRY(lines, co_await net::blocking(session.workers(), [&]() -> Result<std::string> {
             TRY(const auto listing, list_all(session.mailboxes(), session.caller()));
             TRY(const auto reader, session.account().read(session.caller()));
             return lsub_lines(listing, reader->other_subscriptions(), pattern);
           }));
  }
  co_await session.write(lines);
  co_return Reply::ok("LSUB completed");
}

}  // namespace kontor::imap
