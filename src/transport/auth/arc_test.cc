// SPDX-License-Identifier: AGPL-3.0-or-later
// With messages that python3-dkim sealed (tests/data/dkim/make_arc.py).
#include "transport/auth/arc.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>

#include "transport/auth/zone_resolver.h"

namespace kontor::transport {
namespace {

std::string arc_file(const std::string& name) {
  std::ifstream in(std::string(KONTOR_SOURCE_DIR) + "/tests/data/dkim/" + name, std::ios::binary);
  EXPECT_TRUE(in) << name;
  return {std::istreambuf_iterator<char>(in), {}};
}

ArcVerdict arc_verdict(const std::string& message, std::size_t piece = SIZE_MAX, bool has_key = true,
                       std::size_t* questions = nullptr) {
  ZoneResolver dns;
  const std::string name = "rsa._domainkey.example.org";
  if (has_key)
    dns.add_txt(name, std::string(boost::json::parse(arc_file("keys.json")).at(name).as_string()));
  else
    dns.add_failure(name, "*");
  ArcVerifier verifier;
  for (std::string_view rest = message; !rest.empty(); rest.remove_prefix(std::min(piece, rest.size())))
    verifier.feed(rest.substr(0, piece));
  auto verdict = verifier.finish(dns);
  if (questions != nullptr) *questions = dns.questions();
  return verdict;
}

// Replaces the first `from`.
std::string arc_changed(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Arc, VerifiesWhatAnotherSealed) {
  for (unsigned links : {1U, 2U}) {
    const std::string message = arc_file("python-arc-" + std::to_string(links) + ".eml");
    for (std::size_t piece : {std::size_t{1}, std::size_t{11}, message.size()}) {
      const ArcVerdict verdict = arc_verdict(message, piece);
      EXPECT_EQ(verdict.result, ArcResult::pass) << links << ": " << verdict.problem;
      EXPECT_EQ(verdict.count, links);
      ASSERT_EQ(verdict.seals.size(), links);
      EXPECT_EQ(verdict.seals.back().domain, "example.org");
      EXPECT_NE(verdict.seals[0].claims.find("spf=pass"), std::string::npos) << verdict.seals[0].claims;
      if (links == 2) EXPECT_NE(verdict.seals[1].claims.find("dmarc=pass"), std::string::npos);
    }
  }
}

TEST(Arc, AMessageWithoutIt) { EXPECT_EQ(arc_verdict(arc_file("message.eml")).result, ArcResult::none); }

TEST(Arc, EveryChangeBreaksIt) {
  const std::string two = arc_file("python-arc-2.eml");
  const std::string big(51, 'x');
  const std::vector<std::pair<std::string, std::string>> changes = {
      {"ARC-Seal: i=2; cv=pass", "ARC-Seal: i=2; cv=fail"},
      {"ARC-Seal: i=2; cv=pass", "ARC-Seal: i=2; cv=none"},
      {"ARC-Seal: i=2; cv=pass", "ARC-Seal: i=2"},
      {"ARC-Seal: i=2", "ARC-Seal: i=3"},
      {"ARC-Seal: i=2", "ARC-Seal: i=51"},
      {"ARC-Seal: i=2", "ARC-Seal: i=0"},
      {"ARC-Seal: i=2", "ARC-Seal: i=1"},
      {"ARC-Seal: i=2; cv=pass", "ARC-Seal: i=2; h=from; cv=pass"},
      {"ARC-Seal: i=1; cv=none", "ARC-Seal: i=1; cv=pass"},
      {"ARC-Authentication-Results: i=1; relay", "ARC-Authentication-Results: i=1; other"},
      {"ARC-Authentication-Results: i=2; second", "ARC-Authentication-Results: i=2; other"},
      {"ARC-Authentication-Results: i=2; ", "ARC-Authentication-Results: "},
      {"ARC-Message-Signature: i=1", "X-ARC-Message-Signature: i=1"},
      {"dmarc=pass header.from=example.org\r\nAuth", "dmarc=pass header.from=example.com\r\nAuth"},
      {"h=from : to : subject", "h=from : to : arc-seal"},
      {"From: Ada", "From: Eve"},
      {"last ", "lost "},
      {"\r\nTo: ben", "\r\nTo: eve@example.com\r\nTo: ben"},
  };
  for (const auto& [from, to] : changes) {
    const bool is_added = to.starts_with("\r\nTo: eve");
    const ArcVerdict verdict = arc_verdict(arc_changed(two, from, to));
    // A second To above the one that was signed is a case for DKIM's over-signing, not for the chain.
    EXPECT_EQ(verdict.result, is_added ? ArcResult::pass : ArcResult::fail) << from << " -> " << to;
  }
}

// Section 5.2: of the signatures of the message only the last must hold, of the seals all.
TEST(Arc, OldSignaturesNeedNotHold) {
  const std::string one = arc_file("python-arc-1.eml");
  EXPECT_EQ(arc_verdict(arc_changed(one, "Subject:   folded", "Subject: [list] folded")).result, ArcResult::fail);
}

TEST(Arc, NoAnswerIsNoFailure) {
  EXPECT_EQ(arc_verdict(arc_file("python-arc-2.eml"), SIZE_MAX, false).result, ArcResult::temperror);
}

// Seals `message` as example.org does.
std::string arc_sealed(const std::string& message, ArcResult chain, const std::string& saw) {
  const auto key = DkimKey::parse(arc_file("rsa.pem"));
  EXPECT_TRUE(key);
  ArcSealer sealer({.domain = "example.org", .selector = "rsa", .time = 1'700'000'000}, *key);
  sealer.feed(message);
  const auto fields = sealer.finish(chain, saw);
  EXPECT_TRUE(fields) << fields.error().text;
  return fields.value_or("");
}

constexpr const char* kArcSaw =
    "mx.example.org;\r\n\tspf=pass smtp.mailfrom=ada@example.org;\r\n\tdmarc=pass header.from=example.org";

// tests/e2e/test_dkim_data.py has python3-dkim verify the same files.
TEST(Arc, SealsWhatItVerifies) {
  std::string message = arc_file("message.eml");
  for (unsigned count = 1; count <= 2; ++count) {
    message = arc_sealed(message, count == 1 ? ArcResult::none : ArcResult::pass, kArcSaw) + message;
    EXPECT_EQ(message, arc_file("ours-arc-" + std::to_string(count) + ".eml"));
    const ArcVerdict verdict = arc_verdict(message);
    EXPECT_EQ(verdict.result, ArcResult::pass) << verdict.problem;
    EXPECT_EQ(verdict.count, count);
  }
  const std::string mixed = arc_file("python-arc-2.eml");
  EXPECT_EQ(arc_verdict(arc_sealed(mixed, ArcResult::pass, kArcSaw) + mixed).seals.size(), 3U) << "a chain of others";
  EXPECT_EQ(arc_verdict("From: eve@example.com\r\n" + message).result, ArcResult::fail) << "a second From";
}

// Section 5.1.2, and where nobody may add anything.
TEST(Arc, BrokenChainsAreSealedOnce) {
  const std::string broken = arc_changed(arc_file("python-arc-2.eml"), "From: Ada", "From: Eve");
  const std::string sealed = arc_sealed(broken, ArcResult::fail, "mx.example.org; arc=fail");
  EXPECT_NE(sealed.find("cv=fail"), std::string::npos);
  EXPECT_EQ(arc_verdict(sealed + broken).result, ArcResult::fail);
  EXPECT_EQ(arc_sealed(sealed + broken, ArcResult::fail, kArcSaw), "") << "it has ended";
  EXPECT_EQ(arc_sealed(broken, ArcResult::temperror, kArcSaw), "");
  EXPECT_EQ(arc_sealed("ARC-Seal: i=1\r\n" + arc_file("message.eml"), ArcResult::fail, kArcSaw), "") << "not whole";
  EXPECT_EQ(arc_sealed(arc_file("message.eml"), ArcResult::pass, kArcSaw), "") << "no chain that could have passed";
}

TEST(Arc, ALongChainCostsOneQuestionAndEndsAtItsLimit) {
  std::string message = arc_file("message.eml");
  for (int i = 0; i < 50; ++i)
    message = arc_sealed(message, i == 0 ? ArcResult::none : ArcResult::pass, kArcSaw) + message;
  std::size_t questions = 0;
  const ArcVerdict verdict = arc_verdict(message, SIZE_MAX, true, &questions);
  EXPECT_EQ(verdict.result, ArcResult::pass) << verdict.problem;
  EXPECT_EQ(verdict.count, 50U);
  EXPECT_EQ(questions, 1U);
  EXPECT_EQ(arc_sealed(message, ArcResult::pass, kArcSaw), "");
}

struct VouchCase {
  std::vector<ArcSeal> seals;
  const char* wanted;  // empty: nobody
  const char* why;
};

TEST(Arc, WhoseWordCounts) {
  const ArcSeal list{"list.example", "s", " list.example; dmarc=pass header.from=Author.example"};
  const ArcSeal relay{"relay.example", "s",
                      " relay.example 1; spf=fail; dmarc=fail header.from=author.example; arc=pass"};
  const ArcSeal stranger{"evil.example", "s", " evil.example; dmarc=pass header.from=author.example"};
  const ArcSeal other{"list.example", "s", " list.example; dmarc=pass header.from=other.example"};
  const ArcSeal quoted{"list.example", "s",
                       " list.example; spf=pass smtp.mailfrom=\"x; dmarc=pass header.from=author.example\""};
  const ArcSeal said{"list.example", "s", " list.example (dmarc=pass header.from=author.example); dmarc=none"};
  const VouchCase cases[] = {
      {{list}, "list.example", "it saw it"},
      {{list, relay}, "list.example", "and who passed it on since is trusted"},
      {{list, stranger}, "", "somebody else may have made of it what he wanted"},
      {{stranger, relay}, "", "what a stranger saw"},
      {{stranger, list}, "list.example", "what was before does not matter"},
      {{other}, "", "another author"},
      {{quoted}, "", "within what the client said"},
      {{said}, "", "within a comment"},
      {{}, "", "nobody sealed it"},
  };
  const std::vector<std::string> trusted = {"list.example", "relay.example"};
  for (const auto& test : cases) {
    ArcVerdict chain{.result = ArcResult::pass, .count = test.seals.size(), .seals = test.seals, .problem = ""};
    EXPECT_EQ(vouching_sealer(chain, "author.example", trusted).value_or(""), test.wanted) << test.why;
    chain.result = ArcResult::fail;
    EXPECT_FALSE(vouching_sealer(chain, "author.example", trusted)) << test.why;
  }
}

}  // namespace
}  // namespace kontor::transport
