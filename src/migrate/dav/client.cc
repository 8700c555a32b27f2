// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/dav/client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <mutex>
#include <optional>

#include "base/bytes.h"
#include "migrate/dav/address.h"
#include "migrate/imap/back_off.h"
#include "wire/http/reason.h"

namespace kontor::migrate {
namespace {

constexpr std::size_t kKeptOfRefusal = 2000;
constexpr int kMostRedirects = 6;

bool is_redirect(unsigned status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool is_for_later(unsigned status) { return status == 429 || (status >= 502 && status <= 504); }

// The words of an answer without its markup.
std::string plain_words(std::string_view text) {
  std::string out;
  bool is_tag = false;
  for (const char c : text.substr(0, kKeptOfRefusal)) {
    if (c == '<') is_tag = true;
    const bool is_blank = static_cast<unsigned char>(c) <= ' ';
    if (!is_tag && !(is_blank && (out.empty() || out.back() == ' '))) out += is_blank ? ' ' : c;
    if (c == '>') is_tag = false;
  }
  return out.substr(0, 300);
}

}  // namespace

// One request and what comes back of it.
struct DavExchange {
  CURL* curl = nullptr;
  const DavClient::TakeBody* take = nullptr;
  DavAnswer answer;
  std::string location, authenticate, retry_after;
  std::optional<Error> failed;

  static std::size_t receive(char* bytes, std::size_t size, std::size_t count, void* self) {
    auto& exchange = *static_cast<DavExchange*>(self);
    const std::string_view piece(bytes, size * count);
    long status = 0;
    curl_easy_getinfo(exchange.curl, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200 || status > 299) {
      exchange.answer.text.append(
          piece.substr(0, kKeptOfRefusal - std::min(exchange.answer.text.size(), kKeptOfRefusal)));
      return piece.size();
    }
    if (auto taken = (*exchange.take)(piece); !taken) {
      exchange.failed = taken.error();
      return 0;
    }
    return piece.size();
  }

  static std::size_t receive_header(char* bytes, std::size_t size, std::size_t count, void* self) {
    auto& exchange = *static_cast<DavExchange*>(self);
    const std::string_view line(bytes, size * count);
    if (line.starts_with("HTTP/")) {  // of the next answer, where there are several
      exchange.location.clear();
      exchange.authenticate.clear();
      exchange.retry_after.clear();
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return line.size();
    const auto name = line.substr(0, colon);
    auto value = line.substr(colon + 1);
    while (!value.empty() && static_cast<unsigned char>(value.front()) <= ' ') value.remove_prefix(1);
    while (!value.empty() && static_cast<unsigned char>(value.back()) <= ' ') value.remove_suffix(1);
    if (iequals(name, "Location")) exchange.location = value;
    if (iequals(name, "Retry-After")) exchange.retry_after = value;
    if (iequals(name, "WWW-Authenticate")) exchange.authenticate.append(value).append("\n");
    return line.size();
  }
};

struct DavClient::State {
  State(const SourceOptions& o, const SourceUser& u) : options(o), user(u), origin(dav_origin(o)) {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    curl = curl_easy_init();
    check(curl != nullptr, "curl is there");
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    curl_slist_free_all(connect_to);
    curl_easy_cleanup(curl);
  }

