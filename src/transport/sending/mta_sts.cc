// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/sending/mta_sts.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "base/bytes.h"
#include "base/log.h"
#include "transport/calls/curl_handle.h"
#include "transport/sending/partition.h"

namespace kontor::transport {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kLargestPolicy = 64 << 10;
constexpr std::size_t kMostPolicyHosts = 1000;
constexpr std::int64_t kLongestAge = 31'557'600;  // section 3.2
constexpr auto kFetchTime = 60s;
constexpr auto kAskAgain = 5min;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

std::string_view take_until(std::string_view& text, char mark) {
  const auto end = text.find(mark);
  std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

std::size_t keep_policy(char* data, std::size_t, std::size_t count, void* into) {
  auto& text = *static_cast<std::string*>(into);
  if (text.size() + count > kLargestPolicy) return 0;
  text.append(data, count);
  return count;
}

std::string sts_key(const std::string& domain) { return "S" + domain; }

}  // namespace

bool StsPolicy::allows(std::string_view host) const {
  const std::string name = to_lower(host.ends_with('.') ? host.substr(0, host.size() - 1) : host);
  return std::ranges::any_of(hosts, [&](const std::string& pattern) {
    if (!pattern.starts_with("*.")) return pattern == name;
    const auto dot = name.find('.');
    return dot != std::string::npos && dot > 0 && std::string_view(name).substr(dot) == pattern.substr(1);
  });
}

std::vector<std::string> StsPolicy::lines() const {
  const std::string_view word = mode == Mode::enforce ? "enforce" : mode == Mode::testing ? "testing" : "none";
  std::vector<std::string> out = {"version: STSv1", fmt::format("mode: {}", word)};
  for (const std::string& host : hosts) out.push_back("mx: " + host);
  out.push_back(fmt::format("max_age: {}", max_age.count()));
  return out;
}

Result<StsPolicy> parse_sts_policy(std::string_view text) {
  StsPolicy policy;
  bool has_version = false, has_mode = false, has_age = false;
  if (text.size() > kLargestPolicy) return fail(Errc::invalid, "the policy is too large");
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = trimmed(line.substr(0, colon)), value = trimmed(line.substr(colon + 1));
    if (name == "version") {
      if (value != "STSv1") return fail(Errc::invalid, "the policy is of another version");
      has_version = true;
    } else if (name == "mode" && !has_mode) {
      if (value != "none" && value != "testing" && value != "enforce")
        return fail(Errc::invalid, "the policy's mode is unknown");
      policy.mode = value == "enforce"   ? StsPolicy::Mode::enforce
                    : value == "testing" ? StsPolicy::Mode::testing
                                         : StsPolicy::Mode::none;
      has_mode = true;
    } else if (name == "max_age" && !has_age) {
      std::int64_t seconds = 0;
      auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
      if (error != std::errc() || end != value.data() + value.size() || seconds < 0)
        return fail(Errc::invalid, "the policy's max_age is no number");
      policy.max_age = std::chrono::seconds(std::min(seconds, kLongestAge));
      has_age = true;
    } else if (name == "mx" && !value.empty() && policy.hosts.size() < kMostPolicyHosts) {
      policy.hosts.push_back(to_lower(value));
    }
  }
  if (!has_version || !has_mode || !has_age) return fail(Errc::invalid, "the policy lacks version, mode or max_age");
  if (policy.hosts.empty() && policy.mode != StsPolicy::Mode::none)
    return fail(Errc::invalid, "the policy names no hosts");
  return policy;
}

std::optional<std::string> parse_sts_records(const std::vector<std::string>& records) {
  std::optional<std::string> id;
  int count = 0;
  for (const std::string& record : records) {
    std::string_view rest = record;
    if (trimmed(take_until(rest, ';')) != "v=STSv1") continue;
    ++count;
    while (!rest.empty()) {
      std::string_view field = trimmed(take_until(rest, ';'));
      if (!field.starts_with("id=")) continue;
      const std::string_view value = trimmed(field.substr(3));
      const bool is_sound = !value.empty() && value.size() <= 32 && std::ranges::all_of(value, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      });
      if (is_sound) id = std::string(value);
      break;
    }
  }
  return count == 1 ? id : std::nullopt;
}

MtaSts::MtaSts(store::Engine& engine, const Clock& clock, Resolver& resolver, std::string authorities,
               std::uint16_t port)
    : engine_(engine), clock_(clock), resolver_(resolver), authorities_(std::move(authorities)), port_(port) {}

