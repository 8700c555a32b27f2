// SPDX-License-Identifier: AGPL-3.0-or-later
#include "kontor/exit_code.h"

namespace kontor::app {

int exit_code(Errc code, bool is_opening) {
  if (is_opening && code != Errc::invalid) return kUnreachable;
  switch (code) {
    case Errc::not_found:
      return kNotFound;
    case Errc::exists:
    case Errc::conflict:
      return kConflict;
    case Errc::invalid:
      return kUsage;
    case Errc::unavailable:
      return kUnreachable;
    case Errc::denied:
    case Errc::over_quota:
    case Errc::too_large:
    case Errc::corrupt:
      break;
  }
  return kFailed;
}

}  // namespace kontor::app
