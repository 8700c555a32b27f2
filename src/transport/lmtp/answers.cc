// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/lmtp/answers.h"

namespace kontor::transport {

using wire::smtp::Reply;

Reply answer_to(const Error& error, groupware::QuotaPolicy over_quota) {
  switch (error.code) {
    case Errc::not_found:
      return {550, "5.1.1", "No such user here"};
    case Errc::denied:
      return {550, "5.7.1", "Not a domain of this server"};
    case Errc::over_quota:
      if (over_quota == groupware::QuotaPolicy::reject) return {552, "5.2.2", "The mailbox is full"};
      return {452, "4.2.2", "The mailbox is full"};
    case Errc::too_large:
      return {552, "5.3.4", "The message is too large"};
    case Errc::invalid:
      return {554, "5.6.0", error.text};
    case Errc::unavailable:
      return {450, "4.2.1", error.text};
    case Errc::exists:
    case Errc::conflict:
    case Errc::corrupt:
      break;
  }
  return {451, "4.3.0", "A fault on this server; try again later"};
}

}  // namespace kontor::transport
