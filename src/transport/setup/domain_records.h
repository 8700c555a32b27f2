// SPDX-License-Identifier: AGPL-3.0-or-later
// What DNS must say of a domain whose mail this server takes and sends.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "transport/sending/domain_keys.h"

namespace kontor::transport {

// must: mail fails without it. should: it arrives less surely, or clients need help. may: only for those who do more.
enum class RecordNeed : std::uint8_t { must, should, may };
std::string_view name(RecordNeed need);

// What a record is for: says how it is compared with DNS.
enum class RecordUse : std::uint8_t {
  host,     // that the server has an address; the value is a sentence
  reverse,  // that its address leads back to its name; the value is a sentence
  mx,
  spf,
  dkim,
  dmarc,
  tls_reports,
  sts,         // MTA-STS: that there is a policy
  alias,       // of the server, for programs that look for their settings
  service,     // SRV
  no_service,  // SRV of what is not to be had here; not to be printed
  path,        // TXT beside a service (RFC 6764 section 4)
  tlsa,
};

struct WantedRecord {
  std::string name;   // without a dot at its end
  std::string type;   // "TXT"
  std::string value;  // as in a zone, TXT without quotes
  RecordNeed need = RecordNeed::must;
  RecordUse use = RecordUse::mx;
  std::string about;  // for people: a sentence, or empty
};

// A protocol for users' programs.
struct ClientService {
  std::string label;       // "_imaps"
  std::uint16_t port = 0;  // 0: it is not to be had
  bool has_tls = false;    // from the first byte: to be preferred
  std::string path;        // of HTTP, where clients begin; empty: none is told
};

struct DomainFacts {
  std::string domain, hostname;
  std::vector<ClientService> services;
  std::vector<DomainKeyInfo> keys;
  std::vector<std::string> relays;  // hosts through which all its mail leaves; none: it leaves from here
  std::string tlsa;                 // of the server's certificate: "3 1 1 ..."; empty if there is none
};

// In the order in which people should see to them.
std::vector<WantedRecord> wanted_records(const DomainFacts& facts);

// The policy of MTA-STS (RFC 8461) to be served at https://mta-sts.DOMAIN/.well-known/mta-sts.txt.
std::string sts_policy_text(const DomainFacts& facts);

// TLSA of a certificate's key (RFC 7672 section 3.1: usage 3, selector 1, matching 1), of the first one in a PEM file.
// Errors: unavailable, invalid.
Result<std::string> tlsa_of(const std::string& certificate_file);

// "example.org. IN TXT \"...\"": a line of a zone, without its end.
std::string zone_line(const WantedRecord& record);

}  // namespace kontor::transport
