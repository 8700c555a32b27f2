// SPDX-License-Identifier: AGPL-3.0-or-later
// The session's way with messages: DATA (RFC 5321 section 4.1.1.4) and BDAT (RFC 3030).
#include <algorithm>
#include <chrono>

#include "net/blocking.h"
#include "transport/receiving/session.h"
#include "wire/smtp/data.h"

namespace kontor::transport {
namespace {

// What is gathered before a worker is bothered: a common message is one job from its first byte to its commit.
constexpr std::size_t kPiece = 256 << 10;
constexpr std::size_t kRead = 64 << 10;

}  // namespace

Task<void> ReceivingSession::take(std::string_view bytes) {
  pending_.append(bytes);
  if (pending_.size() < kPiece) co_return;
  co_await net::blocking(workers_, [&] { write(pending_); });
  pending_.clear();
}

void ReceivingSession::begin_message() {
  io_.stream().set_timeout(rules_.data_timeout);
  if (rules_.message_time && !message_until_) message_until_ = std::chrono::steady_clock::now() + *rules_.message_time;
  restore_deadline();
}

Task<void> ReceivingSession::end_message() {
  // From here on it is ours: how long that takes is not for its sender.
  message_until_.reset();
  restore_deadline();
  io_.stream().set_timeout(rules_.idle_timeout);
  co_await finish_message();
}

Task<void> ReceivingSession::data() {
  // Not a bad command: whoever pipelines cannot know yet that all recipients were refused.
  if (!envelope_ || envelope_->recipients.empty())
    co_return co_await say(Reply(503, "5.5.1", "There is no valid recipient"));
  // RFC 3030 section 2: DATA and BDAT do not mix.
  if (chunks_ != Chunks::none) co_return co_await refuse(Reply(503, "5.5.1", "The message came by BDAT"));
  // RFC 3030 section 3: what is no lines cannot come as lines.
  if (envelope_->is_binary) co_return co_await refuse(Reply(503, "5.5.1", "A binary message comes by BDAT"));
  co_await say(Reply(354, "", "End data with <CRLF>.<CRLF>"));
  co_await io_.flush();
  begin_message();
  wire::smtp::DataReader reader;
  std::string piece;
  while (!reader.is_finished()) {
    std::string_view bytes = co_await io_.read_chunk(kRead);
    piece.clear();
    std::size_t used = reader.feed(bytes, piece);
    io_.give_back(bytes.size() - used);
    co_await take(piece);
    if (is_endless()) {
      co_await say(Reply(421, "4.3.4", "The message has no end; closing"));
      is_done_ = true;
      co_return;
    }
  }
  co_await end_message();
}

Task<void> ReceivingSession::chunk(Command command) {
  // The bytes follow whatever is answered; only their count says where the next command begins.
  bool has_recipients = envelope_ && !envelope_->recipients.empty();
  if (!has_recipients || chunks_ == Chunks::failed) {
    chunks_ = Chunks::failed;
    begin_message();
    co_await drop_chunk(command.chunk);
    io_.stream().set_timeout(rules_.idle_timeout);
    co_return co_await say(Reply(503, "5.5.1", "There is no valid recipient"));
  }
  begin_message();
  chunks_ = Chunks::open;
  for (std::uint64_t left = command.chunk; left > 0 && !is_done_;) {
    std::string_view bytes = co_await io_.read_chunk(static_cast<std::size_t>(std::min<std::uint64_t>(left, kRead)));
    left -= bytes.size();
    co_await take(bytes);
    is_done_ = is_endless();
  }
  if (is_done_) co_return co_await say(Reply(421, "4.3.4", "The message has no end; closing"));
  if (command.is_last) co_return co_await end_message();
  io_.stream().set_timeout(rules_.idle_timeout);
  co_await say(Reply(250, "2.0.0", "Piece received"));
}

Task<void> ReceivingSession::drop_chunk(std::uint64_t size) {
  while (size > 0) {
    std::string_view bytes = co_await io_.read_chunk(static_cast<std::size_t>(std::min<std::uint64_t>(size, kRead)));
    size -= bytes.size();
  }
}

}  // namespace kontor::transport
