// SPDX-License-Identifier: AGPL-3.0-or-later
// The files that Dovecot and Courier keep beside the messages of a Maildir. All parsers take whatever there is.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kontor::migrate {

// "dovecot-uidlist" version 3 and 1, "courierimapuiddb".
struct UidList {
  struct Message {
    std::uint32_t uid = 0;
    std::string pop3_uidl;   // P
    std::string pop3_order;  // O
    std::string guid;        // G
  };
  std::uint32_t uid_validity = 0;                        // 0 = not readable: no UIDs at all
  std::uint32_t uid_next = 0;                            // above all UIDs listed
  std::map<std::string, Message, std::less<>> messages;  // by the base of the file's name
};
// Records out of order, doubled or without a name are left out: their messages count as not listed.
UidList parse_uid_list(std::string_view text);

// "dovecot-keywords": names by number; letters "a" to "z" of the flags stand for 0 to 25.
std::map<unsigned, std::string> parse_keyword_file(std::string_view text);

// "subscriptions" of version 1 (one name per line) and 2 (levels joined by TAB), "courierimapsubscribed". Names raw, as
// levels joined by "."; with version 1 a name that has "/" and no "." is taken to be separated by "/".
std::set<std::string, std::less<>> parse_subscriptions(std::string_view text);

}  // namespace kontor::migrate
