// SPDX-License-Identifier: AGPL-3.0-or-later
// links: transport store net formats base
// DMARC's records, authors of a message, Received and Authentication-Results fields, targets of reports and counted
// rows of an attacker: limits hold, what is written stays one field, and no field that claims to be ours is left.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "formats/mime/header.h"
#include "transport/auth/dmarc.h"
#include "transport/auth/results.h"
#include "transport/reports/dmarc_row.h"
#include "transport/reports/target.h"
#include "transport/reports/tls_row.h"
#include "transport/smtp/relay_results.h"
#include "transport/smtp/sender_check.h"

namespace {

using namespace kontor;

void must(bool holds) {
  if (!holds) std::abort();
}

void results(std::string_view input) {
  transport::AuthResults results;
  results.server = "mx.example.org";
  results.spf.emplace();
  results.mail_from = input;
  auto& dkim = results.dkim.emplace_back();
  dkim.domain = dkim.selector = dkim.algorithm = dkim.problem = input;
  results.dmarc.emplace_back().domain = input;
  const std::string field = transport::results_field(results);
  std::size_t fields = 0;
  mime::each_field(field + "\r\n", [&](const mime::Field& one) {
    must(one.name == "Authentication-Results");
    ++fields;
    return true;
  });
  must(fields == 1);
  must(transport::without_results_of(field + "Subject: x\r\n\r\n", "MX.example.org") == "Subject: x\r\n\r\n");
}

// Targets and counted rows: an address stays one, what was read is written and read again.
void reports(std::string_view input) {
  if (const auto target = transport::parse_report_target(input)) {
    must(target->address.ends_with("@" + target->host));
    for (const char c : target->address) must(c > ' ' && c != '<' && c != '>' && c != '\x7f');
  }
  must(transport::parse_tls_report_records({std::string(input)}).size() <= 10);
  if (const auto row = transport::decode_dmarc_row(input))
    must(transport::decode_dmarc_row(transport::encode(*row)).value() == *row);
  if (const auto row = transport::decode_tls_row(input))
    must(transport::decode_tls_row(transport::encode(*row)).has_value());
  const auto is_trusted = [](const net::IpAddress& ip) { return ip.bytes[12] == 10; };
  if (const auto found = transport::results_of_relays(input, {"mx.example.org"}, is_trusted))
    must(found->dkim.size() <= 8);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  if (auto record = transport::parse_dmarc_record(input)) must(record->percent <= 100 && record->reports.size() <= 10);
  const auto authors = transport::find_authors(input);
  must(authors.domains.size() <= 11 && (authors.domains.size() <= 10 || authors.is_ambiguous));
  const transport::SendingClient peer{net::parse_ip("10.0.0.1").value(), "relay"};
  auto is_trusted = [](const net::IpAddress& ip) { return ip.bytes[12] == 10; };
  if (auto client = transport::client_before_relays(input, peer, is_trusted)) must(!is_trusted(client->ip));
  const std::string left = transport::without_results_of(input, "mx.example.org");
  must(left.size() <= size);
  mime::each_field(left, [](const mime::Field& one) {
    must(!iequals(one.name, "Authentication-Results") ||
         !iequals(transport::results_server(one.value), "mx.example.org"));
    return true;
  });
  results(input);
  reports(input);
  return 0;
}
