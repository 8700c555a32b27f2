// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/auth/results.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "formats/mime/header.h"
#include "transport/auth/results_reader.h"

namespace kontor::transport {
namespace {

constexpr std::size_t kLongestValue = 255;

// A value as RFC 8601 section 2.2 has it: bare where it can be, else quoted; what cannot be there is "?".
std::string result_value(std::string_view text) {
  std::string out;
  bool is_bare = !text.empty();
  for (char c : text.substr(0, kLongestValue)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = '?';
    if (byte <= 0x20 || std::string_view("()<>@,;:\\\"/[]?=").find(c) != std::string_view::npos)
      is_bare = is_bare && c == '@';
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return is_bare ? out : "\"" + out + "\"";
}

std::string result_comment(std::string_view text) {
  std::string out;
  for (char c : text.substr(0, kLongestValue)) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte >= 0x7f || c == '(' || c == ')' || c == '\\' ? '?' : c;
  }
  return out;
}

// Of our own Received: "with LMTP", "with UTF8LMTPS".
bool came_by_lmtp(std::string_view received) {
  const std::string text = mime::unfold(received);
  const auto with = text.find(" with ");
  return with != std::string::npos &&
         text.substr(with + 6, text.find(' ', with + 6) - with - 6).find("LMTP") != std::string::npos;
}

}  // namespace

void skip_results_space(std::string_view& text) {
  int depth = 0;
  while (!text.empty()) {
    const char c = text.front();
    if (depth > 0 && c == '\\' && text.size() > 1)
      text.remove_prefix(1);
    else if (c == '(')
      ++depth;
    else if (c == ')' && depth > 0)
      --depth;
    else if (depth == 0 && c != ' ' && c != '\t' && c != '\r' && c != '\n')
      return;
    text.remove_prefix(1);
  }
}

std::string results_field(const AuthResults& results) {
  std::string out = "Authentication-Results: " + result_value(results.server);
  bool is_empty = true;
  auto add = [&](const std::string& part) {
    out += ";\r\n\t" + part;
    is_empty = false;
  };
  if (results.spf) {
    const bool is_helo = results.mail_from.empty();
    add(fmt::format("spf={} smtp.{}={}", name(results.spf->result), is_helo ? "helo" : "mailfrom",
                    result_value(is_helo ? results.helo : results.mail_from)));
  }
  for (const DkimVerdict& one : results.dkim) {
    // A domain that tries DKIM out is to be treated as one that does not sign (RFC 6376 section 3.6.1).
    std::string part =
        fmt::format("dkim={}", one.is_test && one.result != DkimResult::pass ? "none" : name(one.result));
    if (!one.problem.empty()) part += fmt::format(" ({})", result_comment(one.problem));
    if (!one.domain.empty())
      part += fmt::format(" header.d={} header.s={} header.a={}", result_value(one.domain), result_value(one.selector),
                          result_value(one.algorithm));
    add(part);
  }
  for (const DmarcVerdict& one : results.dmarc) {
    std::string part = fmt::format("dmarc={}", name(one.result));
    if (one.result == DmarcResult::pass || one.result == DmarcResult::fail)
      part += one.vouched_by.empty() ? fmt::format(" (p={} dis={})", name(one.policy), name(one.applied))
                                     : fmt::format(" (p={} dis={} arc={})", name(one.policy), name(one.applied),
                                                   result_comment(one.vouched_by));
    add(part + fmt::format(" header.from={}", result_value(one.domain)));
  }
  if (results.arc.result != ArcResult::none) {
    std::string part = fmt::format("arc={}", name(results.arc.result));
    part += results.arc.problem.empty() ? fmt::format(" (i={})", results.arc.count)
                                        : fmt::format(" ({})", result_comment(results.arc.problem));
    if (!results.client.empty()) part += fmt::format(" smtp.remote-ip={}", result_value(results.client));
    add(part);
  }
  if (is_empty) add("none");
  return out + "\r\n";
}

std::string results_server(std::string_view value) {
  skip_results_space(value);
  std::string out;
  if (value.starts_with('"')) {
    for (value.remove_prefix(1); !value.empty() && value.front() != '"'; value.remove_prefix(1)) {
      if (value.front() == '\\' && value.size() > 1) value.remove_prefix(1);
      out += value.front();
    }
    return out;
  }
  const auto end = value.find_first_of(" \t\r\n;(");
  return std::string(value.substr(0, end));
}

std::optional<std::string> own_results(std::string_view head, std::string_view server) {
  std::optional<std::string> out;
  bool is_behind_trace = false;
  mime::each_field(head, [&](const mime::Field& field) {
    if (!is_behind_trace) {
      if (!iequals(field.name, "Received")) return true;
      is_behind_trace = true;
      return !came_by_lmtp(field.value);
    }
    if (iequals(field.name, "Authentication-Results") && iequals(results_server(field.value), server)) {
      const auto begin = field.value.find_first_not_of(" \t\r\n"), end = field.value.find_last_not_of(" \t\r\n");
      out = field.value.substr(begin, end - begin + 1);
    }
    return false;
  });
  return out;
}

std::optional<ArcResult> arc_of_results(std::string_view value) {
  const auto read = read_results(value);
  if (!read) return std::nullopt;
  for (const ReadResult& one : read->methods) {
    if (one.method != "arc") continue;
    for (const ArcResult result : {ArcResult::none, ArcResult::pass, ArcResult::fail, ArcResult::temperror})
      if (one.result == name(result)) return result;
  }
  return std::nullopt;
}

std::string without_results_of(std::string_view head, std::string_view server) {
  std::string out;
  std::size_t at = 0;  // up to where `head` is in `out`, or left out
  mime::each_field(head, [&](const mime::Field& field) {
    if (!iequals(field.name, "Authentication-Results") || !iequals(results_server(field.value), server)) return true;
    const auto begin = static_cast<std::size_t>(field.whole.data() - head.data());
    out += head.substr(at, begin - at);
    at = begin + field.whole.size();
    return true;
  });
  out += head.substr(at);
  return out;
}

}  // namespace kontor::transport
