// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/push/vapid.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/bytes.h"
#include "store/engine.h"
#include "transport/push/ec_key.h"
#include "transport/sending/partition.h"

namespace kontor::transport {
namespace {

const std::string kVapidKey = "V";
// Services take what is good for a day at most (RFC 8292 section 2).
constexpr std::chrono::hours kSignedFor{12}, kSignedAnew{6};
constexpr std::size_t kMostOrigins = 1000;

}  // namespace

struct Vapid::Key {
  EcKey key;
};

Vapid::Vapid(std::unique_ptr<Key> key, std::string public_key, std::string contact)
    : key_(std::move(key)), public_key_(std::move(public_key)), contact_(std::move(contact)) {}
Vapid::~Vapid() = default;

Result<std::unique_ptr<Vapid>> Vapid::open(store::Engine& engine, std::string contact) {
  std::string number;
  {
    TRY(const std::unique_ptr<store::Snapshot> snapshot, engine.snapshot(kSendingPartition));
    TRY(const auto value, snapshot->get(kVapidKey));
    if (value) number = *value;
  }
  if (number.empty()) {
    TRY(const EcKey made, new_ec_key());
    TRY(number, ec_number(made.get()));
    store::Batch batch;
    batch.put(kVapidKey, number);
    batch.expect(kVapidKey, std::nullopt);
    TRY_VOID(engine.commit(kSendingPartition, batch));
  }
  auto key = ec_private_key(number);
  if (!key) return fail(Errc::corrupt, "the stored key for push services is damaged");
  TRY(const std::string point, ec_point(key->get()));
  return std::unique_ptr<Vapid>(
      new Vapid(std::make_unique<Key>(*std::move(key)), to_base64url(point), std::move(contact)));
}

Result<std::string> Vapid::authorization(const std::string& origin, Instant now) {
  const std::lock_guard lock(mutex_);
  if (signed_.size() > kMostOrigins) signed_.clear();
  Signed& known = signed_[origin];
  if (!known.value.empty() && now < known.until) return known.value;
  boost::json::object claims;
  claims["aud"] = origin;
  claims["exp"] = (now + kSignedFor).time_since_epoch().count();
  claims["sub"] = contact_;
  const std::string text =
      to_base64url(R"({"typ":"JWT","alg":"ES256"})") + "." + to_base64url(boost::json::serialize(claims));
  TRY(const std::string signature, ec_sign(key_->key.get(), text));
  known = {fmt::format("vapid t={}.{}, k={}", text, to_base64url(signature), public_key_), now + kSignedAnew};
  return known.value;
}

Result<std::string> origin_of(const std::string& url) {
  constexpr std::string_view kScheme = "https://";
  if (!url.starts_with(kScheme)) return fail(Errc::invalid, "that is no https address");
  std::string host = to_lower(std::string_view(url).substr(kScheme.size()));
  host.resize(std::min(host.size(), host.find_first_of("/?#")));
  if (host.ends_with(":443")) host.resize(host.size() - 4);
  if (host.empty() || host.find('@') != std::string::npos) return fail(Errc::invalid, "that is no https address");
  return std::string(kScheme) + host;
}

}  // namespace kontor::transport
