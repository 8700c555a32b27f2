// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/sending/srs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "base/aligned.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "transport/sending/partition.h"
#include "transport/sending/sending_generated.h"

namespace kontor::transport {
namespace {

constexpr std::string_view kSrsLetters = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::int64_t kDays = 1024;  // after which a day's two letters come again
constexpr const char* kSecretKey = "X";
constexpr std::size_t kSecretBytes = 32;

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

// Compared without case: some hosts change it.
std::string mark_of(std::string_view secret, std::string_view text) {
  const std::string digest = hmac_sha256(secret, to_lower(text));
  std::string out;
  for (int i = 0; i < 6; ++i) out += kSrsLetters[static_cast<unsigned char>(digest[static_cast<std::size_t>(i)]) % 32];
  return out;
}

Error not_ours() { return Error(Errc::not_found, "no address that this server has made"); }

}  // namespace

Result<std::unique_ptr<Srs>> Srs::open(store::Engine& engine, Instant now) {
  std::vector<Secret> secrets;
  {
    TRY(std::unique_ptr<store::Snapshot> snapshot, engine.snapshot(kSendingPartition));
    TRY(const auto value, snapshot->get(kSecretKey));
    if (value) {
      const Aligned aligned(*value);
      flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(aligned.view().data()),
                                     aligned.view().size());
      if (!verifier.VerifyBuffer<fb::SrsSecrets>(nullptr))
        return fail(Errc::corrupt, "the record of SRS's secrets is damaged");
      for (const auto* one : *flatbuffers::GetRoot<fb::SrsSecrets>(aligned.view().data())->secrets())
        secrets.push_back(
            {Instant(std::chrono::seconds(one->since())), std::string(one->bytes()->begin(), one->bytes()->end())});
    }
  }
  const bool is_new = secrets.empty();
  std::unique_ptr<Srs> srs(new Srs(engine, std::move(secrets)));
  TRY_VOID(is_new ? srs->rotate(now) : srs->keep(now));
  return srs;
}

Result<void> Srs::rotate(Instant now, bool forgets) {
  std::lock_guard lock(mutex_);
  std::vector<Secret> secrets{{now, random_bytes(kSecretBytes)}};
  // One is of use as long as an address can be good that was made just before the next one came.
  for (Instant until = now; const Secret& one : secrets_) {
    if (forgets || now - until > kLongest + std::chrono::days(1)) break;
    secrets.push_back(one);
    until = one.since;
  }
  if (engine_) {
    flatbuffers::FlatBufferBuilder builder(256);
    std::vector<flatbuffers::Offset<fb::SrsSecret>> all;
    for (const Secret& one : secrets)
      all.push_back(fb::CreateSrsSecret(
          builder, one.since.time_since_epoch().count(),
          builder.CreateVector(reinterpret_cast<const std::uint8_t*>(one.bytes.data()), one.bytes.size())));
    builder.Finish(fb::CreateSrsSecrets(builder, builder.CreateVector(all)));
    store::Batch batch;
    batch.put(kSecretKey, std::string(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()));
    TRY_VOID(engine_->commit(kSendingPartition, batch));
  }
  secrets_ = std::move(secrets);
  return {};
}

Result<void> Srs::keep(Instant now) {
  {
    std::lock_guard lock(mutex_);
    if (now - secrets_.front().since < kSecretRenewed) return {};
  }
  return rotate(now);
}

bool Srs::is_mark(std::string_view mark, std::string_view text) const {
  const std::string said = to_lower(mark);
  std::lock_guard lock(mutex_);
  return std::ranges::any_of(secrets_,
                             [&](const Secret& one) { return equal_constant_time(said, mark_of(one.bytes, text)); });
}

bool Srs::is_rewritten(std::string_view address) {
  const std::string start = to_lower(address.substr(0, 5));
  return start == "srs0=" || start == "srs1=";
}

std::string Srs::forward(std::string_view sender, std::string_view domain, Instant now) const {
  const auto at = sender.rfind('@');
  if (at == std::string_view::npos) return std::string(sender);
  std::string_view local = sender.substr(0, at), host = sender.substr(at + 1);
  if (local.starts_with('"')) return std::string(sender);
  const std::string secret = [&] {
    std::lock_guard lock(mutex_);
    return secrets_.front().bytes;
  }();
  if (is_rewritten(local)) {
    std::string_view rest = local.substr(5);
    std::string first(host);
    // SRS1=hash=first==rest: only our own hash is new, the first host stays.
    if (to_lower(local.substr(0, 5)) == "srs1=") {
      take_field(rest);
      first = take_field(rest);
      if (rest.starts_with('=')) rest.remove_prefix(1);
    }
    return fmt::format("SRS1={}={}=={}@{}", mark_of(secret, fmt::format("{}=={}", first, rest)), first, rest, domain);
  }
  const std::string body = fmt::format("{}={}={}", day_text(day_of(now)), host, local);
  return fmt::format("SRS0={}={}@{}", mark_of(secret, body), body, domain);
}

Result<std::string> Srs::reverse(std::string_view address, Instant now) const {
  const auto at = address.rfind('@');
  if (at == std::string_view::npos || !is_rewritten(address)) return std::unexpected(not_ours());
  std::string_view rest = address.substr(5, at - 5);
  const std::string_view mark = take_field(rest);
  if (!is_mark(mark, rest)) return std::unexpected(not_ours());
  if (address[3] == '1') {
    const std::string_view first = take_field(rest);
    if (rest.starts_with('=')) rest.remove_prefix(1);
    return fmt::format("SRS0={}@{}", rest, first);
  }
  const std::string day = to_lower(take_field(rest));
  const std::string_view host = take_field(rest);
  const std::int64_t today = day_of(now);
  for (std::int64_t age = 0; age <= kLongest.count(); ++age)
    if (day == day_text((today - age + kDays) % kDays)) return fmt::format("{}@{}", rest, host);
  return fail(Errc::not_found, "an address of a message that was sent on too long ago");
}

}  // namespace kontor::transport
