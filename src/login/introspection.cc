// SPDX-License-Identifier: AGPL-3.0-or-later
#include "login/introspection.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <memory>

namespace kontor::login {
namespace {

constexpr std::size_t kLargestAnswer = 64 << 10;

struct CurlFree {
  void operator()(CURL* it) const { curl_easy_cleanup(it); }
  void operator()(char* it) const { curl_free(it); }
};

std::size_t keep_answer(char* data, std::size_t, std::size_t count, void* into) {
  auto& answer = *static_cast<std::string*>(into);
  if (answer.size() + count > kLargestAnswer) return 0;
  answer.append(data, count);
  return count;
}

std::string member(const boost::json::object& object, std::string_view name) {
  const auto* found = object.if_contains({name.data(), name.size()});
  return found && found->is_string() ? std::string(found->as_string()) : std::string();
}

bool names_audience(const boost::json::object& answer, std::string_view wanted) {
  const auto* found = answer.if_contains("aud");
  if (!found) return false;
  const auto is = [&](const boost::json::value& one) {
    return one.is_string() && std::string_view(one.as_string()) == wanted;
  };
  return found->is_array() ? std::ranges::any_of(found->as_array(), is) : is(*found);
}

}  // namespace

Result<std::string> read_introspection(std::string_view answer, const OauthOptions& options, Instant now) {
  boost::json::error_code error;
  const auto value = boost::json::parse({answer.data(), answer.size()}, error);
  const auto* object = error ? nullptr : value.if_object();
  const auto* active = object ? object->if_contains("active") : nullptr;
  if (!active || !active->is_bool()) return fail(Errc::unavailable, "the identity provider's answer makes no sense");
  if (!active->as_bool()) return fail(Errc::denied, "the token is not active");
  const auto* expires = object->if_contains("exp");
  if (expires && expires->is_number() &&
      expires->to_number<double>() < static_cast<double>(now.time_since_epoch().count()))
    return fail(Errc::denied, "the token has expired");
  const std::string issuer = member(*object, "iss");
  if (!options.issuer.empty() && !issuer.empty() && issuer != options.issuer)
    return fail(Errc::denied, "the token is of another issuer");
  if (!options.audience.empty() && !names_audience(*object, options.audience))
    return fail(Errc::denied, "the token is meant for somebody else");
  std::string user = member(*object, options.user_claim);
  if (user.empty()) return fail(Errc::denied, fmt::format("the answer has no member \"{}\"", options.user_claim));
  return user;
}

Result<std::string> introspect(const OauthOptions& options, const std::string& secret, std::string_view token,
                               Instant now) {
  const std::unique_ptr<CURL, CurlFree> curl(curl_easy_init());
  if (!curl) return fail(Errc::unavailable, "the identity provider cannot be asked");
  const std::unique_ptr<char, CurlFree> escaped(
      curl_easy_escape(curl.get(), token.data(), static_cast<int>(token.size())));
  const std::string body = std::string("token_type_hint=access_token&token=") + (escaped ? escaped.get() : "");
  std::string answer;
  CURL* c = curl.get();
  curl_easy_setopt(c, CURLOPT_URL, options.introspection_url.c_str());
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https,http");
  curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  curl_easy_setopt(c, CURLOPT_POSTFIELDS, body.c_str());
  curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count() * 1000));
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, keep_answer);
  curl_easy_setopt(c, CURLOPT_WRITEDATA, &answer);
  if (!options.client_id.empty()) {
    curl_easy_setopt(c, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    curl_easy_setopt(c, CURLOPT_USERNAME, options.client_id.c_str());
    curl_easy_setopt(c, CURLOPT_PASSWORD, secret.c_str());
  }
  if (!options.authorities.empty()) curl_easy_setopt(c, CURLOPT_CAINFO, options.authorities.c_str());
  const CURLcode done = curl_easy_perform(c);
  long status = 0;
  curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
  if (done != CURLE_OK)
    return fail(Errc::unavailable, fmt::format("the identity provider does not answer: {}", curl_easy_strerror(done)));
  if (status != 200)
    return fail(Errc::unavailable, fmt::format("the identity provider answers with status {}", status));
  return read_introspection(answer, options, now);
}

}  // namespace kontor::login
