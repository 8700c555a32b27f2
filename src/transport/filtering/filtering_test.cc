// SPDX-License-Identifier: AGPL-3.0-or-later
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/bytes.h"
#include "transport/filtering/author_proof.h"
#include "transport/filtering/filter_chain.h"
#include "transport/filtering/filter_json.h"
#include "transport/filtering/filter_options.h"
#include "transport/filtering/milter.h"
#include "transport/filtering/milter_packets.h"
#include "transport/filtering/program_process.h"
#include "transport/filtering/rspamd.h"

namespace kontor::transport {
namespace {

using Header = HeaderChange::What;
using namespace std::chrono_literals;

constexpr std::string_view kHead = "A: 1\r\nB: 2\r\n 3\r\na: 4\r\n\r\n";

TEST(HeaderChange, ChangesOneFieldAndLeavesTheOthers) {
  struct Case {
    HeaderChange change;
    std::string_view head, expected, why;
  };
  const Case cases[] = {
      {{Header::add, "C", "5", 0}, kHead, "A: 1\r\nB: 2\r\n 3\r\na: 4\r\nC: 5\r\n\r\n", "behind all others"},
      {{Header::insert, "C", "5", 0}, kHead, "C: 5\r\nA: 1\r\nB: 2\r\n 3\r\na: 4\r\n\r\n", "before all others"},
      {{Header::insert, "C", "5", 2}, kHead, "A: 1\r\nB: 2\r\n 3\r\nC: 5\r\na: 4\r\n\r\n", "between"},
      {{Header::insert, "C", "5", 99}, kHead, "A: 1\r\nB: 2\r\n 3\r\na: 4\r\nC: 5\r\n\r\n", "beyond the last"},
      {{Header::change, "b", "x\n y", 1}, kHead, "A: 1\r\nb: x\r\n y\r\na: 4\r\n\r\n", "a folded value, any case"},
      {{Header::change, "A", "x", 2}, kHead, "A: 1\r\nB: 2\r\n 3\r\nA: x\r\n\r\n", "the second of that name"},
      {{Header::change, "C", "x", 1}, kHead, "A: 1\r\nB: 2\r\n 3\r\na: 4\r\nC: x\r\n\r\n", "one that is not there"},
      {{Header::remove, "a", "", 0}, kHead, "B: 2\r\n 3\r\n\r\n", "all of them"},
      {{Header::remove, "A", "", -1}, kHead, "A: 1\r\nB: 2\r\n 3\r\n\r\n", "the last of them"},
      {{Header::remove, "A", "", 3}, kHead, kHead, "one that is not there"},
      {{Header::remove_like, "x-", "", 0}, "X-A: 1\r\nX: 2\r\nx-b: 3\r\n\r\n", "X: 2\r\n\r\n", "by its beginning"},
      {{Header::add, "C", "x\r\nEvil: y", 0},
       kHead,
       "A: 1\r\nB: 2\r\n 3\r\na: 4\r\nC: x Evil: y\r\n\r\n",
       "no second field"},
      {{Header::add, "C\r\nEvil", "x", 0}, kHead, kHead, "a name that is none"},
      {{Header::add, "C", "x", 0}, "\r\n", "C: x\r\n\r\n", "no header at all"},
      {{Header::add, "C", "x", 0}, "A: 1\r\n", "A: 1\r\nC: x\r\n\r\n", "a message that is all header"},
      {{Header::add, "C", "\tx", 0}, "\r\n", "C:\tx\r\n\r\n", "white space of its own"},
  };
  for (const Case& c : cases) EXPECT_EQ(with_header_change(c.head, c.change), c.expected) << c.why;
}

TEST(SpooledBody, GivesBackWhatWasWrittenAlsoFromItsFile) {
  SpooledBody body("/tmp", 2 << 20);
  std::string all;
  for (int i = 0; i < 100; ++i) {
    const std::string piece(10'007, static_cast<char>('a' + i % 26));
    ASSERT_TRUE(body.write(piece));
    all += piece;
  }
  std::string read;
  while (read.size() < all.size()) {
    const auto piece = body.read(read.size(), 30'000);
    ASSERT_TRUE(piece);
    ASSERT_FALSE(piece->empty());
    read += *piece;
  }
  EXPECT_EQ(read, all);
  EXPECT_EQ(body.read(all.size(), 1)->size(), 0);
  EXPECT_EQ(body.write(std::string(2 << 20, 'x')).error().code, Errc::too_large);
}

TEST(FilterMessage, TakesANewMessage) {
  FilterMessage message("A: 1\r\n\r\n", [](std::uint64_t, std::size_t) { return std::string(); }, 0);
  const auto whole = std::make_shared<SpooledBody>("/tmp", 1000);
  ASSERT_TRUE(whole->write("B: 2\r\n\r\nbody"));
  ASSERT_TRUE(message.replace(whole));
  EXPECT_EQ(message.head(), "B: 2\r\n\r\n");
  EXPECT_EQ(message.body_size(), 4);
  EXPECT_EQ(*message.read(8, 100), "body");
  const auto bad = std::make_shared<SpooledBody>("/tmp", 1000);
  ASSERT_TRUE(bad->write(" folded: 1\r\n\r\n"));
  EXPECT_FALSE(message.replace(bad)) << "it would go on with the field before it";
}

TEST(FilterMessage, DoesNotGrowWithoutEnd) {
  FilterMessage message("A: 1\r\n\r\n", [](std::uint64_t, std::size_t) { return std::string(); }, 0);
  const std::string large(60 << 10, 'x');
  for (int i = 0; i < 200; ++i) message.change({Header::add, "X", large, 0});
  EXPECT_LE(message.head().size(), 8U << 20);
  EXPECT_GT(message.head().size(), 7U << 20);
  message.change({Header::remove, "X", "", 0});
  EXPECT_EQ(message.head(), "A: 1\r\n\r\n");
}

TEST(FilterStep, IsReadAsItIsWritten) {
  struct Case {
    std::string_view text, fault;
  };
  const Case cases[] = {
      {"milter 127.0.0.1:8891", ""},
      {"milter unix:/run/opendkim.sock on_failure=accept timeout=2s largest=1M at_once=3", ""},
      {"rspamd http://127.0.0.1:11333 settings=acme unix=/run/rspamd.sock", ""},
      {"http https://filter.example/check token_file=/etc/token", ""},
      {"program /usr/lib/kontor/plugin.py --fast x memory=64M", ""},
      {"spamc x", "a filter begins with what it is: milter, rspamd, http or program"},
      {"milter nowhere", "a milter is at HOST:PORT or unix:/PATH"},
      {"program plugin.py", "a filter's program needs its whole path"},
      {"http ftp://x", "\"ftp://x\" is no URL of a filter"},
      {"milter a:1 on_failure=perhaps", "such a filter takes no \"on_failure=perhaps\""},
      {"milter a:1 settings=x", "such a filter takes no \"settings=x\""},
      {"milter a:1 timeout=1h", "timeout= is from 100ms to 5m"},
      {"milter a:1 at_once=0", "at_once= is from 1 to 256"},
      {"milter a:1 x", "such a filter takes no \"x\""},
  };
  for (const Case& c : cases) {
    const auto step = parse_filter_step(c.text);
    EXPECT_EQ(step ? "" : step.error().text, c.fault) << c.text;
  }
  const auto program = parse_filter_step("program /x --fast y at_once=2");
  EXPECT_EQ(program->arguments, (std::vector<std::string>{"--fast", "y"}));
  EXPECT_EQ(program->at_once, 2);
}

TEST(MilterPackets, AreThoseOfTheProtocol) {
  EXPECT_EQ(to_hex(milter::print_options(0x1ff, 0x1ff7ff)), "0000000d4f00000006000001ff001ff7ff");
  EXPECT_EQ(milter::print_connect("[192.0.2.1]", net::parse_ip("192.0.2.1"), 0x1234), std::string("\0\0\0\x1a"
                                                                                                  "C[192.0.2.1]\0"
                                                                                                  "4\x12\x34"
                                                                                                  "192.0.2.1\0",
                                                                                                  30));
  EXPECT_EQ(milter::print_macros(milter::Command::mail, {{"i", "x"}}), std::string("\0\0\0\x06"
                                                                                   "DMi\0x\0",
                                                                                   10));
}

TEST(MilterPackets, ReadRepliesAndRefuseBrokenOnes) {
  const auto header = milter::parse_reply(std::string_view("m\0\0\0\2Subject\0new\0", 17));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->index, 2);
  EXPECT_EQ(header->name, "Subject");
  EXPECT_EQ(header->value, "new");
  for (const std::string_view bad :
       {std::string_view(""), std::string_view("Z"), std::string_view("hName"), std::string_view("m\0\0", 3),
        std::string_view("O\0\0\0\6", 5), std::string_view("+nobody"), std::string_view("hName\0value", 11)})
    EXPECT_FALSE(milter::parse_reply(bad)) << to_hex(bad);
  EXPECT_FALSE(milter::packet_size(std::string_view("\0\0\0\0", 4)));
  EXPECT_FALSE(milter::packet_size("\x7f\xff\xff\xff"));
}

TEST(Milter, ReadsWordsOfRefusals) {
  struct Case {
    std::string_view words;
    int code;
    std::string_view enhanced;
    std::vector<std::string> lines;
  };
  const Case cases[] = {
      {"550 5.7.1 No", 550, "5.7.1", {"No"}},
      {"451 later", 451, "", {"later"}},
      {"550-5.7.1 One\r\n550 5.7.1 Two", 550, "5.7.1", {"One", "Two"}},
      {"550 4.7.1 Mixed", 550, "", {"4.7.1 Mixed"}},
      {"250 fine", 0, "", {}},
      {"", 0, "", {}},
  };
  for (const Case& c : cases) {
    const auto reply = refusal_of_words(c.words);
    EXPECT_EQ(reply.code, c.code) << c.words;
    EXPECT_EQ(reply.enhanced, c.enhanced) << c.words;
    EXPECT_EQ(reply.lines, c.lines) << c.words;
  }
}

TEST(RspamdAnswer, BecomesAVerdict) {
  struct Case {
    std::string_view json;
    FilterVerdict verdict;
  };
  const Case cases[] = {
      {R"({"action":"no action","score":0.5,"required_score":15})", FilterVerdict::accept},
      {R"({"action":"greylist","score":5})", FilterVerdict::accept},
      {R"({"action":"soft reject","messages":{"smtp_message":"Try later"}})", FilterVerdict::tempfail},
      {R"({"action":"add header","score":7.1})", FilterVerdict::junk},
      {R"({"action":"rewrite subject","subject":"[SPAM] x"})", FilterVerdict::junk},
      {R"({"action":"reject"})", FilterVerdict::reject},
      {R"({"action":"quarantine"})", FilterVerdict::quarantine},
      {R"({"action":"reject","milter":{"reject":"quarantine"}})", FilterVerdict::quarantine},
      {R"({"action":"add header","milter":{"no_action":true}})", FilterVerdict::accept},
  };
  for (const Case& c : cases) {
    const auto answer = read_rspamd_answer(c.json, FilterStage::received, "A: 1\r\n\r\n");
    ASSERT_TRUE(answer) << c.json;
    EXPECT_EQ(answer->verdict, c.verdict) << c.json;
  }
  for (const std::string_view bad : {"", "[]", "{}", "{\"action\":1}", "{\"error\":\"no\"}"})
    EXPECT_FALSE(read_rspamd_answer(bad, FilterStage::received, "")) << bad;
}

TEST(RspamdAnswer, ReplacesTheFieldsOfStrangers) {
  const std::string head = "X-Spam: No\r\nx-spam-status: No\r\nSubject: x\r\nX-Spamalot: 1\r\n\r\n";
  const auto answer = read_rspamd_answer(
      R"({"action":"add header","score":8,"required_score":15,"symbols":{"GTUBE":{"score":8}},
          "milter":{"add_headers":{"X-Own":{"value":"1","order":0}},"remove_headers":{"Subject":0}}})",
      FilterStage::received, head);
  ASSERT_TRUE(answer);
  std::string out = head;
  for (const HeaderChange& change : answer->headers) out = with_header_change(out, change);
  EXPECT_EQ(out,
            "X-Spam-Status: Yes, score=8.00 required=15.00\r\n\ttests=[GTUBE(8.00)]\r\nX-Spam: Yes\r\nX-Own: 1\r\n"
            "X-Spamalot: 1\r\n\r\n");
  const auto sent = read_rspamd_answer(R"({"action":"no action"})", FilterStage::submitted, head);
  EXPECT_TRUE(sent->headers.empty()) << "nothing of ours goes out with users' mail";
}

TEST(FilterAnswer, NamesNothingButAddresses) {
  FilterAnswer answer;
  answer.sender = "";
  answer.add_recipients = {"ada@example.org", "\"a b\"@example.org"};
  EXPECT_TRUE(check_filter_answer(answer)) << "the null path as well";
  for (const char* bad : {"", "ada@example.org>\r\nDATA", "ada@example.org\n", "a b@example.org", "<ada@example.org"}) {
    FilterAnswer other;
    other.add_recipients = {bad};
    EXPECT_FALSE(check_filter_answer(other)) << bad;
    if (*bad == '\0') continue;
    other.add_recipients.clear();
    other.sender = bad;
    EXPECT_FALSE(check_filter_answer(other)) << bad;
  }
}

TEST(FilterJson, TellsOfTheMessageInOneLine) {
  FilterRequest request;
  request.sender = "x\xff\n@example.org";
  request.recipients = {"ada@example.org"};
  request.helo = "\xed\xa0\x80 \xe0\x80\x80 \xf4\x90\x80\x80 \xc3\xa4";
  const std::string line = filter_envelope(request, 42);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto value = boost::json::parse(line);
  EXPECT_EQ(value.at("sender").as_string(), "x?\n@example.org");
  EXPECT_EQ(value.at("helo").as_string(), "??? ??? ???? \xc3\xa4");
  EXPECT_EQ(value.at("size").as_int64(), 42);
  EXPECT_TRUE(value.at("ip").is_null());
}

TEST(FilterJson, ReadsActions) {
  const auto answer = read_filter_answer(
      R"({"actions":[{"action":"junk","reason":"smells"},{"action":"add_header","name":"X","value":"1"},
          {"action":"redirect","address":["a@b.example"],"keep":true},{"action":"file","folder":"Work/A"},
          {"action":"replace","message":")" +
          to_base64("A: 1\n\nx\n") + R"("}]})",
      "/tmp", 1000);
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->verdict, FilterVerdict::junk);
  EXPECT_EQ(answer->reason, "smells");
  EXPECT_EQ(answer->folder, "Work/A");
  EXPECT_EQ(answer->add_recipients, std::vector<std::string>{"a@b.example"});
  EXPECT_TRUE(answer->remove_recipients.empty());
  EXPECT_EQ(*answer->message->read(0, 100), "A: 1\r\n\r\nx\r\n");
  const auto refused = read_filter_answer(
      R"({"actions":[{"action":"reject","code":554,"status":"5.7.0","text":"no\r\nway"},{"action":"junk"}]})", "/tmp",
      9);
  EXPECT_EQ(refused->verdict, FilterVerdict::reject) << "the strictest counts";
  EXPECT_EQ(refused->reply.lines.front(), "no  way");
}

