// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/auth/dmarc.h"

#include <gtest/gtest.h>

#include "transport/auth/results.h"
#include "transport/auth/zone_resolver.h"

namespace kontor::transport {
namespace {

TEST(PublicSuffixes, WhatSomebodyCanRegister) {
  const PublicSuffixes suffixes;
  for (auto [name, wanted] :
       {std::pair("example.org", "example.org"), std::pair("a.b.example.org", "example.org"),
        std::pair("Mail.Example.CO.UK.", "example.co.uk"), std::pair("co.uk", "co.uk"),
        std::pair("localhost", "localhost"), std::pair("x.github.io", "x.github.io"), std::pair("", "")})
    EXPECT_EQ(suffixes.organization(name), wanted);
}

struct DmarcRecordCase {
  const char* text;
  std::optional<DmarcRecord> wanted;
  const char* why;
};

const DmarcRecordCase kDmarcRecordCases[] = {
    {"v=DMARC1; p=none", DmarcRecord{}, "the least that is needed"},
    {"v=DMARC1;p=reject;sp=quarantine;adkim=s;aspf=s;pct=20;rua=mailto:a@b.example,mailto:c@d.example!10m",
     DmarcRecord{DmarcPolicy::reject,
                 DmarcPolicy::quarantine,
                 true,
                 true,
                 20,
                 {"mailto:a@b.example", "mailto:c@d.example!10m"}},
     "all of it"},
    {" v = DMARC1 ; p = REJECT ; ", DmarcRecord{.policy = DmarcPolicy::reject}, "blanks and case"},
    {"v=DMARC1; p=reject; x=y; fo=1; nonsense; =; pct=", DmarcRecord{.policy = DmarcPolicy::reject},
     "what is unknown or broken is passed over"},
    {"v=DMARC1; p=reject; pct=101", DmarcRecord{.policy = DmarcPolicy::reject}, "no percentage"},
    {"v=DMARC1; p=reject; pct=-1", DmarcRecord{.policy = DmarcPolicy::reject}, "no percentage"},
    {"v=DMARC1; p=reject; p=none", DmarcRecord{.policy = DmarcPolicy::reject}, "the first of two"},
    {"v=DMARC1", std::nullopt, "no policy"},
    {"v=DMARC1; p=destroy", std::nullopt, "no such policy"},
    {"v=DMARC1; p=destroy; rua=mailto:a@b.example", DmarcRecord{.reports = {"mailto:a@b.example"}},
     "section 6.6.3, step 6"},
    {"v=DMARC1; p=reject; sp=x; rua=mailto:a@b.example", DmarcRecord{.reports = {"mailto:a@b.example"}}, "sp as well"},
    {"v=DMARC1; p=reject; sp=x", std::nullopt, "sp as well"},
    {"p=reject; v=DMARC1", std::nullopt, "the version comes first"},
    {"v=DMARC2; p=reject", std::nullopt, "another version"},
    {"v=dmarc1; p=reject", std::nullopt, "the version is compared with case"},
    {"v=DMARC1 p=reject", std::nullopt, "no semicolon"},
    {"v=spf1 -all", std::nullopt, "something else"},
    {"", std::nullopt, "nothing"},
};

TEST(DmarcRecord, IsReadAsLooselyAsTheStandardAsks) {
  for (const DmarcRecordCase& test : kDmarcRecordCases)
    EXPECT_EQ(parse_dmarc_record(test.text), test.wanted) << test.text << ": " << test.why;
}

struct AuthorsCase {
  const char* head;
  Authors wanted;
};

const AuthorsCase kAuthorsCases[] = {
    {"From: Ada <ada@Example.org>\r\n\r\n", {{"example.org"}, false}},
    {"from: ada@a.example, ben@b.example, cy@a.example\r\n\r\n", {{"a.example", "b.example"}, false}},
    {"From: \"x@forged.example\" <ada@example.org>\r\n\r\n", {{"example.org"}, false}},
    {"From: team: ada@a.example, ben@b.example;\r\n\r\n", {{"a.example", "b.example"}, false}},
    {"From:\r\n ada@example.org.\r\n\r\n", {{"example.org"}, false}},
    {"From: Ada <ada@example.org x>\r\n\r\n", {{"example.org"}, false}},
    {"From: ada@example.org..\r\n\r\n", {{"example.org"}, false}},
    {"From: ada@B\xC3\xBC"
     "cher.example\r\n\r\n",
     {{"xn--bcher-kva.example"}, false}},
    {"From: ada@\xFF.example\r\n\r\n", {{"\xFF.example"}, false}},
    {"From: ada@[192.0.2.1]\r\n\r\n", {{}, false}},
    {"From: a@a.example\r\nFrom: b@b.example\r\n\r\n", {{}, true}},
    {"Subject: x\r\n\r\nFrom: b@b.example\r\n", {{}, false}},
    {"From: MAILER-DAEMON\r\n\r\n", {{}, false}},
    {"From: "
     "a@1.example,a@2.example,a@3.example,a@4.example,a@5.example,a@6.example,a@7.example,a@8.example,a@9.example,"
     "a@10.example,a@11.example\r\n\r\n",
     {{"1.example", "2.example", "3.example", "4.example", "5.example", "6.example", "7.example", "8.example",
       "9.example", "10.example", "11.example"},
      true}},
};

TEST(Dmarc, Authors) {
  for (const AuthorsCase& test : kAuthorsCases) EXPECT_EQ(find_authors(test.head), test.wanted) << test.head;
}

struct DmarcCase {
  const char* why;
  const char* author;
  SpfResult spf;
  const char* spf_domain;
  DkimResult dkim;
  const char* dkim_domain;  // empty: not signed
  DmarcResult result;
  DmarcPolicy applied;
};

using enum DmarcPolicy;

// Zones: strict.example p=reject adkim=s aspf=s; relaxed.example p=reject sp=quarantine; half.example p=reject pct=50;
// watch.example p=none; two.example has two records; broken.example fails.
const DmarcCase kDmarcCases[] = {
    {"SPF, aligned", "relaxed.example", SpfResult::pass, "relaxed.example", DkimResult::fail, "", DmarcResult::pass,
     none},
    {"SPF, relaxed", "relaxed.example", SpfResult::pass, "mail.relaxed.example", DkimResult::fail, "",
     DmarcResult::pass, none},
    {"SPF of somebody else", "relaxed.example", SpfResult::pass, "evil.example", DkimResult::fail, "",
     DmarcResult::fail, reject},
    {"SPF of a name that only ends so", "relaxed.example", SpfResult::pass, "notrelaxed.example", DkimResult::fail, "",
     DmarcResult::fail, reject},
    {"SPF did not pass", "relaxed.example", SpfResult::softfail, "relaxed.example", DkimResult::fail, "",
     DmarcResult::fail, reject},
    {"SPF for now unknown", "relaxed.example", SpfResult::temperror, "relaxed.example", DkimResult::fail, "",
     DmarcResult::temperror, none},
    {"of somebody else unknown", "relaxed.example", SpfResult::temperror, "evil.example", DkimResult::fail, "",
     DmarcResult::fail, reject},
    {"DKIM, aligned", "relaxed.example", SpfResult::fail, "relaxed.example", DkimResult::pass, "relaxed.example",
     DmarcResult::pass, none},
    {"DKIM, relaxed", "a.relaxed.example", SpfResult::none, "", DkimResult::pass, "b.relaxed.example",
     DmarcResult::pass, none},
    {"DKIM of somebody else", "relaxed.example", SpfResult::none, "", DkimResult::pass, "evil.example",
     DmarcResult::fail, reject},
    {"DKIM did not pass", "relaxed.example", SpfResult::none, "", DkimResult::fail, "relaxed.example",
     DmarcResult::fail, reject},
    {"DKIM for now unknown", "relaxed.example", SpfResult::none, "", DkimResult::temperror, "relaxed.example",
     DmarcResult::temperror, none},
    {"a subdomain has its own policy", "x.relaxed.example", SpfResult::none, "", DkimResult::fail, "",
     DmarcResult::fail, quarantine},
    {"strict SPF", "strict.example", SpfResult::pass, "mail.strict.example", DkimResult::fail, "", DmarcResult::fail,
     reject},
    {"strict SPF, the same", "strict.example", SpfResult::pass, "STRICT.example", DkimResult::fail, "",
     DmarcResult::pass, none},
    {"strict DKIM", "strict.example", SpfResult::none, "", DkimResult::pass, "mail.strict.example", DmarcResult::fail,
     reject},
    {"a subdomain without sp", "x.strict.example", SpfResult::none, "", DkimResult::fail, "", DmarcResult::fail,
     reject},
    {"only to be watched", "watch.example", SpfResult::none, "", DkimResult::fail, "", DmarcResult::fail, none},
    {"no record", "nothing.example", SpfResult::none, "", DkimResult::fail, "", DmarcResult::none, none},
    {"two records", "two.example", SpfResult::none, "", DkimResult::fail, "", DmarcResult::none, none},
    {"DNS fails", "broken.example", SpfResult::none, "", DkimResult::fail, "", DmarcResult::temperror, none},
    {"outside the half", "half.example", SpfResult::none, "", DkimResult::fail, "", DmarcResult::fail, quarantine},
    {"several records hide the one above", "two.relaxed.example", SpfResult::none, "", DkimResult::fail, "",
     DmarcResult::none, none},
    {"as does one that cannot be used", "bad.relaxed.example", SpfResult::none, "", DkimResult::fail, "",
     DmarcResult::none, none},
    {"what is no record of DMARC does not", "other.relaxed.example", SpfResult::none, "", DkimResult::fail, "",
     DmarcResult::fail, quarantine},
    {"an author in UTF-8", "bücher.example", SpfResult::pass, "mail.xn--bcher-kva.example", DkimResult::fail, "",
     DmarcResult::pass, none},
    {"an author in UTF-8, forged", "BÜCHER.example", SpfResult::pass, "evil.example", DkimResult::fail, "",
     DmarcResult::fail, reject},
    {"a subdomain's own record", "own.relaxed.example", SpfResult::none, "", DkimResult::fail, "", DmarcResult::fail,
     none},
};

TEST(Dmarc, EveryWayToPassAndToFail) {
  ZoneResolver zones;
  zones.add_txt("_dmarc.strict.example", "v=DMARC1; p=reject; adkim=s; aspf=s");
  zones.add_txt("_dmarc.relaxed.example", "v=DMARC1; p=reject; sp=quarantine");
  zones.add_txt("_dmarc.relaxed.example", "something else");
  zones.add_txt("_dmarc.own.relaxed.example", "v=DMARC1; p=none");
  zones.add_txt("_dmarc.two.relaxed.example", "v=DMARC1; p=none");
  zones.add_txt("_dmarc.two.relaxed.example", "v=DMARC1; p=none");
  zones.add_txt("_dmarc.bad.relaxed.example", "v=DMARC1; p=nonsense");
  zones.add_txt("_dmarc.other.relaxed.example", "v=spf1 -all");
  zones.add_txt("_dmarc.xn--bcher-kva.example", "v=DMARC1; p=reject");
  zones.add_txt("_dmarc.half.example", "v=DMARC1; p=reject; pct=50");
  zones.add_txt("_dmarc.watch.example", "v=DMARC1; p=none");
  zones.add_txt("_dmarc.two.example", "v=DMARC1; p=reject");
  zones.add_txt("_dmarc.two.example", "v=DMARC1; p=none");
  zones.add_failure("_dmarc.broken.example", "*");
  const PublicSuffixes suffixes;
  for (const DmarcCase& test : kDmarcCases) {
    DmarcRequest request;
    request.author = test.author;
    request.spf.result = test.spf;
    request.spf.domain = test.spf_domain;
    if (*test.dkim_domain != '\0') {
      request.dkim.emplace_back().result = test.dkim;
      request.dkim.back().domain = test.dkim_domain;
    }
    request.dice = 50;
    const DmarcVerdict verdict = check_dmarc(request, suffixes, zones);
    EXPECT_EQ(verdict.result, test.result) << test.why;
    EXPECT_EQ(verdict.applied, test.applied) << test.why;
  }
}

TEST(Dmarc, PartlySignedAndTestingDomainsVouchForNothing) {
  ZoneResolver zones;
  zones.add_txt("_dmarc.a.example", "v=DMARC1; p=reject");
  DmarcRequest request;
  request.author = "a.example";
  request.dkim.emplace_back().result = DkimResult::pass;
  request.dkim.back().domain = "a.example";
  const PublicSuffixes suffixes;
  EXPECT_EQ(check_dmarc(request, suffixes, zones).result, DmarcResult::pass);
  request.dkim.back().signed_length = 0;
  EXPECT_EQ(check_dmarc(request, suffixes, zones).result, DmarcResult::fail);
  request.dkim.back().signed_length.reset();
  request.dkim.back().is_test = true;
  EXPECT_EQ(check_dmarc(request, suffixes, zones).result, DmarcResult::fail);
}

TEST(AuthResults, IsWritten) {
  AuthResults results;
  results.server = "mx.example.org";
  EXPECT_EQ(results_field(results), "Authentication-Results: mx.example.org;\r\n\tnone\r\n");
  results.spf.emplace().result = SpfResult::softfail;
  results.mail_from = "ada@a.example";
  auto& dkim = results.dkim.emplace_back();
  dkim.result = DkimResult::fail;
  dkim.domain = "a.example";
  dkim.selector = "s1";
  dkim.algorithm = "rsa-sha256";
  dkim.problem = "the body (text) was\r\nchanged";
  auto& dmarc = results.dmarc.emplace_back();
  dmarc.result = DmarcResult::fail;
  dmarc.domain = "a.example";
  dmarc.policy = dmarc.applied = DmarcPolicy::quarantine;
  EXPECT_EQ(results_field(results),
            "Authentication-Results: mx.example.org;\r\n\tspf=softfail smtp.mailfrom=ada@a.example;\r\n"
            "\tdkim=fail (the body ?text? was??changed) header.d=a.example header.s=s1 header.a=rsa-sha256;\r\n"
            "\tdmarc=fail (p=quarantine dis=quarantine) header.from=a.example\r\n");
  results.mail_from = "a\"; dmarc=pass header.from=bank.example\r\nX: y@a.example";
  results.dkim.clear();
  results.dmarc.clear();
  EXPECT_EQ(results_field(results),
            "Authentication-Results: mx.example.org;\r\n"
            "\tspf=softfail smtp.mailfrom=\"a\\\"; dmarc=pass header.from=bank.example??X: y@a.example\"\r\n");
}

TEST(AuthResults, ForgedOnesAreTakenOut) {
  const std::string head =
      "Received: x\r\n"
      "Authentication-Results: mx.example.org; dmarc=pass\r\n"
      "AUTHENTICATION-results:\r\n (a (nested) comment) \"MX.example.org\" 1;\r\n\tspf=pass\r\n"
      "Authentication-Results: other.example; spf=pass\r\n"
      "X-Authentication-Results: mx.example.org; spf=pass\r\n"
      "Authentication-Results : mx.example.org; spf=pass\r\n"
      "Subject: x\r\n\r\n";
  EXPECT_EQ(without_results_of(head, "mx.example.org"),
            "Received: x\r\nAuthentication-Results: other.example; spf=pass\r\n"
            "X-Authentication-Results: mx.example.org; spf=pass\r\nSubject: x\r\n\r\n");
  for (const char* text : {"", "no header", "\r\n", ":\r\n\r\n"})
    EXPECT_EQ(without_results_of(text, "mx.example.org"), text);
}

TEST(AuthResults, WhoWroteThem) {
  for (auto [value, wanted] :
       {std::pair(" mx.example.org; none", "mx.example.org"), std::pair("mx.example.org", "mx.example.org"),
        std::pair(" (c)\r\n\tmx.example.org(d);", "mx.example.org"), std::pair("\"a \\\"b\" 1", "a \"b"),
        std::pair("(", ""), std::pair("", ""), std::pair("(a\\) b) c", "c"), std::pair("; x", "")})
    EXPECT_EQ(results_server(value), wanted) << value;
}

}  // namespace
}  // namespace kontor::transport
