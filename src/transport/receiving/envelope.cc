// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/receiving/envelope.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace kontor::transport {
namespace {

// What a client says about itself must not break out of a header field's comment or line.
std::string tame(std::string_view text, char allowed = '?') {
  std::string out;
  for (char c : text.substr(0, 255)) {
    auto byte = static_cast<unsigned char>(c);
    bool is_bad = byte <= 0x20 || byte == 0x7f || c == '(' || c == ')' || c == '<' || c == '>' || c == ';' || c == '\\';
    out += is_bad && c != allowed ? '?' : c;
  }
  return out.empty() ? "unknown" : out;
}

// RFC 3848, RFC 6531 section 4.3: "ESMTPS", "UTF8SMTPS", "UTF8LMTP".
std::string protocol_word(const Envelope& envelope, const Trace& trace) {
  std::string word = trace.protocol;
  if (envelope.is_utf8) word = "UTF8" + (word == "ESMTP" ? "SMTP" : word);
  return word + (trace.is_encrypted ? "S" : "");
}

}  // namespace

std::string received_field(const Envelope& envelope, const Trace& trace, std::string_view only, Instant now) {
  std::string out = fmt::format("Received: from {} ({})\r\n\t", tame(trace.client), trace.peer);
  if (!trace.tls.empty()) out += fmt::format("(using {})\r\n\t", tame(trace.tls, ' '));
  out += fmt::format("by {} with {} id {}", trace.hostname, protocol_word(envelope, trace), trace.id);
  if (!only.empty()) out += fmt::format("\r\n\tfor <{}>", only);
  out += fmt::format(";\r\n\t{:%a, %d %b %Y %H:%M:%S} +0000\r\n", fmt::gmtime(now.time_since_epoch().count()));
  return out;
}

std::string trace_header(const Envelope& envelope, const Trace& trace, Instant now) {
  std::string out = fmt::format("Return-Path: <{}>\r\n", envelope.sender.to_string());
  const std::string only = envelope.recipients.size() == 1 ? envelope.recipients.front().address : std::string();
  if (!only.empty()) out += fmt::format("Delivered-To: {}\r\n", only);
  return out + received_field(envelope, trace, only, now);
}

}  // namespace kontor::transport
