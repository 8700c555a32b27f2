// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/receiving/returns.h"

namespace kontor::transport {

using wire::smtp::Reply;

std::optional<std::expected<EnvelopeRecipient, Reply>> Returns::recipient(const wire::smtp::Path& sender,
                                                                          const wire::smtp::Path& path) const {
  if (!Srs::is_rewritten(path.local)) return std::nullopt;
  const auto domain = directory.domain(path.domain);
  if (!domain) return std::nullopt;
  const std::string address = path.local + "@" + path.domain;
  const auto original = srs.reverse(address, clock.now());
  if (!original) return std::unexpected(Reply(550, "5.1.1", "That is " + original.error().text));
  if (!sender.is_null())
    return std::unexpected(Reply(550, "5.7.1", "This address takes reports about one forwarded message only"));
  EnvelopeRecipient out;
  out.address = address;
  out.tenant = domain->tenant;
  out.onward = *original;
  return out;
}

}  // namespace kontor::transport
