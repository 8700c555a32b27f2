// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/smtp/relay_results.h"

#include <gtest/gtest.h>

namespace kontor::transport {
namespace {

// "spf result domain; dkim result domain; passed author".
std::string relayed_text(std::string_view head) {
  const auto found = results_of_relays(head, {"mx.relay.example"},
                                       [](const net::IpAddress& ip) { return ip.is_v4() && ip.bytes[12] == 10; });
  if (!found) return "nothing";
  std::string out;
  if (found->spf) out += std::string(name(found->spf->result)) + " " + found->spf->domain;
  for (const DkimVerdict& one : found->dkim) out += "; " + std::string(name(one.result)) + " " + one.domain;
  for (const std::string& one : found->passed) out += "; passed " + one;
  return out;
}

struct RelayedCase {
  const char* head;
  const char* wanted;
  const char* why;
};

const RelayedCase kRelayedCases[] = {
    {"Received: from c (c [192.0.2.1]) by mx.relay.example\r\nAuthentication-Results: MX.relay.example "
     "1;\r\n\tspf=softfail "
     "smtp.mailfrom=a@A.example;\r\n\tdkim=pass header.d=a.example header.s=s1;\r\n\tdkim=fail header.i=@b.example;\r\n"
     "\tdmarc=pass header.from=a.example\r\nReceived: from x by c\r\n\r\n",
     "softfail a.example; pass a.example; fail b.example; passed a.example", "below its Received"},
    {"Authentication-Results: mx.relay.example; spf=pass smtp.helo=c.example\r\nReceived: from c (c [192.0.2.1]) by "
     "mx.relay.example\r\n\r\n",
     "pass c.example", "above it"},
    {"Received: from r2 (r2 [10.0.0.2]) by r1\r\nReceived: from c (c [192.0.2.1]) by r2\r\nAuthentication-Results: "
     "mx.relay.example; dmarc=pass header.from=a.example\r\n\r\n",
     "; passed a.example", "of the first of two relays"},
    {"Received: from c (c [192.0.2.1]) by mx.relay.example\r\nReceived: from x by c\r\nAuthentication-Results: "
     "mx.relay.example; dmarc=pass header.from=bank.example\r\n\r\n",
     "nothing", "below the trace of a stranger"},
    {"Authentication-Results: mx.relay.example; dmarc=fail header.from=a.example\r\nAuthentication-Results: "
     "mx.relay.example; dmarc=pass header.from=a.example\r\n\r\n",
     "", "the topmost"},
    {"Authentication-Results: other.example; dmarc=pass header.from=a.example\r\n\r\n", "nothing", "of somebody else"},
    {"Authentication-Results: mx.relay.example; dkim=none; spf=none\r\n\r\n", "none ", "nothing was there"},
    {"Subject: x\r\n\r\nAuthentication-Results: mx.relay.example; spf=pass\r\n", "nothing", "in the body"},
    {"", "nothing", "no header"},
};

TEST(RelayResults, AreReadWhereARelayWritesThem) {
  for (const RelayedCase& test : kRelayedCases) EXPECT_EQ(relayed_text(test.head), test.wanted) << test.why;
}

}  // namespace
}  // namespace kontor::transport
