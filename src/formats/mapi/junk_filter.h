// SPDX-License-Identifier: AGPL-3.0-or-later
// Outlook's junk filter: lists of senders and recipients in the condition of one rule, which is a hidden message of the
// inbox ([MS-OXCSPAM] sections 2.2.2 and 3.1.4.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/mapi/rules.h"

namespace kontor::mapi {

// Lists have addresses, and domains as "@example.org", in lower case and each once.
struct JunkFilter {
  bool operator==(const JunkFilter&) const = default;

  bool is_enabled = false;
  std::vector<std::string> blocked;          // senders whose mail is junk
  std::vector<std::string> safe;             // senders whose mail is none, also those of contacts
  std::vector<std::string> safe_recipients;  // mail to whom is none
  std::vector<std::string> odd;              // what is neither an address nor a domain
  bool asks_more = false;          // also something else than who sent a message, to whom, and how it was rated
  bool trusts_contacts = false;    // people in the address book are safe senders, as long as they are in it
  bool trusts_recipients = false;  // to whom the user writes becomes a safe sender
  bool removes = false;            // junk is removed at once
  // From which rating on mail is junk: 0xFFFFFFFF never, 0x80000000 always, unless a list says otherwise.
  std::optional<std::uint32_t> threshold;
  std::string problem;  // why the lists cannot be read; there are none then
};

constexpr std::uint32_t kJunkUnlessSafe = 0x8000'0000;

bool is_junk_filter(const MailRule& rule);
// `rule`: rule_of_message(message).
JunkFilter junk_filter_of(const MailRule& rule, const Properties& message);

}  // namespace kontor::mapi
