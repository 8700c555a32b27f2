// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/sending/domain_keys.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/encoder.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <set>

#include "base/aligned.h"
#include "base/bytes.h"
#include "transport/auth/dkim_key.h"
#include "transport/sending/partition.h"
#include "transport/sending/sending_generated.h"

namespace kontor::transport {
namespace {

constexpr unsigned int kRsaBits = 2048;

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeEncoder {
  void operator()(OSSL_ENCODER_CTX* encoder) const { OSSL_ENCODER_CTX_free(encoder); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;

std::string key_key(std::string_view domain, std::string_view selector) {
  return 'K' + std::string(domain) + '\0' + std::string(selector);
}

Result<Pkey> new_key(DomainKeyKind kind) {
  Pkey key(kind == DomainKeyKind::rsa ? EVP_RSA_gen(kRsaBits) : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  if (!key) return fail(Errc::unavailable, "a key could not be made");
  return key;
}

Result<std::string> to_pem(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  char* data = nullptr;
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return fail(Errc::unavailable, "a key could not be written");
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

// RFC 6376 section 3.6.1 and RFC 8463 section 4: SubjectPublicKeyInfo of RSA, the bare key of Ed25519.
Result<std::string> public_record(const std::string& pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const Pkey key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr) : nullptr);
  if (!key) return fail(Errc::corrupt, "a stored key cannot be read");
  if (EVP_PKEY_is_a(key.get(), "ED25519") == 1) {
    std::string raw(32, '\0');
    std::size_t size = raw.size();
    if (EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(raw.data()), &size) != 1)
      return fail(Errc::corrupt, "a stored key cannot be read");
    return "v=DKIM1; k=ed25519; p=" + to_base64(raw);
  }
  unsigned char* der = nullptr;
  std::size_t size = 0;
  const std::unique_ptr<OSSL_ENCODER_CTX, FreeEncoder> encoder(
      OSSL_ENCODER_CTX_new_for_pkey(key.get(), EVP_PKEY_PUBLIC_KEY, "DER", "SubjectPublicKeyInfo", nullptr));
  if (!encoder || OSSL_ENCODER_to_data(encoder.get(), &der, &size) != 1)
    return fail(Errc::corrupt, "a stored key cannot be read");
  std::string bytes(reinterpret_cast<char*>(der), size);
  OPENSSL_free(der);
  return "v=DKIM1; k=rsa; p=" + to_base64(bytes);
}

}  // namespace

struct DomainKeys::Stored {
  std::string domain, selector;
  DomainKeyKind kind = DomainKeyKind::rsa;
  Instant created{}, active_from{};
  std::string record;
  std::shared_ptr<const DkimKey> key;
};

std::string_view name(DomainKeyState state) {
  switch (state) {
    case DomainKeyState::waiting:
      return "waiting";
    case DomainKeyState::active:
      return "active";
    case DomainKeyState::retired:
      return "retired";
  }
  return "unknown";
}

DomainKeys::DomainKeys(store::Engine& engine, const Clock& clock) : engine_(engine), clock_(clock) {}
DomainKeys::~DomainKeys() = default;

Result<std::unique_ptr<DomainKeys>> DomainKeys::open(store::Engine& engine, const Clock& clock) {
  std::unique_ptr<DomainKeys> keys(new DomainKeys(engine, clock));
  TRY_VOID(keys->load());
  return keys;
}

Result<void> DomainKeys::load() {
  TRY(std::unique_ptr<store::Snapshot> snapshot, engine_.snapshot(kSendingPartition));
  Result<void> state;
  TRY_VOID(snapshot->scan("K", "L", [&](store::Key key, store::Value value) {
    auto read = [&]() -> Result<Stored> {
      const auto zero = key.find('\0');
      const Aligned aligned(value);
      flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(aligned.view().data()),
                                     aligned.view().size());
      if (zero == std::string_view::npos || !verifier.VerifyBuffer<fb::DomainKey>(nullptr))
        return fail(Errc::corrupt, "the record of a DKIM key is damaged");
      const auto* table = flatbuffers::GetRoot<fb::DomainKey>(aligned.view().data());
      Stored stored;
      stored.domain = key.substr(1, zero - 1);
      stored.selector = key.substr(zero + 1);
      stored.kind = table->algorithm() == 0 ? DomainKeyKind::rsa : DomainKeyKind::ed25519;
      stored.created = Instant(std::chrono::seconds(table->created()));
      stored.active_from = Instant(std::chrono::seconds(table->active_from()));
      const std::string pem = table->private_key()->str();
      TRY(stored.record, public_record(pem));
      TRY(DkimKey parsed, DkimKey::parse(pem));
      stored.key = std::make_shared<const DkimKey>(std::move(parsed));
      return stored;
    };
    if (auto stored = read())
      keys_[stored->domain].push_back(*std::move(stored));
    else
      state = std::unexpected(stored.error());
    return state.has_value();
  }));
  for (auto& [domain, keys] : keys_)
    std::ranges::sort(keys, {}, [](const Stored& one) { return std::pair(one.active_from, one.selector); });
  return state;
}

DomainKeyInfo DomainKeys::info(const Stored& key, const std::vector<Stored>& all) const {
  const Instant now = clock_.now();
  DomainKeyInfo out;
  out.domain = key.domain;
  out.selector = key.selector;
  out.kind = key.kind;
  out.created = key.created;
  out.active_from = key.active_from;
  out.record_name = key.selector + "._domainkey." + key.domain;
  out.record = key.record;
  if (key.active_from > now) {
    out.state = DomainKeyState::waiting;
    return out;
  }
  // The last of its kind that may be used is.
  const Stored* used = nullptr;
  for (const Stored& one : all)
    if (one.kind == key.kind && one.active_from <= now) used = &one;
  out.state = used == &key ? DomainKeyState::active : DomainKeyState::retired;
  return out;
}

Result<std::vector<DomainKeyInfo>> DomainKeys::add(const std::string& domain, std::chrono::seconds delay) {
  const Instant now = clock_.now();
  std::vector<Stored> made;
  store::Batch batch;
  std::set<std::string> taken;
  {
    std::lock_guard lock(mutex_);
    if (auto found = keys_.find(domain); found != keys_.end())
      for (const Stored& one : found->second) taken.insert(one.selector);
  }
  for (DomainKeyKind kind : {DomainKeyKind::rsa, DomainKeyKind::ed25519}) {
    Stored key;
    key.domain = domain;
    key.kind = kind;
    key.created = now;
    key.active_from = now + delay;
    const std::string base = fmt::format("k{:%Y%m%d}{}", fmt::gmtime(now.time_since_epoch().count()),
                                         kind == DomainKeyKind::rsa ? "r" : "e");
    key.selector = base;
    for (int i = 2; taken.contains(key.selector); ++i) key.selector = fmt::format("{}{}", base, i);
    TRY(Pkey pair, new_key(kind));
    TRY(std::string pem, to_pem(pair.get()));
    TRY(key.record, public_record(pem));
    TRY(DkimKey parsed, DkimKey::parse(pem));
    key.key = std::make_shared<const DkimKey>(std::move(parsed));
    flatbuffers::FlatBufferBuilder builder(4096);
    builder.Finish(fb::CreateDomainKey(builder, kind == DomainKeyKind::rsa ? 0 : 1, now.time_since_epoch().count(),
                                       key.active_from.time_since_epoch().count(), builder.CreateString(pem)));
    const std::string stored_key = key_key(domain, key.selector);
    batch.expect(stored_key, std::nullopt);
    batch.put(stored_key, std::string(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()));
    made.push_back(std::move(key));
  }
  TRY_VOID(engine_.commit(kSendingPartition, batch));
  std::vector<DomainKeyInfo> out;
  std::lock_guard lock(mutex_);
  std::vector<Stored>& all = keys_[domain];
  for (Stored& one : made) all.push_back(std::move(one));
  std::ranges::sort(all, {}, [](const Stored& one) { return std::pair(one.active_from, one.selector); });
  for (const Stored& one : all)
    if (std::ranges::find(taken, one.selector) == taken.end()) out.push_back(info(one, all));
  return out;
}

std::vector<DomainKeyInfo> DomainKeys::list(const std::string& domain) const {
  std::vector<DomainKeyInfo> out;
  std::lock_guard lock(mutex_);
  for (const auto& [name, all] : keys_)
    if (domain.empty() || name == domain)
      for (const Stored& one : all) out.push_back(info(one, all));
  return out;
}

Result<void> DomainKeys::remove(const std::string& domain, const std::string& selector) {
  store::Batch batch;
  std::lock_guard lock(mutex_);
  auto found = keys_.find(domain);
  const auto is_meant = [&](const Stored& one) { return selector.empty() || one.selector == selector; };
  if (found == keys_.end() || std::ranges::none_of(found->second, is_meant))
    return fail(Errc::not_found, selector.empty() ? fmt::format("{} has no DKIM keys", domain)
                                                  : fmt::format("{} has no DKIM key {}", domain, selector));
  for (const Stored& one : found->second)
    if (is_meant(one)) batch.erase(key_key(domain, one.selector));
  TRY_VOID(engine_.commit(kSendingPartition, batch));
  std::erase_if(found->second, is_meant);
  if (found->second.empty()) keys_.erase(found);
  return {};
}

bool DomainKeys::has(const std::string& domain) const {
  std::lock_guard lock(mutex_);
  return keys_.contains(domain);
}

DomainKeys::Signing DomainKeys::sign(const std::string& domain) const {
  Signing signing;
  std::lock_guard lock(mutex_);
  auto found = keys_.find(domain);
  if (found == keys_.end()) return signing;
  for (const Stored& one : found->second) {
    if (info(one, found->second).state != DomainKeyState::active) continue;
    DkimSignerOptions options;
    options.domain = domain;
    options.selector = one.selector;
    options.time = clock_.now().time_since_epoch().count();
    signing.keys_.push_back(one.key);
    signing.signers_.emplace_back(std::move(options), *one.key);
  }
  return signing;
}

DomainKeys::Sealing DomainKeys::sealing(const std::string& domain) const {
  std::lock_guard lock(mutex_);
  auto found = keys_.find(domain);
  if (found == keys_.end()) return {};
  for (const Stored& one : found->second)
    if (one.kind == DomainKeyKind::rsa && info(one, found->second).state == DomainKeyState::active)
      return {one.selector, one.key};
  return {};
}

void DomainKeys::Signing::feed(std::string_view piece) {
  for (DkimSigner& one : signers_) one.feed(piece);
}

Result<std::string> DomainKeys::Signing::finish() {
  std::string out;
  for (DkimSigner& one : signers_) {
    TRY(std::string field, one.finish());
    out += field;
  }
  return out;
}

}  // namespace kontor::transport
