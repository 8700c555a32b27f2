// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/auth/public_suffixes.h"

#include <libpsl.h>

#include "base/bytes.h"
#include "base/result.h"

namespace kontor::transport {

struct PublicSuffixes::List {
  List() : psl(psl_latest(nullptr)) { check(psl != nullptr, "libpsl has a list"); }
  ~List() { psl_free(psl); }
  List(const List&) = delete;
  List& operator=(const List&) = delete;

  psl_ctx_t* psl;
};

PublicSuffixes::PublicSuffixes() : list_(std::make_unique<List>()) {}
PublicSuffixes::~PublicSuffixes() = default;

std::string PublicSuffixes::organization(std::string_view name) const {
  if (name.ends_with('.')) name.remove_suffix(1);
  const std::string lower = to_lower(name);
  const char* found = psl_registrable_domain(list_->psl, lower.c_str());
  return found ? found : lower;
}

}  // namespace kontor::transport
