// SPDX-License-Identifier: AGPL-3.0-or-later
#include "login/send_away.h"

namespace kontor::login {

std::unique_ptr<directory::Watch> send_away(directory::Directory& directory, directory::Protocol protocol,
                                            net::Presence& presence,
                                            std::function<void(const directory::Touched&)> on_change) {
  return directory.watch([&directory, protocol, &presence, on_change = std::move(on_change)](const auto& touched) {
    on_change(touched);
    const auto may_stay = [&](std::uint64_t who) { return directory.may_use(PrincipalId(who), protocol); };
    if (touched.everyone) return presence.review(may_stay);
    for (const PrincipalId id : touched.principals) {
      if (!may_stay(id.value)) presence.send_away(id.value);
    }
  });
}

}  // namespace kontor::login
