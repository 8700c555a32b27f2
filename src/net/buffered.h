// SPDX-License-Identifier: AGPL-3.0-or-later
// Reading lines and counted bytes from a stream through one bounded buffer, and gathering output into larger writes.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/stream.h"
#include "net/task.h"

namespace kontor::net {

// Owns its stream. Not thread-safe. Idle connections hold no buffer: it is released when empty.
class Buffered {
 public:
  explicit Buffered(std::unique_ptr<Stream> stream) : stream_(std::move(stream)) {}

  // One line without its CRLF (a bare LF ends a line too, a lone CR does not). Errors: too_large (more than `limit`
  // bytes came without a line end; the rest of the line is still to be read: skip_line() or close). Throws what streams
  // throw.
  Task<Result<std::string>> read_line(std::size_t limit);
  // Whether that line ended with CRLF.
  bool had_crlf() const { return had_crlf_; }
  // Drops bytes up to and including the next line end, at most `limit`; false if there was none in them.
  Task<bool> skip_line(std::size_t limit);

  // Between 1 and `limit` bytes, as they come: for literals and message data in bounded pieces. The view lives until
  // the next call on this object.
  Task<std::string_view> read_chunk(std::size_t limit);
  // Makes the last `count` bytes of that chunk unread again: what follows the end of data is the next command.
  void give_back(std::size_t count) { begin_ -= count; }
  // Exactly `count` bytes.
  Task<std::string> read_exactly(std::size_t count);

  // Whether unread input is buffered here: a pipelined command, or bytes that must not survive STARTTLS.
  bool has_input() const { return begin_ < input_.size(); }
  void drop_input();

  // Appends to the output; sends it once it is large. flush() sends what is left: before waiting for the peer.
  Task<void> write(std::string_view bytes);
  Task<void> flush();

  // Whether a write failed: the peer may have got a part of it, so that nothing that follows makes sense to it.
  bool is_broken_off() const { return is_broken_off_; }

  // Flushes, then waits as Stream::wait does; input that is buffered counts.
  Task<Wake> wait(Signal& signal);

  Task<void> start_tls();  // flushes first; buffered input must be empty
  Task<void> deflate();    // the same; from then on both directions are compressed (RFC 4978)
  Stream& stream() { return *stream_; }

 private:
  Task<void> fill(std::size_t at_most);
  void release();
  Task<void> send(std::string_view bytes);

  std::unique_ptr<Stream> stream_;
  std::string input_;
  std::size_t begin_ = 0;
  std::string output_;
  bool is_broken_off_ = false;
  bool had_crlf_ = false;
};

}  // namespace kontor::net
