// SPDX-License-Identifier: AGPL-3.0-or-later
// What a Unix service owes its surroundings.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace kontor::app {

// Tells the service manager ("READY=1", sd_notify(3)) where one listens; nothing otherwise.
void notify_manager(std::string_view state);

// As many open files as the system allows.
void raise_file_limit();

// Signals that the process waits for instead of being interrupted. Call before any thread starts.
void block_signals();
int wait_for_signal();  // SIGTERM, SIGINT or SIGHUP

// Readers see the old content or the new one. Errors: unavailable.
Result<void> replace_file(const std::string& path, std::string_view content);

}  // namespace kontor::app
