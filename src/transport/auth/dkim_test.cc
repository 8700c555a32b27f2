// SPDX-License-Identifier: AGPL-3.0-or-later
// With messages that python3-dkim signed (tests/data/dkim);
// tests/e2e/test_dkim_data.py has it verify ours.
#include "transport/auth/dkim.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <functional>
#include <iterator>

#include "transport/auth/dkim_canonical.h"
#include "transport/auth/dkim_tags.h"
#include "transport/auth/zone_resolver.h"

namespace kontor::transport {
namespace {

constexpr std::int64_t kTestTime = 1'700'000'000;
constexpr const char* kRsaRecord = "rsa._domainkey.example.org";

std::string dkim_file(const std::string& name) {
  std::ifstream in(std::string(KONTOR_SOURCE_DIR) + "/tests/data/dkim/" + name, std::ios::binary);
  EXPECT_TRUE(in) << name;
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string key_record(const std::string& name) {
  return std::string(boost::json::parse(dkim_file("keys.json")).at(name).as_string());
}

ZoneResolver dkim_zone() {
  ZoneResolver dns;
  for (const char* name : {kRsaRecord, "ed._domainkey.example.org"}) dns.add_txt(name, key_record(name));
  return dns;
}

std::vector<DkimVerdict> verdicts(const std::string& message, Resolver& dns, std::size_t piece = SIZE_MAX,
                                  std::int64_t now = kTestTime) {
  DkimVerifier verifier(now);
  for (std::string_view rest = message; !rest.empty(); rest.remove_prefix(std::min(piece, rest.size())))
    verifier.feed(rest.substr(0, piece));
  return verifier.finish(dns);
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Dkim, VerifiesWhatAnotherSigned) {
  for (const char* form :
       {"simple-simple", "simple-relaxed", "relaxed-simple", "relaxed-relaxed", "length", "ed25519"}) {
    const std::string message = dkim_file("python-" + std::string(form) + ".eml");
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, message.size()}) {
      auto dns = dkim_zone();
      const auto all = verdicts(message, dns, piece);
      ASSERT_EQ(all.size(), 1U) << form;
      EXPECT_EQ(all[0].result, DkimResult::pass) << form << " " << piece << ": " << all[0].problem;
      EXPECT_EQ(all[0].domain, "example.org");
      EXPECT_EQ(all[0].signed_length.has_value(), std::string_view(form) == "length");
    }
  }
}

// tests/data/dkim/make_opendkim.py; tests/e2e/test_dkim_data.py has it verify ours.
TEST(Dkim, VerifiesWhatOpendkimSigned) {
  for (const char* form : {"relaxed-simple", "relaxed-relaxed"}) {
    const std::string message = dkim_file("opendkim-" + std::string(form) + ".eml");
    auto dns = dkim_zone();
    const auto verdict = verdicts(message, dns).at(0);
    EXPECT_EQ(verdict.result, DkimResult::pass) << form << ": " << verdict.problem;
    EXPECT_EQ(verdicts(replaced(message, "last ", "lost "), dns).at(0).result, DkimResult::fail) << form;
    EXPECT_EQ(verdicts(replaced(message, "\r\nTo:", "\r\nFrom: eve@example.com\r\nTo:"), dns).at(0).result,
              DkimResult::fail)
        << form << ": a second From";
  }
}

TEST(Dkim, SeesEveryChangeThatCounts) {
  struct Case {
    const char *form, *from, *to;
    DkimResult expected;
    const char* why;
  };
  const auto pass = DkimResult::pass, fail = DkimResult::fail;
  const Case cases[] = {
      {"relaxed-relaxed", "First line  ", "First line", pass, "white space at a line's end"},
      {"relaxed-relaxed", "and   wide", "and wide", pass, "white space within a line"},
      {"relaxed-relaxed", "\tindented", "indented", fail, "white space that went"},
      {"relaxed-relaxed", "\r\n \t\r\n\r\n", "\r\n", pass, "empty lines at the end"},
      {"relaxed-relaxed", ".dot", "..dot", fail, "a dot more"},
      {"relaxed-relaxed", "From: Ada  <", "from :\tAda <", pass, "how a field is written"},
      {"relaxed-relaxed", "From: Ada", "From: Bda", fail, "a signed field"},
      {"relaxed-relaxed", "X-Twice: one\r\nX-Twice: two", "X-Twice: two\r\nX-Twice: one", fail,
       "the order of fields of one name"},
      {"relaxed-relaxed", "Received: from a", "Received: from x", pass, "a field that is not signed"},
      {"relaxed-relaxed", "\r\nTo:", "\r\nCc: eve@example.com\r\nTo:", fail, "a field that was signed as absent"},
      {"relaxed-relaxed", "\r\nTo:", "\r\nX-New: 1\r\nTo:", pass, "a further field"},
      {"simple-simple", "First line  ", "First line", fail, "simple: white space"},
      {"simple-simple", "From: Ada  <", "From: Ada <", fail, "simple: how a field is written"},
      {"simple-relaxed", "From: Ada  <", "From: Ada <", fail, "each has its own form"},
      {"relaxed-simple", "First line  ", "First line", fail, "each has its own form"},
      {"length", "last \r\n", "last \r\nmore\r\n", pass, "behind the signed length"},
      {"length", "last \r\n", "lost \r\n", fail, "within it"},
      {"ed25519", "Ada", "Eve", fail, "a signed field"},
  };
  for (const auto& c : cases) {
    auto dns = dkim_zone();
    const auto all = verdicts(replaced(dkim_file("python-" + std::string(c.form) + ".eml"), c.from, c.to), dns);
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].result, c.expected) << c.form << ", " << c.why << ": " << all[0].problem;
  }
}

