// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/http_compression.h"

#include <algorithm>
#include <memory>

#include "base/bytes.h"
#include "net/gzip.h"
#include "wire/http/condition.h"

namespace kontor::net {
namespace {

// What is compressed at once, and in what pieces else: for so long other connections of this thread wait.
constexpr std::size_t kGzipAtOnce = std::size_t{256} << 10;
constexpr std::size_t kGzipPiece = std::size_t{64} << 10;

bool is_text(std::string_view content_type) {
  const std::string type = to_lower(content_type.substr(0, content_type.find(';')));
  const std::string_view name = std::string_view(type).substr(0, type.find_last_not_of(' ') + 1);
  return name.starts_with("text/") || name.ends_with("+xml") || name.ends_with("+json") || name == "application/xml" ||
         name == "application/json" || name == "application/javascript";
}

std::string_view header_of(const HttpResponse& response, std::string_view name) {
  return wire::http::find_header(response.headers, name);
}

// Browsers say where a request comes from; other programs are not sent by pages.
bool is_from_elsewhere(const wire::http::Headers& request) {
  const std::string_view site = wire::http::find_header(request, "sec-fetch-site");
  if (!site.empty()) return site != "same-origin" && site != "none";
  return !wire::http::find_header(request, "origin").empty();
}

// A streamed body on its way through gzip.
struct Squeezed {
  explicit Squeezed(HttpResponse& response) : body(std::move(response.body)), more(std::move(response.more)) {}

  std::string body;
  std::size_t taken = 0;  // of `body`
  std::function<Task<std::string>()> more;
  Gzip gzip;
  bool is_done = false;
};

// The next piece of what is compressed. Several of the source may make one: gzip gathers.
Task<std::string> next_squeezed(std::shared_ptr<Squeezed> squeezed) {
  Squeezed& s = *squeezed;
  std::string out;
  while (out.empty() && !s.is_done) {
    if (s.taken < s.body.size()) {
      s.gzip.add(std::string_view(s.body).substr(s.taken, kGzipPiece), out);
      s.taken += kGzipPiece;
      continue;
    }
    s.taken = 0;
    s.body = s.more ? co_await s.more() : std::string();
    if (!s.body.empty()) continue;
    s.gzip.finish(out);
    s.is_done = true;
  }
  co_return out;
}

}  // namespace

Compression compression_of(const wire::http::Headers& request, const HttpResponse& response) {
  const bool has_body = response.status >= 200 && response.status != 204 && response.status != 206 &&
                        response.status != 304 && (response.more || response.body.size() >= kLeastToCompress);
  if (!has_body || !is_text(response.content_type)) return Compression::never;
  if (!header_of(response, "content-encoding").empty()) return Compression::never;
  const std::string_view etag = header_of(response, "etag");
  if (!etag.empty() && !etag.starts_with("W/")) return Compression::never;
  if (is_from_elsewhere(request) || !wire::http::accepts_gzip(request)) return Compression::no;
  return Compression::yes;
}

void compress(HttpResponse& response) {
  response.length.reset();
  response.headers.emplace_back("Content-Encoding", "gzip");
  // Ranges of compressed bytes are not to be had.
  std::erase_if(response.headers, [](const auto& header) { return iequals(header.first, "accept-ranges"); });
  if (!response.more && response.body.size() <= kGzipAtOnce) {
    Gzip gzip;
    std::string out;
    gzip.add(response.body, out);
    gzip.finish(out);
    response.body = std::move(out);
    return;
  }
  auto squeezed = std::make_shared<Squeezed>(response);
  response.body.clear();
  response.more = [squeezed] { return next_squeezed(squeezed); };
}

}  // namespace kontor::net