  // What stays the same; the handle is not reset, so that Digest need not ask anew each time.
  void set_up() {
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.timeout.count()));
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME,
                     std::max<long>(1, static_cast<long>(options.timeout.count() / 1000)));
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "kontor-migrate");
    if (!options.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, options.ca_file.c_str());
    if (!options.verify) {
      curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
      curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (!options.server_name.empty()) {
      connect_to = curl_slist_append(nullptr, fmt::format("{}::{}:", options.server_name, options.host).c_str());
      curl_easy_setopt(curl, CURLOPT_CONNECT_TO, connect_to);
    }
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &DavExchange::receive);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &DavExchange::receive_header);
    const auto login = dav_login(user, options);
    if (!login.token.empty()) {
      curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, login.token.c_str());
      authentication = CURLAUTH_BEARER;
    } else {
      curl_easy_setopt(curl, CURLOPT_USERNAME, login.name.c_str());
      curl_easy_setopt(curl, CURLOPT_PASSWORD, login.password.c_str());
    }
    is_set_up = true;
  }

  // One request, whatever becomes of it.
  Result<void> exchange(const DavRequest& request, DavExchange& out) {
    if (!may_log_in_at(origin, request.url))
      return fail(Errc::denied, fmt::format("{} leads to {}, where the login is not sent", origin, request.url));
    if (!is_set_up) set_up();
    char problem[CURL_ERROR_SIZE] = {};
    const bool is_secure = request.url.starts_with("https://");
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, problem);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, is_secure ? "https" : "http");
    curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, static_cast<long>(authentication));
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &out);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &out);
    curl_slist* headers = curl_slist_append(nullptr, "Expect:");
    if (!request.depth.empty()) headers = curl_slist_append(headers, ("Depth: " + request.depth).c_str());
    if (request.body.empty()) {
      curl_easy_setopt(curl, CURLOPT_POSTFIELDS, nullptr);
      curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    } else {
      curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
      headers = curl_slist_append(headers, "Content-Type: application/xml; charset=utf-8");
    }
    // What is compressed may have another ETag: content is asked for as it is.
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, request.body.empty() ? nullptr : "");
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    out.curl = curl;
    const auto code = curl_easy_perform(curl);
    curl_slist_free_all(headers);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, nullptr);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, nullptr);
    if (out.failed) return std::unexpected(*out.failed);
    if (code != CURLE_OK) {
      const bool is_certificate =
          code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_CERTPROBLEM;
      return fail(is_certificate ? Errc::denied : Errc::unavailable,
                  fmt::format("{}: {}", origin, *problem != 0 ? problem : curl_easy_strerror(code)));
    }
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    out.answer.status = static_cast<unsigned>(status);
    out.answer.url = request.url;
    return {};
  }

  // Whether the request is worth another try by another way to log in.
  bool change_login(const DavExchange& refused) {
    const bool wants_digest = icontains(refused.authenticate, "digest") && !icontains(refused.authenticate, "basic");
    if (refused.answer.status != 401 || authentication != CURLAUTH_BASIC || !wants_digest) return false;
    authentication = CURLAUTH_DIGEST;
    return true;
  }

  static bool icontains(std::string_view text, std::string_view word) { return to_lower(text).contains(word); }

  Result<std::string> redirected(const DavExchange& exchange) const {
    TRY(auto url, resolve_url(exchange.answer.url, exchange.location));
    const bool was_secure = exchange.answer.url.starts_with("https://"), is_secure = url.starts_with("https://");
    if (was_secure && !is_secure)
      return fail(Errc::denied, fmt::format("{} leads from TLS into the clear: {}", exchange.answer.url, url));
    return url;
  }

  const SourceOptions options;
  const SourceUser user;
  const std::string origin;
  CURL* curl = nullptr;
  curl_slist* connect_to = nullptr;
  unsigned long authentication = CURLAUTH_BASIC;
  bool is_set_up = false;
};

DavClient::DavClient(const SourceOptions& options, const SourceUser& user)
    : state_(std::make_unique<State>(options, user)) {}
DavClient::~DavClient() = default;

const std::string& DavClient::origin() const { return state_->origin; }

Result<DavAnswer> DavClient::run(DavRequest request, const TakeBody& take) {
  for (int redirects = 0;;) {
    DavExchange exchange;
    exchange.take = &take;
    TRY_VOID(state_->exchange(request, exchange));
    auto& answer = exchange.answer;
    if (state_->change_login(exchange)) continue;
    if (is_redirect(answer.status) && !exchange.location.empty()) {
      if (++redirects > kMostRedirects)
        return fail(Errc::invalid, fmt::format("{} leads from one place to another without end", request.url));
      TRY(request.url, state_->redirected(exchange));
      continue;
    }
    if (answer.status == 401)
      return fail(Errc::denied,
                  fmt::format("login as {}: {} answers {}", state_->user.login, state_->origin, words_of(answer)));
    if (is_for_later(answer.status)) {
      auto text = fmt::format("{} answers {}", state_->origin, words_of(answer));
      std::uint32_t seconds = 0;
      const auto& after = exchange.retry_after;
      const auto number = std::from_chars(after.data(), after.data() + after.size(), seconds);
      if (number.ec == std::errc{} && seconds > 0) text = with_back_off(text, std::chrono::seconds(seconds));
      return fail(Errc::unavailable, std::move(text));
    }
    return std::move(answer);
  }
}

std::string words_of(const DavAnswer& answer) {
  const auto words = plain_words(answer.text);
  return fmt::format("{} {}{}{}", answer.status, wire::http::reason(answer.status), words.empty() ? "" : ": ", words);
}

Error error_of(const DavAnswer& answer) {
  const bool is_gone = answer.status == 404 || answer.status == 410;
  return Error(is_gone ? Errc::not_found : Errc::invalid, fmt::format("the source answers {}", words_of(answer)));
}

}  // namespace kontor::migrate
