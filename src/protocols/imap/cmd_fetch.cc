// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 3501 section 6.4.5, RFC 7162 sections 3.1.4 and 3.2.6, RFC 9394 section 3.3. The answer is made in batches on a
// worker and written between them: a slow reader holds its own session only, with one batch in memory.
#include <algorithm>

#include "base/log.h"
#include "protocols/imap/commands.h"
#include "protocols/imap/fetch_batch.h"
#include "protocols/imap/message_limit.h"
#include "protocols/imap/session.h"
#include "protocols/imap/vanished.h"

namespace kontor::imap {
namespace {

using wire::imap::FetchItem;

// The bytes of a literal that was announced: if they cannot be had any more, only the end of the connection is honest.
Task<void> write_body(Session& session, const FetchBatch::Body& body) {
  if (const auto whole = body.content->whole(); whole && body.encoding == mime::TransferEncoding::identity) {
    co_await session.write(std::string_view(*whole).substr(body.source.offset + body.skip, body.size));
    co_return;
  }
  BodyReader reader(body);
  for (std::uint64_t done = 0; done < body.size;) {
    const auto piece = co_await net::blocking(session.workers(), [&] { return reader.next(); });
    if (!piece) {
      log::error("imap.content_broke_off",
                 {{"user", session.user()}, {"session", session.stream().id()}, {"error", piece.error().text}});
      throw net::Disconnected("a message's content broke off");
    }
    co_await session.write(*piece);
    done += piece->size();
  }
}

}  // namespace

// Whatever ends the session in between ends it without a word: a farewell would become part of the message.
Task<void> write_batch(Session& session, const FetchBatch& batch) {
  session.begin_answer();
  std::size_t written = 0;
  for (const auto& body : batch.bodies) {
    co_await session.write(std::string_view(batch.text).substr(written, body.at - written));
    co_await write_body(session, body);
    written = body.at;
  }
  co_await session.write(std::string_view(batch.text).substr(written));
  session.end_answer();
}

namespace {

// Sets \Seen on all of them that lack it, in one change, and takes the new flags over.
Task<Result<void>> set_seen(Session& session, FetchJob& job) {
  Selected& box = *session.selected();
  std::vector<std::uint32_t> unseen;
  for (const auto position : job.positions) {
    if ((box.view->at(position).flag_bits & groupware::kSeen) == 0) unseen.push_back(position);
  }
  if (unseen.empty() || box.read_only || (box.rights & groupware::right::kKeepSeen) == 0) co_return Result<void>();
  groupware::FlagChange change;
  change.mode = groupware::FlagChange::Mode::add;
  change.names.flags = groupware::kSeen;
  const auto update = [&](groupware::Transaction& transaction) -> Result<void> {
    for (const auto position : unseen) {
      const auto flags = transaction.change_flags(box.folder, box.view->at(position).uid, change);
      if (!flags && flags.error().code != Errc::not_found) return std::unexpected(flags.error());
    }
    return {};
  };
  CO_TRY(const Modseq modseq,
         co_await net::blocking(session.workers(), [&] { return box.account->update(session.caller(), update); }));
  job.seen_now = uids_at(*box.view, unseen);
  box.own_change = modseq;
  box.own_uids = job.seen_now;
  co_await session.announce(Expunges::hold);
  co_return Result<void>();
}

void keep_changed_since(const Selected& box, std::uint64_t modseq, std::vector<std::uint32_t>& positions) {
  std::erase_if(positions, [&](std::uint32_t at) { return box.view->at(at).modseq.value <= modseq; });
}

// RFC 9394 section 3.3: of the messages that are left then.
void keep_partial(const wire::imap::PartialRange& range, std::vector<std::uint32_t>& positions) {
  const auto [first, last] = range.cut(positions.size());
  positions.erase(positions.begin() + static_cast<std::ptrdiff_t>(last), positions.end());
  positions.erase(positions.begin(), positions.begin() + static_cast<std::ptrdiff_t>(first));
}

}  // namespace

Task<Result<Reply>> cmd_fetch(Session& session, Command& command) {
  wire::imap::Cursor in(command.args());
  in.space();
  const auto set = in.sequence_set();
  in.space();
  auto request = wire::imap::parse_fetch(in);
  if (!in.failed() && request.vanished && (!command.by_uid || !session.knows_vanished()))
    in.fail("VANISHED is for UID FETCH after ENABLE QRESYNC");
  if (in.failed()) co_return Reply::bad(in);
  if (request.partial && !command.by_uid) co_return Reply::bad("PARTIAL is for UID FETCH only");
  Selected& box = *session.selected();
  auto wanted = positions(box, set, command.by_uid);
  if (!wanted) co_return Reply::bad("there is no message of that number");

  if (request.vanished) {
    const Modseq since(*request.changed_since);
    const auto uids = set.resolve(std::max(box.view->last_uid().value, 1u));
    CO_TRY(const auto gone, co_await net::blocking(session.workers(), [&] {
             return vanished_since(*box.account, session.caller(), box.folder, *box.view, since, uids);
           }));
    co_await session.write(print_vanished(gone, true));
  }
  // RFC 7162 sections 3.1.4 and 3.1.4.1: both turn CONDSTORE on; then all FETCH answers about flags carry MODSEQ.
  if (request.changed_since) keep_changed_since(box, *request.changed_since, *wanted);
  const std::uint32_t limit = session.options().message_limit;
  if (request.partial && limit > 0 && request.partial->last - request.partial->first >= limit)
    co_return Reply::no("PARTIAL names too many messages", limit_code(limit));
  if (request.partial) keep_partial(*request.partial, *wanted);
  const auto lowest = keep_highest(*box.view, limit, *wanted);
  if (request.changed_since || request.has(FetchItem::Kind::modseq)) co_await session.enable_modseq();
  if (request.changed_since) request.add(FetchItem::Kind::modseq);
  if (command.by_uid && !box.uid_only) request.add(FetchItem::Kind::uid);
  const bool sets_seen = request.sets_seen();
  FetchJob job = plan_fetch(std::move(request), *std::move(wanted));
  job.decodes_params = session.is_rev2();
  if (sets_seen) {
    const auto done = co_await set_seen(session, job);
    // Not allowed: the message is shown all the same.
    if (!done && done.error().code != Errc::denied) co_return std::unexpected(done.error());
    if (session.knows_modseq() && !job.seen_now.empty()) job.request.add(FetchItem::Kind::modseq);
  }
  if (lowest) std::ranges::reverse(job.positions);  // RFC 9738 section 3.1: from the newest on
  bool is_missing = false, is_damaged = false, is_undecodable = false;
  for (std::size_t next = 0; next < job.positions.size();) {
    CO_TRY(const auto batch, co_await net::blocking(session.workers(), [&] {
             return fetch_batch(*box.account, session.caller(), box, job, next);
           }));
    co_await write_batch(session, batch);
    next = batch.next;
    is_missing = is_missing || batch.is_missing;
    is_damaged = is_damaged || batch.is_damaged;
    is_undecodable = is_undecodable || batch.is_undecodable;
  }
  Reply reply = Reply::ok("FETCH completed", is_missing ? "EXPUNGEISSUED" : "");
  if (is_missing && !command.by_uid) reply = Reply::no("some of the messages are gone", "EXPUNGEISSUED");
  if (is_undecodable) reply = Reply::no("a part's transfer encoding is not known here", "UNKNOWN-CTE");
  if (is_damaged) reply = Reply::no("some of the messages are damaged and were left out", "CORRUPTION");
  co_return co_await with_limit(session, std::move(reply), lowest);
}

}  // namespace kontor::imap
