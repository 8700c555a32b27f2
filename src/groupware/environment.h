// SPDX-License-Identifier: AGPL-3.0-or-later
// What an account needs of its surroundings. Lives as long as Accounts.
#pragma once

#include "directory/directory.h"
#include "groupware/accounts.h"
#include "groupware/view_cache.h"
#include "store/blobs.h"
#include "store/engine.h"

namespace kontor::groupware {

struct Environment {
  Environment(store::Engine& engine_, directory::Directory& directory_, const Clock& clock_, const Options& options_)
      : engine(engine_),
        directory(directory_),
        clock(clock_),
        options(options_),
        blobs(engine_, clock_),
        views(options_.view_cache_bytes) {}

  store::Engine& engine;
  directory::Directory& directory;
  const Clock& clock;
  const Options options;
  store::Blobs blobs;
  ViewCache views;
};

}  // namespace kontor::groupware
