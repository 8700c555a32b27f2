// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/buffered.h"

#include <algorithm>

#include "net/deflate.h"

namespace kontor::net {
namespace {

constexpr std::size_t kReadSize = std::size_t{8} << 10;
constexpr std::size_t kBulkReadSize = std::size_t{32} << 10;
constexpr std::size_t kWriteSize = std::size_t{16} << 10;

}  // namespace

// Reads what is there behind the input that is buffered. Whoever has nothing buffered waits without a buffer.
Task<void> Buffered::fill(std::size_t at_most) {
  if (!has_input()) {
    release();
  } else if (begin_ > 0) {
    input_.erase(0, begin_);
    begin_ = 0;
  }
  co_await stream_->append_some(input_, at_most);
}

void Buffered::release() {
  begin_ = 0;
  std::string().swap(input_);
}

void Buffered::drop_input() { release(); }

Task<Result<std::string>> Buffered::read_line(std::size_t limit) {
  for (std::size_t seen = 0;;) {
    std::size_t end = input_.find('\n', begin_ + seen);
    std::size_t length = (end == std::string::npos ? input_.size() : end) - begin_;
    if (end != std::string::npos && length > 0 && input_[end - 1] == '\r') --length;
    // A CR at the end of what came so far may belong to the line end.
    bool has_open_cr = end == std::string::npos && has_input() && input_.back() == '\r';
    if (length > limit + (has_open_cr ? 1 : 0)) co_return fail(Errc::too_large, "The line is too long.");
    if (end != std::string::npos) {
      std::string line = input_.substr(begin_, length);
      had_crlf_ = begin_ + length != end;
      begin_ = end + 1;
      if (!has_input()) release();
      co_return line;
    }
    seen = input_.size() - begin_;
    co_await fill(kReadSize);
  }
}

Task<bool> Buffered::skip_line(std::size_t limit) {
  for (;;) {
    std::size_t end = input_.find('\n', begin_);
    std::size_t length = (end == std::string::npos ? input_.size() : end + 1) - begin_;
    std::size_t dropped = std::min(length, limit);
    begin_ += dropped;
    limit -= dropped;
    bool is_done = end != std::string::npos && dropped == length;
    if (!has_input()) release();
    if (is_done) co_return true;
    if (limit == 0) co_return false;
    co_await fill(kReadSize);
  }
}

Task<std::string_view> Buffered::read_chunk(std::size_t limit) {
  if (!has_input()) co_await fill(std::clamp(limit, std::size_t{1}, kBulkReadSize));
  std::string_view chunk = std::string_view(input_).substr(begin_, limit);
  begin_ += chunk.size();
  co_return chunk;
}

Task<std::string> Buffered::read_exactly(std::size_t count) {
  std::string out;
  while (out.size() < count) {
    std::string_view chunk = co_await read_chunk(count - out.size());
    out.append(chunk);
  }
  co_return out;
}

Task<void> Buffered::write(std::string_view bytes) {
  if (output_.size() + bytes.size() < kWriteSize) {
    output_.append(bytes);
    co_return;
  }
  co_await flush();
  if (bytes.size() < kWriteSize / 2)
    output_.append(bytes);
  else
    co_await send(bytes);
}

Task<void> Buffered::flush() {
  if (output_.empty()) co_return;
  // Taken out first: what could not be sent is not sent again by a farewell.
  std::string bytes = std::move(output_);
  output_ = {};
  co_await send(bytes);
}

Task<void> Buffered::send(std::string_view bytes) {
  is_broken_off_ = true;
  co_await stream_->write(bytes);
  is_broken_off_ = false;
}

Task<Wake> Buffered::wait(Signal& signal) {
  co_await flush();
  if (has_input()) co_return Wake::input;
  release();
  co_return co_await stream_->wait(signal);
}

Task<void> Buffered::start_tls() {
  co_await flush();
  check(!has_input(), "plain input before TLS must be dropped by the caller");
  release();
  co_await stream_->start_tls();
}

Task<void> Buffered::deflate() {
  co_await flush();
  check(!has_input(), "plain input before compression must be refused by the caller");
  release();
  stream_ = make_deflate_stream(std::move(stream_));
}

}  // namespace kontor::net
