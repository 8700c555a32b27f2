// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 5464: annotations of folders and, for the server, private ones of the account.
#include <fmt/format.h>

#include <algorithm>

#include "protocols/imap/commands.h"
#include "protocols/imap/metadata.h"
#include "protocols/imap/session.h"
#include "wire/imap/print.h"

namespace kontor::imap {
namespace {

using wire::imap::Cursor;

void append_value(std::string& out, std::string_view value) {
  if (value.find('\0') == std::string_view::npos) return wire::imap::append_string(out, value);
  fmt::format_to(std::back_inserter(out), "~{{{}}}\r\n{}", value.size(), value);  // literal8
}

// The folder's id; none for the server.
Result<FolderId> annotated_folder(const groupware::Reader& reader, const std::optional<Mailbox>& mailbox) {
  if (!mailbox) return FolderId();
  TRY(const auto folder, find_folder(reader, mailbox->path));
  return folder->id;
}

// Where "" and names lead. Nothing in a result: the server.
Task<Result<std::optional<Mailbox>>> annotated(Session& session, std::string name) {
  if (name.empty()) co_return std::nullopt;
  const auto path = path_from_wire(name, session.name_form());
  if (!path) co_return fail(Errc::not_found, "there is no such folder");
  CO_TRY(auto mailbox, co_await session.mailbox(*path));
  co_return std::move(mailbox);
}

// RFC 5464 section 5: the core's refusals in this extension's words.
Reply refuse_annotation(const Error& error) {
  if (error.code == Errc::too_large)
    return Reply::no(error.text, fmt::format("METADATA MAXSIZE {}", groupware::Transaction::kLargestAnnotation));
  if (error.code == Errc::over_quota) return Reply::no(error.text, "METADATA TOOMANY");
  return reply_to(error);
}

}  // namespace

MetadataLine print_metadata(const std::map<std::string, std::string>& present,
                            const wire::imap::GetMetadataRequest& request) {
  MetadataLine line;
  const auto add = [&](std::string_view entry) {
    line.text.push_back(line.text.empty() ? '(' : ' ');
    wire::imap::append_astring(line.text, entry);
    line.text.push_back(' ');
  };
  for (const auto& [entry, value] : present) {
    if (!request.covers(entry)) continue;
    if (request.max_size && value.size() > *request.max_size) {
      line.left_out = std::max<std::uint64_t>(line.left_out, value.size());
      continue;
    }
    add(entry);
    append_value(line.text, value);
  }
  for (const auto& entry : request.entries) {
    if (present.contains(entry) || !wire::imap::is_metadata_entry(entry)) continue;
    add(entry);
    line.text += "NIL";
  }
  if (!line.text.empty()) line.text.push_back(')');
  return line;
}

Result<std::map<std::string, std::string>> server_annotations(const directory::Directory& directory,
                                                              const groupware::Account& account,
                                                              const groupware::Reader& reader) {
  TRY(auto present, reader.annotations(FolderId()));
  if (const auto tenant = directory.tenant(account.tenant()))
    present.insert(tenant->metadata.begin(), tenant->metadata.end());
  return present;
}

Task<Result<Reply>> cmd_getmetadata(Session& session, Command& command) {
  Cursor in(command.args());
  const auto request = wire::imap::parse_get_metadata(in);
  if (in.failed()) co_return Reply::bad(in);
  CO_TRY(const auto mailbox, co_await annotated(session, request.mailbox));
  groupware::Account& account = mailbox ? *mailbox->account : session.account();
  CO_TRY(const auto line, co_await net::blocking(session.workers(), [&]() -> Result<MetadataLine> {
           TRY(const auto reader, account.read(session.caller()));
           TRY(const FolderId folder, annotated_folder(*reader, mailbox));
           TRY(const auto present, mailbox ? reader->annotations(folder)
                                           : server_annotations(session.services().directory, account, *reader));
           return print_metadata(present, request);
         }));
  if (!line.text.empty()) {
    std::string out = "* METADATA ";
    append_name(out, mailbox ? mailbox->name() : "", session.name_form());
    out += " " + line.text + "\r\n";
    co_await session.write(out);
  }
  co_return Reply::ok("GETMETADATA completed",
                      line.left_out > 0 ? fmt::format("METADATA LONGENTRIES {}", line.left_out) : "");
}

Task<Result<Reply>> cmd_setmetadata(Session& session, Command& command) {
  Cursor in(command.args());
  const auto request = wire::imap::parse_set_metadata(in);
  if (in.failed()) co_return Reply::bad(in);
  CO_TRY(const auto mailbox, co_await annotated(session, request.mailbox));
  groupware::Account& account = mailbox ? *mailbox->account : session.account();
  const auto change = [&](groupware::Transaction& transaction) -> Result<void> {
    TRY(const FolderId folder, annotated_folder(transaction, mailbox));
    for (const auto& entry : request.entries) TRY_VOID(transaction.annotate(folder, entry.name, entry.value));
    return {};
  };
  const auto done = co_await net::blocking(session.workers(), [&] { return account.update(session.caller(), change); });
  if (!done) co_return refuse_annotation(done.error());
  co_return Reply::ok("SETMETADATA completed");
}

}  // namespace kontor::imap
