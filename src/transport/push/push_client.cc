// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/push/push_client.h"

#include <algorithm>

#include "transport/calls/call_gate.h"
#include "transport/calls/curl_handle.h"

namespace kontor::transport {
namespace {

// What it says beyond its status is of no use.
std::size_t drop(char*, std::size_t, std::size_t count, void* into) {
  auto& left = *static_cast<std::size_t*>(into);
  if (count > left) return 0;
  left -= count;
  return count;
}

int ask_whether_to_go_on(void* options, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto& gives_up = static_cast<const PushClient::Options*>(options)->gives_up;
  return gives_up && gives_up() ? 1 : 0;
}

}  // namespace

struct PushClient::State {
  Options options;
  const CurlHandle curl{curl_easy_init()};
};

PushClient::PushClient(Options options) : state_(new State{std::move(options)}) {}
PushClient::~PushClient() = default;

Result<PushAnswer> PushClient::post(const PushRequest& request) {
  CURL* c = state_->curl.get();
  if (c == nullptr) return fail(Errc::unavailable, "HTTPS could not be set up");
  curl_easy_reset(c);  // connections stay
  CurlList headers(curl_slist_append(nullptr, "Expect:"));
  for (const std::string& header : request.headers) headers.reset(curl_slist_append(headers.release(), header.c_str()));
  CallGate gate{state_->options.networks};
  std::size_t left = 64 << 10;
  curl_easy_setopt(c, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(c, CURLOPT_PROXY, "");
  curl_easy_setopt(c, CURLOPT_POST, 1L);
  curl_easy_setopt(c, CURLOPT_POSTFIELDS, request.body.data());
  curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, static_cast<long>(state_->options.timeout.count()));
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  set_gate(c, gate);
  curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, ask_whether_to_go_on);
  curl_easy_setopt(c, CURLOPT_XFERINFODATA, &state_->options);
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, drop);
  curl_easy_setopt(c, CURLOPT_WRITEDATA, &left);
  if (!state_->options.authorities.empty()) curl_easy_setopt(c, CURLOPT_CAINFO, state_->options.authorities.c_str());
  const CURLcode done = curl_easy_perform(c);
  PushAnswer answer;
  curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &answer.status);
  // One that says too much has answered all the same.
  if (done != CURLE_OK && (done != CURLE_WRITE_ERROR || answer.status == 0)) {
    if (gate.has_refused) return fail(Errc::denied, "its address is not public: push.networks can allow it");
    return fail(Errc::unavailable, curl_easy_strerror(done));
  }
  curl_off_t pause = 0;
  if (curl_easy_getinfo(c, CURLINFO_RETRY_AFTER, &pause) == CURLE_OK && pause > 0)
    answer.retry_after = std::chrono::seconds(std::min<curl_off_t>(pause, 86'400));
  return answer;
}

}  // namespace kontor::transport
