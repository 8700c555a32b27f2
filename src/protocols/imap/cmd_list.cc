// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 3501 section 6.3.8, RFC 5258 (LIST-EXTENDED), RFC 5819 (LIST-STATUS), RFC 3348 (CHILDREN), RFC 6154
// (SPECIAL-USE), RFC 8440 (LIST-MYRIGHTS), RFC 9590 (LIST-METADATA).
#include <algorithm>
#include <span>

#include "protocols/imap/commands.h"
#include "protocols/imap/listing.h"
#include "protocols/imap/metadata.h"
#include "protocols/imap/rights_text.h"
#include "protocols/imap/session.h"
#include "protocols/imap/status_values.h"
#include "wire/imap/list_pattern.h"
#include "wire/imap/list_request.h"
#include "wire/imap/print.h"

namespace kontor::imap {
namespace {

using wire::imap::Cursor;
using wire::imap::ListPattern;
using wire::imap::ListRequest;

// One line of the answer.
struct Shown {
  std::string name;
  Listed listed;
  bool is_selected = true;    // by the selection options
  bool has_selected = false;  // RECURSIVEMATCH: a name below it is
};

constexpr std::size_t kNamesPerTurn = 200;

bool is_chosen(const Listed& listed, const ListRequest::Selection& selected) {
  if (selected.subscribed && !listed.is_subscribed) return false;
  if (selected.special_use && special_use(listed.role).empty()) return false;
  // Names that lead nowhere show only to those who ask for subscriptions; places in the tree show.
  return selected.subscribed || listed.exists() || listed.has_children;
}

// RFC 5258 section 3: the names that match a pattern and the selection options; with RECURSIVEMATCH also those that
// match a pattern and have a chosen one below them, be it shown or not.
std::vector<Shown> choose(const Listing& listing, const ListRequest& request,
                          const std::vector<ListPattern>& patterns) {
  std::map<std::string, Shown, NameOrder> chosen;
  const auto matches = [&](const std::string& name) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const auto& one) { return one.matches(name); });
  };
  for (const auto& [name, listed] : listing) {
    if (!is_chosen(listed, request.selected)) continue;
    if (matches(name)) {
      Shown& shown = chosen[name];
      shown.listed = listed;
      shown.is_selected = true;
    }
    if (!request.selected.recursive) continue;
    for (auto slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1)) {
      const std::string above = name.substr(0, slash);
      if (!matches(above)) continue;
      const auto [at, is_new] = chosen.try_emplace(above);
      at->second.has_selected = true;
      if (!is_new) continue;
      at->second.is_selected = false;
      if (const auto there = listing.find(above); there != listing.end()) at->second.listed = there->second;
    }
  }
  std::vector<Shown> out;
  for (auto& [name, shown] : chosen) {
    shown.name = name;
    out.push_back(std::move(shown));
  }
  return out;
}

std::string attributes(const Shown& shown, const ListRequest& request) {
  const Listed& listed = shown.listed;
  std::string out;
  const auto add = [&](std::string_view attribute) {
    if (attribute.empty()) return;
    if (!out.empty()) out.push_back(' ');
    out += attribute;
  };
  if (!listed.exists()) {
    add(request.is_extended ? "\\NonExistent" : "\\Noselect");
    if (listed.has_children) add("\\HasChildren");
  } else {
    if (listed.is_container) add("\\Noselect");
    add(listed.has_children ? "\\HasChildren" : "\\HasNoChildren");
  }
  if (listed.is_subscribed && (request.selected.subscribed || request.returned.subscribed)) add("\\Subscribed");
  add(special_use(listed.role));
  return out;
}

// RFC 5258 section 3.5: by which of the options something below was selected.
std::string child_info(const ListRequest::Selection& selected) {
  std::string out = " (\"CHILDINFO\" (";
  if (selected.subscribed) out += "\"SUBSCRIBED\"";
  if (selected.special_use) out += selected.subscribed ? " \"SPECIAL-USE\"" : "\"SPECIAL-USE\"";
  return out + "))";
}

