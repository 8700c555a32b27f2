// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/filtering/milter_packets.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"

namespace kontor::transport::milter {
namespace {

constexpr std::string_view kKnown = "cardtf4sypOhim+2-beq";

// A text with its zero byte, taken off the front.
Result<std::string> take_text(std::string_view& rest) {
  const auto end = rest.find('\0');
  if (end == std::string_view::npos) return fail(Errc::invalid, "a text of the milter has no end");
  std::string text(rest.substr(0, end));
  rest.remove_prefix(end + 1);
  return text;
}

Result<std::uint32_t> take_number(std::string_view& rest) {
  if (rest.size() < 4) return fail(Errc::invalid, "an answer of the milter is too short");
  const std::uint32_t number = read_be32(rest);
  rest.remove_prefix(4);
  return number;
}

}  // namespace

std::string print(Command command, std::string_view content) {
  std::string out;
  append_be32(out, static_cast<std::uint32_t>(content.size() + 1));
  out += static_cast<char>(command);
  return out.append(content);
}

std::string print_options(std::uint32_t actions, std::uint32_t steps) {
  std::string content;
  append_be32(content, kVersion);
  append_be32(content, actions);
  append_be32(content, steps);
  return print(Command::options, content);
}

std::string texts(const std::vector<std::string_view>& all) {
  std::string out;
  for (const std::string_view text : all) {
    std::ranges::copy_if(text, std::back_inserter(out), [](char c) { return c != '\0'; });
    out += '\0';
  }
  return out;
}

std::string print_connect(std::string_view name, const std::optional<net::IpAddress>& ip, std::uint16_t port) {
  std::string content = texts({name});
  if (!ip) return print(Command::connect, content + 'U');
  content += ip->is_v4() ? '4' : '6';
  content += static_cast<char>(port >> 8);
  content += static_cast<char>(port & 0xff);
  return print(Command::connect, content + texts({net::to_string(*ip)}));
}

std::string print_macros(Command before, const Macros& macros) {
  std::string content(1, static_cast<char>(before));
  for (const auto& [name, value] : macros) content += texts({name, value});
  return print(Command::macros, content);
}

Result<std::size_t> packet_size(std::string_view four) {
  const std::uint32_t size = read_be32(four);
  if (size == 0 || size > kLargestPacket) return fail(Errc::invalid, fmt::format("the milter sends {} bytes", size));
  return size;
}

Result<Reply> parse_reply(std::string_view packet) {
  if (packet.empty() || kKnown.find(packet.front()) == std::string_view::npos)
    return fail(Errc::invalid, "the milter's answer is unknown");
  Reply reply;
  reply.what = static_cast<Reply::What>(packet.front());
  std::string_view rest = packet.substr(1);
  using What = Reply::What;
  switch (reply.what) {
    case What::options: {
      TRY(reply.options.version, take_number(rest));
      TRY(reply.options.actions, take_number(rest));
      TRY(reply.options.steps, take_number(rest));
      return reply;  // wishes for macros may follow: it gets all that there are
    }
    case What::insert_header:
    case What::change_header: {
      TRY(reply.index, take_number(rest));
      TRY(reply.name, take_text(rest));
      TRY(reply.value, take_text(rest));
      return reply;
    }
    case What::add_header: {
      TRY(reply.name, take_text(rest));
      TRY(reply.value, take_text(rest));
      return reply;
    }
    case What::words:
    case What::add_recipient:
    case What::add_recipient_with_parameters:
    case What::remove_recipient:
    case What::change_sender:
    case What::quarantine: {
      // Parameters of ESMTP may follow, which mean nothing here.
      TRY(reply.value, take_text(rest));
      return reply;
    }
    case What::replace_body:
      reply.value = rest;
      return reply;
    default:
      return reply;
  }
}

}  // namespace kontor::transport::milter