TEST(FilterJson, RefusesWhatMakesNoSense) {
  for (const std::string_view bad :
       {"", "[]", "{}", R"({"actions":{}})", R"({"actions":[1]})", R"({"actions":[{"action":"explode"}]})",
        R"({"actions":[{"action":"add_header","name":"a b","value":"x"}]})", R"({"actions":[{"action":"file"}]})",
        R"({"actions":[{"action":"redirect"}]})", R"({"actions":[{"action":"replace","message":"%"}]})"})
    EXPECT_FALSE(read_filter_answer(bad, "/tmp", 1000)) << bad;
  const std::string large =
      R"({"actions":[{"action":"replace","message":")" + to_base64(std::string(2000, 'x')) + "\"}]}";
  EXPECT_EQ(read_filter_answer(large, "/tmp", 1000).error().code, Errc::too_large);
}

TEST(ProgramProcess, AnswersOrIsEnded) {
  const auto soon = [] { return std::chrono::steady_clock::now() + 10s; };
  auto echo = ProgramProcess::start({"/bin/cat"}, 1ULL << 30);
  ASSERT_TRUE(echo);
  ASSERT_TRUE((*echo)->send("hello\n", soon()));
  EXPECT_EQ((*echo)->read_line(100, soon()).value(), "hello");
  EXPECT_TRUE((*echo)->is_waiting());
  ASSERT_TRUE((*echo)->send(std::string(1000, 'x'), soon()));
  EXPECT_EQ((*echo)->read_line(100, soon()).error().code, Errc::too_large);
  auto mute = ProgramProcess::start({"/bin/sleep", "100"}, 1ULL << 30);
  ASSERT_TRUE(mute);
  EXPECT_EQ((*mute)->read_line(100, std::chrono::steady_clock::now() + 50ms).error().code, Errc::unavailable);
  auto gone = ProgramProcess::start({"/bin/true"}, 1ULL << 30);
  ASSERT_TRUE(gone);
  EXPECT_EQ((*gone)->read_line(100, soon()).error().code, Errc::unavailable);
  EXPECT_FALSE(ProgramProcess::start({"/nowhere/at/all"}, 1ULL << 30));
}

