// SPDX-License-Identifier: AGPL-3.0-or-later
#include "base/result.h"

#include <fmt/core.h>

#include <stdexcept>

namespace kontor {

std::string_view name(Errc code) {
  switch (code) {
    case Errc::not_found:
      return "not_found";
    case Errc::exists:
      return "exists";
    case Errc::denied:
      return "denied";
    case Errc::over_quota:
      return "over_quota";
    case Errc::too_large:
      return "too_large";
    case Errc::invalid:
      return "invalid";
    case Errc::conflict:
      return "conflict";
    case Errc::unavailable:
      return "unavailable";
    case Errc::corrupt:
      return "corrupt";
  }
  return "unknown";
}

void check_failed(const char* what, const char* file, int line) {
  throw std::logic_error(fmt::format("broken invariant: {} ({}:{})", what, file, line));
}

}  // namespace kontor
