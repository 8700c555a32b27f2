// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/reports/reporter.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/log.h"
#include "transport/reports/dmarc_feedback.h"
#include "transport/reports/report_mail.h"
#include "transport/reports/tls_row.h"

namespace kontor::transport {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostTargets = 5;  // of one domain
constexpr auto kFlushEvery = 60s;
// Where DNS keeps silent about a target for so long, nothing is sent to it.
constexpr auto kLongestDelay = 24h;

}  // namespace

Reporter::Reporter(std::unique_ptr<Tally> tally, Queue& queue, Resolver& resolver, const Clock& clock,
                   ReportOptions options)
    : tally_(std::move(tally)),
      queue_(queue),
      resolver_(resolver),
      clock_(clock),
      options_(std::move(options)),
      sent_("kontor_reports_sent_total", "Reports to owners of domains that were put into the queue") {}

Reporter::~Reporter() { stop(); }

Result<std::unique_ptr<Reporter>> Reporter::open(store::Engine& engine, Queue& queue, Resolver& resolver,
                                                 const Clock& clock, ReportOptions options) {
  TRY(auto tally, Tally::open(engine, clock, options.every));
  if (options.organization.empty()) options.organization = options.address.substr(options.address.rfind('@') + 1);
  return std::unique_ptr<Reporter>(new Reporter(std::move(tally), queue, resolver, clock, std::move(options)));
}

void Reporter::note(const AuthResults& results, bool is_enforced) {
  if (!options_.dmarc) return;
  for (const DmarcVerdict& verdict : results.dmarc)
    if (const auto row = dmarc_row(results, verdict, is_enforced))
      tally_->add(ReportKind::dmarc, verdict.record_domain, encode(*row));
}

void Reporter::note(const TlsOutcome& outcome) {
  if (options_.tls) tally_->add(ReportKind::tls, outcome.domain, encode(outcome));
}

void Reporter::start() {
  thread_ = std::thread([this] { work(); });
}

void Reporter::stop() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    is_stopping_ = true;
    ended_.notify_all();
  }
  thread_.join();
  if (auto kept = tally_->flush(); !kept) log::error("reports.not_kept", {{"why", kept.error().text}});
}

std::chrono::seconds Reporter::pause() const {
  return std::clamp<std::chrono::seconds>(options_.every / 2, 1s, kFlushEvery);
}

void Reporter::work() {
  for (std::unique_lock lock(mutex_); !ended_.wait_for(lock, pause(), [&] { return is_stopping_; });) {
    lock.unlock();
    if (auto sent = send_due(); !sent) log::error("reports.failed", {{"why", sent.error().text}});
    lock.lock();
  }
}

Result<std::size_t> Reporter::send_due() {
  TRY_VOID(tally_->flush());
  TRY(const auto periods, tally_->ended());
  std::size_t sent = 0;
  for (const TallyPeriod& period : periods) {
    {
      std::lock_guard lock(mutex_);
      if (is_stopping_) break;
    }
    auto done = send(period);
    if (done) {
      sent += *done;
      continue;
    }
    // DNS may answer later; the others do not wait.
    const bool is_over = clock_.now() - (period.begin + tally_->length()) > kLongestDelay;
    log::warn("reports.not_sent", {{"domain", period.domain}, {"why", done.error().text}, {"given_up", is_over}});
    if (is_over) TRY_VOID(tally_->drop(period));
  }
  return sent;
}

ReportFacts Reporter::facts_of(const TallyPeriod& period) const {
  ReportFacts facts{.organization = options_.organization,
                    .address = options_.address,
                    .contact = options_.contact,
                    .id = "",
                    .domain = period.domain,
                    .begin = period.begin,
                    .end = period.begin + tally_->length()};
  // The same when it comes twice.
  const std::string what = fmt::format("{} {} {}", options_.hostname, static_cast<int>(period.kind), period.domain);
  facts.id = fmt::format("{}.{}", period.begin.time_since_epoch().count(), to_hex(sha256(what).substr(0, 10)));
  return facts;
}

