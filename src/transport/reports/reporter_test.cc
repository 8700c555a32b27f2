// SPDX-License-Identifier: AGPL-3.0-or-later
// tests/e2e/test_reports.py sends them, and holds the XML against the schema of RFC 7489.
#include "transport/reports/reporter.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "base/bytes.h"
#include "store/memory.h"
#include "transport/auth/zone_resolver.h"
#include "transport/reports/dmarc_feedback.h"
#include "transport/reports/report_mail.h"
#include "transport/reports/tls_row.h"

namespace kontor::transport {
namespace {

using namespace std::chrono_literals;

constexpr Instant kReportDay{std::chrono::seconds(1'699'920'000)};

std::string gunzip(std::string_view packed) {
  z_stream z{};
  EXPECT_EQ(inflateInit2(&z, 15 + 16), Z_OK);
  std::string out(4 << 20, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  z.avail_in = static_cast<uInt>(packed.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&z, Z_FINISH), Z_STREAM_END);
  out.resize(z.total_out);
  inflateEnd(&z);
  return out;
}

// What is packed in a report's mail.
std::string attachment_of(const std::string& mail) {
  const auto begin = mail.find("base64\r\n\r\n") + 10;
  std::string text = mail.substr(begin, mail.find("\r\n--", begin) - begin);
  std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
  return gunzip(from_base64(text).value());
}

struct TargetCase {
  const char* uri;
  const char* address;  // empty: it is none
  std::optional<std::uint64_t> largest;
};

TEST(ReportTarget, IsReadFromItsUri) {
  const TargetCase cases[] = {
      {"mailto:a@b.example", "a@b.example", {}},
      {" MAILTO:A@B.example ", "A@b.example", {}},
      {"mailto:a@b.example!10m", "a@b.example", 10U << 20},
      {"mailto:a@b.example!50K", "a@b.example", 50U << 10},
      {"mailto:a@b.example!1000", "a@b.example", 1000},
      {"mailto:a@b.example!1t", "a@b.example", 1ULL << 40},
      {"mailto:a%2Bb%21@b.example", "a+b!@b.example", {}},
      {"mailto:a@b.example?subject=x", "a@b.example", {}},
      {"mailto:a@b.example!10x", "", {}},
      {"mailto:a@b.example!", "", {}},
      {"mailto:a@b.example!99999999999999999999", "", {}},
      {"mailto:a@b.example!99999999999999999t", "", {}},
      {"mailto:a%0D%0AX@b.example", "", {}},
      {"mailto:a%zz@b.example", "", {}},
      {"mailto:a>@b.example", "", {}},
      {"mailto:", "", {}},
      {"https://b.example/x", "", {}},
      {"", "", {}},
  };
  for (const TargetCase& test : cases) {
    const auto target = parse_report_target(test.uri);
    EXPECT_EQ(target ? target->address : "", test.address) << test.uri;
    if (target) EXPECT_EQ(target->largest, test.largest) << test.uri;
  }
}

// RFC 7489 section 7.1.
TEST(ReportTarget, MustWantReportsAboutOthers) {
  ZoneResolver zones;
  zones.add_txt("a.example._report._dmarc.good.example", "v=DMARC1");
  zones.add_txt("a.example._report._dmarc.moved.example", "v=DMARC1; rua=mailto:other@moved.example!1k");
  zones.add_txt("a.example._report._dmarc.away.example", "v=DMARC1; rua=mailto:victim@elsewhere.example");
  zones.add_txt("a.example._report._dmarc.wrong.example", "v=DMARC2");
  zones.add_failure("a.example._report._dmarc.silent.example", "*");
  const PublicSuffixes suffixes;
  struct {
    const char* target;
    TargetConsent wanted;
    const char* address;
  } cases[] = {
      {"x@a.example", TargetConsent::given, "x@a.example"},
      {"x@mail.a.example", TargetConsent::given, "x@mail.a.example"},
      {"x@good.example", TargetConsent::given, "x@good.example"},
      {"x@moved.example", TargetConsent::given, "other@moved.example"},
      {"x@away.example", TargetConsent::given, "x@away.example"},
      {"x@wrong.example", TargetConsent::refused, "x@wrong.example"},
      {"x@victim.example", TargetConsent::refused, "x@victim.example"},
      {"x@silent.example", TargetConsent::unknown, "x@silent.example"},
  };
  for (const auto& test : cases) {
    auto target = parse_report_target(std::string("mailto:") + test.target).value();
    EXPECT_EQ(dmarc_target_consent("a.example", target, suffixes, zones), test.wanted) << test.target;
    EXPECT_EQ(target.address, test.address);
  }
}

AuthResults failed_results(const std::string& source = "192.0.2.1") {
  AuthResults results;
  results.client = source;
  results.mail_from = "bounces@evil.example";
  results.spf.emplace().result = SpfResult::softfail;
  results.spf->domain = "evil.example";
  auto& dkim = results.dkim.emplace_back();
  dkim.domain = "evil.example";
  dkim.selector = "<s&1>";
  dkim.result = DkimResult::pass;
  auto& dmarc = results.dmarc.emplace_back();
  dmarc.result = DmarcResult::fail;
  dmarc.domain = "x.a.example";
  dmarc.record_domain = "a.example";
  dmarc.record =
      parse_dmarc_record("v=DMARC1; p=reject; sp=quarantine; pct=50; rua=mailto:r@a.example,mailto:r@b.example!1k");
  dmarc.policy = dmarc.applied = DmarcPolicy::quarantine;
  return results;
}

TEST(DmarcRow, TellsWhatWasDoneAndWhy) {
  AuthResults results = failed_results();
  DmarcVerdict& verdict = results.dmarc.front();
  auto row = dmarc_row(results, verdict, true);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->disposition, DmarcPolicy::quarantine);
  EXPECT_EQ(row->reason, DmarcReason::none);
  EXPECT_EQ(decode_dmarc_row(encode(*row)).value(), *row);
  EXPECT_EQ(encode(*row), encode(*dmarc_row(results, verdict, true)));
  row = dmarc_row(results, verdict, false);
  EXPECT_EQ(row->disposition, DmarcPolicy::none);
  EXPECT_EQ(row->reason, DmarcReason::local_policy);
  verdict.is_sampled_out = true;
  EXPECT_EQ(dmarc_row(results, verdict, true)->reason, DmarcReason::sampled_out);
  verdict.vouched_by = "list.example";
  results.arc.seals = {{"first.example", "s1", ""}, {"list.example", "s2", ""}};
  EXPECT_EQ(dmarc_row(results, verdict, true)->comment,
            "arc=pass as[2].d=list.example as[2].s=s2 as[1].d=first.example as[1].s=s1");
  verdict.record->reports.clear();
  EXPECT_FALSE(dmarc_row(results, verdict, true)) << "nobody wants to know";
  verdict.record.reset();
  EXPECT_FALSE(dmarc_row(results, verdict, true)) << "no record";
  EXPECT_FALSE(decode_dmarc_row("nonsense"));
}

TEST(DmarcFeedback, SaysSoWhereItIsTooLarge) {
  const ReportFacts facts{"Org", "r@example.org", "", "1.2", "a.example", kReportDay, kReportDay + 24h};
  std::vector<CountedDmarcRow> rows;
  for (int i = 0; i < 200; ++i)
    rows.push_back({*dmarc_row(failed_results("192.0.2." + std::to_string(i)), failed_results().dmarc[0], true), 2});
  const std::string all = make_dmarc_feedback(facts, rows, 1 << 20);
  EXPECT_EQ(all.find("<error>"), std::string::npos);
  const std::string some = make_dmarc_feedback(facts, rows, 64 << 10);
  EXPECT_LT(some.size(), std::size_t{64} << 10);
  EXPECT_NE(some.find("messages are left out"), std::string::npos);
}

class ReporterTest : public testing::Test {
 protected:
  ReporterTest() {
    zones.add_txt("a.example._report._dmarc.b.example", "v=DMARC1");
    queue = Queue::open(*engine, clock, {}).value();
    reopen();
  }
  void reopen() {
    reporter.reset();
    ReportOptions options;
    options.hostname = "mx.example.org";
    options.address = "reports@example.org";
    options.organization = "Example \"Org\"";
    reporter = Reporter::open(*engine, *queue, zones, clock, options).value();
  }
  // "to: mail" of all that is in the queue.
  std::map<std::string, std::string> queued() {
    std::map<std::string, std::string> out;
    const auto listed = queue->list({}, 100).value();
    for (const QueueListed& one : listed)
      out[one.recipients.at(0).address] = queue->read(one.message.content, 0, 1 << 20).value();
    return out;
  }

  std::unique_ptr<store::Engine> engine = store::open_memory();
  FakeClock clock{kReportDay + 1h};
  ZoneResolver zones;
  std::unique_ptr<Queue> queue;
  std::unique_ptr<Reporter> reporter;
};

TEST_F(ReporterTest, SendsOneReportADayToEachThatMayHaveIt) {
  for (int i = 0; i < 3; ++i) reporter->note(failed_results(), true);
  reporter->note(failed_results("2001:db8::1"), true);
  EXPECT_EQ(reporter->send_due().value(), 0U) << "the day is not over";
  reopen();
  clock.advance(24h);
  EXPECT_EQ(reporter->send_due().value(), 1U) << "b.example takes no more than 1 KiB";
  EXPECT_EQ(reporter->send_due().value(), 0U);
  const auto mails = queued();
  ASSERT_EQ(mails.size(), 1U);
  const std::string& mail = mails.at("r@a.example");
  for (const char* part :
       {"From: \"Example Org\" <reports@example.org>\r\n", "To: <r@a.example>\r\n",
        "Subject: Report Domain: a.example\r\n", "filename=\"example.org!a.example!1699920000!1700006399!1699920000."})
    EXPECT_NE(mail.find(part), std::string::npos) << part << " in " << mail;
  const std::string xml = attachment_of(mail);
  for (const char* part :
       {"<source_ip>192.0.2.1</source_ip>\n      <count>3</count>", "<source_ip>2001:db8::1</source_ip>",
        "<domain>a.example</domain>\n    <adkim>r</adkim>\n    <aspf>r</aspf>\n    <p>reject</p>\n    "
        "<sp>quarantine</sp>\n    <pct>50</pct>",
        "<selector>&lt;s&amp;1&gt;</selector>", "<header_from>x.a.example</header_from>",
        "<begin>1699920000</begin>\n      <end>1700006399</end>", "<disposition>quarantine</disposition>"})
    EXPECT_NE(xml.find(part), std::string::npos) << part << " in " << xml;
}

TEST_F(ReporterTest, TellsHowTlsWent) {
  zones.add_txt("_smtp._tls.c.example", "v=TLSRPTv1; rua=https://c.example/x, mailto:tls@c.example");
  zones.add_txt("_smtp._tls.two.example", "v=TLSRPTv1; rua=mailto:tls@two.example");
  zones.add_txt("_smtp._tls.two.example", "v=TLSRPTv1; rua=mailto:tls@two.example");
  TlsOutcome outcome{.domain = "c.example",
                     .policy = {TlsPolicyKind::sts, {"version: STSv1", "mode: testing"}, {"*.c.example"}}};
  for (int i = 0; i < 3; ++i) reporter->note(outcome);
  outcome.result = TlsResult::certificate_expired;
  outcome.host = "mx.c.example";
  outcome.address = "192.0.2.1";
  outcome.reason =
      "The certificate \"x\" is b\xFF"
      "d";
  reporter->note(outcome);
  reporter->note(TlsOutcome{.domain = "c.example", .policy = {}});
  for (const char* domain : {"two.example", "nobody.example"})
    reporter->note(TlsOutcome{.domain = domain, .policy = {}});
  clock.advance(24h);
  EXPECT_EQ(reporter->send_due().value(), 1U) << "two records are none";
  const auto mails = queued();
  ASSERT_EQ(mails.size(), 1U);
  EXPECT_EQ(queue->list({}, 1).value().front().message.origin, Origin::tls_report);
  const std::string& mail = mails.at("tls@c.example");
  for (const char* part : {"TLS-Report-Domain: c.example\r\nTLS-Report-Submitter: example.org\r\n",
                           "multipart/report; report-type=\"tlsrpt\"", "application/tlsrpt+gzip", ".json.gz"})
    EXPECT_NE(mail.find(part), std::string::npos) << part << " in " << mail;
  const std::string json = attachment_of(mail);
  for (
      const char* part :
      {R"("date-range":{"start-datetime":"2023-11-14T00:00:00Z","end-datetime":"2023-11-14T23:59:59Z"})",
       R"("contact-info":"mailto:reports@example.org")",
       R"({"policy":{"policy-type":"no-policy-found","policy-domain":"c.example"},"summary":{"total-successful-session-count":1,"total-failure-session-count":0}})",
       R"("policy":{"policy-type":"sts","policy-domain":"c.example","policy-string":["version: STSv1","mode: testing"],"mx-host":["*.c.example"]},"summary":{"total-successful-session-count":3,"total-failure-session-count":1})",
       R"("failure-details":[{"result-type":"certificate-expired","failed-session-count":1,"receiving-mx-hostname":"mx.c.example","receiving-ip":"192.0.2.1","failure-reason-code":"The certificate \"x\" is b?d"}])"})
    EXPECT_NE(json.find(part), std::string::npos) << part << " in " << json;
}

TEST(TlsReportRecord, MustBeTheOnlyOne) {
  using Uris = std::vector<std::string>;
  EXPECT_EQ(parse_tls_report_records({"v=TLSRPTv1;rua=mailto:a@b.example"}), Uris{"mailto:a@b.example"});
  EXPECT_EQ(parse_tls_report_records({"other", "v=TLSRPTv1; rua=mailto:a@b.example,https://c;"}).size(), 2U);
  EXPECT_EQ(parse_tls_report_records({"v=TLSRPTv2; rua=mailto:a@b.example"}), Uris{});
  EXPECT_EQ(parse_tls_report_records({"v=TLSRPTv1"}), Uris{});
  EXPECT_EQ(parse_tls_report_records({"v=TLSRPTv1; rua"}), Uris{});
  EXPECT_EQ(parse_tls_report_records({}), Uris{});
}

TEST_F(ReporterTest, WaitsADayForDns) {
  AuthResults results = failed_results();
  results.dmarc.front().record->reports = {"mailto:r@silent.example", "mailto:r@a.example"};
  zones.add_failure("a.example._report._dmarc.silent.example", "*");
  reporter->note(results, true);
  clock.advance(24h);
  EXPECT_EQ(reporter->send_due().value(), 0U);
  clock.advance(25h);
  EXPECT_EQ(reporter->send_due().value(), 1U) << "those that are known";
  EXPECT_EQ(queued().size(), 1U);
}

}  // namespace
}  // namespace kontor::transport
