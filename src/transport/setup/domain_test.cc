// SPDX-License-Identifier: AGPL-3.0-or-later
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "store/memory.h"
#include "transport/auth/zone_resolver.h"
#include "transport/setup/domain_check.h"

namespace kontor::transport {
namespace {

using namespace std::chrono_literals;

class DomainSetup : public testing::Test {
 public:
  DomainSetup() {
    facts.domain = "example.org";
    facts.hostname = "mx.example.org";
    facts.services = {{"_imaps", 993, true, ""},
                      {"_imap", 143, false, ""},
                      {"_pop3s", 0, true, ""},
                      {"_caldavs", 8443, true, "/dav/"}};
    facts.keys = DomainKeys::open(*engine, clock).value()->add("example.org", 0s).value();
    facts.tlsa = "3 1 1 00ff";
  }

  // A zone that has everything that must and should be there.
  void fill() {
    zone.add_address("mx.example.org", *net::parse_ip("192.0.2.7"));
    zone.add_ptr("7.2.0.192.in-addr.arpa", "mx.example.org");
    zone.add_mx("example.org", {10, "MX.example.org."});
    zone.add_txt("example.org", "v=spf1 mx -all");
    zone.add_txt("example.org", "unrelated=1");
    for (const DomainKeyInfo& key : facts.keys) zone.add_txt(key.record_name, key.record);
    zone.add_txt("_dmarc.example.org", "v=DMARC1; p=reject; rua=mailto:a@example.org");
    zone.add_txt("_smtp._tls.example.org", "v=TLSRPTv1;rua=mailto:b@example.org");
    zone.add_srv("_imaps._tcp.example.org", {0, 5, 993, "mx.example.org"});
    zone.add_srv("_imap._tcp.example.org", {10, 1, 143, "mx.example.org"});
    zone.add_srv("_caldavs._tcp.example.org", {0, 1, 8443, "mx.example.org"});
    zone.add_txt("_caldavs._tcp.example.org", "path=/dav/");
  }

  std::vector<CheckedRecord> check() { return check_domain(facts, zone, options); }
  CheckedRecord of(RecordUse use, std::size_t which = 0) {
    for (CheckedRecord& one : check())
      if (one.wanted.use == use && which-- == 0) return one;
    throw std::runtime_error("no such record");
  }

