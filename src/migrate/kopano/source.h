// SPDX-License-Identifier: AGPL-3.0-or-later
// A Kopano or Zarafa installation: its databases and attachments, read without any of its programs.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "migrate/kopano/config.h"
#include "migrate/source.h"

namespace kontor::migrate::kopano {

// Accounts are stores, by their GUIDs: a user who is renamed keeps his. Connects when it is first asked.
std::unique_ptr<Source> make_source(Config config);

}  // namespace kontor::migrate::kopano
