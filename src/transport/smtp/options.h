// SPDX-License-Identifier: AGPL-3.0-or-later
// What can be set about receiving by SMTP.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/config.h"
#include "groupware/delivery.h"
#include "transport/receiving/address_literal.h"
#include "transport/smtp/greylist.h"

namespace kontor::transport {

// What to do about messages with CR or LF that stand alone.
enum class BareLineEnds : std::uint8_t { refuse, repair };

// What is done with what SPF, DKIM and DMARC say.
enum class SenderChecks : std::uint8_t { off, note, enforce };

struct SmtpOptions {
  std::string hostname = "localhost";  // declared for the whole server elsewhere
  std::string spool_folder = "/tmp";   // for what of a message does not fit into memory; set by the program
  std::uint32_t recipients = 1000;     // of one transaction
  std::uint64_t largest_message = 100ULL << 20;
  std::uint64_t largest_header = 256ULL << 10;
  std::uint32_t hops = 50;
  std::uint32_t line_length = 4096;
  std::chrono::seconds idle_timeout{300};
  std::chrono::seconds data_timeout{180};
  std::chrono::seconds message_time{3600};
  std::uint32_t bad_commands = 20;
  std::uint32_t bad_recipients = 50;
  std::uint32_t connections_per_address = 50;
  std::uint32_t connections_per_minute = 120;  // from one address
  BareLineEnds bare_line_ends = BareLineEnds::refuse;
  groupware::QuotaPolicy over_quota = groupware::QuotaPolicy::defer;
  SenderChecks sender_checks = SenderChecks::enforce;
  std::chrono::seconds check_time{20};  // of one message
  std::uint32_t check_threads = 8;
  std::string postmaster;
  std::vector<std::string> trusted_relays;
  std::vector<std::string> trusted_results;  // authserv-ids
  std::vector<std::string> trusted_sealers;  // domains
  std::vector<std::string> trusted_networks;
  std::vector<std::string> block_lists;
  std::chrono::seconds block_list_time{5};
  bool greylisting = false;
  GreylistOptions greylist;
  AddressLiterals address_literals = AddressLiterals::outside;  // declared for sending
};

void declare(config::Schema& schema, SmtpOptions& into);

}  // namespace kontor::transport
