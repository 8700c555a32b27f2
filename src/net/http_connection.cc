// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/http_connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "wire/http/reason.h"

namespace kontor::net {
namespace {

namespace http = wire::http;
using HttpClock = std::chrono::steady_clock;

constexpr std::chrono::seconds kLingerTime{2};
constexpr std::size_t kHttpReadSize = std::size_t{16} << 10;
constexpr std::uint64_t kSlowestBody = 1024;  // bytes per second, after the time that every body has
constexpr std::size_t kMaxSkip = std::size_t{64} << 10;
constexpr std::size_t kMaxLinger = std::size_t{4} << 20;

std::string http_date() {
  std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[40];
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);  // always in the C locale's words
  return text;
}

// A value that came from elsewhere cannot begin a header of its own.
std::string clean(std::string_view value) {
  std::string out(value);
  std::erase_if(out, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
  return out;
}

// Ends the stream's deadline with its scope.
class DeadlineScope {
 public:
  DeadlineScope(Stream& stream, HttpClock::time_point deadline) : stream_(stream) { stream.set_deadline(deadline); }
  ~DeadlineScope() { stream_.set_deadline(std::nullopt); }
  DeadlineScope(const DeadlineScope&) = delete;
  DeadlineScope& operator=(const DeadlineScope&) = delete;

 private:
  Stream& stream_;
};

}  // namespace

Task<bool> HttpConnection::wait_request() {
  if (!input_.empty()) co_return true;
  std::string().swap(input_);
  stream_->set_timeout(times_.idle);
  try {
    co_await fill();
    co_return true;
  } catch (const TimedOut&) {
    co_return false;
  }
}

Task<void> HttpConnection::fill() { co_await stream_->append_some(input_, kHttpReadSize); }

std::string HttpConnection::take(std::size_t most) {
  std::string out;
  if (most >= input_.size()) {
    out.swap(input_);
  } else {
    out = input_.substr(0, most);
    input_.erase(0, most);
  }
  return out;
}

Task<std::expected<http::Head, http::Refusal>> HttpConnection::read_head() {
  DeadlineScope bound(*stream_, HttpClock::now() + times_.head);
  stream_->set_timeout(times_.head);
  // RFC 9112 section 2.2: an empty line before a request is read over; once is enough.
  for (std::size_t seen = 0;;) {
    if (seen == 0 && input_.starts_with("\r\n")) input_.erase(0, 2);
    std::size_t size = http::head_size(std::string_view(input_).substr(0, http::kMaxHead), seen);
    if (size > 0) co_return http::parse_head(take(size));
    if (input_.size() >= http::kMaxHead)
      co_return std::unexpected(http::Refusal{431, "The head of the request is too long."});
    seen = input_.size();
    bool is_late = false;
    try {
      co_await fill();
    } catch (const TimedOut&) {
      is_late = true;
    }
    if (is_late) co_return std::unexpected(http::Refusal{408, "The request did not come in time."});
  }
}

void HttpConnection::begin_body(const http::Head& head) {
  framing_ = head.framing;
  left_ = head.length;
  taken_ = 0;
  chunks_ = {};
  must_continue_ = head.expects_continue;
  patience_ = times_.body;
  stream_->set_timeout(times_.body);
}

// Only the time in which we wait for the peer counts: a handler that is slow itself holds the peer back.
Task<std::string> HttpConnection::read_body() {
  std::string out = co_await read_piece(HttpClock::now() + patience_);
  patience_ += std::chrono::microseconds(out.size() * 1'000'000 / kSlowestBody);
  co_return out;
}

Task<std::string> HttpConnection::read_piece(std::chrono::steady_clock::time_point deadline) {
  std::string out;
  if (framing_ == http::Framing::none) co_return out;
  if (must_continue_) {
    must_continue_ = false;
    co_await stream_->write("HTTP/1.1 100 Continue\r\n\r\n");
  }
  while (out.empty() && framing_ != http::Framing::none) {
    if (input_.empty()) {
      DeadlineScope bound(*stream_, deadline);
      auto began = HttpClock::now();
      co_await fill();
      patience_ -= HttpClock::now() - began;
    }
    if (framing_ == http::Framing::counted) {
      out = take(static_cast<std::size_t>(std::min<std::uint64_t>(left_, input_.size())));
      left_ -= out.size();
      if (left_ == 0) framing_ = http::Framing::none;
    } else {
      input_.erase(0, chunks_.feed(input_, out));
      if (chunks_.is_bad()) throw BodyMalformed("The chunked body is malformed.");
      if (chunks_.is_done()) framing_ = http::Framing::none;
    }
  }
  taken_ += out.size();
  if (taken_ > max_body_) throw BodyTooLarge("the body is longer than the limit");
  co_return out;
}

Task<bool> HttpConnection::skip_body() {
  // A client that waits for 100 Continue and got its answer instead may send the body or not: nobody can tell.
  if (must_continue_) co_return false;
  auto deadline = HttpClock::now() + kLingerTime;
  try {
    for (std::size_t skipped = 0; framing_ != http::Framing::none;) {
      if (framing_ == http::Framing::counted && left_ > kMaxSkip) co_return false;
      std::string piece = co_await read_piece(deadline);
      skipped += piece.size();
      if (skipped > kMaxSkip) co_return false;
    }
  } catch (const TimedOut&) {
    co_return false;
  }
  co_return true;
}

Task<void> HttpConnection::write_response(HttpResponse& response, Answer answer) {
  bool has_no_body = response.status == 204 || response.status == 304 || response.status < 200;
  bool is_streamed = response.more && !has_no_body && !answer.is_head_request;
  bool is_chunked = is_streamed && !answer.is_1_0 && !response.length;
  std::string out =
      fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\n", response.status, http::reason(response.status), http_date());
  if (!has_no_body && !response.content_type.empty())
    out += fmt::format("Content-Type: {}\r\n", clean(response.content_type));
  if (is_chunked)
    out += "Transfer-Encoding: chunked\r\n";
  else if (!has_no_body && response.length)
    out += fmt::format("Content-Length: {}\r\n", *response.length);
  else if (!has_no_body && !response.more)
    out += fmt::format("Content-Length: {}\r\n", response.body.size());
  if (!answer.keeps_alive || (is_streamed && !is_chunked && !response.length))
    out += "Connection: close\r\n";
  else if (answer.is_1_0)
    out += "Connection: keep-alive\r\n";
  for (const auto& [name, value] : response.headers) out += fmt::format("{}: {}\r\n", clean(name), clean(value));
  out += "\r\n";

  std::string piece = has_no_body || answer.is_head_request ? std::string() : std::move(response.body);
  stream_->set_timeout(times_.body);
  for (;;) {
    if (!piece.empty()) out += is_chunked ? http::encode_chunk(piece) : piece;
    if (!out.empty()) co_await stream_->write(out);
    out.clear();
    if (!is_streamed) co_return;
    piece = co_await response.more();
    if (piece.empty()) break;
  }
  if (is_chunked) co_await stream_->write(http::kLastChunk);
}

Task<void> HttpConnection::linger() {
  DeadlineScope bound(*stream_, HttpClock::now() + kLingerTime);
  std::size_t skipped = 0;
  try {
    while (skipped < kMaxLinger) {
      input_.clear();
      co_await fill();
      skipped += input_.size();
    }
  } catch (const TimedOut&) {
  } catch (const Disconnected&) {
  }
}

}  // namespace kontor::net