TEST(AuthorProof, NeedsOneWhoStandsBehindTheAuthor) {
  const PublicSuffixes suffixes;
  struct Case {
    std::string_view head;
    SpfResult spf;
    std::string spf_domain;
    DmarcResult dmarc;
    bool expected;
    std::string_view why;
  };
  const std::string_view from = "From: a@mail.example.org\r\n\r\n";
  const Case cases[] = {
      {from, SpfResult::pass, "example.org", DmarcResult::none, true, "the organizational domain passed SPF"},
      {from, SpfResult::pass, "other.example", DmarcResult::none, false, "somebody else passed SPF"},
      {from, SpfResult::fail, "example.org", DmarcResult::none, false, "nobody passed"},
      {from, SpfResult::fail, "other.example", DmarcResult::pass, true, "DMARC passed"},
      {from, SpfResult::pass, "example.org", DmarcResult::fail, false, "DMARC is stricter, and failed"},
      {"Subject: x\r\n\r\n", SpfResult::pass, "example.org", DmarcResult::none, false, "no author"},
      {"From: a@mail.example.org\r\nFrom: b@mail.example.org\r\n\r\n", SpfResult::pass, "example.org",
       DmarcResult::none, false, "two authors' fields"},
  };
  for (const Case& c : cases) {
    AuthResults results;
    results.spf = SpfVerdict{c.spf, c.spf_domain, "", "", ""};
    DmarcVerdict dmarc;
    dmarc.domain = "mail.example.org";
    dmarc.result = c.dmarc;
    results.dmarc.push_back(dmarc);
    EXPECT_EQ(is_author_proven(c.head, results, suffixes), c.expected) << c.why;
  }
}

}  // namespace
}  // namespace kontor::transport
