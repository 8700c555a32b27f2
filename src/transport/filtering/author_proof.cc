// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/filtering/author_proof.h"

#include <algorithm>

namespace kontor::transport {

bool is_author_proven(std::string_view head, const AuthResults& results, const PublicSuffixes& suffixes) {
  const Authors authors = find_authors(head);
  if (authors.is_ambiguous || authors.domains.empty()) return false;
  return std::ranges::all_of(authors.domains, [&](const std::string& author) {
    const auto dmarc = std::ranges::find(results.dmarc, author, &DmarcVerdict::domain);
    if (dmarc != results.dmarc.end() && dmarc->result != DmarcResult::none) return dmarc->result == DmarcResult::pass;
    const auto stands_behind = [&](const std::string& domain) {
      return !domain.empty() && suffixes.organization(domain) == suffixes.organization(author);
    };
    if (results.spf && results.spf->result == SpfResult::pass && stands_behind(results.spf->domain)) return true;
    return std::ranges::any_of(results.dkim, [&](const DkimVerdict& one) {
      return one.result == DkimResult::pass && !one.is_test && !one.signed_length && stands_behind(one.domain);
    });
  });
}

}  // namespace kontor::transport
