// SPDX-License-Identifier: AGPL-3.0-or-later
// links: wire base
// Command lines, and messages as multi-line responses: a client that undoes the stuffing must get every line.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "wire/pop3/command.h"
#include "wire/pop3/message_text.h"

namespace {

using kontor::check;
using namespace kontor::wire;

std::string with_crlf(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n' && (out.empty() || out.back() != '\r')) out.push_back('\r');
    out.push_back(c);
  }
  if (!out.empty() && out.back() == '\r') out.push_back('\n');
  if (!out.empty() && out.back() != '\n') out += "\r\n";
  return out;
}

// What a client makes of the response.
std::string undone(std::string_view sent) {
  std::string out;
  while (true) {
    const auto end = sent.find("\r\n");
    check(end != std::string_view::npos, "every line ends");
    std::string_view line = sent.substr(0, end);
    sent.remove_prefix(end + 2);
    if (line == ".") break;
    if (line.starts_with('.')) line.remove_prefix(1);
    out.append(line).append("\r\n");
  }
  check(sent.empty(), "nothing comes behind the end");
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto command = pop3::parse_command(input.substr(0, input.find('\n')));
  check(command.name.size() <= 12, "a keyword is short");
  check(command.name.size() + command.args.size() <= size, "nothing is made up");
  (void)pop3::parse_top(command.args);
  (void)pop3::is_unique_id(command.args);

  if (size < 2) return 0;
  const std::size_t piece = 1 + data[0];
  const std::string_view stored = input.substr(2);
  pop3::MessageText whole, part(data[1]);
  std::string all, top;
  for (std::size_t at = 0; at < stored.size(); at += piece) {
    whole.feed(stored.substr(at, piece), all);
    part.feed(stored.substr(at, piece), top);
  }
  whole.finish(all);
  part.finish(top);
  const std::string expected = with_crlf(stored);
  check(whole.size() == expected.size(), "the size is what is sent");
  check(undone(all) == expected, "a client gets every byte");
  check(expected.starts_with(undone(top)), "TOP is the beginning of the message");
  return 0;
}
