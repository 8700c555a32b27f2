// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/item_record.h"

namespace kontor::migrate {

archive::Item item_record(std::uint32_t folder, const SourceItem& item) {
  archive::Item record;
  record.folder = folder;
  record.key = item.key;
  record.uid = item.uid;
  record.flags = item.flags;
  record.keywords = item.keywords;
  record.date = item.date;
  record.date_is_guess = item.date_is_guess;
  record.announced_size = item.announced_size;
  record.properties = item.properties;
  return record;
}

}  // namespace kontor::migrate