TEST(Dkim, RefusesSignaturesThatAreNotSound) {
  struct Case {
    const char *from, *to;
    DkimResult expected;
    const char* why;
  };
  const auto bad = DkimResult::permerror;
  const Case cases[] = {
      {"v=1;", "v=2;", bad, "another version"},
      {"v=1;", "", bad, "no version"},
      {"a=rsa-sha256", "a=rsa-sha1", bad, "RFC 8301: no SHA-1"},
      {"a=rsa-sha256", "a=ed25519-sha256", bad, "a key of the other kind"},
      {"c=relaxed/relaxed", "c=loose/relaxed", bad, "an unknown form"},
      {"c=relaxed/relaxed", "c=relaxed", DkimResult::fail, "the body is simple then"},
      {"d=example.org;", "d=example.net;", bad, "no key there"},
      {"d=example.org;", "", bad, "no domain"},
      {"d=example.org;", "d=example.org; d=example.org;", bad, "a tag twice"},
      {"i=@example.org;", "i=ada@example.net;", bad, "an identity of another domain"},
      {"i=@example.org;", "i=@xexample.org;", bad, "one that only ends alike"},
      {"s=rsa;", "s=none;", bad, "no such key"},
      {"q=dns/txt;", "q=mail;", bad, "another way to keys"},
      {"v=1;", "v=1; x=1600000000;", bad, "it ends before it begins"},
      {"v=1;", "v=1; x=never;", bad, "no number"},
      {"v=1;", "v=1; l=99999999;", bad, "longer than the body"},
      {"v=1;", "v=1; l=-1;", bad, "no number"},
      {"h=from :", "h=xfrom :", bad, "From is not signed"},
      {"bh=", "bh=*", bad, "no base64"},
      {"v=1;", "v=1; ;", bad, "no list of tags"},
      {"a=rsa-sha256;", "", bad, "no algorithm"},
      {"s=rsa;", "", bad, "no selector"},
      {"h=from :", "zz=from :", bad, "no fields"},
      {"bh=", "zz=", bad, "no hash of the body"},
      {"v=1;", "v=1; zz=x;", DkimResult::fail, "an unknown tag is no fault, but was not signed"},
      {"v=1;", "v=1; t=never;", bad, "no number"},
      {"q=dns/txt;", "q=mail:dns/txt;", DkimResult::fail, "one way of several is known"},
      {"q=dns/txt;", "", DkimResult::fail, "the only way is the default"},
      {"i=@example.org;", "", DkimResult::fail, "the identity has a default"},
      {"i=@example.org;", "i=ada@sub.example.org;", DkimResult::fail, "an identity below the domain"},
      {"i=@example.org;", "i=example.org;", bad, "an identity without an at sign"},
      {"a=rsa-sha256", "a=dsa-sha256", bad, "an unknown algorithm"},
  };
  for (const auto& c : cases) {
    auto dns = dkim_zone();
    const auto all = verdicts(replaced(dkim_file("python-relaxed-relaxed.eml"), c.from, c.to), dns);
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].result, c.expected) << c.why << ": " << all[0].problem;
  }
}

