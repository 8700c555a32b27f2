// SPDX-License-Identifier: AGPL-3.0-or-later
#include "login/mechanism.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/digest.h"
#include "login/external.h"
#include "login/oauth.h"
#include "login/plain.h"
#include "login/scram.h"

namespace kontor::login {
namespace {

using directory::ScramHash;

constexpr std::size_t kNonceBytes = 18;

bool has_scram(const Surroundings& around) { return around.directory.has_scram(); }
bool has_scram_plus(const Surroundings& around) { return has_scram(around) && around.channel.is_bound(); }
bool has_tokens(const Surroundings& around) { return around.tokens != nullptr; }
bool has_certificate(const Surroundings& around) { return !around.channel.addresses.empty(); }
bool always(const Surroundings&) { return true; }

template <ScramHash hash, bool is_plus>
std::unique_ptr<Mechanism> scram(const Surroundings& around) {
  return make_scram({hash, is_plus}, around, to_base64(random_bytes(kNonceBytes)));
}
std::unique_ptr<Mechanism> oauthbearer(const Surroundings& around) {
  return make_oauth(OauthForm::oauthbearer, around);
}
std::unique_ptr<Mechanism> xoauth2(const Surroundings& around) { return make_oauth(OauthForm::xoauth2, around); }

struct Row {
  std::string_view name;
  bool (*is_usable)(const Surroundings&);
  std::unique_ptr<Mechanism> (*make)(const Surroundings&);
};

constexpr Row kMechanisms[] = {
    {"PLAIN", always, make_plain},
    {"LOGIN", always, make_login},
    {"SCRAM-SHA-256-PLUS", has_scram_plus, scram<ScramHash::sha256, true>},
    {"SCRAM-SHA-256", has_scram, scram<ScramHash::sha256, false>},
    {"SCRAM-SHA-1-PLUS", has_scram_plus, scram<ScramHash::sha1, true>},
    {"SCRAM-SHA-1", has_scram, scram<ScramHash::sha1, false>},
    {"OAUTHBEARER", has_tokens, oauthbearer},
    {"XOAUTH2", has_tokens, xoauth2},
    {"EXTERNAL", has_certificate, make_external},
};

}  // namespace

std::vector<std::string_view> mechanism_names(const Surroundings& around) {
  std::vector<std::string_view> names;
  for (const Row& row : kMechanisms)
    if (row.is_usable(around)) names.push_back(row.name);
  return names;
}

std::unique_ptr<Mechanism> make_mechanism(std::string_view name, const Surroundings& around) {
  const auto* row = std::ranges::find(kMechanisms, name, &Row::name);
  return row == std::end(kMechanisms) || !row->is_usable(around) ? nullptr : row->make(around);
}

}  // namespace kontor::login
