// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/sending/tls_outcome.h"

#include <array>

namespace kontor::transport {

std::string_view name(TlsResult result) {
  constexpr std::array<std::string_view, 10> kNames = {"success",
                                                       "starttls-not-supported",
                                                       "certificate-host-mismatch",
                                                       "certificate-expired",
                                                       "certificate-not-trusted",
                                                       "validation-failure",
                                                       "tlsa-invalid",
                                                       "dnssec-invalid",
                                                       "sts-policy-fetch-error",
                                                       "sts-policy-invalid"};
  return kNames.at(static_cast<std::size_t>(result));
}

}  // namespace kontor::transport
