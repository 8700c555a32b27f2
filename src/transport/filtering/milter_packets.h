// SPDX-License-Identifier: AGPL-3.0-or-later
// The milter protocol, version 6, as bytes and values. A packet is a length (4 bytes, big-endian), a letter, and what
// belongs to it; texts end with a zero byte.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/address.h"

namespace kontor::transport::milter {

constexpr std::uint32_t kVersion = 6;
constexpr std::size_t kLargestChunk = 65'535;  // of a body, in one packet
constexpr std::size_t kLargestPacket = 1 << 20;

namespace action {  // that a milter may ask for
constexpr std::uint32_t kAddHeaders = 0x1, kChangeBody = 0x2, kAddRecipients = 0x4, kRemoveRecipients = 0x8,
                        kChangeHeaders = 0x10, kQuarantine = 0x20, kChangeSender = 0x40,
                        kAddRecipientsWithParameters = 0x80, kChooseMacros = 0x100;
constexpr std::uint32_t kAll = 0x1ff;
}  // namespace action

namespace step {  // that a milter may do without
constexpr std::uint32_t kNoConnect = 0x1, kNoHelo = 0x2, kNoMail = 0x4, kNoRecipient = 0x8, kNoBody = 0x10,
                        kNoHeaders = 0x20, kNoEndOfHeader = 0x40, kNoUnknown = 0x100, kNoData = 0x200, kSkip = 0x400,
                        kNoReplyToHeaders = 0x80, kNoReplyToConnect = 0x1000, kNoReplyToHelo = 0x2000,
                        kNoReplyToMail = 0x4000, kNoReplyToRecipient = 0x8000, kNoReplyToData = 0x10000,
                        kNoReplyToUnknown = 0x20000, kNoReplyToEndOfHeader = 0x40000, kNoReplyToBody = 0x80000,
                        kLeadingSpace = 0x100000;
constexpr std::uint32_t kAll = 0x1ff7ff;  // without 0x800: recipients that are refused are not there
}  // namespace step

// What we say. The letters are those of the protocol.
enum class Command : char {
  abort = 'A',
  body = 'B',
  connect = 'C',
  macros = 'D',
  end_of_message = 'E',
  helo = 'H',
  next_connection = 'K',
  header = 'L',
  mail = 'M',
  end_of_header = 'N',
  options = 'O',
  quit = 'Q',
  recipient = 'R',
  data = 'T',
};

using Macros = std::vector<std::pair<std::string, std::string>>;

std::string print(Command command, std::string_view content = {});
std::string print_options(std::uint32_t actions, std::uint32_t steps);
// `name`: the client's; `ip`: nothing for a Unix socket.
std::string print_connect(std::string_view name, const std::optional<net::IpAddress>& ip, std::uint16_t port);
std::string print_macros(Command before, const Macros& macros);
// Each text with its zero byte; zero bytes within them are left out.
std::string texts(const std::vector<std::string_view>& all);

struct Options {
  std::uint32_t version = 0, actions = 0, steps = 0;
};

// What a milter says.
struct Reply {
  enum class What : char {
    go_on = 'c',
    accept = 'a',
    reject = 'r',
    discard = 'd',
    tempfail = 't',
    fail_connection = 'f',
    shutdown = '4',
    skip = 's',
    words = 'y',  // code and text
    progress = 'p',
    options = 'O',
    add_header = 'h',
    insert_header = 'i',
    change_header = 'm',
    add_recipient = '+',
    add_recipient_with_parameters = '2',
    remove_recipient = '-',
    replace_body = 'b',
    change_sender = 'e',
    quarantine = 'q',
  };
  What what = What::go_on;
  std::uint32_t index = 0;  // of a header
  std::string name;         // of a header
  std::string value;        // of a header; a recipient, a sender, words, a reason; a piece of the body
  Options options;
};

// The length of the packet that begins with these 4 bytes, without them. Errors: invalid (0, or too large).
Result<std::size_t> packet_size(std::string_view four);
// What stands behind the length. Errors: invalid.
Result<Reply> parse_reply(std::string_view packet);

}  // namespace kontor::transport::milter
