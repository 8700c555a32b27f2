// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/auth/results_reader.h"

#include <gtest/gtest.h>

#include "transport/auth/results.h"

namespace kontor::transport {
namespace {

// "server|method=result property=value property=value|..."
std::string read_as_text(std::string_view value) {
  const auto read = read_results(value);
  if (!read) return "nothing";
  std::string out = read->server;
  for (const ReadResult& one : read->methods) {
    out += "|" + one.method + "=" + one.result;
    for (const auto& [name, text] : one.properties) out += " " + name + "=" + text;
  }
  return out;
}

struct ReadCase {
  const char* value;
  const char* wanted;
  const char* why;
};

// The first ones are RFC 8601 appendix B's.
const ReadCase kReadCases[] = {
    {" example.org 1; none", "example.org", "nothing was checked"},
    {" example.com;\r\n          spf=pass smtp.mailfrom=example.net", "example.com|spf=pass smtp.mailfrom=example.net",
     "one method"},
    {" example.com;\r\n auth=pass (cram-md5) smtp.auth=sender@example.net;\r\n spf=pass smtp.mailfrom=example.net",
     "example.com|auth=pass smtp.auth=sender@example.net|spf=pass smtp.mailfrom=example.net", "several"},
    {" example.com;\r\n dkim=pass (good signature) header.d=example.com", "example.com|dkim=pass header.d=example.com",
     "a comment"},
    {" foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n policy "
     "(A dot can go here) . (like that) expired\r\n (this surprised me) = (as I wasn't expecting it) 1362471462",
     "foo.example.net|dkim=fail policy.expired=1362471462", "section B.7"},
    {"mx.google.com; dkim=pass header.i=@a.example header.s=s1 header.b=\"ab/c+=\"; dmarc=pass (p=NONE sp=NONE "
     "dis=NONE) "
     "header.from=a.example",
     "mx.google.com|dkim=pass header.i=@a.example header.s=s1 header.b=ab/c+=|dmarc=pass header.from=a.example",
     "Gmail"},
    {" spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=a.example; dkim=pass", "spf|dkim=pass",
     "Exchange names no server"},
    {"mx.microsoft.com 1; spf=pass smtp.mailfrom=a.example; dmarc=pass action=none header.from=a.example",
     "mx.microsoft.com|spf=pass smtp.mailfrom=a.example|dmarc=pass action=none header.from=a.example", "its ARC does"},
    {"x; DKIM/1=PASS Header.D=A.example", "x|dkim=pass header.d=A.example", "case and version"},
    {"x; spf=pass smtp.mailfrom=\"a\\\"; dmarc=pass\"@b.example", "x|spf=pass smtp.mailfrom=a\"; dmarc=pass@b.example",
     "what is quoted stays a value"},
    {"x; a=; b=c", "x|b=c", "no result"},
    {"x; a=b c=", "x|a=b", "no value"},
    {"x;;; a=b;", "x|a=b", "empty parts"},
    {"\"x y\"; a=b", "x y|a=b", "a quoted server"},
    {"x; a=b (open", "x|a=b", "a comment without end"},
    {"x; a=\"open", "x|a=open", "a quote without end"},
    {"", "nothing", "nothing at all"},
    {"; a=b", "nothing", "no server"},
};

TEST(ReadResults, AsOthersWriteThem) {
  for (const ReadCase& test : kReadCases) EXPECT_EQ(read_as_text(test.value), test.wanted) << test.why;
}

TEST(ReadResults, AreBounded) {
  std::string many = "x";
  for (int i = 0; i < 1000; ++i) many += "; a=b" + std::string(50, ' ') + "c=d e=f";
  const auto read = read_results(many);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->methods.size(), 100U);
}

TEST(ReadResults, OurOwnComeBack) {
  AuthResults results;
  results.server = "mx.example.org";
  results.spf.emplace().result = SpfResult::pass;
  results.mail_from = "a; dmarc=pass\"@a.example";
  results.arc.result = ArcResult::fail;
  results.arc.problem = "a seal (i=1; x) is broken";
  results.client = "2001:db8::1";
  const std::string field = results_field(results);
  const auto value =
      own_results("Received: x\r\n" + field + "Authentication-Results: mx.example.org; arc=pass\r\n", "MX.example.org");
  ASSERT_TRUE(value);
  EXPECT_EQ(read_as_text(*value),
            "mx.example.org|spf=pass smtp.mailfrom=" + results.mail_from + "|arc=fail smtp.remote-ip=2001:db8::1");
  EXPECT_EQ(arc_of_results(*value), ArcResult::fail);
  EXPECT_EQ(arc_of_results("mx.example.org; spf=pass"), std::nullopt);
  const std::string forged = "Authentication-Results: mx.example.org; dmarc=pass\r\n";
  const std::string trace = "Received: from a ([192.0.2.1])\r\n\tby mx.example.org with ";
  EXPECT_TRUE(own_results("X-Sieve-Redirected-From: a\r\n" + trace + "ESMTPS id 1; x\r\n" + forged, "mx.example.org"));
  for (const std::string& head :
       {"Received: x\r\nAuthentication-Results: other.example; arc=pass\r\n" + forged, forged,
        forged + trace + "ESMTPS id 1; x\r\n", trace + "LMTP id 1; x\r\n" + forged,
        trace + "UTF8LMTPS id 1; x\r\n" + forged, trace + "ESMTPS id 1; x\r\nSubject: x\r\n" + forged})
    EXPECT_EQ(own_results(head, "mx.example.org"), std::nullopt) << head;
}

}  // namespace
}  // namespace kontor::transport
