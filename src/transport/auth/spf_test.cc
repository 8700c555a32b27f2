// SPDX-License-Identifier: AGPL-3.0-or-later
// The cases of tests/data/spf: zones, questions and what RFC 7208 says about them. tests/e2e/test_spf_data.py asks the
// same of python3-spf.
#include "transport/auth/spf.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "transport/auth/spf_macro.h"
#include "transport/auth/spf_record.h"
#include "transport/auth/zone_resolver.h"

namespace kontor::transport {
namespace {

namespace json = boost::json;

std::string joined(const json::value& value) {
  if (value.is_string()) return std::string(value.as_string());
  std::string out;
  for (const auto& one : value.as_array()) out += one.as_string();
  return out;
}

void add_record(ZoneResolver& dns, std::string_view name, const json::array& record) {
  const std::string type = joined(record.at(0));
  if (type == "TIMEOUT") return dns.add_failure(name, "*");
  const auto& last = record.at(record.size() - 1);
  if (last.is_string() && last.as_string() == "TIMEOUT") return dns.add_failure(name, type);
  if (type == "A" || type == "AAAA") {
    dns.add_address(name, net::parse_ip(joined(last)).value());
  } else if (type == "MX") {
    dns.add_mx(name, {static_cast<std::uint16_t>(record.at(1).as_int64()), joined(last)});
  } else if (type == "TXT") {
    dns.add_txt(name, joined(last));
  } else if (type == "PTR") {
    dns.add_ptr(name, joined(last));
  } else if (type == "CNAME") {
    dns.add_alias(name, joined(last));
  } else {
    FAIL() << "no such type: " << type;
  }
}

void run_case(const json::object& one, ZoneResolver& dns, const std::string& where) {
  SpfRequest request;
  request.client = net::parse_ip(joined(one.at("ip"))).value();
  request.helo = joined(one.at("helo"));
  request.mail_from = joined(one.at("from"));
  if (const auto* receiver = one.if_contains("receiver")) request.receiver = joined(*receiver);
  const auto verdict = check_spf(request, dns);
  const std::string label = where + ", " + joined(one.at("name")) + ": " + verdict.problem;
  const auto& expected = one.at("result");
  const std::string got(name(verdict.result));
  if (expected.is_string()) {
    EXPECT_EQ(got, joined(expected)) << label;
  } else {
    EXPECT_TRUE(std::ranges::any_of(expected.as_array(), [&](const auto& v) { return joined(v) == got; }))
        << label << " " << got;
  }
  if (const auto* explanation = one.if_contains("explanation"))
    EXPECT_EQ(verdict.explanation, joined(*explanation)) << label;
}

TEST(Spf, GivesTheResultsOfTheCases) {
  std::size_t cases = 0;
  for (const auto& file : std::filesystem::directory_iterator(std::string(KONTOR_SOURCE_DIR) + "/tests/data/spf")) {
    if (file.path().extension() != ".json") continue;
    std::ifstream in(file.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const auto scenarios = json::parse(text);
    for (const auto& scenario : scenarios.as_array()) {
      ZoneResolver dns;
      for (const auto& [name, records] : scenario.at("zones").as_object())
        for (const auto& record : records.as_array()) add_record(dns, name, record.as_array());
      for (const auto& one : scenario.at("cases").as_array()) {
        run_case(one.as_object(), dns, file.path().filename().string() + ", " + joined(scenario.at("scenario")));
        ++cases;
      }
    }
  }
  EXPECT_GT(cases, 90U);
}

// What the limits are for: whoever sends cannot have us ask without end.
TEST(Spf, AsksABoundedNumberOfQuestions) {
  ZoneResolver dns;
  for (int i = 0; i < 40; ++i) {
    const std::string host = "h" + std::to_string(i) + ".example.com";
    dns.add_txt(host,
                "v=spf1 include:" + host + " mx:m.example.com ptr include:h" + std::to_string(i + 1) + ".example.com");
    if (i < 10) dns.add_mx("m.example.com", {10, host});
    dns.add_address(host, net::parse_ip("192.0.2.200").value());
    dns.add_ptr("1.2.0.192.in-addr.arpa", host);
  }
  const auto verdict = check_spf({.client = net::parse_ip("192.0.2.1").value(), .helo = "h0.example.com"}, dns);
  EXPECT_EQ(verdict.result, SpfResult::permerror);
  EXPECT_LE(dns.questions(), 125U);
}

TEST(Spf, NamesTheTermThatDecided) {
  ZoneResolver dns;
  dns.add_txt("example.com", "v=spf1 ip4:192.0.2.0/24 -all");
  SpfRequest request{.client = net::parse_ip("192.0.2.7").value(), .helo = "x", .mail_from = "a@example.com"};
  auto verdict = check_spf(request, dns);
  EXPECT_EQ(verdict.term, "ip4:192.0.2.0/24");
  EXPECT_EQ(verdict.domain, "example.com");
  request.client = net::parse_ip("198.51.100.1").value();
  EXPECT_EQ(check_spf(request, dns).term, "-all");
}

TEST(SpfMacros, ExpandAsInSection7_4) {
  const auto value = [](char letter) -> std::string {
    switch (letter) {
      case 's':
        return "strong-bad@email.example.com";
      case 'l':
        return "strong-bad";
      case 'o':
        return "email.example.com";
      case 'd':
        return "email.example.com";
      case 'i':
        return "192.0.2.3";
      case 'v':
        return "in-addr";
      default:
        return "?";
    }
  };
  struct Case {
    std::string_view text, expanded;
  };
  const Case cases[] = {
      {"%{s}", "strong-bad@email.example.com"},
      {"%{o}", "email.example.com"},
      {"%{d4}", "email.example.com"},
      {"%{d2}", "example.com"},
      {"%{d1}", "com"},
      {"%{dr}", "com.example.email"},
      {"%{d2r}", "example.email"},
      {"%{l-}", "strong.bad"},
      {"%{lr}", "strong-bad"},
      {"%{lr-}", "bad.strong"},
      {"%{l1r-}", "strong"},
      {"%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"},
      {"%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"},
      {"%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"},
      {"%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"},
      {"%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"},
      {"%{S}", "strong-bad%40email.example.com"},
      {"%%%_%-", "% %20"},
      {"%{d99999999999}", "email.example.com"},
  };
  for (const auto& c : cases) {
    const auto parsed = parse_macros(c.text, MacroPlace::record);
    ASSERT_TRUE(parsed) << c.text;
    EXPECT_EQ(expand_macros(*parsed, value), c.expanded) << c.text;
  }
  for (const std::string_view bad : {"%", "%a", "%{", "%{}", "%{x}", "%{d0}", "%{d2x}", "%{c}", "a b", "\xC3\xA4"})
    EXPECT_FALSE(parse_macros(bad, MacroPlace::record)) << bad;
  EXPECT_TRUE(parse_macros("%{c} %{r} %{t}", MacroPlace::explanation));
}

// RFC 8616 section 4.
TEST(Spf, SendersInUtf8) {
  ZoneResolver zones;
  zones.add_txt("xn--bcher-kva.example", "v=spf1 exists:%{l}.l.example exists:%{d}.d.example -all");
  zones.add_address("xn--bcher-kva.example.d.example", net::parse_ip("127.0.0.2").value());
  SpfRequest request;
  request.client = net::parse_ip("192.0.2.1").value();
  request.helo = "mail.example.com";
  request.mail_from =
      "j\xC3\xB6rg@B\xC3\xBC"
      "cher.example";
  const SpfVerdict verdict = check_spf(request, zones);
  EXPECT_EQ(verdict.result, SpfResult::pass) << verdict.problem;
  EXPECT_EQ(verdict.domain, "xn--bcher-kva.example");
  request.mail_from = "a@\xFF.example";
  EXPECT_EQ(check_spf(request, zones).result, SpfResult::none);
}

TEST(SpfRecord, RefusesWhatTheGrammarDoes) {
  for (const std::string_view bad : {"v=spf1 all:x.example",
                                     "v=spf1 all/8",
                                     "v=spf1 include",
                                     "v=spf1 include:",
                                     "v=spf1 ip4",
                                     "v=spf1 ip4:1.2.3",
                                     "v=spf1 ip4:1.2.3.4/33",
                                     "v=spf1 ip4:1.2.3.4/08",
                                     "v=spf1 ip4:1.2.3.4//32",
                                     "v=spf1 ip4:::1",
                                     "v=spf1 ip6:1.2.3.4",
                                     "v=spf1 ip6:::1/129",
                                     "v=spf1 a:",
                                     "v=spf1 a/",
                                     "v=spf1 a/33",
                                     "v=spf1 a//129",
                                     "v=spf1 a:com",
                                     "v=spf1 a:x.123",
                                     "v=spf1 a:x.-y",
                                     "v=spf1 mx:x.example//64/24",
                                     "v=spf1 ptr/24",
                                     "v=spf1 exists",
                                     "v=spf1 exists:x.example/24",
                                     "v=spf1 unknown",
                                     "v=spf1 unknown:x",
                                     "v=spf1 ++all",
                                     "v=spf1 -",
                                     "v=spf1\tall",
                                     "v=spf1 redirect=",
                                     "v=spf1 redirect=com",
                                     "v=spf1 redirect=a.example redirect=b.example",
                                     "v=spf1 exp=a.example exp=a.example",
                                     "v=spf1 =x",
                                     "v=spf1 4=x",
                                     "v=spf1 x=%",
                                     "v=spf1 redirect:x.example"})
    EXPECT_FALSE(parse_spf_record(bad)) << bad;
  for (const std::string_view good : {"v=spf1", "v=spf1 ", "V=SPF1  +ALL ", "v=spf1 a/24//64 mx//64 mx:x.example/0",
                                      "v=spf1 a:%{d}", "v=spf1 a:x.example.", "v=spf1 x_y.z-1=%{l}/: -all",
                                      "v=spf1 exists:%{ir}.sbl.example", "v=spf1 ip6:2001:db8::/32 ?ip4:192.0.2.1"})
    EXPECT_TRUE(parse_spf_record(good)) << good;
  EXPECT_FALSE(is_spf_record("v=spf10 all"));
  EXPECT_FALSE(is_spf_record("v=spf"));
}

}  // namespace
}  // namespace kontor::transport
