// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/calls/feed_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/bytes.h"
#include "transport/calls/call_gate.h"
#include "transport/calls/curl_handle.h"

namespace kontor::transport {
namespace {

constexpr long kMostRedirects = 5;
constexpr std::size_t kLongestHeader = 500;

struct Fetching {
  const FeedClientOptions& options;
  const std::atomic<bool>& is_ending;
  groupware::FeedAnswer answer;
  CallGate gate;
  bool is_too_large = false;
};

std::size_t take_body(char* data, std::size_t, std::size_t count, void* state) {
  auto& self = *static_cast<Fetching*>(state);
  self.is_too_large = self.answer.body.size() + count > self.options.largest;
  if (self.is_too_large) return 0;
  self.answer.body.append(data, count);
  return count;
}

// Of each answer, so also of those that only lead elsewhere: the last one's count.
std::size_t take_header(char* data, std::size_t, std::size_t count, void* state) {
  auto& self = *static_cast<Fetching*>(state);
  const std::string_view line(data, count);
  if (line.starts_with("HTTP/")) {
    self.answer = {};
    return count;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || count > kLongestHeader) return count;
  std::string_view value = line.substr(colon + 1);
  const auto first = value.find_first_not_of(" \t\r\n");
  value = first == std::string_view::npos ? "" : value.substr(first, value.find_last_not_of(" \t\r\n") + 1 - first);
  if (iequals(line.substr(0, colon), "etag")) self.answer.etag = value;
  if (iequals(line.substr(0, colon), "last-modified")) self.answer.last_modified = value;
  return count;
}

int look_up(void* state, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Fetching*>(state)->is_ending ? 1 : 0;
}

Error error_of(const Fetching& self, CURLcode code) {
  if (self.is_too_large || code == CURLE_FILESIZE_EXCEEDED)
    return {Errc::too_large, fmt::format("The source says more than {} bytes.", self.options.largest)};
  if (self.gate.has_refused)
    return {Errc::denied,
            "The source is this server, or in a network that is not public: feeds.private_networks would allow it."};
  return {Errc::unavailable, fmt::format("The source cannot be fetched: {}.", curl_easy_strerror(code))};
}

}  // namespace

void declare(config::Schema& schema, FeedClientOptions& into) {
  schema.size("feeds.largest", into.largest, {64 << 10, 64 << 20},
              {"The largest calendar that is fetched from elsewhere for a subscription."});
  schema.duration("feeds.timeout", into.timeout, {std::chrono::seconds(1), std::chrono::minutes(10)},
                  {"How long a calendar from elsewhere may take to come."});
  schema.flag(
      "feeds.private_networks", into.asks_private_networks,
      {"Whether subscriptions may lead to addresses of private networks and of this machine itself. Users choose "
       "the addresses: on, they can ask services there."});
}

Result<groupware::FeedAnswer> fetch_feed(const groupware::Feed& feed, const FeedClientOptions& options,
                                         const std::atomic<bool>& is_ending) {
  const CurlHandle handle(curl_easy_init());
  CURL* c = handle.get();
  if (c == nullptr) return fail(Errc::unavailable, "HTTP could not be set up");
  Fetching self{options, is_ending, {}, {}};
  if (options.asks_private_networks) self.gate.networks.push_back({{}, 0});
  CurlList headers(curl_slist_append(nullptr, "Accept: text/calendar, */*;q=0.5"));
  if (!feed.etag.empty()) headers.reset(curl_slist_append(headers.release(), ("If-None-Match: " + feed.etag).c_str()));
  if (!feed.last_modified.empty())
    headers.reset(curl_slist_append(headers.release(), ("If-Modified-Since: " + feed.last_modified).c_str()));
  const bool is_encrypted = feed.settings.source.starts_with("https:");
  curl_easy_setopt(c, CURLOPT_URL, feed.settings.source.c_str());
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, is_encrypted ? "https" : "http,https");
  curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(c, CURLOPT_MAXREDIRS, kMostRedirects);
  curl_easy_setopt(c, CURLOPT_UNRESTRICTED_AUTH, 0L);
  curl_easy_setopt(c, CURLOPT_PROXY, "");
  curl_easy_setopt(c, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(c, CURLOPT_USERAGENT, "Kontor");
  curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "gzip");
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_TIMEOUT, static_cast<long>(options.timeout.count()));
  curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, static_cast<long>(std::min<std::int64_t>(options.timeout.count(), 20)));
  curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(options.largest));
  set_gate(c, self.gate);
  curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(c, CURLOPT_HEADERDATA, &self);
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(c, CURLOPT_WRITEDATA, &self);
  curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, look_up);
  curl_easy_setopt(c, CURLOPT_XFERINFODATA, &self);
  const CURLcode done = curl_easy_perform(c);
  if (done != CURLE_OK) return std::unexpected(error_of(self, done));
  long status = 0;
  curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
  self.answer.status = static_cast<unsigned>(status);
  return std::move(self.answer);
}

}  // namespace kontor::transport