// "id LF seconds LF policy".
std::optional<MtaSts::Kept> MtaSts::load(const std::string& domain) {
  auto snapshot = engine_.snapshot(kSendingPartition);
  if (!snapshot) return std::nullopt;
  auto value = (*snapshot)->get(sts_key(domain));
  if (!value || !*value) return std::nullopt;
  std::string_view text = **value;
  Kept kept;
  kept.id = take_until(text, '\n');
  std::string_view time = take_until(text, '\n');
  std::int64_t seconds = 0;
  std::from_chars(time.data(), time.data() + time.size(), seconds);
  kept.fetched = Instant(std::chrono::seconds(seconds));
  auto policy = parse_sts_policy(text);
  if (!policy) return std::nullopt;
  kept.policy = *std::move(policy);
  return kept;
}

std::optional<StsPolicy> MtaSts::policy(const std::string& domain, const Fault& fault) {
  const Instant now = clock_.now();
  std::optional<Kept> kept = load(domain);
  const bool is_good = kept && kept->is_good(now);
  const auto old = [&]() -> std::optional<StsPolicy> {
    if (is_good) return kept->policy;
    return std::nullopt;
  };
  const auto records = resolver_.txt("_mta-sts." + domain);
  const auto id = parse_sts_records(records.records);
  if (!id || (is_good && kept->id == *id)) return old();
  {
    std::lock_guard lock(mutex_);
    if (failed_.size() > 10'000) failed_.clear();
    if (auto found = failed_.find(domain); found != failed_.end() && now < found->second) return old();
  }
  auto text = fetch(domain);
  Result<StsPolicy> policy = text ? parse_sts_policy(*text) : std::unexpected(text.error());
  if (!policy) {
    log::warn("sending.mta_sts_failed", {{"domain", domain}, {"why", policy.error().text}});
    if (fault) fault(text ? TlsResult::sts_policy_invalid : TlsResult::sts_policy_fetch_error, policy.error().text);
    std::lock_guard lock(mutex_);
    failed_[domain] = now + kAskAgain;
    return old();
  }
  store::Batch batch;
  batch.put(sts_key(domain), fmt::format("{}\n{}\n{}", *id, now.time_since_epoch().count(), *text));
  if (auto kept_now = engine_.commit(kSendingPartition, batch, store::Durability::lazy); !kept_now)
    log::warn("sending.mta_sts_not_kept", {{"domain", domain}, {"why", kept_now.error().text}});
  return *policy;
}

// Section 3.3: by HTTPS with a certificate for the policy host, without redirects. Its addresses come from our
// resolver.
Result<std::string> MtaSts::fetch(const std::string& domain) {
  const std::string host = "mta-sts." + domain;
  std::string addresses;
  for (const auto& answer : {resolver_.a(host), resolver_.aaaa(host)})
    for (const net::IpAddress& address : answer.records)
      addresses += (addresses.empty() ? "" : ",") +
                   (address.is_v4() ? net::to_string(address) : "[" + net::to_string(address) + "]");
  if (addresses.empty()) return fail(Errc::unavailable, host + " has no address");
  const CurlHandle curl(curl_easy_init());
  const std::string fixed = fmt::format("{}:{}:{}", host, port_, addresses);
  const CurlList names(curl_slist_append(nullptr, fixed.c_str()));
  if (!curl || !names) return fail(Errc::unavailable, "HTTPS could not be set up");
  std::string text;
  const std::string url = port_ == 443 ? fmt::format("https://{}/.well-known/mta-sts.txt", host)
                                       : fmt::format("https://{}:{}/.well-known/mta-sts.txt", host, port_);
  CURL* c = curl.get();
  curl_easy_setopt(c, CURLOPT_URL, url.c_str());
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(c, CURLOPT_RESOLVE, names.get());
  curl_easy_setopt(c, CURLOPT_PROXY, "");
  curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, static_cast<long>(std::chrono::milliseconds(kFetchTime).count()));
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, keep_policy);
  curl_easy_setopt(c, CURLOPT_WRITEDATA, &text);
  if (!authorities_.empty()) curl_easy_setopt(c, CURLOPT_CAINFO, authorities_.c_str());
  const CURLcode done = curl_easy_perform(c);
  if (done != CURLE_OK) return fail(Errc::unavailable, fmt::format("{}: {}", host, curl_easy_strerror(done)));
  long status = 0;
  char* type = nullptr;
  curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(c, CURLINFO_CONTENT_TYPE, &type);
  if (status != 200) return fail(Errc::unavailable, fmt::format("{} answers with status {}", host, status));
  if (type == nullptr || !to_lower(type).starts_with("text/plain"))
    return fail(Errc::invalid, host + " gives no plain text");
  return text;
}

}  // namespace kontor::transport
