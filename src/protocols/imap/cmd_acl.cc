// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 4314: who may do what in a folder. Identifiers are addresses of people and groups of one's own organisation, or
// "anyone", which is everyone in it. There are no negative rights. The owner, and the members of a shared mailbox, have
// their rights without an entry: GETACL shows them all the same, LISTRIGHTS as what they always have.
#include <fmt/format.h>

#include <map>

#include "base/bytes.h"
#include "protocols/imap/commands.h"
#include "protocols/imap/names.h"
#include "protocols/imap/rights_text.h"
#include "protocols/imap/session.h"
#include "wire/imap/print.h"

namespace kontor::imap {
namespace {

using directory::Principal;
using directory::PrincipalKind;
using groupware::Grant;
using groupware::Transaction;
using wire::imap::Cursor;
namespace right = groupware::right;

constexpr std::string_view kAnyone = "anyone";
constexpr std::uint32_t kCreating = right::kCreateFolder | right::kDeleteFolder;
constexpr std::uint32_t kDeleting = right::kDeleteItems | right::kExpunge;

}  // namespace

std::string print_rights(std::uint32_t rights) {
  std::string out = right::letters(rights);
  if ((rights & kCreating) != 0) out.push_back('c');
  if ((rights & kDeleting) != 0) out.push_back('d');
  return out;
}

namespace {

void append_rights(std::string& out, std::uint32_t rights) { wire::imap::append_astring(out, print_rights(rights)); }

// Those who have rights on every folder of the account without an entry.
std::map<PrincipalId, std::uint32_t> rights_by_role(const Principal& owner) {
  std::map<PrincipalId, std::uint32_t> rights;
  rights[owner.id] = right::kAll;
  for (const PrincipalId member : owner.members) rights[member] = right::kSteward;
  for (const PrincipalId reader : owner.readers) rights[reader] = right::kReader;
  for (const PrincipalId manager : owner.managers) rights[manager] = right::kAll;
  return rights;
}

// Whom an identifier means. Errors: not_found.
Result<PrincipalId> find_identity(const Session& session, TenantId tenant, std::string_view identifier) {
  if (iequals(identifier, kAnyone)) return PrincipalId();
  if (identifier.starts_with('$')) identifier.remove_prefix(1);  // as some servers write groups
  const auto found = session.services().directory.by_address(identifier);
  const bool fits =
      found && found->tenant == tenant && (found->kind == PrincipalKind::user || found->kind == PrincipalKind::group);
  if (!fits) return fail(Errc::not_found, "there is nobody of that address to give rights to");
  return found->id;
}

// "* ACL INBOX"
std::string answer_start(std::string_view word, const Mailbox& mailbox, const Session& session) {
  std::string line = "* " + std::string(word) + " ";
  append_name(line, mailbox.name(), session.name_form());
  return line;
}

// A mailbox whose access list the session asks for, and a person.
struct AclArguments {
  std::string path;
  std::string identifier;
  std::string rights;
};

enum class AclForm : std::uint8_t { mailbox, identifier, rights };

// Nothing: `refusal` says why.
std::optional<AclArguments> parse_acl(const Session& session, Command& command, AclForm form, Reply& refusal) {
  Cursor in(command.args());
  AclArguments arguments;
  in.space();
  const auto path = path_from_wire(in.astring(), session.name_form());
  if (form != AclForm::mailbox) {
    in.space();
    arguments.identifier = in.astring();
    if (!in.failed() && arguments.identifier.empty()) in.fail("the identifier is empty");
  }
  if (form == AclForm::rights) {
    in.space();
    arguments.rights = in.astring();
  }
  refusal = in.finish() ? Reply::no("there is no such folder", "NONEXISTENT") : Reply::bad(in);
  if (in.failed() || !path) return std::nullopt;
  arguments.path = *path;
  return arguments;
}

struct AclEntry {
  std::shared_ptr<const groupware::Folder> folder;
  std::uint32_t rights = 0;  // of the session
};

// Errors: not_found (also what does not show to the session), denied (it may not administer it).
Result<AclEntry> find_administered(const groupware::Reader& reader, const std::string& path) {
  AclEntry entry;
  TRY(entry.folder, find_folder(reader, path));
  entry.rights = reader.rights(entry.folder->id);
  if ((entry.rights & right::kAdminister) == 0) return fail(Errc::denied, "you may not see or change its rights");
  return entry;
}

std::string acl_line(const directory::Directory& directory, const Principal& owner, const groupware::Folder& folder,
                     NameForm form) {
  auto rights = rights_by_role(owner);
  std::uint32_t anyone = 0;
  for (const Grant& grant : folder.grants) (grant.principal ? rights[grant.principal] : anyone) |= grant.rights;
  std::string line;
  const auto add = [&](std::string_view identifier, std::uint32_t all) {
    // A shared mailbox is nobody who could log in; free/busy alone is none of IMAP's rights.
    if (right::letters(all).empty()) return;
    line.push_back(' ');
    append_wire_name(line, identifier, form);
    line.push_back(' ');
    append_rights(line, all);
  };
  if (owner.kind != PrincipalKind::shared) add(owner.primary_address(), rights[owner.id]);
  rights.erase(owner.id);
  for (const auto& [id, all] : rights) {
    if (const auto who = directory.principal(id)) add(who->primary_address(), all);
  }
  add(kAnyone, anyone);
  return line;
}

// The rights that a client named, or what is wrong with them.
std::optional<std::uint32_t> parse_rights(std::string_view text, Reply& refusal) {
  for (const char c : text) {
    if (right::of_letters(std::string_view(&c, 1))) continue;
    const bool is_shown = c > 0x20 && c < 0x7f;
    refusal = Reply::bad(is_shown ? fmt::format("there is no right \"{}\"", c) : "there is no such right");
    return std::nullopt;
  }
  return right::of_letters(text);
}

struct RightsChange {
  enum class Mode : std::uint8_t { replace, add, remove };
  PrincipalId who;
  Mode mode = Mode::replace;
  std::uint32_t rights = 0;
  bool forgets = false;  // also what IMAP has no letter for
};

std::vector<Grant> changed_grants(std::vector<Grant> grants, const RightsChange& change) {
  const std::uint32_t before = groupware::granted_to(grants, change.who);
  constexpr std::uint32_t kNoLetter = right::kFreeBusy | right::kFreeBusyDetails | right::kReadPrivate;
  std::uint32_t after = change.rights | (change.forgets ? 0 : before & kNoLetter);
  if (change.mode == RightsChange::Mode::add) after = before | change.rights;
  if (change.mode == RightsChange::Mode::remove) after = before & ~change.rights;
  std::erase_if(grants, [&](const Grant& grant) { return grant.principal == change.who; });
  grants.push_back({change.who, after});
  return grants;
}

Task<Result<Reply>> change_rights(Session& session, Command& command, const AclArguments& arguments,
                                  RightsChange change) {
  if (arguments.identifier.starts_with('-')) co_return Reply::no("rights are not taken by negative entries", "CANNOT");
  CO_TRY(const auto mailbox, co_await session.mailbox(arguments.path));
  CO_TRY_VOID(co_await net::blocking(session.workers(), [&]() -> Result<void> {
    TRY(const auto owner, session.services().directory.by_account(mailbox.account->id()));
    TRY_VOID(mailbox.account->update(session.caller(), [&](Transaction& transaction) -> Result<void> {
      TRY(const auto entry, find_administered(transaction, mailbox.path));
      TRY(change.who, find_identity(session, mailbox.account->tenant(), arguments.identifier));
      if (change.who == owner.id) return fail(Errc::invalid, "the owner always has all rights");
      Transaction::FolderChange folder;
      folder.grants = changed_grants(entry.folder->grants, change);
      return transaction.change_folder(entry.folder->id, folder);
    }));
    return {};
  }));
  co_return Reply::ok(std::string(command.row->name) + " completed");
}

}  // namespace

Task<Result<Reply>> cmd_setacl(Session& session, Command& command) {
  Reply refusal = Reply::bad("");
  const auto arguments = parse_acl(session, command, AclForm::rights, refusal);
  if (!arguments) co_return refusal;
  RightsChange change;
  std::string_view text = arguments->rights;
  if (text.starts_with('+')) change.mode = RightsChange::Mode::add;
  if (text.starts_with('-')) change.mode = RightsChange::Mode::remove;
  if (change.mode != RightsChange::Mode::replace) text.remove_prefix(1);
  const auto rights = parse_rights(text, refusal);
  if (!rights) co_return refusal;
  change.rights = *rights;
  co_return co_await change_rights(session, command, *arguments, change);
}

Task<Result<Reply>> cmd_deleteacl(Session& session, Command& command) {
  Reply refusal = Reply::bad("");
  const auto arguments = parse_acl(session, command, AclForm::identifier, refusal);
  if (!arguments) co_return refusal;
  RightsChange change;
  change.forgets = true;
  co_return co_await change_rights(session, command, *arguments, change);
}

Task<Result<Reply>> cmd_getacl(Session& session, Command& command) {
  Reply refusal = Reply::bad("");
  const auto arguments = parse_acl(session, command, AclForm::mailbox, refusal);
  if (!arguments) co_return refusal;
  CO_TRY(const auto mailbox, co_await session.mailbox(arguments->path));
  CO_TRY(const auto entries, co_await net::blocking(session.workers(), [&]() -> Result<std::string> {
           TRY(const auto reader, mailbox.account->read(session.caller()));
           TRY(const auto entry, find_administered(*reader, mailbox.path));
           const auto& directory = session.services().directory;
           TRY(const auto owner, directory.by_account(mailbox.account->id()));
           return acl_line(directory, owner, *entry.folder, session.name_form());
         }));
  std::string line = answer_start("ACL", mailbox, session);
  line += entries + "\r\n";
  co_await session.write(line);
  co_return Reply::ok("GETACL completed");
}

// What one always has, then every other right by itself (RFC 4314 section 3.7).
Task<Result<Reply>> cmd_listrights(Session& session, Command& command) {
  Reply refusal = Reply::bad("");
  const auto arguments = parse_acl(session, command, AclForm::identifier, refusal);
  if (!arguments) co_return refusal;
  CO_TRY(const auto mailbox, co_await session.mailbox(arguments->path));
  CO_TRY(const auto always, co_await net::blocking(session.workers(), [&]() -> Result<std::uint32_t> {
           TRY(const auto reader, mailbox.account->read(session.caller()));
           TRY_VOID(find_administered(*reader, mailbox.path));
           TRY(const auto who, find_identity(session, mailbox.account->tenant(), arguments->identifier));
           TRY(const auto owner, session.services().directory.by_account(mailbox.account->id()));
           auto rights = rights_by_role(owner);
           return who ? rights[who] : 0;
         }));
  std::string line = answer_start("LISTRIGHTS", mailbox, session);
  line.push_back(' ');
  append_wire_name(line, arguments->identifier, session.name_form());
  line.push_back(' ');
  append_rights(line, always);
  const std::string have = print_rights(always);
  for (const char letter : print_rights(right::kAll)) {
    if (!have.contains(letter)) (line += ' ') += letter;
  }
  line += "\r\n";
  co_await session.write(line);
  co_return Reply::ok("LISTRIGHTS completed");
}

Task<Result<Reply>> cmd_myrights(Session& session, Command& command) {
  Reply refusal = Reply::bad("");
  const auto arguments = parse_acl(session, command, AclForm::mailbox, refusal);
  if (!arguments) co_return refusal;
  CO_TRY(const auto mailbox, co_await session.mailbox(arguments->path));
  CO_TRY(const auto rights, co_await net::blocking(session.workers(), [&]() -> Result<std::uint32_t> {
           TRY(const auto reader, mailbox.account->read(session.caller()));
           TRY(const auto folder, find_folder(*reader, mailbox.path));
           return reader->rights(folder->id);
         }));
  std::string line = answer_start("MYRIGHTS", mailbox, session);
  line.push_back(' ');
  append_rights(line, rights);
  line += "\r\n";
  co_await session.write(line);
  co_return Reply::ok("MYRIGHTS completed");
}

}  // namespace kontor::imap