Result<std::size_t> Reporter::send(const TallyPeriod& period) {
  TRY(const auto rows, tally_->rows(period));
  std::size_t sent = 0;
  if (!rows.empty()) {
    TRY(sent, period.kind == ReportKind::dmarc ? send_dmarc(period, rows) : send_tls(period, rows));
  }
  TRY_VOID(tally_->drop(period));
  return sent;
}

Result<std::size_t> Reporter::send_dmarc(const TallyPeriod& period, const std::vector<TallyRow>& rows) {
  std::vector<CountedDmarcRow> counted;
  for (const TallyRow& one : rows) {
    TRY(DmarcRow row, decode_dmarc_row(one.bytes));
    counted.push_back({std::move(row), one.count});
  }
  std::vector<ReportTarget> targets;
  bool is_unsure = false;
  for (const std::string& uri : counted.front().row.published.reports) {
    auto target = parse_report_target(uri);
    if (!target || targets.size() == kMostTargets) continue;
    const auto consent = dmarc_target_consent(period.domain, *target, suffixes_, resolver_);
    is_unsure = is_unsure || consent == TargetConsent::unknown;
    if (consent == TargetConsent::given) targets.push_back(*std::move(target));
  }
  // Before anything is sent: nobody shall get it twice because another one is not known.
  if (is_unsure && clock_.now() - (period.begin + tally_->length()) <= kLongestDelay)
    return fail(Errc::unavailable, "DNS does not tell whether a target takes reports");
  if (targets.empty()) return 0;
  const ReportFacts facts = facts_of(period);
  return put(ReportKind::dmarc, facts, gzip(make_dmarc_feedback(facts, counted, options_.largest)), targets);
}

Result<std::size_t> Reporter::send_tls(const TallyPeriod& period, const std::vector<TallyRow>& rows) {
  const auto answer = resolver_.txt("_smtp._tls." + period.domain);
  if (answer.status == DnsStatus::failed)
    return fail(Errc::unavailable, "DNS does not tell whether there shall be a report on TLS");
  std::vector<ReportTarget> targets;
  for (const std::string& uri : parse_tls_report_records(answer.records))
    if (auto target = parse_report_target(uri); target && targets.size() < kMostTargets)
      targets.push_back(*std::move(target));
  if (targets.empty()) return 0;
  std::vector<CountedTlsRow> counted;
  for (const TallyRow& one : rows) {
    TRY(TlsOutcome row, decode_tls_row(one.bytes));
    counted.push_back({std::move(row), one.count});
  }
  const ReportFacts facts = facts_of(period);
  return put(ReportKind::tls, facts, gzip(make_tls_feedback(facts, counted, options_.largest)), targets);
}

Result<std::size_t> Reporter::put(ReportKind kind, const ReportFacts& facts, const std::string& packed,
                                  const std::vector<ReportTarget>& targets) {
  std::vector<NewMessage> messages;
  for (const ReportTarget& target : targets) {
    const std::string bytes = make_report_mail({.kind = kind,
                                                .facts = facts,
                                                .packed = packed,
                                                .to = target.address,
                                                .message_id = to_hex(random_bytes(12)) + "@" + options_.hostname,
                                                .now = clock_.now()});
    if (target.largest && bytes.size() > *target.largest) {
      log::info("reports.too_large", {{"domain", facts.domain}, {"to", target.address}, {"size", bytes.size()}});
      continue;
    }
    const auto writer = queue_.write();
    TRY_VOID(writer->write(bytes));
    NewMessage& message = messages.emplace_back();
    TRY(message.content, writer->finish());
    message.envelope.sender = options_.address;
    message.envelope.origin = kind == ReportKind::tls ? Origin::tls_report : Origin::aggregate;
    message.envelope.cause = "report about " + facts.domain;
    message.envelope.needs.utf8 = !is_ascii(target.address);
    message.recipients.push_back({.address = target.address, .notify = {.bits = DsnNotify::kNever}, .original = ""});
    log::info("reports.sent", {{"domain", facts.domain}, {"to", target.address}, {"id", facts.id}});
  }
  if (messages.empty()) return 0;
  TRY(const auto ids, queue_.put(std::move(messages)));
  sent_.add(static_cast<double>(ids.size()));
  return ids.size();
}

}  // namespace kontor::transport
