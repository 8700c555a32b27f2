// SPDX-License-Identifier: AGPL-3.0-or-later
// What kontor-migrate does. Each returns the program's exit code: 0 all is well, 1 something is not, 2 it could not
// begin.
#pragma once

#include "kontor-migrate/settings.h"
#include "migrate/pacing.h"

namespace kontor::app {

int plan_command(const MigrateSettings& settings, migrate::Stop& stop);
int run_command(const MigrateSettings& settings, migrate::Stop& stop);
int verify_command(const MigrateSettings& settings, migrate::Stop& stop);
int dump_command(const MigrateSettings& settings, migrate::Stop& stop);
int import_command(const MigrateSettings& settings, migrate::Stop& stop);
int status_command(const MigrateSettings& settings);

}  // namespace kontor::app
