// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 7377: one search in many folders.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "protocols/imap/commands.h"
#include "protocols/imap/names.h"
#include "protocols/imap/search.h"
#include "protocols/imap/search_result.h"
#include "protocols/imap/session.h"
#include "wire/imap/search_command.h"

namespace kontor::imap {
namespace {

using FolderFilter = wire::imap::MailboxFilter::Kind;

// A folder to search. What cannot be found or read is passed over: the client asked for whatever is there.
struct SearchedFolder {
  std::shared_ptr<groupware::Account> account;
  FolderId id;
  std::string name;
};

class FolderGathering {
 public:
  explicit FolderGathering(Session& session) : session_(session) {}

  // Blocks.
  void take(const wire::imap::MailboxFilter& filter) {
    const Mailbox own{session_.account_pointer(), "", ""};
    switch (filter.kind) {
      case FolderFilter::selected:
        if (const Selected* box = session_.selected()) add(*box);
        break;
      case FolderFilter::inboxes:
        take_if(own, [](const groupware::Folder& folder, std::string_view) {
          return folder.role == groupware::FolderRole::inbox;
        });
        break;
      case FolderFilter::personal:
        take_if(own, [](const groupware::Folder&, std::string_view) { return true; });
        break;
      case FolderFilter::subscribed:
        take_if(own, [](const groupware::Folder& folder, std::string_view) { return folder.subscribed; });
        break;
      default:
        for (const auto& name : filter.names) take_named(name, filter.kind);
    }
  }
  std::vector<SearchedFolder> found() && { return std::move(found_); }

 private:
  using Choice = std::function<bool(const groupware::Folder&, std::string_view path)>;

  void take_named(const std::string& name, FolderFilter kind) {
    const auto path = path_from_wire(name, session_.name_form());
    if (!path) return;
    const auto mailbox = session_.mailboxes().at(*path);
    if (!mailbox) return;
    take_if(*mailbox, [&](const groupware::Folder&, std::string_view at) {
      if (at == mailbox->path) return true;
      if (kind == FolderFilter::mailboxes || !at.starts_with(mailbox->path)) return false;
      const std::string_view below = at.substr(mailbox->path.size());
      return below.starts_with('/') && (kind == FolderFilter::subtree || below.find('/', 1) == std::string_view::npos);
    });
  }
  void take_if(const Mailbox& mailbox, const Choice& wants) {
    const auto reader = mailbox.account->read(session_.caller());
    if (!reader) return;
    const auto folders = (*reader)->folders();
    for (const auto& folder : folders->all()) {
      const std::string path = folders->path(folder->id);
      if (!folder->is_container && shows(**reader, *folder) && wants(*folder, path))
        add({mailbox.account, folder->id, mailbox.prefix + path});
    }
  }
  void add(const Selected& box) {
    const std::string path = box.account->folders()->path(box.folder);
    if (!path.empty()) add({box.account, box.folder, box.prefix + path});
  }
  void add(SearchedFolder folder) {
    const bool is_known = std::any_of(found_.begin(), found_.end(), [&](const SearchedFolder& other) {
      return other.id == folder.id && other.account->id() == folder.account->id();
    });
    if (!is_known) found_.push_back(std::move(folder));
  }

  Session& session_;
  std::vector<SearchedFolder> found_;
};

// What of a folder a search needs; its numbers and \Recent are nobody's.
Result<Selected> open_for_search(const SearchedFolder& folder, const groupware::Caller& caller, UidValidity& validity) {
  TRY(auto snapshot, look(*folder.account, caller, folder.id));
  Selected box;
  box.account = folder.account;
  box.folder = folder.id;
  box.view = std::move(snapshot.view);
  box.keywords = std::move(snapshot.keywords);
  validity = snapshot.folder->uid_validity;
  return box;
}

// One folder's answer: a line, nothing if nothing matches, or how to refuse the command.
struct FolderAnswer {
  std::string line;
  std::optional<Reply> refusal;
};

Task<Result<FolderAnswer>> search_folder(Session& session, const Command& command, const SearchedFolder& folder,
                                         const wire::imap::FoldersSearchCommand& wanted) {
  FolderAnswer answer;
  UidValidity validity;
  const auto box =
      co_await net::blocking(session.workers(), [&] { return open_for_search(folder, session.caller(), validity); });
  if (!box) co_return answer;
  auto start = co_await start_search(session, command, *box, wanted.program, 0);
  answer.refusal = std::move(start.refusal);
  if (!answer.refusal) answer.refusal = refuse_relevancy(*start.search, wanted.options.relevancy);
  if (answer.refusal) co_return answer;
  CO_TRY(const auto matches, co_await find_all(session, command, *box, start));
  if (matches.empty()) co_return answer;
  std::string correlator = " MAILBOX ";
  append_name(correlator, folder.name, session.name_form());
  correlator += fmt::format(" UIDVALIDITY {}", validity.value);
  SearchResult result{*box->view, matches, true, start.search->uses_modseq, correlator};
  if (wanted.options.relevancy) {
    CO_TRY(result.scores, co_await score_all(session, command, *box, *start.search, matches));
  }
  answer.line = print_esearch(command.tag, wanted.options, result);
  co_return answer;
}

}  // namespace

Task<Result<Reply>> cmd_esearch(Session& session, Command& command) {
  wire::imap::Cursor in(command.args());
  in.space();
  auto wanted = wire::imap::parse_folders_search(in);
  if (in.failed()) co_return Reply::bad(in);
  if (wanted.options.save || wanted.options.update) co_return Reply::bad("ESEARCH knows neither SAVE nor UPDATE");
  if (uses_numbers(wanted.program.key)) co_return Reply::bad("ESEARCH knows messages by their UIDs");
  if (wanted.sources.empty()) {
    if (session.selected() == nullptr) co_return Reply::bad("no folder is selected");
    wanted.sources.emplace_back();
  }
  const auto folders = co_await net::blocking(session.workers(), [&] {
    FolderGathering gathering(session);
    for (const auto& source : wanted.sources) gathering.take(source);
    return std::move(gathering).found();
  });
  for (const auto& folder : folders) {
    CO_TRY(auto answer, co_await search_folder(session, command, folder, wanted));
    if (answer.refusal) co_return *std::move(answer.refusal);
    co_await session.write(answer.line);
  }
  co_return Reply::ok("ESEARCH completed");
}

}  // namespace kontor::imap
