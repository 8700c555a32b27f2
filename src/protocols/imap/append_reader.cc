// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/append_reader.h"

#include <algorithm>
#include <limits>

#include "protocols/imap/message_limit.h"
#include "protocols/imap/message_part.h"
#include "protocols/imap/names.h"
#include "wire/imap/print.h"

namespace kontor::imap {
namespace {

using wire::imap::Cursor;
using wire::imap::LiteralMark;

constexpr std::size_t kAppendPiece = 64 << 10;
constexpr std::uint64_t kLongestUrlLiteral = 8 << 10;
constexpr std::size_t kInMemory = 32 << 20;  // of small messages of one command, which are kept until all came
constexpr std::size_t kMostParts = 1000;     // of one message
constexpr std::size_t kStagedTogether = 128 << 10;

struct Target {
  FolderId folder;
  std::uint64_t room = 0;
};

Result<Target> look_at_target(groupware::Account& account, const groupware::Caller& caller, const std::string& path) {
  TRY(const auto reader, account.read(caller));
  TRY(const auto folder, find_folder(*reader, path));
  // CREATE turns the place of other folders into a folder.
  if (folder->is_container) return fail(Errc::not_found, "this folder holds folders only");
  if ((reader->rights(folder->id) & groupware::right::kInsert) == 0) return fail(Errc::denied, "you may not add to it");
  const auto usage = reader->usage();
  if (usage.limit == 0) return Target{folder->id, std::numeric_limits<std::uint64_t>::max()};
  return Target{folder->id, usage.limit - std::min(usage.limit, usage.bytes)};
}

Result<std::uint64_t> copy_bytes(const MessagePart& part, std::uint64_t most, groupware::Stager& stager) {
  if (part.text.size() + part.body.size > most) return fail(Errc::too_large, "the message is too large");
  TRY_VOID(stager.write(part.text));
  BodyReader reader(part.body);
  for (std::uint64_t done = 0; done < part.body.size;) {
    TRY(const auto piece, reader.next());
    TRY_VOID(stager.write(piece));
    done += piece.size();
  }
  return part.text.size() + part.body.size;
}

// Whether the last message is, until it is filed.
bool is_in_memory(const Appending& appending) {
  const bool is_waiting = !appending.waiting.empty() && appending.waiting.back().item + 1 == appending.items.size();
  return is_waiting || appending.items.back().content.inline_bytes != nullptr;
}

// RFC 4469 section 4: a code holds no "]".
Reply bad_url(const std::string& url, std::string_view why) {
  std::string shown = wire::imap::one_line(url.substr(0, 1000));
  std::replace(shown.begin(), shown.end(), ']', '?');
  return Reply::no(std::string(why), "BADURL " + shown);
}

}  // namespace

Result<void> Appending::stage_waiting(groupware::Accounts& accounts) {
  for (auto& [item, bytes] : waiting) {
    const auto stager = accounts.stage(account->tenant());
    TRY_VOID(stager->write(bytes));
    TRY(items[item].content, stager->finish());
    std::string().swap(bytes);
  }
  waiting.clear();
  waiting_bytes = 0;
  return {};
}

AppendReader::AppendReader(Session& session, Command& command)
    : session_(session), command_(command), text_(command.args()), in_(text_), pending_(command.pending) {}

Task<Reply> AppendReader::give_up(Reply reply) {
  if (!is_over_ && pending_) {
    const bool drained = co_await session_.drain(*pending_);
    if (!drained) {
      co_await session_.bye("the literal is too large");
      is_over_ = true;
    }
  }
  if (is_over_) co_return Reply{Reply::Kind::none, {}, {}};
  co_return reply;
}

Task<std::expected<Appending, Reply>> AppendReader::read(std::size_t most_messages, std::uint64_t freed) {
  Appending appending;
  std::size_t in_memory = 0;
  in_.space();
  folder_ = in_.astring();
  freed_ = freed;
  Refused refused;
  do {
    if (appending.items.size() == most_messages) {
      const auto limit = save_limit(session_.options());
      refused = most_messages == 1 ? Reply::bad("one message at a time")
                                   : Reply::no("too many messages at once", limit > 0 ? limit_code(limit) : "LIMIT");
    } else {
      refused = co_await read_message(appending);
    }
    if (refused) break;
    in_memory += is_in_memory(appending) ? message_size_ : 0;
    if (in_memory > kInMemory) refused = Reply::no("too many messages at once", "LIMIT");
    total_size_ += message_size_;
    message_size_ = 0;
  } while (!refused && (pending_ || !in_.at_end()));
  if (!refused) co_return appending;
  Reply reply = co_await give_up(*std::move(refused));
  co_return std::unexpected(std::move(reply));
}

Task<AppendReader::Refused> AppendReader::read_message(Appending& appending) {
  groupware::NewItem item;
  in_.space();
  if (in_.peek() == '(') {
    auto flags = in_.flag_list();
    item.flags = flag_names(flags.system, std::move(flags.keywords));
    in_.space();
  }
  if (in_.peek() == '"') {
    item.internal_date = in_.date_time();
    in_.space();
  }
  const bool is_catenated = in_.take_word("CATENATE");
  const bool is_utf8 = !is_catenated && in_.take_word("UTF8");
  if (in_.failed()) co_return Reply::bad(in_);
  if (!is_catenated && !is_utf8) {
    if (!in_.at_end()) co_return Reply::bad("expected a message");
    if (!pending_) co_return Reply::bad("the message is missing");
    // RFC 3502 section 6.3.11: a message of no bytes gives the whole command up.
    if (pending_->size == 0) co_return Reply::no("an empty message was given up", "CANNOT");
    if (auto refused = check_size(pending_->size)) co_return refused;
  }
  if (!appending.account) {
    if (auto refused = co_await find_target(appending)) co_return refused;
  }
  appending.items.push_back(std::move(item));
  if (is_catenated) co_return co_await read_staged(appending, &AppendReader::read_parts);
  if (is_utf8) co_return co_await read_staged(appending, &AppendReader::read_utf8);
  if (pending_->size > kAppendPiece) co_return co_await read_staged(appending, &AppendReader::read_data);
  co_return co_await read_small(appending);
}

Task<AppendReader::Refused> AppendReader::read_small(Appending& appending) {
  if (auto refused = check_size(pending_->size)) co_return refused;
  message_size_ = pending_->size;
  auto& waiting = appending.waiting.emplace_back(appending.items.size() - 1, std::string());
  if (auto refused = co_await take_small(waiting.bytes)) co_return refused;
  appending.waiting_bytes += waiting.bytes.size();
  if (appending.waiting_bytes < kStagedTogether) co_return std::nullopt;
  const auto staged =
      co_await net::blocking(session_.workers(), [&] { return appending.stage_waiting(session_.services().accounts); });
  if (!staged) co_return reply_to(staged.error());
  co_return std::nullopt;
}

Task<AppendReader::Refused> AppendReader::read_staged(Appending& appending,
                                                      Task<Refused> (AppendReader::*read)(groupware::Stager&)) {
  const auto stager = session_.services().accounts.stage(appending.account->tenant());
  if (auto refused = co_await (this->*read)(*stager)) co_return refused;
  if (message_size_ == 0) co_return Reply::no("a message of no bytes is none", "CANNOT");
  auto content = co_await net::blocking(session_.workers(), [&] { return stager->finish(); });
  if (!content) co_return reply_to(content.error());
  appending.items.back().content = *std::move(content);
  co_return std::nullopt;
}

Task<AppendReader::Refused> AppendReader::find_target(Appending& appending) {
  const auto path = path_from_wire(folder_, session_.name_form());
  if (!path) co_return Reply::no("there cannot be such a folder", "CANNOT");
  const auto mailbox = co_await session_.mailbox(*path);
  Result<Target> target = std::unexpected(Error{Errc::not_found, ""});
  if (!mailbox) {
    target = std::unexpected(mailbox.error());
  } else {
    target = co_await net::blocking(
        session_.workers(), [&] { return look_at_target(*mailbox->account, session_.caller(), mailbox->path); });
  }
  if (!target && target.error().code == Errc::not_found) co_return Reply::no("create the folder first", "TRYCREATE");
  if (!target) co_return reply_to(target.error());
  appending.account = mailbox->account;
  appending.folder = target->folder;
  const Selected* box = session_.selected();
  if (box == nullptr || box->account != appending.account) freed_ = 0;
  room_ = target->room + std::min(freed_, std::numeric_limits<std::uint64_t>::max() - target->room);
  if (pending_ && in_.at_end()) co_return check_size(pending_->size);
  co_return std::nullopt;
}

AppendReader::Refused AppendReader::check_size(std::uint64_t size) const {
  const std::uint64_t limit = session_.append_limit();
  if (size > limit || message_size_ + size > limit) return Reply::no("the message is too large", "TOOBIG");
  if (room_ && total_size_ + message_size_ + size > *room_) return Reply::no("the mailbox is full", "OVERQUOTA");
  return std::nullopt;
}

Task<AppendReader::Refused> AppendReader::read_parts(groupware::Stager& stager) {
  in_.space();
  in_.expect('(');
  std::size_t parts = 0;
  do {
    if (++parts > kMostParts) co_return Reply::no("too many parts", "LIMIT");
    Refused refused;
    if (in_.take_word("TEXT")) {
      in_.space();
      refused = co_await read_data(stager);
    } else if (in_.take_word("URL")) {
      refused = co_await read_url(stager);
    } else if (in_.take_word("UTF8")) {
      refused = co_await read_utf8(stager);
    } else {
      in_.fail("expected TEXT or URL");
    }
    if (refused) co_return refused;
  } while (in_.take(' '));
  in_.expect(')');
  if (in_.failed()) co_return Reply::bad(in_);
  co_return std::nullopt;
}

// RFC 6855 section 4: "UTF8 (~{123}".
Task<AppendReader::Refused> AppendReader::read_utf8(groupware::Stager& stager) {
  in_.space();
  in_.expect('(');
  if (!in_.failed() && !(has_literal() && pending_->binary)) in_.fail("expected a literal8");
  if (in_.failed()) co_return Reply::bad(in_);
  if (auto refused = co_await read_data(stager)) co_return refused;
  in_.expect(')');
  if (in_.failed()) co_return Reply::bad(in_);
  co_return std::nullopt;
}

Task<AppendReader::Refused> AppendReader::read_url(groupware::Stager& stager) {
  in_.space();
  std::string url;
  if (has_literal()) {
    if (pending_->size > kLongestUrlLiteral) co_return Reply::no("the URL is too long", "LIMIT");
    const auto take = [&](std::string_view piece) {
      url += piece;
      return true;
    };
    if (auto refused = co_await take_literal(take)) co_return refused;
  } else {
    url = in_.astring();
  }
  if (in_.failed()) co_return Reply::bad(in_);
  co_return co_await copy_part(stager, std::move(url));
}

Task<AppendReader::Refused> AppendReader::copy_part(groupware::Stager& stager, std::string url) {
  const auto parsed = wire::imap::parse_message_url(url);
  if (!parsed) co_return bad_url(url, "this is no URL of a message here");
  std::shared_ptr<groupware::Account> account;
  FolderId folder;
  if (parsed->mailbox) {
    const auto path = path_from_wire(*parsed->mailbox, NameForm::utf8);
    if (!path) co_return bad_url(url, "there is no such folder");
    const auto mailbox = co_await session_.mailbox(*path);
    if (!mailbox) co_return bad_url(url, mailbox.error().text);
    account = mailbox->account;
    const auto found = co_await net::blocking(session_.workers(), [&]() -> Result<FolderId> {
      TRY(const auto reader, account->read(session_.caller()));
      TRY(const auto at, find_folder(*reader, mailbox->path));
      return at->id;
    });
    if (!found) co_return bad_url(url, found.error().text);
    folder = *found;
  } else if (const Selected* box = session_.selected()) {
    account = box->account;
    folder = box->folder;
  } else {
    co_return bad_url(url, "no folder is selected");
  }
  co_await session_.progress(command_, message_size_, session_.append_limit());
  const std::uint64_t most = session_.append_limit() - message_size_;
  bool is_found = false;
  const auto copied = co_await net::blocking(session_.workers(), [&]() -> Result<std::uint64_t> {
    TRY(const auto part, find_message_part(*account, session_.caller(), folder, *parsed));
    is_found = true;
    return copy_bytes(part, most, stager);
  });
  if (!copied && is_found && copied.error().code == Errc::too_large) co_return Reply::no(copied.error().text, "TOOBIG");
  if (!copied && is_found) co_return reply_to(copied.error());
  if (!copied) co_return bad_url(url, copied.error().text);
  message_size_ += *copied;
  co_return check_size(0);
}

Task<AppendReader::Refused> AppendReader::read_data(groupware::Stager& stager) {
  if (in_.failed()) co_return Reply::bad(in_);
  if (!has_literal()) co_return Reply::bad("expected a literal");
  const std::uint64_t size = pending_->size;
  if (auto refused = check_size(size)) co_return refused;
  Result<void> taken;
  const auto take = [&](std::string_view piece) {
    if (taken) taken = stager.write(piece);
    return taken.has_value();
  };
  auto refused = co_await take_literal(take);
  if (refused) co_return refused;
  if (!taken) co_return reply_to(taken.error());
  message_size_ += size;
  co_return std::nullopt;
}

// Once `take` says false the rest of the literal is read and dropped.
template <class Take>
Task<AppendReader::Refused> AppendReader::take_literal(Take take) {
  const LiteralMark mark = *pending_;
  pending_.reset();
  if (mark.synchronising) co_await session_.ask("send the message");
  std::string gathered;
  bool wanted = true;
  for (std::uint64_t left = mark.size; left > 0;) {
    const auto piece =
        co_await session_.io().read_chunk(static_cast<std::size_t>(std::min<std::uint64_t>(left, kAppendPiece)));
    left -= piece.size();
    if (!wanted) continue;
    gathered += piece;
    if (gathered.size() < kAppendPiece && left > 0) continue;
    wanted = co_await net::blocking(session_.workers(), [&] { return take(gathered); });
    gathered.clear();
  }
  co_return co_await next_line();
}

Task<AppendReader::Refused> AppendReader::take_small(std::string& into) {
  const LiteralMark mark = *pending_;
  pending_.reset();
  if (mark.synchronising) co_await session_.ask("send the message");
  into = co_await session_.io().read_exactly(static_cast<std::size_t>(mark.size));
  co_return co_await next_line();
}

Task<AppendReader::Refused> AppendReader::next_line() {
  auto line = co_await session_.read_line();
  if (!line) {
    co_await session_.bye("the command does not end");
    is_over_ = true;
    co_return Reply{Reply::Kind::none, {}, {}};
  }
  text_ = *std::move(line);
  pending_ = wire::imap::trailing_literal(text_);
  if (pending_) text_.resize(pending_->at);
  in_ = Cursor(text_);
  co_return std::nullopt;
}

}  // namespace kontor::imap
