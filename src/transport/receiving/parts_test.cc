// SPDX-License-Identifier: AGPL-3.0-or-later
// The parts of receiving that need no connection.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <future>
#include <vector>

#include "transport/queue/content_needs.h"
#include "transport/receiving/answers.h"
#include "transport/receiving/envelope.h"
#include "transport/receiving/parallel.h"

namespace kontor::transport {
namespace {

TEST(ContentNeeds, AreThoseOfTheBytes) {
  struct Case {
    std::string bytes;
    bool eight_bit, binary, declared_binary;
  };
  const std::string nul("a\0b\r\n", 5);
  for (const Case& one : std::vector<Case>{{"plain\r\n", false, false, false},
                                           {"", false, false, false},
                                           {"\xc3\xa4\r\n", true, false, false},
                                           {nul, false, true, true},
                                           {"a\nb", false, true, true},
                                           {"a\rb", false, true, true},
                                           {"a\r", false, true, true},
                                           {std::string(998, 'x') + "\r\n", false, false, false},
                                           {std::string(999, 'x') + "\r\n", false, false, true}}) {
    for (const std::size_t piece : {1U, 2U, 2000U}) {
      ContentNeeds needs;
      for (std::size_t at = 0; at < one.bytes.size(); at += piece) needs.feed(one.bytes.substr(at, piece));
      Needs usual, declared;
      needs.add_to(usual, false);
      needs.add_to(declared, true);
      EXPECT_EQ(usual.eight_bit, one.eight_bit) << one.bytes;
      EXPECT_EQ(usual.binary, one.binary) << one.bytes;
      EXPECT_EQ(declared.binary, one.declared_binary) << one.bytes;
    }
  }
}

TEST(Parallel, RunsEachJobOnce) {
  Workers workers(4);
  for (std::size_t count : {0U, 1U, 3U, 4U, 100U}) {
    std::vector<std::atomic<int>> runs(count);
    parallel_each(workers, count, [&](std::size_t i) { ++runs[i]; });
    for (auto& each : runs) EXPECT_EQ(each, 1);
  }
}

// Were the caller to wait for others only, this would never end.
TEST(Parallel, EndsWhileEveryWorkerIsACaller) {
  Workers workers(2);
  std::atomic<int> total = 0;
  std::vector<std::future<void>> callers;
  for (int i = 0; i < 16; ++i) {
    auto done = std::make_shared<std::promise<void>>();
    callers.push_back(done->get_future());
    workers.post([&workers, &total, done] {
      parallel_each(workers, 10, [&](std::size_t) { ++total; });
      done->set_value();
    });
  }
  for (auto& caller : callers) ASSERT_EQ(caller.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  EXPECT_EQ(total, 160);
}

struct AnswerCase {
  Errc code;
  int answer;
  const char* enhanced;
};

TEST(Answers, OneForEveryMeaning) {
  const std::array<AnswerCase, 9> cases = {{{Errc::not_found, 550, "5.1.1"},
                                            {Errc::exists, 451, "4.3.0"},
                                            {Errc::denied, 550, "5.7.1"},
                                            {Errc::over_quota, 452, "4.2.2"},
                                            {Errc::too_large, 552, "5.3.4"},
                                            {Errc::invalid, 554, "5.6.0"},
                                            {Errc::conflict, 451, "4.3.0"},
                                            {Errc::unavailable, 450, "4.2.1"},
                                            {Errc::corrupt, 451, "4.3.0"}}};
  for (const AnswerCase& test : cases) {
    auto reply = answer_to(Error(test.code, "why"), groupware::QuotaPolicy::defer);
    EXPECT_EQ(reply.code, test.answer) << name(test.code);
    EXPECT_EQ(reply.enhanced, test.enhanced) << name(test.code);
  }
  EXPECT_EQ(answer_to(Error(Errc::over_quota, ""), groupware::QuotaPolicy::reject).code, 552);
}

TEST(LmtpAnswers, RefusalsSayTheScriptsWordsInLinesThatFit) {
  EXPECT_EQ(print(refusal_reply("No.")), "550 5.7.1 No.\r\n");
  EXPECT_EQ(print(refusal_reply("One\r\n\r\nTwo\n")), "550-5.7.1 One\r\n550 5.7.1 Two\r\n");
  EXPECT_EQ(print(refusal_reply("\r\n")), "550 5.7.1 The recipient refuses this message\r\n");
  const std::string accents = std::string(399, 'x') + "\u00e9\u00e9";
  EXPECT_EQ(refusal_reply(accents).lines, std::vector<std::string>{std::string(399, 'x')}) << "no half letters";
  std::string many;
  for (int i = 0; i < 100; ++i) many += "line\n";
  EXPECT_EQ(refusal_reply(many).lines.size(), 20U);
}

TEST(TraceHeader, LetsNothingBreakOut) {
  Envelope envelope;
  envelope.recipients = {{"ada@example.org", TenantId(1)}};
  Trace trace{"LMTP", "", "evil) by elsewhere; (x", "[192.0.2.1]", "mx.example.org", "lmtp-1.1", true};
  std::string header = trace_header(envelope, trace, Instant(std::chrono::seconds(0)));
  EXPECT_EQ(header,
            "Return-Path: <>\r\nDelivered-To: ada@example.org\r\n"
            "Received: from evil??by?elsewhere???x ([192.0.2.1])\r\n\tby mx.example.org with LMTPS id lmtp-1.1\r\n"
            "\tfor <ada@example.org>;\r\n\tThu, 01 Jan 1970 00:00:00 +0000\r\n");
}

}  // namespace
}  // namespace kontor::transport
