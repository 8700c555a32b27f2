// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/calendar/feed_client.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>

#include "base/bytes.h"

namespace kontor::groupware {
namespace {

constexpr long kMostRedirects = 5;
constexpr std::size_t kLongestHeader = 500;

struct Network {
  std::array<unsigned char, 16> bytes;
  unsigned bits;
};

// RFC 6890 and its successors: what is not global.
constexpr Network kNotPublic4[] = {{{0}, 8},
                                   {{10}, 8},
                                   {{100, 64}, 10},
                                   {{127}, 8},
                                   {{169, 254}, 16},
                                   {{172, 16}, 12},
                                   {{192, 0, 0}, 24},
                                   {{192, 0, 2}, 24},
                                   {{192, 88, 99}, 24},
                                   {{192, 168}, 16},
                                   {{198, 18}, 15},
                                   {{198, 51, 100}, 24},
                                   {{203, 0, 113}, 24},
                                   {{224}, 3}};
constexpr Network kPublic6{{0x20}, 3};  // 2000::/3, but for:
constexpr Network kNotPublic6[] = {{{0x20, 0x01, 0x0d, 0xb8}, 32}, {{0x20, 0x01, 0, 0}, 23}, {{0x3f, 0xff}, 20}};
constexpr Network kMapped6[] = {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96}, {{0, 0x64, 0xff, 0x9b}, 96}};
constexpr Network kSixToFour{{0x20, 0x02}, 16};

bool is_in(const unsigned char* address, const Network& network) {
  const unsigned whole = network.bits / 8, rest = network.bits % 8;
  if (std::memcmp(address, network.bytes.data(), whole) != 0) return false;
  if (rest == 0) return true;
  const auto mask = static_cast<unsigned char>(0xff << (8 - rest));
  return (address[whole] & mask) == (network.bytes[whole] & mask);
}

bool is_public4(const unsigned char* address) {
  return std::ranges::none_of(kNotPublic4, [&](const Network& network) { return is_in(address, network); });
}

bool is_public6(const unsigned char* address) {
  for (const Network& network : kMapped6)
    if (is_in(address, network)) return is_public4(address + 12);
  if (is_in(address, kSixToFour)) return is_public4(address + 2);
  return is_in(address, kPublic6) &&
         std::ranges::none_of(kNotPublic6, [&](const Network& network) { return is_in(address, network); });
}

using AddressBytes = std::array<unsigned char, 16>;

// IPv4 as IPv6 has it, so that both compare alike; nothing: it is neither.
std::optional<AddressBytes> bytes_of(const void* address, std::size_t size) {
  sa_family_t family = 0;
  std::memcpy(&family, static_cast<const char*>(address) + offsetof(sockaddr, sa_family), sizeof family);
  AddressBytes out = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (family == AF_INET && size >= sizeof(sockaddr_in))
    std::memcpy(out.data() + 12, static_cast<const char*>(address) + offsetof(sockaddr_in, sin_addr), 4);
  else if (family == AF_INET6 && size >= sizeof(sockaddr_in6))
    std::memcpy(out.data(), static_cast<const char*>(address) + offsetof(sockaddr_in6, sin6_addr), 16);
  else
    return std::nullopt;
  return out;
}

struct FreeInterfaces {
  void operator()(ifaddrs* it) const { freeifaddrs(it); }
};

struct FreeCurl {
  void operator()(CURL* it) const { curl_easy_cleanup(it); }
  void operator()(curl_slist* it) const { curl_slist_free_all(it); }
};

struct Fetching {
  const FeedClientOptions& options;
  const std::atomic<bool>& is_ending;
  FeedAnswer answer;
  bool is_too_large = false;
  bool was_private = false;
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

// Asked with the very address that is to be connected to: what the name means by then does not matter.
curl_socket_t open_socket(void* state, curlsocktype, curl_sockaddr* to) {
  auto& self = *static_cast<Fetching*>(state);
  if (!self.options.asks_private_networks &&
      (!is_public_address(&to->addr, to->addrlen) || is_own_address(&to->addr, to->addrlen))) {
    self.was_private = true;
    return CURL_SOCKET_BAD;
  }
  return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

Error error_of(const Fetching& self, CURLcode code) {
  if (self.is_too_large || code == CURLE_FILESIZE_EXCEEDED)
    return {Errc::too_large, fmt::format("The source says more than {} bytes.", self.options.largest)};
  if (self.was_private)
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

bool is_public_address(const void* address, std::size_t size) {
  sa_family_t family = 0;
  std::memcpy(&family, static_cast<const char*>(address) + offsetof(sockaddr, sa_family), sizeof family);
  if (family == AF_INET && size >= sizeof(sockaddr_in)) {
    sockaddr_in it;
    std::memcpy(&it, address, sizeof it);
    return is_public4(reinterpret_cast<const unsigned char*>(&it.sin_addr));
  }
  if (family != AF_INET6 || size < sizeof(sockaddr_in6)) return false;
  sockaddr_in6 it;
  std::memcpy(&it, address, sizeof it);
  return is_public6(it.sin6_addr.s6_addr);
}

bool is_own_address(const void* address, std::size_t size) {
  const auto wanted = bytes_of(address, size);
  ifaddrs* first = nullptr;
  if (!wanted || getifaddrs(&first) != 0) return true;
  const std::unique_ptr<ifaddrs, FreeInterfaces> all(first);
  for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr) continue;
    const std::size_t length = one->ifa_addr->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    if (bytes_of(one->ifa_addr, length) == wanted) return true;
  }
  return false;
}

Result<FeedAnswer> fetch_feed(const Feed& feed, const FeedClientOptions& options, const std::atomic<bool>& is_ending) {
  const std::unique_ptr<CURL, FreeCurl> handle(curl_easy_init());
  CURL* c = handle.get();
  if (c == nullptr) return fail(Errc::unavailable, "HTTP could not be set up");
  Fetching self{options, is_ending, {}};
  std::unique_ptr<curl_slist, FreeCurl> headers(curl_slist_append(nullptr, "Accept: text/calendar, */*;q=0.5"));
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
  curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, &self);
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

}  // namespace kontor::groupware