  std::unique_ptr<store::Engine> engine = store::open_memory();
  FakeClock clock{Instant(1'700'000'000s)};
  DomainFacts facts;
  ZoneResolver zone;
  DomainCheckOptions options;
};

TEST_F(DomainSetup, TellsWhatIsWanted) {
  std::map<std::string, std::string> lines;
  for (const WantedRecord& one : wanted_records(facts)) lines[one.name + " " + one.type] = zone_line(one);
  EXPECT_EQ(lines["example.org MX"], "example.org. IN MX 10 mx.example.org.");
  EXPECT_EQ(lines["example.org TXT"], "example.org. IN TXT \"v=spf1 mx -all\"");
  EXPECT_EQ(lines["_imaps._tcp.example.org SRV"], "_imaps._tcp.example.org. IN SRV 0 1 993 mx.example.org.");
  EXPECT_EQ(lines["_imap._tcp.example.org SRV"], "_imap._tcp.example.org. IN SRV 10 1 143 mx.example.org.");
  EXPECT_EQ(lines["_caldavs._tcp.example.org SRV"], "_caldavs._tcp.example.org. IN SRV 0 1 8443 mx.example.org.");
  EXPECT_EQ(lines["_caldavs._tcp.example.org TXT"], "_caldavs._tcp.example.org. IN TXT \"path=/dav/\"");
  EXPECT_EQ(lines["_25._tcp.mx.example.org TLSA"], "_25._tcp.mx.example.org. IN TLSA 3 1 1 00ff");
  EXPECT_EQ(lines["autodiscover.example.org CNAME"], "autodiscover.example.org. IN CNAME mx.example.org.");
  const auto key = std::ranges::find(facts.keys, DomainKeyKind::rsa, &DomainKeyInfo::kind);
  const std::string rsa = lines[key->record_name + " TXT"];
  EXPECT_NE(rsa.find("\" \""), std::string::npos) << "a long text in strings: " << rsa;
  EXPECT_TRUE(parse_sts_policy(sts_policy_text(facts))->allows("mx.example.org"));
  facts.relays = {"relay.example.net"};
  EXPECT_EQ(wanted_records(facts)[3].value, "v=spf1 mx a:relay.example.net -all");
  facts.relays = {"192.0.2.9", "2001:db8::9"};
  EXPECT_EQ(wanted_records(facts)[3].value, "v=spf1 mx ip4:192.0.2.9 ip6:2001:db8::9 -all");
}

TEST_F(DomainSetup, AGoodZoneHasNoFault) {
  fill();
  for (const CheckedRecord& one : check()) {
    const bool is_optional = one.wanted.need == RecordNeed::may;
    EXPECT_EQ(name(one.state), is_optional ? "not needed" : "ok") << one.wanted.name << " " << one.note;
    EXPECT_FALSE(one.is_fault) << one.wanted.name;
  }
}

TEST_F(DomainSetup, AnEmptyZoneMissesWhatItMust) {
  for (const CheckedRecord& one : check()) {
    const bool is_optional = one.wanted.need == RecordNeed::may;
    EXPECT_EQ(name(one.state), is_optional ? "not needed" : "missing") << one.wanted.name;
    EXPECT_EQ(one.is_fault, one.wanted.need == RecordNeed::must) << one.wanted.name;
  }
}

TEST_F(DomainSetup, DnsThatDoesNotAnswerIsNoFault) {
  for (const char* name : {"example.org", "mx.example.org", "_dmarc.example.org", "_imaps._tcp.example.org"})
    zone.add_failure(name, "*");
  for (RecordUse use : {RecordUse::host, RecordUse::mx, RecordUse::spf, RecordUse::dmarc, RecordUse::service}) {
    EXPECT_EQ(name(of(use).state), "unknown") << static_cast<int>(use);
    EXPECT_FALSE(of(use).is_fault);
  }
}

TEST_F(DomainSetup, SaysWhatDiffers) {
  struct Case {
    RecordUse use;
    std::function<void(ZoneResolver&, DomainSetup&)> make;
    std::string state, found, note;
    bool is_fault;
  };
  const std::vector<Case> cases = {
      {RecordUse::mx, [](auto& zone, auto&) { zone.add_mx("example.org", {10, "old.example.net"}); }, "differs",
       "10 old.example.net.", "mail goes elsewhere", true},
      {RecordUse::mx,
       [](auto& zone, auto&) {
         zone.add_mx("example.org", {20, "mx.example.org"});
         zone.add_mx("example.org", {10, "old.example.net"});
       },
       "differs", "10 old.example.net.", "other hosts come first", true},
      {RecordUse::mx,
       [](auto& zone, auto&) {
         zone.add_mx("example.org", {10, "mx.example.org"});
         zone.add_mx("example.org", {20, "backup.example.net"});
       },
       "ok", "10 mx.example.org.", "", false},
      {RecordUse::spf, [](auto& zone, auto&) { zone.add_txt("example.org", "v=spf1 ip4:198.51.100.1 -all"); },
       "differs", "v=spf1 ip4:198.51.100.1 -all", "192.0.2.7 gets \"fail\"", true},
      {RecordUse::spf, [](auto& zone, auto&) { zone.add_txt("example.org", "V=SPF1 ip4:192.0.2.0/24 ~all"); }, "ok",
       "V=SPF1 ip4:192.0.2.0/24 ~all", "", false},
      {RecordUse::spf,
       [](auto& zone, auto&) {
         zone.add_txt("example.org", "v=spf1 mx -all");
         zone.add_txt("example.org", "v=spf1 a -all");
       },
       "differs", "v=spf1 mx -all", "with several none counts", true},
      {RecordUse::dkim,
       [](auto& zone, auto& test) { zone.add_txt(test.facts.keys[0].record_name, "v=DKIM1; k=rsa; p="); }, "differs",
       "v=DKIM1; k=rsa; p=", "taken back", true},
      {RecordUse::dkim,
       [](auto& zone, auto& test) {
         std::string spread = test.facts.keys[0].record;
         zone.add_txt(test.facts.keys[0].record_name, spread.insert(60, "  "));
       },
       "ok", "", "", false},
      {RecordUse::dmarc, [](auto& zone, auto&) { zone.add_txt("_dmarc.example.org", "v=DMARC1; p=none"); }, "ok",
       "v=DMARC1; p=none", "protects nobody", false},
      {RecordUse::service,
       [](auto& zone, auto&) { zone.add_srv("_imaps._tcp.example.org", {0, 1, 994, "mx.example.org"}); }, "differs",
       "0 1 994 mx.example.org.", "", false},
      {RecordUse::no_service,
       [](auto& zone, auto&) { zone.add_srv("_pop3s._tcp.example.org", {0, 1, 995, "mx.example.org"}); }, "differs",
       "0 1 995 mx.example.org.", "not to be had here", false},
      {RecordUse::no_service, [](auto& zone, auto&) { zone.add_srv("_pop3s._tcp.example.org", {0, 0, 0, ""}); },
       "not needed", "0 0 0 .", "", false},
      {RecordUse::tlsa, [](auto& zone, auto&) { zone.add_tlsa("_25._tcp.mx.example.org", {3, 1, 1, "\x01"}); },
       "differs", "3 1 1 01", "refuse to send here", true},
      {RecordUse::tlsa,
       [](auto& zone, auto&) { zone.add_tlsa("_25._tcp.mx.example.org", {3, 1, 1, std::string("\0\xff", 2)}); }, "ok",
       "3 1 1 00ff", "without DNSSEC", false},
      {RecordUse::alias,
       [](auto& zone, auto&) { zone.add_address("autodiscover.example.org", *net::parse_ip("198.51.100.9")); },
       "differs", "198.51.100.9", "leads elsewhere", false},
      {RecordUse::alias, [](auto& zone, auto&) { zone.add_alias("autodiscover.example.org", "mx.example.org"); }, "ok",
       "192.0.2.7", "", false},
      {RecordUse::reverse, [](auto& zone, auto&) { zone.add_ptr("7.2.0.192.in-addr.arpa", "customer-7.example.net"); },
       "differs", "customer-7.example.net", "192.0.2.7 leads to customer-7.example.net", false},
  };
  for (const Case& one : cases) {
    zone = ZoneResolver();
    zone.add_address("mx.example.org", *net::parse_ip("192.0.2.7"));
    one.make(zone, *this);
    const CheckedRecord checked = of(one.use);
    EXPECT_EQ(name(checked.state), one.state) << one.found;
    if (!one.found.empty()) EXPECT_EQ(checked.found.empty() ? "" : checked.found.front(), one.found);
    if (one.note.empty()) EXPECT_EQ(checked.note, "") << one.found;
    EXPECT_NE(checked.note.find(one.note), std::string::npos) << checked.note;
    EXPECT_EQ(checked.is_fault, one.is_fault) << one.found;
  }
}

TEST_F(DomainSetup, BeforeACutOverMailMayGoElsewhere) {
  options.is_before = true;
  zone.add_address("mx.example.org", *net::parse_ip("192.0.2.7"));
  zone.add_mx("example.org", {10, "old.example.net"});
  zone.set_ttl(86'400);
  const CheckedRecord mx = of(RecordUse::mx);
  EXPECT_EQ(mx.state, RecordState::later);
  EXPECT_FALSE(mx.is_fault);
  EXPECT_NE(mx.note.find("86400 seconds"), std::string::npos) << mx.note;
  zone.set_ttl(300);
  EXPECT_EQ(of(RecordUse::mx).note, "mail goes elsewhere");
  EXPECT_EQ(of(RecordUse::dkim).state, RecordState::missing) << "keys are to be there before";
  EXPECT_TRUE(of(RecordUse::dkim).is_fault);
}

TEST_F(DomainSetup, APolicyThatForbidsThisHostIsAFault) {
  zone.add_txt("_mta-sts.example.org", "v=STSv1; id=1");
  StsPolicy policy{.mode = StsPolicy::Mode::enforce, .hosts = {"old.example.net"}, .max_age = 1h};
  options.sts_policy = [&](const std::string&) { return std::optional(policy); };
  EXPECT_TRUE(of(RecordUse::sts).is_fault);
  policy.mode = StsPolicy::Mode::testing;
  EXPECT_EQ(of(RecordUse::sts).state, RecordState::differs);
  EXPECT_FALSE(of(RecordUse::sts).is_fault);
  policy.hosts.emplace_back("*.example.org");
  EXPECT_EQ(of(RecordUse::sts).state, RecordState::ok);
  options.sts_policy = [](const std::string&) { return std::optional<StsPolicy>(); };
  EXPECT_NE(of(RecordUse::sts).note.find("no policy"), std::string::npos);
}

TEST_F(DomainSetup, MailThroughASmartHostIsSentByThat) {
  fill();
  facts.relays = {"relay.example.net"};
  zone.add_address("relay.example.net", *net::parse_ip("198.51.100.3"));
  EXPECT_EQ(of(RecordUse::spf).state, RecordState::differs) << "mx alone does not name it";
}

}  // namespace
}  // namespace kontor::transport
