// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/receiving/answers.h"

#include <algorithm>

namespace kontor::transport {

using wire::smtp::Reply;

Reply answer_to(const Error& error, groupware::QuotaPolicy over_quota) {
  switch (error.code) {
    case Errc::not_found:
      return {550, "5.1.1", "No such user here"};
    case Errc::denied:
      return {550, "5.7.1", "Not a domain of this server"};
    case Errc::over_quota:
      if (over_quota == groupware::QuotaPolicy::reject) return {552, "5.2.2", "The mailbox is full"};
      return {452, "4.2.2", "The mailbox is full"};
    case Errc::too_large:
      return {552, "5.3.4", "The message is too large"};
    case Errc::invalid:
      return {554, "5.6.0", error.text};
    case Errc::unavailable:
      return {450, "4.2.1", error.text};
    case Errc::exists:
    case Errc::conflict:
    case Errc::corrupt:
      break;
  }
  return {451, "4.3.0", "A fault on this server; try again later"};
}

Reply refusal_reply(std::string_view words) {
  constexpr std::size_t kLines = 20, kLine = 400;  // RFC 5321 section 4.5.3.1.5: 512 bytes with code and line end
  Reply reply;
  reply.code = 550;
  reply.enhanced = "5.7.1";
  while (!words.empty() && reply.lines.size() < kLines) {
    std::string_view line = words.substr(0, words.find('\n'));
    words.remove_prefix(std::min(words.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    std::size_t size = std::min(line.size(), kLine);
    while (size < line.size() && (static_cast<unsigned char>(line[size]) & 0xC0) == 0x80) --size;
    if (size != 0) reply.lines.emplace_back(line.substr(0, size));
  }
  if (reply.lines.empty()) reply.lines.emplace_back("The recipient refuses this message");
  return reply;
}

}  // namespace kontor::transport
