// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/smtp/message.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/bytes.h"
#include "base/log.h"
#include "formats/mime/header.h"

namespace kontor::transport {
namespace {

using wire::smtp::Reply;

constexpr std::size_t kBodyInMemory = 512 << 10;

Result<net::Fd> nameless_file(const std::string& folder) {
  std::string name = folder + "/message-XXXXXX";
  net::Fd file(::mkostemp(name.data(), O_CLOEXEC));
  if (!file) return fail(Errc::unavailable, "a message could not be kept in " + folder);
  ::unlink(name.c_str());
  return file;
}

Result<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t done = ::write(fd, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return fail(Errc::unavailable, "a message could not be kept: the disk may be full");
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
  return {};
}

std::uint32_t count_hops(std::string_view head) {
  std::uint32_t count = 0;
  mime::each_field(head, [&](const mime::Field& field) {
    if (iequals(field.name, "Received")) ++count;
    return true;
  });
  return count;
}

}  // namespace

SmtpMessage::SmtpMessage(const SmtpOptions& options, std::uint64_t largest, bool is_binary)
    : options_(options),
      largest_(largest),
      is_binary_(is_binary),
      line_ends_(options.bare_line_ends == BareLineEnds::repair) {}

void SmtpMessage::write(std::string_view bytes) {
  size_ += bytes.size();
  if (size_ > largest_ && !fault_) fault_ = Reply(552, "5.3.4", "The message is too large");
  if (fault_) return;
  hash_.update(bytes);
  if (is_binary_) return add(bytes);
  std::string clean;
  line_ends_.feed(bytes, clean);
  add(clean);
}

void SmtpMessage::add(std::string_view bytes) {
  if (has_head_) return add_to_body(bytes);
  const std::size_t before = head_.size();
  head_ += bytes;
  std::size_t end = head_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
  if (end != std::string::npos) end += 4;
  if (head_.starts_with("\r\n")) end = 2;  // no header at all
  if (end != std::string::npos) {
    has_head_ = true;
    const std::string rest = head_.substr(end);
    head_.resize(end);
    add_to_body(rest);
  }
  if (head_.size() > options_.largest_header) fault_ = Reply(552, "5.3.4", "The header of the message is too large");
}

void SmtpMessage::add_to_body(std::string_view bytes) {
  body_ += bytes;
  if (body_.size() < kBodyInMemory || fault_) return;
  if (auto done = spill(); !done) {
    log::error("smtp.spool", {{"why", done.error().text}});
    fault_ = Reply(452, "4.3.1", "No room for the message now");
  }
}

Result<void> SmtpMessage::spill() {
  if (!file_) {
    TRY(file_, nameless_file(options_.spool_folder));
  }
  TRY_VOID(write_all(file_.get(), body_));
  in_file_ += body_.size();
  body_.clear();
  return {};
}

std::optional<Reply> SmtpMessage::finish() {
  std::string last;
  // Of a binary message the header consists of lines all the same.
  if (is_binary_ && !fault_) line_ends_.feed(head_, last);
  line_ends_.finish(last);
  if (!fault_ && is_binary_)
    head_ = std::move(last);
  else if (!fault_)
    add(last);
  if (!fault_ && line_ends_.has_bare() && options_.bare_line_ends == BareLineEnds::refuse)
    fault_ = Reply(550, "5.5.2", "A line in the message does not end with CRLF");
  // It would go on with the last field that is put before it: the sender would write into our Authentication-Results.
  if (!fault_ && (head_.starts_with(' ') || head_.starts_with('\t')))
    fault_ = Reply(554, "5.6.0", "The message begins in the middle of a header field");
  if (!fault_ && count_hops(head_) > options_.hops)
    fault_ = Reply(554, "5.4.6", "Too many hops: the message goes in circles");
  fingerprint_ = hash_.finish();
  return fault_;
}

Result<void> SmtpMessage::each_of_body(const std::function<Result<void>(std::string_view)>& take) const {
  if (changed_ && changed_->has_new_body()) return changed_->each_of_body(take);
  std::array<char, 64 << 10> piece;
  for (off_t at = 0; file_;) {
    const ssize_t got = ::pread(file_.get(), piece.data(), piece.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Errc::unavailable, "a message that was kept could not be read");
    if (got == 0) break;
    TRY_VOID(take({piece.data(), static_cast<std::size_t>(got)}));
    at += got;
  }
  return take(body_);
}

Result<std::string> SmtpMessage::read_body(std::uint64_t offset, std::size_t length) const {
  if (changed_ && changed_->has_new_body()) return changed_->read_body(offset, length);
  if (offset >= in_file_) {
    const std::uint64_t at = offset - in_file_;
    return at < body_.size() ? body_.substr(static_cast<std::size_t>(at), length) : std::string();
  }
  std::string out(static_cast<std::size_t>(std::min<std::uint64_t>(length, in_file_ - offset)), '\0');
  const ssize_t got = ::pread(file_.get(), out.data(), out.size(), static_cast<off_t>(offset));
  if (got <= 0) return fail(Errc::unavailable, "a message that was kept could not be read");
  out.resize(static_cast<std::size_t>(got));
  return out;
}

void SmtpMessage::adopt(FilterMessage changed) {
  head_ = changed.head();
  // One that has no body of its own would ask this message, which would ask it.
  if (changed.has_new_body()) changed_ = std::move(changed);
}

}  // namespace kontor::transport
