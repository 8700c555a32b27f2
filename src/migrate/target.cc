// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/target.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <mutex>
#include <optional>

#include "base/bytes.h"
#include "formats/archive/members.h"

namespace kontor::migrate {
namespace {

using TakeLine = std::function<Result<void>(std::string_view)>;

std::string url_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                       std::string_view("-._~@").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", byte);
    }
  }
  return out;
}

Errc code_of(long status) {
  switch (status) {
    case 401:
    case 403:
      return Errc::denied;
    case 404:
      return Errc::not_found;
    case 409:
      return Errc::conflict;
    case 507:
      return Errc::over_quota;
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
      return Errc::unavailable;
    default:
      return Errc::invalid;
  }
}

bool is_certificate_error(CURLcode code) {
  return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_CERTPROBLEM;
}

}  // namespace

// One request and what comes back.
struct Exchange {
  CURL* curl = nullptr;
  TakeLine take;
  std::string line;     // the beginning of one that has not ended
  std::string refusal;  // the text of an answer that is no success
  std::optional<Error> failed;
  const archive::Spool* body = nullptr;
  std::uint64_t sent = 0;
  Bandwidth* bandwidth = nullptr;
  Stop* stop = nullptr;

  static std::size_t receive(char* bytes, std::size_t size, std::size_t count, void* self) {
    auto& exchange = *static_cast<Exchange*>(self);
    const std::string_view piece(bytes, size * count);
    return exchange.receive_piece(piece) ? piece.size() : 0;
  }

  bool receive_piece(std::string_view piece) {
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200) {
      refusal.append(piece.substr(0, 2000 - std::min<std::size_t>(refusal.size(), 2000)));
      return true;
    }
    for (;;) {
      const auto end = piece.find('\n');
      if (end == std::string_view::npos) break;
      line.append(piece.substr(0, end));
      piece.remove_prefix(end + 1);
      auto taken = take ? take(line) : Result<void>();
      line.clear();
      if (!taken) {
        failed = taken.error();
        return false;
      }
    }
    line.append(piece);
    if (line.size() > archive::kMaxAnswerLine * 2)
      failed = Error(Errc::invalid, "the server answers with endless lines");
    return !failed;
  }

  static std::size_t give(char* into, std::size_t size, std::size_t count, void* self) {
    auto& exchange = *static_cast<Exchange*>(self);
    const auto most = std::min<std::uint64_t>(size * count, exchange.bandwidth->piece());
    auto piece = exchange.body->read_at(exchange.sent, static_cast<std::size_t>(most));
    if (!piece || exchange.stop->is_set()) {
      exchange.failed = piece ? Error(Errc::unavailable, "stopped") : piece.error();
      return CURL_READFUNC_ABORT;
    }
    exchange.bandwidth->take(piece->size(), *exchange.stop);
    std::copy(piece->begin(), piece->end(), into);
    exchange.sent += piece->size();
    return piece->size();
  }

  static int rewind(void* self, curl_off_t offset, int origin) {
    if (origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
    static_cast<Exchange*>(self)->sent = static_cast<std::uint64_t>(offset);
    return CURL_SEEKFUNC_OK;
  }
};

struct Target::State {
  explicit State(TargetOptions o) : options(std::move(o)) {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    curl = curl_easy_init();
    check(curl != nullptr, "curl is there");
  }
  ~State() { curl_easy_cleanup(curl); }

  std::string path(const std::string& address, std::string_view action) const {
    return fmt::format("{}/import/v1/accounts/{}{}{}", options.url, url_escaped(address), action.empty() ? "" : "/",
                       action);
  }

