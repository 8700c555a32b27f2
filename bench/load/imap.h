// SPDX-License-Identifier: AGPL-3.0-or-later
// What a client says to an IMAP or LMTP server, as far as load needs it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "bench/load/connection.h"

namespace bench {

// Reads up to the tagged answer, literals included, which must be OK. `each` gets the first line of each response.
void imap_answer(Connection& c, std::string_view tag, const std::function<void(std::string_view)>& each = {});
// The greeting is read already or not: see `greeted`.
void imap_login(Connection& c, const std::string& user, const std::string& password, bool greeted = false);
// Returns the seconds until the tagged answer.
double imap_command(Connection& c, const std::string& command);

void lmtp_reply(Connection& c, char wanted);
void lmtp_hello(Connection& c, std::string_view word = "LHLO");

void expect(std::string_view got, std::string_view wanted);

// Runs `work(thread number)` on as many threads and returns the seconds until the last one ended. One that throws ends
// the program.
double on_threads(int count, const std::function<void(int)>& work);

}  // namespace bench
