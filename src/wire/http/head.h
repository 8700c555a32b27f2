// SPDX-License-Identifier: AGPL-3.0-or-later
// The head of an HTTP/1.1 request (RFC 9112), strictly: whatever two programs could read in two ways is refused, so
// that nothing can be smuggled past a proxy in front of us.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kontor::wire::http {

constexpr std::size_t kMaxHead = std::size_t{32} << 10;
constexpr std::size_t kMaxTarget = std::size_t{8} << 10;
constexpr std::size_t kMaxHeaders = 100;

using Headers = std::vector<std::pair<std::string, std::string>>;

// How the end of the body is found (RFC 9112 section 6.3).
enum class Framing : std::uint8_t { none, counted, chunked };

struct Head {
  std::string method;  // a token, as sent
  std::string target;  // as sent
  bool is_1_0 = false;
  Headers headers;  // names as sent, values without white space around them
  Framing framing = Framing::none;
  std::uint64_t length = 0;  // of a counted body
  bool keeps_alive = true;
  bool expects_continue = false;
};

// Why a request is refused: the status to answer with, and a sentence.
struct Refusal {
  unsigned status;
  const char* why;
};

// The first header of that name, any case; empty if none.
std::string_view find_header(const Headers& headers, std::string_view name);

// The size of the head at the front of `bytes` with its empty line, or 0 if its end has not come yet. `from` = how many
// bytes an earlier call has seen.
std::size_t head_size(std::string_view bytes, std::size_t from);

// `head` is whole, as head_size() says. Statuses: 400, 414, 417, 431, 501, 505.
std::expected<Head, Refusal> parse_head(std::string_view head);

// A target taken apart: "/a%20b?c=d" or "http://host/a%20b?c=d" gives the path "/a b" and the query "c=d". The path has
// no NUL and no "." or ".." segments, so that a prefix of it means what it says. "*" stays "*". Statuses: 400.
struct Target {
  std::string path;
  std::string query;
};
std::expected<Target, Refusal> parse_target(std::string_view target);

}  // namespace kontor::wire::http
