// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/smtp/reply_reader.h"

#include <algorithm>
#include <utility>

namespace kontor::wire::smtp {
namespace {

bool is_reply_digit(char c) { return c >= '0' && c <= '9'; }

// "5.1.1" at the front (RFC 3463 section 2), as long as it is; 0 if there is none.
std::size_t enhanced_length(std::string_view text, int code) {
  if (text.size() < 5 || text[0] != static_cast<char>('0' + code / 100) || text[1] != '.') return 0;
  std::size_t at = 2;
  for (int part = 0; part < 2; ++part) {
    const std::size_t start = at;
    while (at < text.size() && at - start < 3 && is_reply_digit(text[at])) ++at;
    if (at == start) return 0;
    if (part == 0 && (at == text.size() || text[at++] != '.')) return 0;
  }
  return at == text.size() || text[at] == ' ' ? at : 0;
}

std::string tame_reply(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return out;
}

}  // namespace

std::expected<bool, std::string> ReplyReader::feed(std::string_view line) {
  if (line.size() < 3 || !std::ranges::all_of(line.substr(0, 3), is_reply_digit) || line[0] < '2' || line[0] > '5')
    return std::unexpected("no reply of SMTP");
  const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  const char mark = line.size() > 3 ? line[3] : ' ';
  if (mark != ' ' && mark != '-') return std::unexpected("no reply of SMTP");
  if (!reply_.lines.empty() && reply_.code != code) return std::unexpected("a reply with two codes");
  if (reply_.lines.size() >= kMaxReplyLines || line.size() > kMaxReplyLine)
    return std::unexpected("a reply that is too long");
  reply_.code = code;
  std::string_view text = line.size() > 4 ? line.substr(4) : std::string_view();
  if (const std::size_t length = enhanced_length(text, code); length > 0) {
    reply_.enhanced = text.substr(0, length);
    text.remove_prefix(std::min(text.size(), length + 1));
  }
  reply_.lines.push_back(tame_reply(text));
  return mark == ' ';
}

Reply ReplyReader::take() { return std::exchange(reply_, Reply()); }

std::string joined_text(const Reply& reply) {
  constexpr std::size_t kMost = 1000;
  std::string out;
  for (const std::string& line : reply.lines) {
    out += (out.empty() ? "" : " ") + line;
    if (out.size() < kMost) continue;
    out.resize(kMost);
    break;
  }
  return out;
}

}  // namespace kontor::wire::smtp
