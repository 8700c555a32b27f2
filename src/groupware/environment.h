// SPDX-License-Identifier: AGPL-3.0-or-later
// What an account needs of its surroundings. Lives as long as Accounts.
#pragma once

#include <functional>

#include "directory/directory.h"
#include "formats/icalendar/zones.h"
#include "groupware/accounts.h"
#include "groupware/search/extractor.h"
#include "groupware/search/text_index.h"
#include "groupware/view_cache.h"
#include "store/blobs.h"
#include "store/engine.h"

namespace kontor::groupware {

// The zone of the machine; UTC where it has none.
icalendar::ZonePointer home_zone();

struct Environment {
  Environment(store::Engine& engine_, directory::Directory& directory_, const Clock& clock_, const Options& options_,
              Extractor* extractor_)
      : engine(engine_),
        directory(directory_),
        clock(clock_),
        options(options_),
        extractor(extractor_),
        blobs(engine_, clock_),
        views(options_.view_cache_bytes) {}

  store::Engine& engine;
  directory::Directory& directory;
  const Clock& clock;
  const Options options;
  Extractor* const extractor;  // may be null
  store::Blobs blobs;
  ViewCache views;
  icalendar::ZoneDatabase zones;
  icalendar::ZonePointer home = home_zone();      // where floating times take place if nobody says where
  std::unique_ptr<TextIndex> texts;               // null: searches read contents
  std::function<void(AccountId)> teach;           // the account has lessons; set by Accounts
  std::function<void(AccountId, Instant)> alarm;  // an alarm of the account is due then; set by Accounts
  std::function<void(AccountId, Instant)> push;   // a device of the account is to be told then; set by Accounts
  std::function<void(AccountId)> feed;            // a feed of the account is new or due; set by Accounts
  std::function<void(AccountId)> tidy;            // takes the items of removed folders away, soon; set by Accounts
};

}  // namespace kontor::groupware
