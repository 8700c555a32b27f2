// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/sending/srs.h"

#include <fmt/format.h>

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "transport/sending/partition.h"

namespace kontor::transport {
namespace {

constexpr std::string_view kSrsLetters = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::int64_t kDays = 1024;  // after which a day's two letters come again
constexpr std::int64_t kLongest = 21;
constexpr const char* kSecretKey = "X";

std::int64_t day_of(Instant now) {
  return std::chrono::floor<std::chrono::days>(now).time_since_epoch().count() % kDays;
}

std::string day_text(std::int64_t day) {
  return {kSrsLetters[static_cast<std::size_t>(day / 32)], kSrsLetters[static_cast<std::size_t>(day % 32)]};
}

// Splits off what stands before the next "=".
std::string_view take_field(std::string_view& text) {
  const auto end = text.find('=');
  if (end == std::string_view::npos) return {};
  std::string_view field = text.substr(0, end);
  text.remove_prefix(end + 1);
  return field;
}

Error not_ours() { return Error(Errc::not_found, "no address that this server has made"); }

}  // namespace

Result<std::unique_ptr<Srs>> Srs::open(store::Engine& engine) {
  for (;;) {
    TRY(std::unique_ptr<store::Snapshot> snapshot, engine.snapshot(kSendingPartition));
    TRY(auto secret, snapshot->get(kSecretKey));
    if (secret) return std::make_unique<Srs>(std::string(*secret));
    store::Batch batch;
    batch.expect(kSecretKey, std::nullopt);
    batch.put(kSecretKey, random_bytes(32));
    auto made = engine.commit(kSendingPartition, batch);
    if (!made && made.error().code != Errc::conflict) return std::unexpected(made.error());
  }
}

// Compared without case: some hosts change it.
std::string Srs::hash(std::string_view text) const {
  const std::string digest = hmac_sha256(secret_, to_lower(text));
  std::string out;
  for (int i = 0; i < 6; ++i) out += kSrsLetters[static_cast<unsigned char>(digest[static_cast<std::size_t>(i)]) % 32];
  return out;
}

bool Srs::is_rewritten(std::string_view address) {
  const std::string start = to_lower(address.substr(0, 5));
  return start == "srs0=" || start == "srs1=";
}

std::string Srs::forward(std::string_view sender, std::string_view domain, Instant now) const {
  const auto at = sender.rfind('@');
  if (at == std::string_view::npos) return std::string(sender);
  std::string_view local = sender.substr(0, at), host = sender.substr(at + 1);
  if (is_rewritten(local)) {
    std::string_view rest = local.substr(5);
    std::string first(host);
    // SRS1=hash=first==rest: only our own hash is new, the first host stays.
    if (to_lower(local.substr(0, 5)) == "srs1=") {
      take_field(rest);
      first = take_field(rest);
      if (rest.starts_with('=')) rest.remove_prefix(1);
    }
    return fmt::format("SRS1={}={}=={}@{}", hash(fmt::format("{}=={}", first, rest)), first, rest, domain);
  }
  const std::string body = fmt::format("{}={}={}", day_text(day_of(now)), host, local);
  return fmt::format("SRS0={}={}@{}", hash(body), body, domain);
}

Result<std::string> Srs::reverse(std::string_view address, Instant now) const {
  const auto at = address.rfind('@');
  if (at == std::string_view::npos || !is_rewritten(address)) return std::unexpected(not_ours());
  std::string_view rest = address.substr(5, at - 5);
  const std::string_view mark = take_field(rest);
  if (!equal_constant_time(to_lower(mark), hash(rest))) return std::unexpected(not_ours());
  if (address[3] == '1') {
    const std::string_view first = take_field(rest);
    if (rest.starts_with('=')) rest.remove_prefix(1);
    return fmt::format("SRS0={}@{}", rest, first);
  }
  const std::string day = to_lower(take_field(rest));
  const std::string_view host = take_field(rest);
  const std::int64_t today = day_of(now);
  for (std::int64_t age = 0; age <= kLongest; ++age)
    if (day == day_text((today - age + kDays) % kDays)) return fmt::format("{}@{}", rest, host);
  return fail(Errc::not_found, "an address of a message that was sent on too long ago");
}

}  // namespace kontor::transport
