// SPDX-License-Identifier: AGPL-3.0-or-later
#include "kontor/response.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <string>

#include "wire/http/chunked.h"

namespace kontor::app {
namespace {

namespace json = boost::json;

constexpr std::size_t kLargestHead = 64 << 10;
constexpr std::size_t kLargestError = 64 << 10;

// In JSON where a verb speaks, else a sentence.
Error read_error(std::string body, unsigned status) {
  boost::system::error_code failed;
  json::value value = json::parse(body, failed);
  const json::object* error = !failed && value.is_object() && value.get_object().contains("error")
                                  ? value.get_object().at("error").if_object()
                                  : nullptr;
  if (!error || !error->contains("code") || !error->contains("text")) {
    while (!body.empty() && body.back() == '\n') body.pop_back();
    return {Errc::unavailable, fmt::format("The server answered with HTTP status {}{}{}", status,
                                           body.empty() ? "" : ": ", body.substr(0, 500))};
  }
  std::string_view code = json::value_to<std::string_view>(error->at("code"));
  for (int i = 0; i <= static_cast<int>(Errc::corrupt); ++i)
    if (name(static_cast<Errc>(i)) == code) return {static_cast<Errc>(i), std::string(error->at("text").as_string())};
  return {Errc::unavailable, std::string(error->at("text").as_string())};
}

struct Head {
  unsigned status = 0;
  bool is_chunked = false;
  std::string rest;  // of the body, read with it
};

Result<Head> read_head(net::ClientSocket& socket) {
  std::string all;
  std::array<char, 16384> piece;
  for (;;) {
    TRY(std::size_t got, socket.read_some(piece));
    all.append(piece.data(), got);
    auto end = all.find("\r\n\r\n");
    if (end == std::string::npos && got > 0 && all.size() < kLargestHead) continue;
    Head head;
    if (end == std::string::npos || !all.starts_with("HTTP/1.1 ") ||
        std::from_chars(all.data() + 9, all.data() + end, head.status).ec != std::errc())
      return fail(Errc::unavailable, "The server's answer broke off");
    head.is_chunked = all.find("\r\nTransfer-Encoding: chunked") < end;
    head.rest = all.substr(end + 4);
    return head;
  }
}

}  // namespace

Result<void> read_response(net::ClientSocket& socket, const std::function<Result<void>(std::string_view)>& take) {
  TRY(Head head, read_head(socket));
  wire::http::ChunkDecoder chunks;
  std::string error, decoded;
  auto take_piece = [&](std::string_view bytes) -> Result<void> {
    if (head.is_chunked) {
      decoded.clear();
      chunks.feed(bytes, decoded);
      if (chunks.is_bad()) return fail(Errc::unavailable, "The server's answer is malformed");
      bytes = decoded;
    }
    if (head.status == 200) return take(bytes);
    error.append(bytes.substr(0, kLargestError - std::min(kLargestError, error.size())));
    return {};
  };
  TRY_VOID(take_piece(head.rest));
  std::array<char, 16384> piece;
  while (!chunks.is_done()) {
    TRY(std::size_t got, socket.read_some(piece));
    if (got == 0) break;
    TRY_VOID(take_piece({piece.data(), got}));
  }
  if (head.status != 200) return std::unexpected(read_error(std::move(error), head.status));
  if (head.is_chunked && !chunks.is_done()) return fail(Errc::unavailable, "The server's answer broke off");
  return {};
}

}  // namespace kontor::app
