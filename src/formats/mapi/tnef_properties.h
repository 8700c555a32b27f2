// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: lists of properties within TNEF ([MS-OXTNEF] section 2.1.3.4).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "formats/mapi/cursor.h"
#include "formats/mapi/property.h"
#include "formats/mapi/tnef.h"

namespace kontor::mapi {

// How much one stream has used of its limits, with all that is in it.
struct TnefBudget {
  const TnefLimits& limits;
  std::size_t properties = 0;
  std::size_t values = 0;
};

struct TnefList {
  Properties properties;
  // PidTagAttachDataObject: whose content is a message, a TNEF stream of its own, or something else.
  std::string_view object;
  bool is_message = false;
  bool is_damaged = false;  // breaks off: what came before counts
};
// One list from the front of `in`. Errors: too_large.
Result<TnefList> read_tnef_list(Cursor& in, std::int64_t code_page, TnefBudget& budget);

}  // namespace kontor::mapi