// RFC 5819 section 2: a name whose status cannot be had is listed without one.
void append_status_line(std::string& out, const Shown& shown, const std::string& name, const groupware::Reader& reader,
                        const ListRequest& request, std::uint64_t append_limit) {
  const auto folder = reader.folder(shown.listed.folder);
  if (!folder) return;
  const auto values =
      status_values(reader, shown.listed.account->id(), **folder, request.returned.status, append_limit);
  if (values) out += "* STATUS " + name + " (" + *values + ")\r\n";
}

// RFC 9590 section 3.
void append_metadata_line(std::string& out, const Shown& shown, const std::string& name,
                          const groupware::Reader& reader, const ListRequest& request) {
  const auto present = reader.annotations(shown.listed.folder);
  if (!present) return;
  wire::imap::GetMetadataRequest wanted;
  wanted.entries = request.returned.metadata;
  const auto line = print_metadata(*present, wanted);
  if (!line.text.empty()) out += "* METADATA " + name + " " + line.text + "\r\n";
}

Result<std::string> list_lines(std::span<const Shown> names, const ListRequest& request,
                               const groupware::Caller& caller, NameForm form, std::uint64_t append_limit) {
  std::string out;
  groupware::Account* open = nullptr;
  std::unique_ptr<groupware::Reader> reader;
  for (const auto& shown : names) {
    std::string name;
    append_wire_name(name, shown.name, form);
    out += "* LIST (" + attributes(shown, request) + ") \"/\" " + name;
    if (shown.has_selected) out += child_info(request.selected);
    out += "\r\n";
    if (request.returned.my_rights && shown.is_selected && shown.listed.exists()) {
      out += "* MYRIGHTS " + name + " " + wire::imap::astring(print_rights(shown.listed.rights)) + "\r\n";
    }
    const bool tells_status = !request.returned.status.empty() && shown.is_selected && shown.listed.is_selectable();
    const bool tells_metadata = !request.returned.metadata.empty() && shown.is_selected && shown.listed.exists();
    if (!tells_status && !tells_metadata) continue;
    if (open != shown.listed.account.get()) {
      open = shown.listed.account.get();
      TRY(reader, open->read(caller));
    }
    if (tells_status) append_status_line(out, shown, name, *reader, request, append_limit);
    if (tells_metadata) append_metadata_line(out, shown, name, *reader, request);
  }
  return out;
}

bool wants(const ListRequest& request, wire::imap::StatusItem item) {
  const auto& items = request.returned.status;
  return std::find(items.begin(), items.end(), item) != items.end();
}

}  // namespace

Task<Result<Reply>> cmd_list(Session& session, Command& command) {
  Cursor in(command.args());
  const auto request = wire::imap::parse_list(in);
  if (in.failed()) co_return Reply::bad(in);
  if (!request.is_extended && request.patterns.front().empty()) {  // asks for the delimiter
    co_await session.write("* LIST (\\Noselect) \"/\" \"\"\r\n");
    co_return Reply::ok("LIST completed");
  }
  if (wants(request, wire::imap::StatusItem::highest_modseq)) co_await session.enable_modseq();
  std::vector<ListPattern> patterns;
  for (const auto& pattern : request.patterns) {
    if (!pattern.empty()) patterns.emplace_back(wire::imap::join_reference(request.reference, pattern));
  }
  CO_TRY(const auto names, co_await net::blocking(session.workers(), [&]() -> Result<std::vector<Shown>> {
           TRY(const auto listing,
               list_names(session.mailboxes(), session.account(), session.caller(), session.name_form(), patterns));
           return choose(listing, request, patterns);
         }));
  // In turns: the answer for thousands of folders is not gathered in memory, nor made at the cost of others.
  for (std::size_t begin = 0; begin < names.size(); begin += kNamesPerTurn) {
    const auto turn = std::span(names).subspan(begin, std::min(kNamesPerTurn, names.size() - begin));
    CO_TRY(const auto lines, co_await net::blocking(session.workers(), [&] {
             return list_lines(turn, request, session.caller(), session.name_form(), session.append_limit());
           }));
    co_await session.write(lines);
  }
  co_return Reply::ok("LIST completed");
}

}  // namespace kontor::imap