// RFC 8616 section 5: the key is where the A-labels lead; what is signed stays as it is.
TEST(Dkim, DomainsInUtf8) {
  const std::string message = dkim_file("message.eml");
  const auto key = DkimKey::parse(dkim_file("rsa.pem"));
  DkimSigner signer({.domain = "b\xC3\xBC"
                               "cher.example",
                     .selector = "rsa",
                     .time = kTestTime},
                    *key);
  signer.feed(message);
  const std::string field = signer.finish().value();
  ZoneResolver dns;
  dns.add_txt("rsa._domainkey.xn--bcher-kva.example", key_record(kRsaRecord));
  const auto verdict = verdicts(field + message, dns).at(0);
  EXPECT_EQ(verdict.result, DkimResult::pass) << verdict.problem;
  EXPECT_EQ(verdict.domain, "xn--bcher-kva.example");
}

TEST(Dkim, KnowsWhenASignatureExpires) {
  auto dns = dkim_zone();
  const std::string message = replaced(dkim_file("python-relaxed-relaxed.eml"), "v=1;", "v=1; x=1895000000;");
  const auto late = verdicts(message, dns, SIZE_MAX, 1'900'000'000).at(0);
  EXPECT_EQ(late.result, DkimResult::fail);
  EXPECT_EQ(late.problem, "it has expired");
  EXPECT_EQ(verdicts(message, dns, SIZE_MAX, 1'890'000'000).at(0).problem, "the signature is not of this header");
}

TEST(Dkim, ReadsKeyRecords) {
  const std::string message = dkim_file("python-relaxed-relaxed.eml");
  const std::string good = key_record(kRsaRecord);
  const std::string key = good.substr(good.find("p="));
  struct Case {
    std::string record;
    DkimResult expected;
    const char* why;
  };
  const auto pass = DkimResult::pass, bad = DkimResult::permerror;
  const Case cases[] = {
      {key, pass, "all else has defaults"},
      {"v=DKIM1; h=sha1:sha256; s=email; t=y:s; n=a note; " + key + ";", pass, "all that may be said"},
      {"v=DKIM2; " + key, bad, "another version"},
      {"k=ed25519; " + key, bad, "another algorithm"},
      {"h=sha1; " + key, bad, "another hash"},
      {"s=chat; " + key, bad, "another service"},
      {"v=DKIM1; p=", bad, "revoked"},
      {"v=DKIM1", bad, "no key"},
      {"p=AAAA", bad, "no such key"},
      {"nonsense", bad, "no list of tags"},
      {replaced(key, "p=", "p= "), pass, "white space"},
      {"x=unknown; " + key, pass, "an unknown tag"},
      {"s=chat : email; " + key, pass, "one service of several"},
      {"h=sha1 : sha256; " + key, pass, "one hash of several"},
      {"t=z; " + key, pass, "an unknown flag"},
      {key + "; " + key, bad, "a tag twice"},
      {"", bad, "an empty record"},
      // 512 bits, by openssl.
      {"p="
       "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBANcydBSoekfPgvz2XBTf440CvExauyNpsmcXOeM"
       "dAtF6gC6tSP7UyvVb9dMilLgjUim6BzFkQlader1"
       "+lFQA1eUCAwEAAQ==",
       bad, "too short"},
  };
  for (const auto& c : cases) {
    ZoneResolver dns;
    dns.add_txt(kRsaRecord, c.record);
    const auto verdict = verdicts(message, dns).at(0);
    EXPECT_EQ(verdict.result, c.expected) << c.why << ": " << verdict.problem;
    EXPECT_EQ(verdict.is_test, c.record.contains("t=y"));
  }
  ZoneResolver slow;
  slow.add_failure(kRsaRecord, "*");
  EXPECT_EQ(verdicts(message, slow).at(0).result, DkimResult::temperror);
  ZoneResolver strict;
  strict.add_txt(kRsaRecord, "t=s; " + key);
  EXPECT_EQ(verdicts(replaced(message, "i=@example.org", "i=@sub.example.org"), strict).at(0).result, bad);
}

TEST(Dkim, SignsWhatItVerifies) {
  const std::string message = dkim_file("message.eml");
  for (const std::string kind : {"rsa", "ed25519"}) {
    const auto key = DkimKey::parse(dkim_file(kind + ".pem"));
    ASSERT_TRUE(key) << key.error().text;
    DkimSignerOptions options{
        .domain = "example.org", .selector = kind.substr(0, kind == "rsa" ? 3 : 2), .time = kTestTime};
    for (const std::size_t piece : {std::size_t{1}, message.size()}) {
      DkimSigner signer(options, *key);
      for (std::string_view rest = message; !rest.empty(); rest.remove_prefix(std::min(piece, rest.size())))
        signer.feed(rest.substr(0, piece));
      const auto field = signer.finish();
      ASSERT_TRUE(field);
      EXPECT_EQ(*field + message, dkim_file("ours-" + kind + ".eml"));
      auto dns = dkim_zone();
      const auto verdict = verdicts(*field + message, dns).at(0);
      EXPECT_EQ(verdict.result, DkimResult::pass) << verdict.problem;
      const auto added = verdicts(*field + "From: eve@example.com\r\n" + message, dns).at(0);
      EXPECT_EQ(added.result, DkimResult::fail) << "a second From";
    }
  }
  const auto key = DkimKey::parse(dkim_file("rsa.pem"));
  DkimSigner nobody({.domain = "example.org", .selector = "rsa"}, *key);
  nobody.feed("Subject: x\r\n\r\nx\r\n");
  EXPECT_FALSE(nobody.finish());
  EXPECT_FALSE(DkimKey::parse("nonsense"));
}

TEST(Dkim, JudgesEachOfManySignatures) {
  const std::string rsa = dkim_file("python-relaxed-relaxed.eml"), ed = dkim_file("python-ed25519.eml");
  const std::string both = ed.substr(0, ed.find("Received:")) + rsa;
  auto dns = dkim_zone();
  const auto all = verdicts(both, dns);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].algorithm + " " + all[1].algorithm, "ed25519-sha256 rsa-sha256");
  EXPECT_TRUE(all[0].result == DkimResult::pass && all[1].result == DkimResult::pass) << all[1].problem;
  std::string many = rsa;
  for (int i = 0; i < 50; ++i) many.insert(0, "DKIM-Signature: v=1\r\n");
  EXPECT_EQ(verdicts(many, dns).size(), 8U);
}

TEST(Dkim, IsAtHomeWithOddMessages) {
  auto dns = dkim_zone();
  for (const std::string message : {"", "\r\n", "x", "From: a\r\n", "\r\nbody", "no colon\r\n\r\n"})
    EXPECT_TRUE(verdicts(message, dns, 1).empty()) << message;
  EXPECT_TRUE(verdicts("From: a\r\nX: " + std::string(2 << 20, 'x'), dns, 1 << 16).empty()) << "a header without end";
  EXPECT_EQ(verdicts("DKIM-Signature: \r\n", dns, 1).at(0).result, DkimResult::permerror) << "no end of the header";
}

// RFC 6376 section 3.4.5, and the hashes of nothing of sections 3.4.3
// and 3.4.4.
TEST(DkimCanonical, IsAsInTheStandard) {
  const std::string header = "A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n", body = " C \r\nD \t E\r\n\r\n\r\n";
  DkimHead head;
  EXPECT_EQ(head.feed(header), "");
  ASSERT_EQ(head.fields().size(), 2U);
  EXPECT_EQ(canonical_field(head.fields()[0].raw, DkimForm::relaxed), "a:X\r\n");
  EXPECT_EQ(canonical_field(head.fields()[1].raw, DkimForm::relaxed), "b:Y Z\r\n");
  EXPECT_EQ(canonical_field(head.fields()[1].raw, DkimForm::simple), "B : Y\t\r\n\tZ  \r\n");
  const auto hash = [](DkimForm form, std::string_view text, std::optional<std::uint64_t> limit = {}) {
    DkimBody hashing(form, limit);
    for (const char& c : text) hashing.feed({&c, 1});
    return hashing.finish();
  };
  EXPECT_EQ(hash(DkimForm::relaxed, body), sha256(" C\r\nD E\r\n"));
  EXPECT_EQ(hash(DkimForm::simple, body), sha256(" C \r\nD \t E\r\n"));
  EXPECT_EQ(hash(DkimForm::simple, ""), sha256("\r\n"));
  EXPECT_EQ(hash(DkimForm::relaxed, ""), sha256(""));
  EXPECT_EQ(hash(DkimForm::relaxed, " \r\n\t\r\n"), sha256(""));
  EXPECT_EQ(hash(DkimForm::simple, "no end"), sha256("no end\r\n"));
  EXPECT_EQ(hash(DkimForm::simple, "a\rb\r"), sha256("a\rb\r\r\n"));
  EXPECT_EQ(hash(DkimForm::simple, "abcdef", 3), sha256("abc"));
}

TEST(DkimTags, AreTakenOffTheirSignature) {
  EXPECT_EQ(without_signature("S: a=b; b=xyz; c=b\r\n"), "S: a=b; b=; c=b\r\n");
  EXPECT_EQ(without_signature("S: bh=1;\r\n\tb = x\r\n y\r\n"), "S: bh=1;\r\n\tb =\r\n");
  EXPECT_EQ(without_signature("S: b=x=;\r\n"), "S: b=;\r\n");
  EXPECT_EQ(without_signature("S\r\n"), "S\r\n");
}

}  // namespace
}  // namespace kontor::transport
