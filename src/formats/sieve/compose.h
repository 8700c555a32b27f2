// SPDX-License-Identifier: AGPL-3.0-or-later
// The messages that a script's actions send: answers of "vacation" (RFC 5230 section 5) and notifications by mail
// (RFC 5436 section 2.7). Whole messages with CRLF, marked so that no program answers them (RFC 3834).
#pragma once

#include <string>

#include "base/time.h"
#include "formats/sieve/outcome.h"

namespace kontor::sieve {

struct ComposeContext {
  std::string address;  // the user's: From where the script names none
  InternalDate date;
  std::string message_id;  // "<a@b>"
};

std::string compose(const VacationReply& reply, const ComposeContext& context);
std::string compose(const Notify& notify, const ComposeContext& context);

}  // namespace kontor::sieve