  // GET, or POST with `text` or the exchange's body.
  Result<void> request(const std::string& url, Exchange& exchange, const std::string* text) {
    curl_easy_reset(curl);
    exchange.curl = curl;
    char problem[CURL_ERROR_SIZE] = {};
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, problem);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 30L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, 300L);
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!options.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, options.ca_file.c_str());
    if (options.insecure) {
      curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
      curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Exchange::receive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
    curl_slist* headers = nullptr;
    headers = curl_slist_append(headers, ("Authorization: Bearer " + options.token).c_str());
    headers = curl_slist_append(headers, "Expect:");
    if (exchange.body != nullptr) {
      curl_easy_setopt(curl, CURLOPT_POST, 1L);
      curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(exchange.body->size()));
      curl_easy_setopt(curl, CURLOPT_READFUNCTION, &Exchange::give);
      curl_easy_setopt(curl, CURLOPT_READDATA, &exchange);
      curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, &Exchange::rewind);
      curl_easy_setopt(curl, CURLOPT_SEEKDATA, &exchange);
      headers = curl_slist_append(headers, "Content-Type: application/zstd");
    } else if (text != nullptr) {
      curl_easy_setopt(curl, CURLOPT_POSTFIELDS, text->data());
      curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(text->size()));
      headers = curl_slist_append(headers, "Content-Type: application/json");
    }
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    const auto code = curl_easy_perform(curl);
    curl_slist_free_all(headers);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, nullptr);
    if (exchange.failed) return std::unexpected(*exchange.failed);
    if (code != CURLE_OK) {
      return fail(is_certificate_error(code) ? Errc::denied : Errc::unavailable,
                  fmt::format("{}: {}", options.url, *problem != 0 ? problem : curl_easy_strerror(code)));
    }
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (status == 200) return {};
    while (exchange.refusal.ends_with('\n')) exchange.refusal.pop_back();
    return fail(code_of(status), fmt::format("{} answers {}: {}", options.url, status, exchange.refusal));
  }

  Result<void> post(const std::string& url, const std::string& text, TakeLine take) {
    Exchange exchange;
    exchange.take = std::move(take);
    return request(url, exchange, &text);
  }

  // An archive to `url`, as the options say.
  Result<void> send(std::string url, const archive::Spool& archive, Bandwidth& bandwidth, Stop& stop,
                    std::vector<archive::Answer>& answers) {
    url += "?";
    if (options.create_users) url += options.create_active ? "create_users=active&" : "create_users=inactive&";
    if (options.live) url += "live=1&";
    if (options.ignore_quota) url += "ignore_quota=1&";
    if (options.delete_vanished) url += "delete_vanished=1&";
    if (options.override_threshold) url += "override_threshold=1&";
    if (!options.earlier_ledger.empty()) url += "earlier_ledger=" + options.earlier_ledger + "&";
    url.pop_back();
    return put(url, archive, bandwidth, stop, answers);
  }

  Result<void> put(const std::string& url, const archive::Spool& archive, Bandwidth& bandwidth, Stop& stop,
                   std::vector<archive::Answer>& answers) {
    answers.clear();
    Exchange exchange;
    exchange.take = [&](std::string_view line) -> Result<void> {
      TRY(auto answer, archive::parse_answer(line));
      if (!answer.is_silent()) answers.push_back(std::move(answer));
      return {};
    };
    exchange.body = &archive;
    exchange.bandwidth = &bandwidth;
    exchange.stop = &stop;
    TRY_VOID(request(url, exchange, nullptr));
    if (answers.empty() || (!answers.back().done && !answers.back().error)) {
      return fail(Errc::unavailable, "the server's answer broke off");
    }
    const auto last = std::move(answers.back());
    answers.pop_back();
    if (last.error) return std::unexpected(*last.error);
    return {};
  }

  TargetOptions options;
  CURL* curl = nullptr;
};

Result<void> check_target(const TargetOptions& options) {
  if (!options.url.starts_with("https://")) return fail(Errc::invalid, "the target must be https://host[:port]");
  auto host = std::string_view(options.url).substr(8);
  const auto bracket = host.starts_with('[') ? host.find(']') : std::string_view::npos;
  host = bracket != std::string_view::npos ? host.substr(1, bracket - 1) : host.substr(0, host.find_first_of(":/"));
  const bool loopback = host == "localhost" || host == "::1" || host.starts_with("127.");
  if (options.insecure && !loopback) return fail(Errc::invalid, "--insecure is for tests on loopback only");
  if (options.token.empty()) return fail(Errc::invalid, "an import token is needed");
  const auto after = std::string_view(options.url).substr(8);
  if (host.empty() || after.find('/') != std::string_view::npos || after.find('?') != std::string_view::npos) {
    return fail(Errc::invalid, "the target must be https://host[:port], without a path");
  }
  return {};
}

