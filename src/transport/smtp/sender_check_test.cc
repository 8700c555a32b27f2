// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/smtp/sender_check.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstring>
#include <fstream>
#include <iterator>

#include "transport/auth/zone_resolver.h"

namespace kontor::transport {
namespace {

SendingClient client_at(const char* ip, const char* helo) { return {net::parse_ip(ip).value(), helo}; }

struct RelayCase {
  const char* head;
  std::optional<SendingClient> wanted;
  const char* why;
};

const RelayCase kRelayCases[] = {
    {"Received: from mail.a.example (mail.a.example [192.0.2.1])\r\n\tby relay.example (Postfix) with ESMTPS\r\n\r\n",
     client_at("192.0.2.1", "mail.a.example"), "Postfix"},
    {"Received: from mail.a.example ([192.0.2.1])\r\n\tby mx.example with ESMTP id x\r\n\r\n",
     client_at("192.0.2.1", "mail.a.example"), "Kontor"},
    {"Received: from x (y [IPv6:2001:db8::1]) by z\r\n\r\n", client_at("2001:db8::1", "x"), "IPv6"},
    {"Received: from [192.0.2.1] (helo=[203.0.113.1])\r\n by z with esmtp (Exim)\r\n\r\n",
     client_at("192.0.2.1", "[192.0.2.1]"), "Exim"},
    {"Received: from [203.0.113.1] (rdns.example [192.0.2.1]) by z\r\n\r\n", client_at("192.0.2.1", "[203.0.113.1]"),
     "what a client calls itself does not count"},
    {"Received: from r2 (r2 [10.0.0.2]) by r1\r\nReceived: from a (a [192.0.2.1]) by r2\r\nReceived: from b (b "
     "[203.0.113.1]) by a\r\n\r\n",
     client_at("192.0.2.1", "a"), "two relays"},
    {"Received: from r2 (r2 [10.0.0.2]) by r1\r\n\r\n", std::nullopt, "only relays"},
    {"Received: by r1; Tue, 14 Nov 2023 22:13:20 +0000\r\nReceived: from b (b [203.0.113.1]) by a\r\n\r\n",
     std::nullopt, "it does not tell"},
    {"Received: from a (a [nonsense]) by r1 [203.0.113.1]\r\n\r\n", std::nullopt, "an address behind by"},
    {"Subject: x\r\n\r\nReceived: from b (b [203.0.113.1]) by a\r\n", std::nullopt, "no fields at all"},
};

TEST(SenderCheck, TheClientBeforeTrustedRelays) {
  const auto is_trusted = [](const net::IpAddress& ip) { return ip.is_v4() && ip.bytes[12] == 10; };
  for (const RelayCase& test : kRelayCases)
    EXPECT_EQ(client_before_relays(test.head, client_at("10.0.0.1", "r1"), is_trusted), test.wanted) << test.why;
  const auto stranger = client_at("203.0.113.9", "s");
  EXPECT_EQ(client_before_relays(kRelayCases[0].head, stranger, is_trusted), stranger) << "anyone can write Received";
}

struct SenderCase {
  const char* why;
  const char* mail_from;  // domain of "x@"
  const char* message;
  DmarcPolicy wish;
  const char* in_results;
};

const SenderCase kSenderCases[] = {
    {"its own server", "bank.example", "From: a@bank.example\r\n\r\nx\r\n", DmarcPolicy::none,
     "dmarc=pass (p=reject dis=none) header.from=bank.example"},
    {"forged author", "evil.example", "From: a@bank.example\r\n\r\nx\r\n", DmarcPolicy::reject,
     "dmarc=fail (p=reject dis=reject) header.from=bank.example"},
    {"null sender", "", "From: a@bank.example\r\n\r\nx\r\n", DmarcPolicy::reject, "spf=none smtp.helo=client.example"},
    {"the strictest of two authors", "evil.example", "From: a@evil.example, b@bank.example\r\n\r\nx\r\n",
     DmarcPolicy::reject, "dmarc=none header.from=evil.example"},
    {"two fields", "bank.example", "From: a@bank.example\r\nFrom: b@evil.example\r\n\r\nx\r\n", DmarcPolicy::reject,
     "spf=pass"},
    {"quarantine", "evil.example", "From: a@shop.example\r\n\r\nx\r\n", DmarcPolicy::quarantine, "dis=quarantine"},
    {"no policy", "evil.example", "From: a@plain.example\r\n\r\nx\r\n", DmarcPolicy::none,
     "dmarc=none header.from=plain.example"},
    {"no author", "evil.example", "Subject: x\r\n\r\nx\r\n", DmarcPolicy::none,
     "spf=pass smtp.mailfrom=x@evil.example"},
};

TEST(SenderCheck, WhatTheAuthorsWant) {
  ZoneResolver zones;
  zones.add_txt("bank.example", "v=spf1 ip4:192.0.2.1 -all");
  zones.add_txt("evil.example", "v=spf1 ip4:192.0.2.1 -all");
  zones.add_txt("_dmarc.bank.example", "v=DMARC1; p=reject");
  zones.add_txt("_dmarc.shop.example", "v=DMARC1; p=quarantine");
  const PublicSuffixes suffixes;
  const SmtpOptions options;
  for (const SenderCase& test : kSenderCases) {
    SmtpMessage message(options, 10'000);
    message.write(test.message);
    ASSERT_FALSE(message.finish());
    SenderFacts facts;
    facts.client = client_at("192.0.2.1", "client.example");
    if (*test.mail_from != '\0') facts.mail_from = {"x", test.mail_from};
    facts.server = "mx.example.org";
    const SenderCheck check = check_sender(message, facts, suffixes, zones, zones);
    EXPECT_EQ(check.wish, test.wish) << test.why;
    EXPECT_NE(results_field(check.results).find(test.in_results), std::string::npos)
        << test.why << ": " << results_field(check.results);
    EXPECT_EQ(check.because.empty(), test.wish == DmarcPolicy::none) << test.why;
  }
}

// A list that changed the message sealed it: tests/data/dkim/python-arc-2.eml, whose last seal says that DMARC passed.
TEST(SenderCheck, TrustedSealersAreBelieved) {
  const std::string folder = std::string(KONTOR_SOURCE_DIR) + "/tests/data/dkim/";
  const auto read = [&](const std::string& name) {
    std::ifstream in(folder + name, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  ZoneResolver zones;
  zones.add_txt("rsa._domainkey.example.org",
                std::string(boost::json::parse(read("keys.json")).at("rsa._domainkey.example.org").as_string()));
  zones.add_txt("_dmarc.example.org", "v=DMARC1; p=reject");
  const PublicSuffixes suffixes;
  const SmtpOptions options;
  struct {
    std::vector<std::string> trusted;
    const char *from, *to;
    DmarcPolicy wish;
    const char* in_results;
  } cases[] = {
      {{"example.org"}, "last ", "last ", DmarcPolicy::none, "dmarc=fail (p=reject dis=none arc=example.org)"},
      {{"other.example"}, "last ", "last ", DmarcPolicy::reject, "arc=pass (i=2) smtp.remote-ip=192.0.2.1"},
      {{"example.org"}, "last ", "lost ", DmarcPolicy::reject, "arc=fail (the body was changed)"},
  };
  for (const auto& test : cases) {
    SmtpMessage message(options, 10'000);
    std::string text = read("python-arc-2.eml");
    text.replace(text.find(test.from), std::strlen(test.from), test.to);
    message.write(text);
    ASSERT_FALSE(message.finish());
    SenderFacts facts;
    facts.client = client_at("192.0.2.1", "list.example");
    facts.mail_from = {"list", "list.example"};
    facts.server = "mx.example.org";
    facts.trusted_sealers = test.trusted;
    const SenderCheck check = check_sender(message, facts, suffixes, zones, zones);
    EXPECT_EQ(check.wish, test.wish) << test.in_results;
    EXPECT_NE(results_field(check.results).find(test.in_results), std::string::npos) << results_field(check.results);
  }
}

}  // namespace
}  // namespace kontor::transport
