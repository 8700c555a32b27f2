// SPDX-License-Identifier: AGPL-3.0-or-later
// links: wire
// What a server answers to a client of SMTP: bounded, and nothing in its text can break a line.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "wire/smtp/reply_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kontor::wire::smtp;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  ReplyReader reader;
  while (!input.empty()) {
    const std::size_t end = std::min(input.find('\n'), input.size());
    auto state = reader.feed(input.substr(0, end));
    input.remove_prefix(std::min(end + 1, input.size()));
    if (!state) return 0;
    if (!*state) continue;
    const Reply reply = reader.take();
    if (reply.code < 200 || reply.code > 599 || reply.lines.empty() || reply.lines.size() > kMaxReplyLines)
      std::abort();
    if (joined_text(reply).find_first_of("\r\n") != std::string::npos) std::abort();
  }
  return 0;
}
