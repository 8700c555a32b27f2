// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 3501 section 6.4.6, RFC 7162 section 3.1.3 (UNCHANGEDSINCE): all flags of one STORE in one change of the account.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <span>

#include "base/bytes.h"
#include "protocols/imap/commands.h"
#include "protocols/imap/message_limit.h"
#include "protocols/imap/session.h"

namespace kontor::imap {
namespace {

using groupware::FlagChange;
using groupware::FlagSet;
using groupware::FolderView;
using wire::imap::Cursor;

struct StoreArguments {
  wire::imap::SequenceSet set;
  std::optional<std::uint64_t> unchanged_since;
  FlagChange::Mode mode = FlagChange::Mode::replace;
  bool silent = false;
  wire::imap::FlagList flags;
};

StoreArguments parse_store(Cursor& in) {
  StoreArguments arguments;
  in.space();
  arguments.set = in.sequence_set();
  in.space();
  if (in.take('(')) {
    if (!in.take_word("UNCHANGEDSINCE")) in.fail("there is no such STORE modifier");
    in.space();
    arguments.unchanged_since = in.number64();
    in.expect(')');
    in.space();
  }
  if (in.take('+'))
    arguments.mode = FlagChange::Mode::add;
  else if (in.take('-'))
    arguments.mode = FlagChange::Mode::remove;
  arguments.silent = in.take_word("FLAGS.SILENT");
  if (!arguments.silent && !in.take_word("FLAGS")) in.fail("expected FLAGS");
  in.space();
  arguments.flags = in.store_flags();
  in.finish();
  return arguments;
}

constexpr std::size_t kPerUpdate = 5'000;

// What the change did, for the answer.
struct Stored {
  std::vector<std::uint32_t> changed;   // positions in the session's view
  std::vector<std::uint32_t> modified;  // not changed: somebody else did since (RFC 7162)
  bool is_missing = false;              // some were expunged meanwhile
  Modseq modseq;
  // Once all is stored:
  Difference after;  // the folder
  std::string lines;
};

struct StoreAnswer {
  bool by_uid, silent, modseq;
};

// A slice of the messages, in one change.
Result<Stored> store(groupware::Account& account, const groupware::Caller& caller, FolderId folder,
                     const FolderView& known, std::span<const std::uint32_t> slice, const FlagChange& change,
                     std::optional<std::uint64_t> unchanged_since) {
  Stored part;
  const auto run = [&](groupware::Transaction& transaction) -> Result<void> {
    part = Stored();
    TRY(const auto present, transaction.view(folder));
    for (const auto position : slice) {
      const Uid uid = known.at(position).uid;
      const auto at = present->find(uid);
      if (!at) {
        part.is_missing = true;
      } else if (unchanged_since && present->at(*at).modseq.value > *unchanged_since) {
        part.modified.push_back(position);
      } else {
        TRY_VOID(transaction.change_flags(folder, uid, change));
        part.changed.push_back(position);
      }
    }
    return {};
  };
  TRY(part.modseq, account.update(caller, run));
  return part;
}

// The flags that the client expects to see after a silent change, from what it knew.
FlagSet expected_flags(FlagSet flags, const FlagChange& change, const groupware::KeywordTable& keywords) {
  constexpr auto kSystem = std::uint64_t{groupware::kAllFlags};
  if (change.mode == FlagChange::Mode::replace) flags = FlagSet();
  if (change.mode == FlagChange::Mode::remove) {
    flags.bits &= ~(std::uint64_t{change.names.flags} & kSystem);
  } else {
    flags.bits |= change.names.flags & kSystem;
  }
  for (const auto& name : change.names.keywords) {
    const std::size_t id = keywords.find(name);
    if (id == groupware::KeywordTable::kLimit) continue;
    if (change.mode == FlagChange::Mode::remove) {
      flags.remove_keyword(static_cast<groupware::KeywordId>(id));
    } else {
      flags.add_keyword(static_cast<groupware::KeywordId>(id));
    }
  }
  return flags;
}

// The FETCH lines. A silent change tells flags only where somebody else had changed them too.
std::string fetch_lines(const Selected& before, const Stored& stored, const FlagChange& change, StoreAnswer form) {
  Selected after = before;  // the same \Recent, the new flags
  after.view = stored.after.now.view;
  after.keywords = stored.after.now.keywords;
  std::string out;
  for (const auto position : stored.changed) {
    const auto& known = before.view->at(position);
    const auto at = after.view->find(known.uid);
    if (!at) continue;
    const bool shows_flags =
        !form.silent || after.view->flags(*at) != expected_flags(before.view->flags(position), change, *after.keywords);
    if (!shows_flags && !form.modseq) continue;
    append_fetch_start(out, before, position);
    const bool shows_uid = (form.by_uid || form.modseq) && !before.uid_only;
    if (shows_uid) fmt::format_to(std::back_inserter(out), "UID {} ", known.uid.value);
    if (shows_flags) {
      out += "FLAGS ";
      append_flags(out, after, *at);
      if (form.modseq) out.push_back(' ');
    }
    if (form.modseq) fmt::format_to(std::back_inserter(out), "MODSEQ ({})", after.view->at(*at).modseq.value);
    out += ")\r\n";
  }
  return out;
}

void append(Stored& all, Stored part) {
  all.modseq = part.modseq;
  all.changed.insert(all.changed.end(), part.changed.begin(), part.changed.end());
  all.modified.insert(all.modified.end(), part.modified.begin(), part.modified.end());
  all.is_missing = all.is_missing || part.is_missing;
}

// Messages are changed one by one as far as the protocol goes; a slice of them bounds what a commit holds. The answer
// is made in the turn of the last one.
Task<Result<Stored>> store_all(Session& session, const Command& command, const std::vector<std::uint32_t>& wanted,
                               const FlagChange& change, std::optional<std::uint64_t> unchanged_since,
                               StoreAnswer form) {
  const Selected& box = *session.selected();
  Stored stored;
  for (std::size_t begin = 0; begin < wanted.size(); begin += kPerUpdate) {
    co_await session.progress(command, begin, wanted.size());
    const auto slice = std::span(wanted).subspan(begin, std::min(kPerUpdate, wanted.size() - begin));
    const auto turn = [&]() -> Result<void> {
      TRY(auto part, store(*box.account, session.caller(), box.folder, *box.view, slice, change, unchanged_since));
      append(stored, std::move(part));
      if (begin + slice.size() < wanted.size()) return {};
      TRY(stored.after.now, look(*box.account, session.caller(), box.folder));
      stored.after.rows = stored.after.now.view->since(*box.view);
      stored.lines = fetch_lines(box, stored, change, form);
      return {};
    };
    CO_TRY_VOID(co_await net::blocking(session.workers(), turn));
  }
  co_return stored;
}

std::string modified_code(const FolderView& view, const std::vector<std::uint32_t>& modified, bool by_uid) {
  if (modified.empty()) return {};
  wire::imap::Ranges numbers;
  for (const auto position : modified) wire::imap::append(numbers, by_uid ? view.at(position).uid.value : position + 1);
  return "MODIFIED " + wire::imap::print(numbers);
}

}  // namespace

Task<Result<Reply>> cmd_store(Session& session, Command& command) {
  Cursor in(command.args());
  const auto arguments = parse_store(in);
  if (in.failed()) co_return Reply::bad(in);
  Selected& box = *session.selected();
  auto wanted = positions(box, arguments.set, command.by_uid);
  if (!wanted) co_return Reply::bad("there is no message of that number");
  const auto lowest = keep_highest(*box.view, session.options().message_limit, *wanted);
  if (box.read_only) co_return Reply::no("the folder was opened read-only", "NOPERM");
  if (arguments.unchanged_since) co_await session.enable_modseq();
  if (wanted->empty()) co_return Reply::ok("STORE completed");

  FlagChange change;
  change.mode = arguments.mode;
  change.names = flag_names(arguments.flags.system, arguments.flags.keywords);
  const StoreAnswer form{command.by_uid, arguments.silent, session.knows_modseq()};
  CO_TRY(auto stored, co_await store_all(session, command, *wanted, change, arguments.unchanged_since, form));
  box.own_change = stored.modseq;
  box.own_uids = uids_at(*box.view, stored.changed);
  co_await session.write(session.learn_keywords(stored.after.now.keywords));
  co_await session.write(stored.lines);
  box.ahead = std::move(stored.after);
  std::string code = modified_code(*box.view, stored.modified, command.by_uid);
  Reply reply = Reply::ok(stored.modified.empty() ? "STORE completed" : "conditional STORE failed for some", code);
  if (stored.is_missing && !command.by_uid)
    reply = Reply::no("some of the messages are gone", code.empty() ? "EXPUNGEISSUED" : code);
  co_return co_await with_limit(session, std::move(reply), lowest);
}

}  // namespace kontor::imap
