// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/s3_store.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <mutex>
#include <optional>
#include <thread>

namespace kontor::migrate::kopano {
namespace {

constexpr int kTries = 4;
constexpr std::size_t kMaxRefusal = 4000;
// Of no bytes: a signed GET has no body (SHA-256 of "").
constexpr const char* kNoBody =
    "x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

std::string path_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          std::string_view("-._~/").contains(c);
    out += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

// The text of <Code> in an answer that is no success.
std::string_view code_in(std::string_view refusal) {
  const auto begin = refusal.find("<Code>");
  if (begin == std::string_view::npos) return {};
  const auto code = refusal.substr(begin + 6);
  return code.substr(0, code.find('<'));
}

struct Answer {
  CURL* curl;
  const TakePiece& take;
  std::uint64_t taken = 0;
  std::string refusal = {};
  std::optional<Error> failed = {};

  static std::size_t receive(char* bytes, std::size_t size, std::size_t count, void* self) {
    auto& answer = *static_cast<Answer*>(self);
    const std::string_view piece(bytes, size * count);
    long status = 0;
    curl_easy_getinfo(answer.curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200) {
      answer.refusal.append(piece.substr(0, kMaxRefusal - std::min(answer.refusal.size(), kMaxRefusal)));
      return piece.size();
    }
    if (auto taken = answer.take(piece); !taken) {
      answer.failed = taken.error();
      return 0;
    }
    answer.taken += piece.size();
    return piece.size();
  }
};

class S3Store : public AttachmentStore {
 public:
  explicit S3Store(S3Options options) : options_(std::move(options)) {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    curl_ = curl_easy_init();
    check(curl_ != nullptr, "curl is there");
    headers_ = curl_slist_append(nullptr, kNoBody);
  }
  ~S3Store() override {
    curl_slist_free_all(headers_);
    curl_easy_cleanup(curl_);
  }
  S3Store(const S3Store&) = delete;
  S3Store& operator=(const S3Store&) = delete;

  Result<void> read(const Instance& instance, const TakePiece& take) override {
    for (int attempt = 1;; ++attempt) {
      Answer answer{curl_, take};
      auto done = ask(instance, answer);
      const bool again = !done && done.error().code == Errc::unavailable && answer.taken == 0 && attempt < kTries;
      if (!again) return done;
      std::this_thread::sleep_for(std::chrono::milliseconds(200 << attempt));
    }
  }

 private:
  std::string url(const Instance& instance) const {
    const auto key = fmt::format("{}{}{}", path_escaped(options_.path), options_.path.empty() ? "" : "/", instance.id);
    const auto scheme_end = options_.endpoint.find("://") + 3;
    if (options_.bucket_in_host) {
      return fmt::format("{}{}.{}/{}", options_.endpoint.substr(0, scheme_end), options_.bucket,
                         options_.endpoint.substr(scheme_end), key);
    }
    return fmt::format("{}/{}/{}", options_.endpoint, path_escaped(options_.bucket), key);
  }

  Result<void> ask(const Instance& instance, Answer& answer) {
    curl_easy_reset(curl_);
    const auto where = url(instance);
    curl_easy_setopt(curl_, CURLOPT_URL, where.c_str());
    curl_easy_setopt(curl_, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl_, CURLOPT_CONNECTTIMEOUT, 30L);
    curl_easy_setopt(curl_, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl_, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options_.silence.count()));
    curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, &Answer::receive);
    curl_easy_setopt(curl_, CURLOPT_WRITEDATA, &answer);
    if (!options_.ca_file.empty()) curl_easy_setopt(curl_, CURLOPT_CAINFO, options_.ca_file.c_str());
    if (!options_.key_id.empty()) {
      const auto scheme = fmt::format("aws:amz:{}:s3", options_.region);
      curl_easy_setopt(curl_, CURLOPT_AWS_SIGV4, scheme.c_str());
      curl_easy_setopt(curl_, CURLOPT_USERNAME, options_.key_id.c_str());
      curl_easy_setopt(curl_, CURLOPT_PASSWORD, options_.secret.c_str());
      curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers_);
    }
    const auto code = curl_easy_perform(curl_);
    if (answer.failed) return std::unexpected(*answer.failed);
    if (code != CURLE_OK)
      return fail(Errc::unavailable, fmt::format("cannot read {}: {}", where, curl_easy_strerror(code)));
    long status = 0;
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
    if (status == 200) return {};
    const auto told = code_in(answer.refusal);
    const auto text = fmt::format("{} answers {} {}", where, status, told);
    if (status == 404 && told != "NoSuchBucket")
      return fail(Errc::not_found, fmt::format("the attachment store has no object {}", where));
    // A bucket that may not be listed says so of what is not there, too.
    if (status == 403 && told == "AccessDenied") return fail(Errc::invalid, text);
    if (status == 400 || status == 405) return fail(Errc::invalid, text);
    return fail(Errc::unavailable, text);
  }

  const S3Options options_;
  CURL* curl_ = nullptr;
  curl_slist* headers_ = nullptr;
};

}  // namespace

Result<std::unique_ptr<AttachmentStore>> s3_store(S3Options options) {
  while (options.endpoint.ends_with('/')) options.endpoint.pop_back();
  while (options.path.ends_with('/')) options.path.pop_back();
  while (options.path.starts_with('/')) options.path.erase(0, 1);
  if (!options.endpoint.starts_with("https://") && !options.endpoint.starts_with("http://"))
    return fail(Errc::invalid, "attachments.s3_endpoint must begin with https:// or http://");
  if (options.bucket.empty()) return fail(Errc::invalid, "attachments.s3_bucket is missing: the bucket's name");
  if (options.key_id.empty() != options.secret.empty())
    return fail(Errc::invalid, "attachments.s3_key_id and attachments.s3_secret_file belong together");
  return std::make_unique<S3Store>(std::move(options));
}

}  // namespace kontor::migrate::kopano