Target::Target(TargetOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Target::~Target() = default;

Result<archive::TargetAccount> Target::account(const std::string& address) {
  std::string text;
  Exchange exchange;
  exchange.take = [&](std::string_view line) -> Result<void> {
    text = line;
    return {};
  };
  TRY_VOID(state_->request(state_->path(address, ""), exchange, nullptr));
  return archive::parse_target_account(text);
}

Result<std::vector<archive::LedgerFolder>> Target::folders(const std::string& address, const std::string& source) {
  std::vector<archive::LedgerFolder> out;
  boost::json::object query{{"source", archive::text_value(source)}};
  auto done = state_->post(state_->path(address, "digest"), boost::json::serialize(query),
                           [&](std::string_view line) -> Result<void> {
                             TRY(auto folder, archive::parse_ledger_folder(line));
                             out.push_back(std::move(folder));
                             return {};
                           });
  if (!done && done.error().code != Errc::not_found) return std::unexpected(done.error());
  return out;
}

Result<void> Target::digest(const std::string& address, const std::string& source, const std::string& folder_key,
                            const TakeDigest& take) {
  boost::json::object query{{"source", archive::text_value(source)}, {"folder", archive::text_value(folder_key)}};
  return state_->post(state_->path(address, "digest"), boost::json::serialize(query),
                      [&](std::string_view line) -> Result<void> {
                        TRY(const auto digest, archive::parse_digest_line(line));
                        return take(digest);
                      });
}

Result<void> Target::digest_of(const std::string& address, const std::string& source, const std::string& folder_key,
                               const std::vector<std::string>& keys, const TakeDigest& take) {
  constexpr std::size_t kAtOnce = 1000;
  for (std::size_t at = 0; at < keys.size(); at += kAtOnce) {
    const auto last = std::min(keys.size(), at + kAtOnce);
    boost::json::array list;
    for (std::size_t i = at; i < last; ++i) list.push_back(archive::text_value(keys[i]));
    boost::json::object query{{"source", archive::text_value(source)}, {"folder", archive::text_value(folder_key)}};
    query["keys"] = std::move(list);
    TRY_VOID(state_->post(state_->path(address, "digest"), boost::json::serialize(query),
                          [&](std::string_view line) -> Result<void> {
                            TRY(const auto digest, archive::parse_digest_line(line));
                            return take(digest);
                          }));
  }
  return {};
}

Result<std::vector<std::string>> Target::vanished(const std::string& address, const std::string& source) {
  std::vector<std::string> out;
  boost::json::object query{{"source", archive::text_value(source)}, {"vanished", true}};
  TRY_VOID(state_->post(state_->path(address, "digest"), boost::json::serialize(query),
                        [&](std::string_view line) -> Result<void> {
                          out.emplace_back(line);
                          return {};
                        }));
  return out;
}

Result<void> Target::send(const std::string& address, const archive::Spool& archive, Bandwidth& bandwidth, Stop& stop,
                          std::vector<archive::Answer>& answers) {
  return state_->send(state_->path(address, "archive"), archive, bandwidth, stop, answers);
}

Result<void> Target::send_principals(const archive::Spool& archive, Bandwidth& bandwidth, Stop& stop,
                                     std::vector<archive::Answer>& answers) {
  return state_->send(state_->options.url + "/import/v1/principals", archive, bandwidth, stop, answers);
}

Result<void> Target::verify(const std::string& address, const std::string& source, const std::string& folder_key,
                            bool read_content, const std::function<Result<void>(const archive::TargetItem&)>& take) {
  const auto url = fmt::format("{}?source={}&folder={}&content={}", state_->path(address, "verify"),
                               url_escaped(source), url_escaped(folder_key), read_content ? 1 : 0);
  Exchange exchange;
  exchange.take = [&](std::string_view line) -> Result<void> {
    TRY(const auto item, archive::parse_target_item(line));
    return take(item);
  };
  return state_->request(url, exchange, nullptr);
}

Result<std::vector<archive::Answer>> Target::compare(const std::string& address, const archive::Spool& archive,
                                                     Stop& stop) {
  std::vector<archive::Answer> answers;
  Bandwidth unbounded(0);
  TRY_VOID(state_->put(state_->path(address, "compare"), archive, unbounded, stop, answers));
  return answers;
}

}  // namespace kontor::migrate
