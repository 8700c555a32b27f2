// SPDX-License-Identifier: AGPL-3.0-or-later
#include <gtest/gtest.h>

#include "store/memory.h"
#include "transport/auth/zone_resolver.h"
#include "transport/sending/conclusion.h"
#include "transport/sending/domain_keys.h"
#include "transport/sending/message_bytes.h"
#include "transport/sending/mta_sts.h"
#include "transport/sending/next_hops.h"
#include "transport/sending/report.h"
#include "transport/sending/smart_host.h"
#include "transport/sending/srs.h"

namespace kontor::transport {
namespace {

using namespace std::chrono_literals;

constexpr Instant kNow{1'700'000'000s};

TEST(SmartHost, ReadsWhoseMailItTakes) {
  struct Case {
    std::string text;
    bool is_sound;
    std::string host;
    std::uint16_t port;
    HopTls tls;
    std::string why;
  };
  const std::vector<Case> cases = {
      {"* smtp.example.net:587 user=u password_file=/p", true, "smtp.example.net", 587, HopTls::verify, "login"},
      {"* smtp.example.net", true, "smtp.example.net", 25, HopTls::may, "without a port"},
      {"@Example.org [2001:db8::1]:26 tls=none", true, "2001:db8::1", 26, HopTls::none, "an IPv6 address"},
      {"tenant:acme relay:465 tls=must", true, "relay", 465, HopTls::must, "of a tenant"},
      {"to:example.net relay:25", true, "relay", 25, HopTls::may, "for a domain"},
      {"smtp.example.net:587", false, "", 0, HopTls::may, "whose mail?"},
      {"*", false, "", 0, HopTls::may, "which host?"},
      {"* relay:0", false, "", 0, HopTls::may, "no port"},
      {"* relay:99999", false, "", 0, HopTls::may, "no port"},
      {"* relay user=u", false, "", 0, HopTls::may, "a user without a password"},
      {"* relay tls=maybe", false, "", 0, HopTls::may, "no such word"},
      {"* relay colour=red", false, "", 0, HopTls::may, "no such key"},
  };
  for (const Case& one : cases) {
    auto host = parse_smart_host(one.text);
    ASSERT_EQ(host.has_value(), one.is_sound) << one.text << ": " << one.why;
    if (!host) continue;
    EXPECT_EQ(host->host, one.host) << one.text;
    EXPECT_EQ(host->port, one.port) << one.text;
    EXPECT_EQ(host->tls, one.tls) << one.text;
  }
}

TEST(SmartHost, TheFirstThatFitsIsUsed) {
  std::vector<SmartHost> hosts;
  for (const char* text : {"to:example.net a", "@example.org b", "tenant:acme c", "to:x.example d"})
    hosts.push_back(parse_smart_host(text).value());
  auto find = [&](std::string_view tenant, std::string_view from, std::string_view to) {
    const SmartHost* found = find_smart_host(hosts, {.tenant = tenant, .from_domain = from, .to_domain = to});
    return found ? found->host : "";
  };
  EXPECT_EQ(find("acme", "example.org", "example.net"), "a");
  EXPECT_EQ(find("acme", "example.org", "x.example"), "b");
  EXPECT_EQ(find("acme", "other.example", "x.example"), "c");
  EXPECT_EQ(find("", "other.example", "x.example"), "d");
  EXPECT_EQ(find("", "", "y.example"), "");
}

TEST(Srs, BringsBouncesBack) {
  const Srs srs("secret");
  const std::string once = srs.forward("ada=x@example.org", "us.example", kNow);
  EXPECT_TRUE(once.starts_with("SRS0=")) << once;
  EXPECT_TRUE(once.ends_with("@us.example")) << once;
  EXPECT_EQ(srs.reverse(once, kNow + 240h).value(), "ada=x@example.org");
  EXPECT_EQ(srs.forward("", "us.example", kNow), "");
  EXPECT_FALSE(srs.reverse(once, kNow + std::chrono::days(40))) << "too old";
  EXPECT_FALSE(Srs("other").reverse(once, kNow)) << "another secret";
  std::string forged = once;
  forged.replace(forged.find("example.org"), 11, "victim.test");
  EXPECT_FALSE(srs.reverse(forged, kNow));

  const Srs other("another");
  const std::string twice = other.forward(once, "them.example", kNow);
  EXPECT_TRUE(twice.starts_with("SRS1=")) << twice;
  EXPECT_EQ(srs.reverse(other.reverse(twice, kNow).value(), kNow).value(), "ada=x@example.org");
  const Srs third("third");
  const std::string thrice = third.forward(twice, "third.example", kNow);
  EXPECT_EQ(third.reverse(thrice, kNow).value(), once) << "straight to the first that rewrote it";
  for (const char* text : {"SRS0=", "SRS0=a@b", "SRS1=a=b@c", "ada@example.org", "SRS0=a=b=c=d", ""})
    EXPECT_FALSE(srs.reverse(text, kNow)) << text;
}

TEST(Srs, SecretsAreRenewedAndKept) {
  auto engine = store::open_memory();
  auto srs = Srs::open(*engine, kNow).value();
  const std::string old = srs->forward("ada@example.org", "us.example", kNow);
  ASSERT_TRUE(srs->keep(kNow + std::chrono::days(80)));
  const Instant late = kNow + std::chrono::days(91), later = late + std::chrono::days(91);
  const std::string before = srs->forward("ada@example.org", "us.example", late);
  ASSERT_TRUE(srs->keep(late));
  srs = Srs::open(*engine, late).value();
  const std::string after = srs->forward("ada@example.org", "us.example", late);
  EXPECT_NE(before, after) << "another secret";
  EXPECT_EQ(srs->reverse(before, late + std::chrono::days(20)).value(), "ada@example.org");
  EXPECT_EQ(srs->reverse(after, late).value(), "ada@example.org");
  EXPECT_FALSE(srs->reverse(old, late)) << "too old";
  ASSERT_TRUE(srs->keep(later));
  ASSERT_TRUE(srs->rotate(later));
  EXPECT_FALSE(Srs::open(*engine, later).value()->reverse(before, late)) << "its secret is gone";
  const std::string last = srs->forward("ada@example.org", "us.example", later);
  ASSERT_TRUE(srs->rotate(later, true));
  EXPECT_FALSE(srs->reverse(last, later)) << "forgotten";
  EXPECT_EQ(srs->forward("\"a b\"@example.org", "us.example", kNow), "\"a b\"@example.org") << "quoted";
}

TEST(MtaSts, ReadsPolicies) {
  auto policy = parse_sts_policy(
      "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\nmax_age: 604800\r\n");
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->mode, StsPolicy::Mode::enforce);
  EXPECT_EQ(policy->max_age, 604'800s);
  EXPECT_TRUE(policy->allows("MAIL.example.com."));
  EXPECT_TRUE(policy->allows("a.example.net"));
  EXPECT_FALSE(policy->allows("a.b.example.net")) << "one label only, section 4.1";
  EXPECT_FALSE(policy->allows("example.net"));
  EXPECT_FALSE(policy->allows("mail.example.com.evil.test"));
  for (const char* text : {"", "version: STSv2\nmode: none\nmax_age: 1", "version: STSv1\nmode: enforce\nmax_age: 1",
                           "version: STSv1\nmode: hard\nmx: a\nmax_age: 1", "version: STSv1\nmode: none",
                           "version: STSv1\nmode: none\nmax_age: soon"})
    EXPECT_FALSE(parse_sts_policy(text)) << text;
  EXPECT_TRUE(parse_sts_policy("version: STSv1\nmode: none\nmax_age: 99999999999"));
}

TEST(MtaSts, ReadsRecords) {
  EXPECT_EQ(parse_sts_records({"v=STSv1; id=20160831085700Z;"}), "20160831085700Z");
  EXPECT_EQ(parse_sts_records({"v=spf1 -all", "v=STSv1;id=1"}), "1");
  EXPECT_EQ(parse_sts_records({"v=STSv1; id=1", "v=STSv1; id=2"}), std::nullopt) << "two records";
  EXPECT_EQ(parse_sts_records({"v=STSv1; id=a-b"}), std::nullopt);
  EXPECT_EQ(parse_sts_records({"v=STSv1"}), std::nullopt);
  EXPECT_EQ(parse_sts_records({}), std::nullopt);
}

class NextHops : public testing::Test {
 protected:
  SendResult<std::vector<NextHop>> find(const std::string& domain) {
    told.clear();
    return find_next_hops(domain, zone, nullptr, options, [this](const TlsOutcome& one) { told.push_back(one); });
  }
  void host(const std::string& name) { zone.add_address(name, *net::parse_ip("192.0.2.1")); }

  ZoneResolver zone;
  SendingOptions options;
  std::vector<TlsOutcome> told;
};

TEST_F(NextHops, AreThoseOfMxInOrder) {
  zone.add_mx("example.net", {20, "b.example.net"});
  zone.add_mx("example.net", {10, "A.example.net."});
  zone.add_mx("example.net", {15, "nowhere.example.net"});
  host("a.example.net");
  zone.add_address("a.example.net", *net::parse_ip("2001:db8::1"));
  host("b.example.net");
  auto hops = find("example.net");
  ASSERT_TRUE(hops);
  ASSERT_EQ(hops->size(), 2) << "one has no address";
  EXPECT_EQ((*hops)[0].host, "a.example.net");
  EXPECT_EQ((*hops)[0].addresses, (std::vector<std::string>{"2001:db8::1", "192.0.2.1"}));
  EXPECT_EQ((*hops)[1].host, "b.example.net");
  EXPECT_EQ((*hops)[1].tls, ClientTls::may);
  options.uses_ipv6 = false;
  EXPECT_EQ(find("example.net")->front().addresses, std::vector<std::string>{"192.0.2.1"});
}

TEST_F(NextHops, WithoutMxTheDomainItself) {
  host("example.net");
  auto hops = find("example.net");
  ASSERT_TRUE(hops);
  EXPECT_EQ(hops->front().host, "example.net");
  EXPECT_EQ(find("[9.9.9.9]")->front().addresses, std::vector<std::string>{"9.9.9.9"});
  for (const char* literal : {"[localhost]", "[127.0.0.1]", "[10.0.0.1]", "[ipv6:::1]", "[ipv6:::ffff:127.0.0.1]"})
    EXPECT_FALSE(find(literal)) << literal;
  options.address_literals = AddressLiterals::all;
  EXPECT_EQ(find("[127.0.0.1]")->front().addresses, std::vector<std::string>{"127.0.0.1"});
  EXPECT_FALSE(find("[localhost]"));
  options.address_literals = AddressLiterals::refuse;
  EXPECT_FALSE(find("[9.9.9.9]"));
}

TEST_F(NextHops, SomeDomainsHaveNone) {
  zone.add_mx("null.example", {0, ""});
  zone.add_failure("broken.example", "MX");
  zone.add_mx("later.example", {10, "mx.later.example"});
  zone.add_failure("mx.later.example", "*");
  zone.add_mx("self.example", {10, "mx.us.example"});
  zone.add_mx("self.example", {20, "mx2.self.example"});
  host("mx2.self.example");
  options.hostname = "mx.us.example";
  struct Case {
    std::string domain;
    bool is_permanent;
    std::string enhanced;
  };
  for (const Case& one : {Case{"null.example", true, "5.1.10"}, Case{"nothing.example", true, "5.1.2"},
                          Case{"broken.example", false, "4.4.3"}, Case{"later.example", false, "4.4.3"},
                          Case{"self.example", true, "5.4.6"}}) {
    auto hops = find(one.domain);
    ASSERT_FALSE(hops) << one.domain;
    EXPECT_EQ(hops.error().is_permanent, one.is_permanent) << one.domain;
    EXPECT_EQ(hops.error().what.enhanced, one.enhanced) << one.domain;
  }
}

TEST_F(NextHops, AreHeldToDaneOnlyWhereDnsIsSecure) {
  zone.add_mx("example.net", {10, "mx.example.net"});
  host("mx.example.net");
  zone.add_tlsa("_25._tcp.mx.example.net", {3, 1, 1, std::string(32, 'x')});
  EXPECT_TRUE(find("example.net")->front().dane.empty());
  zone.set_secure(true);
  EXPECT_EQ(find("example.net")->front().dane.size(), 1);
  EXPECT_EQ(find("example.net")->front().tls, ClientTls::verify);
  const NextHop hop = find("example.net")->front();
  EXPECT_EQ(hop.policy_domain, "example.net");
  std::string line = "3 1 1 ";
  for (int i = 0; i < 32; ++i) line += "78";
  EXPECT_EQ(hop.policy, (TlsPolicy{TlsPolicyKind::tlsa, {line}, {"mx.example.net"}}));
  EXPECT_TRUE(told.empty());
  options.uses_dane = false;
  EXPECT_EQ(find("example.net")->front().policy, TlsPolicy{});
  EXPECT_EQ(find("example.net")->front().tls, ClientTls::may);
  options.uses_dane = true;

  zone.add_mx("odd.example", {10, "mx.odd.example"});
  host("mx.odd.example");
  zone.add_tlsa("_25._tcp.mx.odd.example", {1, 1, 1, "x"});
  EXPECT_EQ(find("odd.example")->front().tls, ClientTls::must) << "usage 1 cannot be used, but TLS is wanted";
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].result, TlsResult::tlsa_invalid);
  zone.add_mx("lost.example", {10, "mx.lost.example"});
  host("mx.lost.example");
  zone.add_failure("_25._tcp.mx.lost.example", "TLSA");
  ASSERT_FALSE(find("lost.example")) << "an attacker may keep the records back";
  EXPECT_FALSE(find("lost.example").error().is_permanent);
  zone.add_mx("half.example", {10, "mx.half.example"});
  host("mx.half.example");
  zone.add_failure("mx.half.example", "AAAA");
  zone.add_tlsa("_25._tcp.mx.half.example", {3, 1, 1, std::string(32, 'x')});
  EXPECT_EQ(find("half.example")->front().tls, ClientTls::verify) << "nor does an address that is kept back end DANE";
}

class Concluding : public testing::Test {
 protected:
  Concluding() {
    message.sender = "ada@example.org";
    message.arrived = kNow;
    message.expires = kNow + options.lifetime;
    lease.recipients.resize(1);
    lease.recipients[0].address = "bob@example.net";
  }
  Conclusion conclude_with(AttemptOutcome::Kind kind, Instant now, const std::string& enhanced = "") {
    lease.message = std::make_shared<const QueuedMessage>(message);
    AttemptOutcome outcome;
    outcome.kind = kind;
    outcome.passes_dsn = passes_dsn;
    outcome.what.enhanced = enhanced;
    return conclude(lease, {outcome}, options, now, 10);
  }

