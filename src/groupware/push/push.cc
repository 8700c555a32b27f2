// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/push/push.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <memory>

namespace kontor::groupware {
namespace {

constexpr std::size_t kPushKeyBytes = 65, kPushSecretBytes = 16;
constexpr std::size_t kLongestDevice = 255, kMostPushTypes = 50, kLongestPushType = 64;

struct FreePushKey {
  void operator()(EVP_PKEY* it) const { EVP_PKEY_free(it); }
  void operator()(EVP_PKEY_CTX* it) const { EVP_PKEY_CTX_free(it); }
};

// A point that is not on the curve would give away our side's secrets.
bool is_point(const std::string& key) {
  if (key.size() != kPushKeyBytes || key.front() != '\x04') return false;
  std::string group = "prime256v1", point = key;
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size()),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()), OSSL_PARAM_END};
  const std::unique_ptr<EVP_PKEY_CTX, FreePushKey> making(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* made = nullptr;
  if (!making || EVP_PKEY_fromdata_init(making.get()) != 1 ||
      EVP_PKEY_fromdata(making.get(), &made, EVP_PKEY_PUBLIC_KEY, const_cast<OSSL_PARAM*>(parameters)) != 1)
    return false;
  const std::unique_ptr<EVP_PKEY, FreePushKey> owned(made);
  const std::unique_ptr<EVP_PKEY_CTX, FreePushKey> checking(EVP_PKEY_CTX_new_from_pkey(nullptr, made, nullptr));
  return checking && EVP_PKEY_public_check(checking.get()) == 1;
}

bool is_word(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

// Where it leads is judged when it is used.
bool is_push_url(std::string_view url) {
  constexpr std::string_view kScheme = "https://";
  if (!url.starts_with(kScheme) || url.size() > kLongestPushUrl || !is_word(url)) return false;
  const std::string_view rest = url.substr(kScheme.size());
  const std::string_view host = rest.substr(0, rest.find_first_of("/?"));
  return !host.empty() && host.find_first_of("@\\\"<>") == std::string_view::npos && url.find('#') == url.npos;
}

}  // namespace

bool PushSubscription::wants(std::string_view type) const {
  return !types || std::ranges::find(*types, type) != types->end();
}

Result<void> check_push_subscription(const NewPushSubscription& wanted) {
  if (wanted.device.empty() || wanted.device.size() > kLongestDevice)
    return fail(Errc::invalid, "deviceClientId has 1 to 255 bytes");
  if (!is_push_url(wanted.url)) return fail(Errc::invalid, "url is no https address of at most 2000 bytes");
  if (!is_point(wanted.key)) return fail(Errc::invalid, "keys.p256dh is no point of P-256 in base64url");
  if (wanted.secret.size() != kPushSecretBytes) return fail(Errc::invalid, "keys.auth is no 16 bytes in base64url");
  if (!wanted.types) return {};
  const bool are_sound =
      wanted.types->size() <= kMostPushTypes && std::ranges::all_of(*wanted.types, [](const auto& one) {
        return !one.empty() && one.size() <= kLongestPushType && is_word(one);
      });
  return are_sound ? Result<void>() : fail(Errc::invalid, "types are at most 50 names of types");
}

}  // namespace kontor::groupware
