// SPDX-License-Identifier: AGPL-3.0-or-later
// links: transport net base
// SPF records of an attacker: lines of "v=spf1 ..." are the records of a, b, c ... .example, the rest of the zone
// answers everything. Evaluation ends within the limits of RFC 7208 section 4.6.4, and an explanation is plain text.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "transport/auth/spf.h"
#include "transport/auth/zone_resolver.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace transport = kontor::transport;
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  transport::ZoneResolver dns;
  const auto client = kontor::net::parse_ip((data[0] & 1) != 0 ? "192.0.2.1" : "2001:db8::1").value();
  for (char name = 'a'; name <= 'h' && !text.empty(); ++name) {
    const std::string host = std::string(1, name) + ".example";
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    dns.add_txt(host, std::string(line));
    dns.add_mx("a.example", {10, host});
    dns.add_ptr(kontor::net::reverse_name(client), host);
    if ((data[0] & 2) != 0) dns.add_address(host, client);
    if ((data[0] & 4) != 0) dns.add_failure(host, "*");
  }
  const transport::SpfRequest request{.client = client, .helo = "x.example", .mail_from = "l-o.c+al@a.example"};
  const auto verdict = transport::check_spf(request, dns);
  // Each term that counts asks its record and at most ten names of one kind; the client's names are asked once.
  if (dns.questions() > 10 * 12 + 13) std::abort();
  if (!verdict.explanation.empty() && verdict.result != transport::SpfResult::fail) std::abort();
  for (const char c : verdict.explanation)
    if (c < ' ' || c > '~') std::abort();
  return 0;
}