  SendingOptions options;
  QueuedMessage message;
  Lease lease;
  bool passes_dsn = false;
};

TEST_F(Concluding, WaitsLongerEachTime) {
  for (auto [attempts, wait] : {std::pair(0U, 120s), {1U, 240s}, {2U, 480s}, {30U, 3600s}}) {
    lease.recipients[0].attempts = attempts;
    auto done = conclude_with(AttemptOutcome::Kind::temporary, kNow);
    EXPECT_EQ(done.settled[0].next, kNow + wait);
    EXPECT_EQ(done.settled[0].state, RecipientState::waiting);
    EXPECT_TRUE(done.delays.empty());
  }
}

TEST_F(Concluding, WarnsOnceAndGivesUpInTime) {
  auto late = conclude_with(AttemptOutcome::Kind::temporary, kNow + 5h);
  EXPECT_EQ(late.delays.size(), 1);
  EXPECT_TRUE(late.settled[0].is_warned);
  lease.recipients[0].is_warned = true;
  EXPECT_TRUE(conclude_with(AttemptOutcome::Kind::temporary, kNow + 6h).delays.empty());
  auto last = conclude_with(AttemptOutcome::Kind::temporary, message.expires - 1s);
  EXPECT_EQ(last.settled[0].next, message.expires);
  auto over = conclude_with(AttemptOutcome::Kind::temporary, message.expires, "4.4.1");
  EXPECT_EQ(over.settled[0].state, RecipientState::failed);
  ASSERT_EQ(over.failures.size(), 1);
  EXPECT_EQ(over.failures[0].what.enhanced, "5.4.1");
}

TEST_F(Concluding, TellsTheSenderWhatItAskedFor) {
  using Kind = AttemptOutcome::Kind;
  lease.recipients[0].notify.bits = DsnNotify::kNever;
  EXPECT_TRUE(conclude_with(Kind::permanent, kNow).failures.empty());
  lease.recipients[0].notify.bits = DsnNotify::kSuccess;
  EXPECT_TRUE(conclude_with(Kind::permanent, kNow).failures.empty());
  EXPECT_EQ(conclude_with(Kind::delivered, kNow).successes.at(0).action, DsnAction::delivered);
  EXPECT_EQ(conclude_with(Kind::relayed, kNow).successes.at(0).action, DsnAction::relayed);
  passes_dsn = true;
  EXPECT_TRUE(conclude_with(Kind::relayed, kNow).successes.empty()) << "the next host tells";
  lease.recipients[0].notify.bits = 0;
  EXPECT_TRUE(conclude_with(Kind::delivered, kNow).successes.empty());
  EXPECT_EQ(conclude_with(Kind::permanent, kNow).failures.size(), 1);
}

TEST(Report, HasItsThreeParts) {
  QueuedMessage message;
  message.sender = "ada@example.org";
  message.envelope_id = "QQ 1";
  message.arrived = kNow;
  message.expires = kNow + 24h;
  QueuedRecipient recipient;
  recipient.address = "bob@example.net";
  recipient.original = "rfc822;bob@example.com";
  std::vector<DsnEntry> entries = {
      {&recipient,
       DsnAction::failed,
       {.code = 550, .enhanced = "5.1.1", .text = "No\r\nsuch user", .host = "mx.example.net"}}};
  ReportRequest request{.message = message,
                        .entries = entries,
                        .original = "Subject: Hi\r\n\r\nSecret body\r\n",
                        .is_whole = true,
                        .hostname = "us.example",
                        .now = kNow,
                        .id = "abc"};
  Report report = make_report(request);
  for (const char* piece : {"To: <ada@example.org>\r\n", "report-type=\"delivery-status\"",
                            "Auto-Submitted: auto-replied", "Original-Envelope-Id: QQ+201\r\n",
                            "Reporting-MTA: dns; us.example\r\n", "Original-Recipient: rfc822; bob@example.com\r\n",
                            "Final-Recipient: rfc822; bob@example.net\r\n", "Action: failed\r\nStatus: 5.1.1\r\n",
                            "Remote-MTA: dns; mx.example.net\r\n", "Diagnostic-Code: smtp; 550 5.1.1 No  such user\r\n",
                            "Content-Type: text/rfc822-headers\r\n", "Subject: Hi\r\n", "\r\n--=_abc_--\r\n"})
    EXPECT_NE(report.bytes.find(piece), std::string::npos) << piece << "\nin\n" << report.bytes;
  EXPECT_EQ(report.bytes.find("Secret body"), std::string::npos) << "only the header, unless the sender wants all";
  EXPECT_FALSE(report.is_eight_bit || report.is_utf8);
  message.dsn_return = DsnReturn::full;
  EXPECT_NE(make_report(request).bytes.find("Secret body"), std::string::npos);
  message.needs.binary = true;
  EXPECT_EQ(make_report(request).bytes.find("Secret body"), std::string::npos) << "a report consists of lines";
  message.needs.binary = false;
  recipient.address = "bøb@example.net";
  message.needs.utf8 = true;
  report = make_report(request);
  EXPECT_NE(report.bytes.find("message/global-delivery-status"), std::string::npos);
  EXPECT_NE(report.bytes.find("Final-Recipient: utf-8; bøb@example.net"), std::string::npos);
  EXPECT_TRUE(report.is_eight_bit && report.is_utf8);
}

TEST(DomainKeys, AreMadeRotatedAndKept) {
  auto engine = store::open_memory();
  FakeClock clock(kNow);
  auto keys = DomainKeys::open(*engine, clock).value();
  auto made = keys->add("example.org", 0s).value();
  ASSERT_EQ(made.size(), 2);
  EXPECT_EQ(made[0].state, DomainKeyState::active);
  EXPECT_TRUE(keys->has("example.org"));
  for (const DomainKeyInfo& one : made) EXPECT_EQ(one.record.find("PRIVATE"), std::string::npos);
  ASSERT_TRUE(keys->add("example.org", 48h));
  auto count = [&](DomainKeyState state) {
    auto list = keys->list("example.org");
    return std::ranges::count(list, state, &DomainKeyInfo::state);
  };
  EXPECT_EQ(count(DomainKeyState::active), 2);
  EXPECT_EQ(count(DomainKeyState::waiting), 2);
  clock.advance(48h);
  keys = DomainKeys::open(*engine, clock).value();
  EXPECT_EQ(count(DomainKeyState::active), 2);
  EXPECT_EQ(count(DomainKeyState::retired), 2);

  // What they sign is good by what DNS is told.
  ZoneResolver zone;
  for (const DomainKeyInfo& one : keys->list("")) zone.add_txt(one.record_name, one.record);
  const std::string message = "From: ada@example.org\r\nSubject: x\r\n\r\nHello\r\n";
  auto signing = keys->sign("example.org");
  signing.feed(message);
  const std::string fields = signing.finish().value();
  DkimVerifier verifier(clock.now().time_since_epoch().count());
  verifier.feed(fields + message);
  auto verdicts = verifier.finish(zone);
  ASSERT_EQ(verdicts.size(), 2);
  for (const DkimVerdict& one : verdicts) EXPECT_EQ(one.result, DkimResult::pass) << one.problem;

  EXPECT_EQ(keys->remove("example.org", "none").error().code, Errc::not_found);
  ASSERT_TRUE(keys->remove("example.org", made[0].selector));
  EXPECT_EQ(keys->list("example.org").size(), 3);
  ASSERT_TRUE(keys->remove("example.org", ""));
  EXPECT_FALSE(keys->has("example.org"));
}

TEST(MessageBytes, FindsTheDomainOfFrom) {
  EXPECT_EQ(from_domain("Subject: x\r\nFrom: Ada <ada@Example.ORG>\r\n\r\nFrom: b@c.example"), "example.org");
  EXPECT_EQ(from_domain("From: a list:;\r\n\r\n"), "");
  EXPECT_EQ(from_domain("Subject: x\r\n\r\nFrom: b@c.example"), "");
}

}  // namespace
}  // namespace kontor::transport
