// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/lmtp/envelope.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace kontor::transport {
namespace {

// What a client says about itself must not break out of a header field's comment or line.
std::string tame(std::string_view text) {
  std::string out;
  for (char c : text.substr(0, 255)) {
    auto byte = static_cast<unsigned char>(c);
    out +=
        byte <= 0x20 || byte == 0x7f || c == '(' || c == ')' || c == '<' || c == '>' || c == ';' || c == '\\' ? '?' : c;
  }
  return out.empty() ? "unknown" : out;
}

}  // namespace

std::string trace_header(const Envelope& envelope, const Trace& trace, Instant now) {
  std::string out = fmt::format("Return-Path: <{}>\r\n", envelope.sender.to_string());
  std::string only = envelope.recipients.size() == 1 ? envelope.recipients.front().address : std::string();
  if (!only.empty()) out += fmt::format("Delivered-To: {}\r\n", only);
  std::string protocol = fmt::format("{}LMTP{}", envelope.is_utf8 ? "UTF8" : "", trace.is_encrypted ? "S" : "");
  out += fmt::format("Received: from {} ({})\r\n\tby {} with {} id {}", tame(trace.client), trace.peer, trace.hostname,
                     protocol, trace.id);
  if (!only.empty()) out += fmt::format("\r\n\tfor <{}>", only);
  out += fmt::format(";\r\n\t{:%a, %d %b %Y %H:%M:%S} +0000\r\n", fmt::gmtime(now.time_since_epoch().count()));
  return out;
}

}  // namespace kontor::transport
