// SPDX-License-Identifier: AGPL-3.0-or-later
// Ends the sessions of those whom the directory shuts out, as soon as it says so.
#pragma once

#include <functional>
#include <memory>

#include "directory/directory.h"
#include "net/presence.h"

namespace kontor::login {

// Whoever is in `presence` by principal and may not use `protocol` any more is sent away; `on_change` is called with
// each change of the directory, on any thread. All must outlive the watch.
std::unique_ptr<directory::Watch> send_away(
    directory::Directory& directory, directory::Protocol protocol, net::Presence& presence,
    std::function<void(const directory::Touched&)> on_change = [](const directory::Touched&) {});

}  // namespace kontor::login
