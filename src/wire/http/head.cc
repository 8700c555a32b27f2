// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/http/head.h"

#include <algorithm>
#include <charconv>

namespace kontor::wire::http {
namespace {

constexpr std::size_t kMaxMethod = 32;

bool is_token_char(char c) {
  if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool is_token(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char); }

// RFC 9110 section 5.5: visible characters, white space and bytes above ASCII.
bool is_value_char(char c) {
  auto u = static_cast<unsigned char>(c);
  return c == '\t' || (u >= 0x20 && u != 0x7f);
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool equals_any_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view text) {
  std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// Whether the comma-separated list of `value` has `word`.
bool has_word(std::string_view value, std::string_view word) {
  while (!value.empty()) {
    std::size_t comma = value.find(',');
    if (equals_any_case(trim(value.substr(0, comma)), word)) return true;
    value = comma == std::string_view::npos ? std::string_view() : value.substr(comma + 1);
  }
  return false;
}

std::unexpected<Refusal> refuse(unsigned status, const char* why) { return std::unexpected(Refusal{status, why}); }

std::expected<void, Refusal> parse_request_line(std::string_view line, Head& head) {
  std::size_t first = line.find(' ');
  std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return refuse(400, "The request line is malformed.");
  head.method = line.substr(0, first);
  head.target = line.substr(first + 1, last - first - 1);
  std::string_view version = line.substr(last + 1);
  if (!is_token(head.method)) return refuse(400, "The method is malformed.");
  if (head.method.size() > kMaxMethod) return refuse(501, "The method is not known.");
  if (head.target.size() > kMaxTarget) return refuse(414, "The target is too long.");
  bool is_visible = std::all_of(head.target.begin(), head.target.end(), [](char c) { return c > 0x20 && c != 0x7f; });
  if (head.target.empty() || !is_visible) return refuse(400, "The target is malformed.");
  if (version.size() != 8 || !version.starts_with("HTTP/")) return refuse(400, "The request line is malformed.");
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return refuse(505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
  head.is_1_0 = version == "HTTP/1.0";
  return {};
}

std::expected<void, Refusal> parse_header(std::string_view line, Head& head) {
  if (head.headers.size() >= kMaxHeaders) return refuse(431, "There are too many headers.");
  std::size_t colon = line.find(':');
  // A line that begins with white space (obs-fold) and white space before the colon fail here, too.
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return refuse(400, "A header is malformed.");
  std::string_view value = trim(line.substr(colon + 1));
  if (!std::all_of(value.begin(), value.end(), is_value_char)) return refuse(400, "A header has control characters.");
  head.headers.emplace_back(line.substr(0, colon), value);
  return {};
}

std::expected<void, Refusal> find_framing(Head& head) {
  std::string_view length;
  std::string_view coding;
  int lengths = 0;
  int codings = 0;
  for (const auto& [name, value] : head.headers) {
    if (equals_any_case(name, "content-length")) {
      ++lengths;
      length = value;
    } else if (equals_any_case(name, "transfer-encoding")) {
      ++codings;
      coding = value;
    }
  }
  if (lengths > 1 || codings > 1 || (lengths && codings)) return refuse(400, "The length of the body is said twice.");
  if (codings) {
    if (head.is_1_0) return refuse(400, "HTTP/1.0 has no transfer codings.");
    if (!equals_any_case(coding, "chunked")) return refuse(501, "The only transfer coding is chunked.");
    head.framing = Framing::chunked;
  } else if (lengths) {
    auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), head.length);
    if (length.empty() || error != std::errc() || end != length.data() + length.size())
      return refuse(400, "The length of the body is malformed.");
    head.framing = head.length > 0 ? Framing::counted : Framing::none;
  }
  return {};
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool has_dot_segment(std::string_view path) {
  while (!path.empty()) {
    std::size_t slash = path.find('/');
    std::string_view segment = path.substr(0, slash);
    if (segment == "." || segment == "..") return true;
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }
  return false;
}

}  // namespace

std::string_view find_header(const Headers& headers, std::string_view name) {
  for (const auto& [known, value] : headers)
    if (equals_any_case(known, name)) return value;
  return {};
}

std::size_t head_size(std::string_view bytes, std::size_t from) {
  std::size_t end = bytes.find("\r\n\r\n", from < 3 ? 0 : from - 3);
  return end == std::string_view::npos ? 0 : end + 4;
}

std::expected<Head, Refusal> parse_head(std::string_view head) {
  Head out;
  if (head.size() > kMaxHead) return refuse(431, "The head of the request is too long.");
  if (!head.ends_with("\r\n\r\n")) return refuse(400, "The head of the request is malformed.");
  head.remove_suffix(2);
  for (bool is_first = true; !head.empty(); is_first = false) {
    std::size_t end = head.find("\r\n");
    std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    auto parsed = is_first ? parse_request_line(line, out) : parse_header(line, out);
    if (!parsed) return std::unexpected(parsed.error());
  }
  if (auto framing = find_framing(out); !framing) return std::unexpected(framing.error());
  // RFC 9112 section 3.2: exactly one Host, or the request could be meant for another.
  auto hosts = std::count_if(out.headers.begin(), out.headers.end(),
                             [](const auto& header) { return equals_any_case(header.first, "host"); });
  if (hosts > 1 || (hosts == 0 && !out.is_1_0)) return refuse(400, "There must be one Host header.");
  std::string_view connection = find_header(out.headers, "connection");
  out.keeps_alive = out.is_1_0 ? has_word(connection, "keep-alive") : !has_word(connection, "close");
  std::string_view expect = find_header(out.headers, "expect");
  if (!expect.empty() && !out.is_1_0) {
    if (!equals_any_case(expect, "100-continue")) return refuse(417, "The expectation is not known.");
    out.expects_continue = out.framing != Framing::none;
  }
  return out;
}

std::expected<Target, Refusal> parse_target(std::string_view target) {
  Target out;
  if (target == "*") {
    out.path = target;
    return out;
  }
  if (!target.starts_with('/')) {
    std::size_t scheme = target.find("://");
    if (scheme == std::string_view::npos) return refuse(400, "The target is malformed.");
    target.remove_prefix(scheme + 3);
    std::size_t begin = target.find_first_of("/?");
    target = begin == std::string_view::npos ? std::string_view("/") : target.substr(begin);
    if (target.starts_with('?')) {
      out.path = "/";
      out.query = target.substr(1);
      return out;
    }
  }
  std::size_t question = target.find('?');
  if (question != std::string_view::npos) out.query = target.substr(question + 1);
  std::string_view path = target.substr(0, question);
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') {
      out.path.push_back(path[i]);
      continue;
    }
    int high = i + 2 < path.size() ? hex_digit(path[i + 1]) : -1;
    int low = i + 2 < path.size() ? hex_digit(path[i + 2]) : -1;
    if (high < 0 || low < 0 || (high == 0 && low == 0)) return refuse(400, "The target has a bad escape.");
    out.path.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  if (has_dot_segment(out.path)) return refuse(400, "The target has dot segments.");
  return out;
}

}  // namespace kontor::wire::http
