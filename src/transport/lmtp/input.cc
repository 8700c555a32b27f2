// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/lmtp/input.h"

namespace kontor::transport {

Task<Result<std::string>> LmtpInput::read_line(std::size_t limit) {
  if (left().empty()) co_return co_await io_.read_line(limit);
  std::string line;
  if (auto end = left().find('\n'); end != std::string_view::npos) {
    line = left().substr(0, end);
    begin_ += end + 1;
  } else {
    line = left();
    begin_ = left_.size();
    if (line.size() > limit + 1) co_return fail(Errc::too_large, "The line is too long.");
    CO_TRY(std::string rest, co_await io_.read_line(limit));
    // A CR before more text stays where it is: only the pair ends the line.
    line += rest;
    if (!rest.empty()) {
      if (line.size() > limit) co_return fail(Errc::too_large, "The line is too long.");
      co_return line;
    }
  }
  if (line.ends_with('\r')) line.pop_back();
  if (line.size() > limit) co_return fail(Errc::too_large, "The line is too long.");
  co_return line;
}

Task<bool> LmtpInput::skip_line(std::size_t limit) { return io_.skip_line(limit); }

Task<std::string_view> LmtpInput::read_chunk(std::size_t limit) {
  if (left().empty()) co_return co_await io_.read_chunk(limit);
  std::string_view chunk = left().substr(0, limit);
  begin_ += chunk.size();
  co_return chunk;
}

void LmtpInput::give_back(std::string_view bytes) {
  if (bytes.empty()) return;
  // The chunk came from here: step back. Else keep what the buffer below gave away.
  if (begin_ >= bytes.size() && begin_ <= left_.size() && bytes.data() == left_.data() + begin_ - bytes.size()) {
    begin_ -= bytes.size();
    return;
  }
  left_ = std::string(bytes);
  begin_ = 0;
}

}  // namespace kontor::transport
