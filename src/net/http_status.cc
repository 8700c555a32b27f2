// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/http_status.h"

namespace kontor::net {

unsigned http_status(Errc code) {
  switch (code) {
    case Errc::not_found:
      return 404;
    case Errc::exists:
    case Errc::conflict:
      return 409;
    case Errc::denied:
      return 403;
    case Errc::over_quota:
      return 507;
    case Errc::too_large:
      return 413;
    case Errc::invalid:
      return 400;
    case Errc::unavailable:
      return 503;
    case Errc::corrupt:
      return 500;
  }
  return 500;
}

}  // namespace kontor::net
