// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/filtering/http_call.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>

namespace kontor::transport {
namespace {

struct FreeMime {
  void operator()(curl_mime* it) const { curl_mime_free(it); }
  void operator()(curl_slist* it) const { curl_slist_free_all(it); }
};

// Where an upload is.
struct UploadState {
  const HttpUpload& upload;
  std::uint64_t at = 0;
};

std::size_t give_upload(char* into, std::size_t size, std::size_t count, void* state) {
  auto& self = *static_cast<UploadState*>(state);
  const auto piece = self.upload.read(self.at, size * count);
  if (!piece) return CURL_READFUNC_ABORT;
  std::ranges::copy(*piece, into);
  self.at += piece->size();
  return piece->size();
}

int seek_upload(void* state, curl_off_t offset, int origin) {
  if (origin != SEEK_SET || offset < 0) return CURL_SEEKFUNC_CANTSEEK;
  static_cast<UploadState*>(state)->at = static_cast<std::uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

struct AnswerState {
  std::string& body;
  std::size_t largest;
};

std::size_t keep_answer(char* data, std::size_t, std::size_t count, void* into) {
  auto& self = *static_cast<AnswerState*>(into);
  if (self.body.size() + count > self.largest) return 0;
  self.body.append(data, count);
  return count;
}

}  // namespace

class HttpService::Handle {
 public:
  Handle() : curl(curl_easy_init()) {}
  ~Handle() { curl_easy_cleanup(curl); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  CURL* const curl;
};

void HttpService::FreeHandle::operator()(Handle* it) const { delete it; }

std::string header_value(std::string_view text) {
  std::string out(text.substr(0, 2000));
  std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; }, ' ');
  return out;
}

Result<HttpAnswerOf> HttpService::post(const HttpCall& call) {
  auto place = handles_.enter(call.timeout);
  if (!place) return fail(Errc::unavailable, "too many messages at once");
  if (!place.thing) place.thing = std::make_unique<Kept>(std::unique_ptr<Handle, FreeHandle>(new Handle));
  CURL* c = place.thing->handle->curl;
  if (!c) return fail(Errc::unavailable, "HTTP could not be set up");
  curl_easy_reset(c);  // connections stay
  UploadState upload{call.body, 0};
  HttpAnswerOf answer;
  AnswerState keeping{answer.body, largest_};
  std::unique_ptr<curl_slist, FreeMime> headers(curl_slist_append(nullptr, "Expect:"));
  for (const std::string& header : call.headers) headers.reset(curl_slist_append(headers.release(), header.c_str()));
  std::unique_ptr<curl_mime, FreeMime> form;
  if (!call.form.empty()) {
    form.reset(curl_mime_init(c));
    curl_mimepart* envelope = curl_mime_addpart(form.get());
    curl_mime_name(envelope, "envelope");
    curl_mime_type(envelope, "application/json");
    curl_mime_data(envelope, call.form.data(), call.form.size());
    curl_mimepart* message = curl_mime_addpart(form.get());
    curl_mime_name(message, "message");
    curl_mime_type(message, "message/rfc822");
    curl_mime_filename(message, "message.eml");
    curl_mime_data_cb(message, static_cast<curl_off_t>(call.body.size), give_upload, seek_upload, nullptr, &upload);
    curl_easy_setopt(c, CURLOPT_MIMEPOST, form.get());
  } else {
    curl_easy_setopt(c, CURLOPT_POST, 1L);
    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size));
    curl_easy_setopt(c, CURLOPT_READFUNCTION, give_upload);
    curl_easy_setopt(c, CURLOPT_READDATA, &upload);
    curl_easy_setopt(c, CURLOPT_SEEKFUNCTION, seek_upload);
    curl_easy_setopt(c, CURLOPT_SEEKDATA, &upload);
  }
  curl_easy_setopt(c, CURLOPT_URL, call.url.c_str());
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(c, CURLOPT_PROXY, "");
  if (!call.unix_socket.empty()) curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, call.unix_socket.c_str());
  curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, static_cast<long>(call.timeout.count()));
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, keep_answer);
  curl_easy_setopt(c, CURLOPT_WRITEDATA, &keeping);
  const CURLcode done = curl_easy_perform(c);
  if (done == CURLE_WRITE_ERROR) return fail(Errc::too_large, fmt::format("{} says too much", call.url));
  if (done != CURLE_OK) return fail(Errc::unavailable, fmt::format("{}: {}", call.url, curl_easy_strerror(done)));
  curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &answer.status);
  return answer;
}

}  // namespace kontor::transport
