// SPDX-License-Identifier: AGPL-3.0-or-later
// One attempt: the recipients of a lease, by where they are, and what becomes of them.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <random>
#include <thread>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/log.h"
#include "directory/address.h"
#include "transport/receiving/answers.h"
#include "transport/receiving/intake.h"
#include "transport/reports/reporter.h"
#include "transport/sending/fitting.h"
#include "transport/sending/report.h"
#include "transport/sending/sender.h"
#include "transport/sending/sender_open.h"
#include "wire/smtp/reply_reader.h"

namespace kontor::transport {
namespace {

using namespace std::chrono_literals;
using Kind = AttemptOutcome::Kind;

constexpr std::uint64_t kLargestReturned = 1 << 20;  // of a message that a report brings back whole

std::string recipient_domain(const std::string& address) {
  const auto at = address.rfind('@');
  if (at == std::string::npos) return "";
  std::string domain = to_lower(address.substr(at + 1));
  if (domain.starts_with('[')) return domain;
  return directory::parse_domain(domain).value_or(domain);
}

AttemptOutcome outcome_of(std::uint32_t index, const wire::smtp::Reply& reply, const std::string& host) {
  AttemptOutcome outcome;
  outcome.index = index;
  outcome.kind = reply.code < 400 ? Kind::relayed : reply.code < 500 ? Kind::temporary : Kind::permanent;
  outcome.what = {.code = reply.code, .enhanced = reply.enhanced, .text = wire::smtp::joined_text(reply), .host = host};
  return outcome;
}

void add_failure(const std::vector<const QueuedRecipient*>& to, const SendFailure& failure,
                 std::vector<AttemptOutcome>& outcomes) {
  for (const QueuedRecipient* one : to)
    outcomes.push_back({.index = one->index,
                        .kind = failure.is_permanent ? Kind::permanent : Kind::temporary,
                        .passes_dsn = false,
                        .what = failure.what});
}

// What a failed connection says of TLS; nothing if it did not come to it.
std::optional<TlsResult> tls_result_of(const SendFailure& failure, TlsPolicyKind policy) {
  if (failure.what.enhanced == "4.7.10") return TlsResult::starttls_not_supported;
  if (failure.what.enhanced != "4.7.5") return std::nullopt;
  const auto says = [&](std::string_view words) { return failure.what.text.find(words) != std::string::npos; };
  if (!says("certificate") || policy == TlsPolicyKind::tlsa) return TlsResult::validation_failure;
  // As OpenSSL words it.
  if (says("ostname mismatch") || says("address mismatch")) return TlsResult::certificate_host_mismatch;
  if (says("has expired")) return TlsResult::certificate_expired;
  return TlsResult::certificate_not_trusted;
}

std::string_view word_of(Kind kind) {
  switch (kind) {
    case Kind::delivered:
      return "delivered";
    case Kind::relayed:
      return "relayed";
    case Kind::temporary:
      return "deferred";
    case Kind::permanent:
      return "failed";
  }
  return "unknown";
}

}  // namespace

MessageBytes::Signers Sender::signers() const {
  return {services_.keys, services_.directory, services_.resolver, options_.hostname, services_.clock.now()};
}

void Sender::attempt(const Lease& lease, Open& open) {
  std::vector<AttemptOutcome> outcomes;
  MessageBytes bytes(services_.queue, *lease.message);
  std::vector<const QueuedRecipient*> here;
  std::map<std::pair<const SmartHost*, std::string>, std::vector<const QueuedRecipient*>> away;
  const auto tenant = lease.message->tenant ? services_.directory.tenant(lease.message->tenant) : directory::Tenant{};
  const std::string tenant_name = tenant ? tenant->name : "";
  const std::string from = recipient_domain(lease.message->sender);
  for (const QueuedRecipient& one : lease.recipients) {
    const std::string domain = recipient_domain(one.address);
    if (services_.directory.domain(domain)) {
      here.push_back(&one);
      continue;
    }
    const SmartHost* host =
        find_smart_host(smart_hosts_, {.tenant = tenant_name, .from_domain = from, .to_domain = domain});
    away[{host, host ? "" : domain}].push_back(&one);
  }
  try {
    if (!here.empty()) deliver_here(lease, here, bytes, outcomes);
    if (!away.empty()) bytes.sign(signers());
    for (const auto& [where, to] : away) send_away(lease, to, where.first, where.second, bytes, open, outcomes);
  } catch (const std::exception& fault) {
    // A broken invariant: what has no outcome yet waits, and everything else goes on.
    log::error("sending.fault", {{"id", to_text(lease.message->id)}, {"what", fault.what()}});
    open.close();
    for (const QueuedRecipient& one : lease.recipients)
      if (std::ranges::find(outcomes, one.index, &AttemptOutcome::index) == outcomes.end())
        outcomes.push_back({.index = one.index,
                            .kind = Kind::temporary,
                            .passes_dsn = false,
                            .what = {.code = 0, .enhanced = "4.3.0", .text = "A fault on this server", .host = ""}});
  }
  settle(lease, outcomes, bytes);
}

void Sender::deliver_here(const Lease& lease, const std::vector<const QueuedRecipient*>& to, MessageBytes& bytes,
                          std::vector<AttemptOutcome>& outcomes) {
  auto note = [&](const QueuedRecipient& one, const Result<groupware::Delivered>& answer) {
    wire::smtp::Reply reply(250, "2.0.0", "Delivered");
    if (!answer) reply = answer_to(answer.error(), services_.over_quota);
    if (answer && !answer->refusal.empty()) reply = refusal_reply(answer->refusal);
    AttemptOutcome outcome = outcome_of(one.index, reply, "");
    if (outcome.kind == Kind::relayed) outcome.kind = Kind::delivered;
    outcomes.push_back(std::move(outcome));
  };
  std::vector<EnvelopeRecipient> accepted;
  std::vector<const QueuedRecipient*> who;
  for (const QueuedRecipient* one : to) {
    auto taken = delivery_.accepts(one->address, lease.message->size);
    if (!taken) {
      note(*one, std::unexpected(taken.error()));
      continue;
    }
    EnvelopeRecipient& recipient = accepted.emplace_back(one->address, taken->tenant, taken->is_group);
    recipient.reports = {.notify = one->notify.bits,
                         .returned = static_cast<std::uint8_t>(lease.message->dsn_return),
                         .envelope_id = lease.message->envelope_id,
                         .original = one->original};
    who.push_back(one);
  }
  if (accepted.empty()) return;
  std::string header = fmt::format("Return-Path: <{}>\r\n", lease.message->sender);
  // Among several the address would tell each who else got the message (Bcc).
  if (accepted.size() == 1) header += fmt::format("Delivered-To: {}\r\n", accepted.front().address);
  Intake intake(services_.accounts, accepted, lease.message->sender, header, services_.accounts.options().largest_item);
  Result<groupware::Delivered> state;
  for (std::uint64_t offset = 0;;) {
    auto piece = bytes.content(offset);
    if (!piece) state = std::unexpected(piece.error());
    if (!piece || piece->empty()) break;
    intake.write(*piece);
    offset += piece->size();
  }
  std::vector<Result<groupware::Delivered>> answers(who.size(), state);
  // Of what its users send this server has looked at From.
  const bool is_submitted = lease.message->origin == Origin::submission;
  if (state) answers = intake.deliver(delivery_, services_.workers, {.is_author_proven = is_submitted});
  for (std::size_t i = 0; i < who.size(); ++i) {
    note(*who[i], answers[i]);
    outcomes.back().is_group = accepted[i].is_group;
  }
}

SendResult<std::unique_ptr<SmtpClient>> Sender::connect(const NextHop& hop, const std::string& address) {
  SmtpClientOptions options;
  options.watch = [this](SmtpClient& client, bool is_there) { watch(client, is_there); };
  options.address = address;
  options.port = hop.port;
  options.host = hop.host;
  options.hello = options_.hostname;
  options.tls = hop.tls;
  options.implicit_tls = hop.implicit_tls;
  options.authorities = options_.authorities;
  options.dane = hop.dane;
  options.user = hop.user;
  options.password = hop.password;
  options.connect_timeout = options_.connect_timeout;
  options.command_timeout = options_.command_timeout;
  options.taking_timeout = options_.taking_timeout;
  const bool is_trial = hop.is_trial && services_.reporter != nullptr && hop.tls != ClientTls::none;
  if (is_trial) options.tls = ClientTls::verify;
  auto client = SmtpClient::connect(options);
  note_tls(hop, address, client);
  if (client || !is_trial || !tls_result_of(client.error(), hop.policy.kind)) return client;
  options.tls = hop.tls;
  return SmtpClient::connect(options);
}

void Sender::note_tls(const NextHop& hop, const std::string& address,
                      const SendResult<std::unique_ptr<SmtpClient>>& client) {
  if (services_.reporter == nullptr || hop.policy_domain.empty() || hop.tls == ClientTls::none) return;
  TlsOutcome outcome{.domain = hop.policy_domain, .policy = hop.policy};
  if (client && (*client)->tls_description().empty()) {
    const bool is_offered = (*client)->extensions().starttls;
    outcome.result = is_offered ? TlsResult::validation_failure : TlsResult::starttls_not_supported;
    if (is_offered) outcome.reason = "the handshake failed";
  } else if (!client) {
    const auto result = tls_result_of(client.error(), hop.policy.kind);
    if (!result) return;  // nothing was learnt about TLS
    outcome.result = *result;
    outcome.reason = client.error().what.text;
  }
  if (outcome.result != TlsResult::success) {
    outcome.host = hop.host;
    outcome.address = address;
  }
  services_.reporter->note(outcome);
}

SendResult<std::vector<wire::smtp::Reply>> Sender::send_by(const NextHop& hop, const SmtpTransaction& transaction,
                                                           MessageBytes& bytes, Open& open) {
  // What must be verified does not go by a connection that was not.
  const std::string where = fmt::format("{}:{} {}", hop.host, hop.port, static_cast<int>(hop.tls));
  if (open.client && open.client->is_usable() && open.where == where) {
    auto answers = send_fitting(*open.client, transaction, bytes);
    // An old connection may have ended meanwhile: that says nothing about the host.
    if (answers || open.client->is_usable() || answers.error().is_unsure) return answers;
  }
  open.close();
  SendResult<std::vector<wire::smtp::Reply>> last = std::unexpected(SendFailure{});
  for (const std::string& address : hop.addresses) {
    if (is_breaking()) break;
    auto client = connect(hop, address);
    if (!client) {
      last = std::unexpected(client.error());
      continue;
    }
    open.keep(*std::move(client), where);
    return send_fitting(*open.client, transaction, bytes);
  }
  return last;
}

SendResult<std::vector<NextHop>> Sender::hops_of(Origin origin, const std::string& domain) {
  if (origin != Origin::tls_report) {
    TlsObserver observe;
    if (services_.reporter != nullptr) observe = [this](const TlsOutcome& one) { services_.reporter->note(one); };
    return find_next_hops(domain, services_.resolver, &services_.sts, options_, observe);
  }
  // RFC 8460 section 3: what tells of broken TLS must not fail by it, and is not told of in the next report.
  SendingOptions options = options_;
  options.uses_dane = false;
  auto hops = find_next_hops(domain, services_.resolver, nullptr, options);
  if (hops)
    for (NextHop& hop : *hops) hop.policy_domain.clear();
  return hops;
}

void Sender::send_away(const Lease& lease, const std::vector<const QueuedRecipient*>& to, const SmartHost* smart_host,
                       const std::string& domain, MessageBytes& bytes, Open& open,
                       std::vector<AttemptOutcome>& outcomes) {
  auto hops = smart_host ? next_hops_of(*smart_host) : hops_of(lease.message->origin, domain);
  if (!hops) {
    add_failure(to, hops.error(), outcomes);
    return;
  }
  SmtpTransaction transaction;
  transaction.sender = lease.message->sender;
  transaction.needs = lease.message->needs;
  transaction.size = bytes.size();
  transaction.dsn_return = lease.message->dsn_return;
  transaction.envelope_id = lease.message->envelope_id;
  for (const QueuedRecipient* one : to) transaction.recipients.push_back(*one);
  SendFailure last;
  for (const NextHop& hop : *hops) {
    auto answers = send_by(hop, transaction, bytes, open);
    if (answers) {
      note_host(lease.destination, true);
      for (std::size_t i = 0; i < to.size(); ++i) {
        AttemptOutcome outcome = outcome_of(to[i]->index, (*answers)[i], hop.host);
        outcome.passes_dsn = open.client && open.client->extensions().dsn;
        outcomes.push_back(std::move(outcome));
      }
      return;
    }
    last = answers.error();
    // A host that refuses this message for good has spoken for its domain; one that cannot be used now has not.
    if (!last.is_host) {
      note_host(lease.destination, true);
      break;
    }
    // It may have taken the message: another host at once would make two of it more often than need be.
    if (last.is_unsure) break;
  }
  // What a host says to everybody (a refused greeting, a wrong certificate) may be mended: nothing comes back at once.
  if (last.is_host) {
    last.is_permanent = false;
    note_host(lease.destination, false);
    open.dead = last;
  }
  add_failure(to, last, outcomes);
}

void Sender::log_outcomes(const Lease& lease, const std::vector<AttemptOutcome>& outcomes) const {
  for (const AttemptOutcome& one : outcomes) {
    auto recipient = std::ranges::find(lease.recipients, one.index, &QueuedRecipient::index);
    log::info("sending.attempt", {{"id", to_text(lease.message->id)},
                                  {"to", recipient == lease.recipients.end() ? "" : recipient->address},
                                  {"result", word_of(one.kind)},
                                  {"host", one.what.host},
                                  {"code", one.what.code},
                                  {"status", one.what.enhanced},
                                  {"said", one.what.text}});
    switch (one.kind) {
      case Kind::delivered:
        delivered_.add();
        break;
      case Kind::relayed:
        relayed_.add();
        break;
      case Kind::temporary:
        deferred_.add();
        break;
      case Kind::permanent:
        failed_.add();
        break;
    }
  }
}

// While a host is away few of those that wait for it are tried: none may outlive its time, or its sender's patience,
// unheard because of that.
void Sender::settle_late(const std::string& destination, const SendFailure& failure) {
  WorkPlace place;
  while (!is_ending()) {
    const auto lease = services_.queue.take_late(destination, services_.clock.now(), place);
    if (!lease) return;
    std::vector<const QueuedRecipient*> to;
    for (const QueuedRecipient& one : lease->recipients) to.push_back(&one);
    std::vector<AttemptOutcome> outcomes;
    add_failure(to, failure, outcomes);
    MessageBytes bytes(services_.queue, *lease->message);
    settle(*lease, outcomes, bytes);
  }
}

// Until it is durable: whoever sent the message away must not forget that.
void Sender::settle(const Lease& lease, const std::vector<AttemptOutcome>& outcomes, MessageBytes& bytes) {
  log_outcomes(lease, outcomes);
  const Conclusion conclusion =
      conclude(lease, outcomes, options_, services_.clock.now(), std::random_device()() % 100);
  for (const Settled& one : conclusion.settled)
    if (one.state == RecipientState::held)
      log::error("journal.held", {{"id", to_text(lease.message->id)}, {"why", one.last.text}});
  for (;;) {
    std::vector<NewMessage> reports;
    const Result<void> told = add_reports(lease, conclusion, bytes, reports);
    auto settled = told ? services_.queue.settle(lease, conclusion.settled, std::move(reports))
                        : Result<std::vector<QueueId>>(std::unexpected(told.error()));
    if (settled) return;
    log::error("sending.not_settled", {{"id", to_text(lease.message->id)}, {"why", settled.error().text}});
    {
      std::lock_guard lock(mutex_);
      if (is_stopping_) return;
    }
    std::this_thread::sleep_for(1s);
  }
}

Result<void> Sender::add_reports(const Lease& lease, const Conclusion& conclusion, MessageBytes& bytes,
                                 std::vector<NewMessage>& into) {
  const QueuedMessage& message = *lease.message;
  if (conclusion.failures.empty() && conclusion.delays.empty() && conclusion.successes.empty()) return {};
  // Never a report about a report (RFC 3464 section 2).
  if (message.sender.empty()) {
    if (!conclusion.failures.empty()) log::warn("sending.dropped", {{"id", to_text(message.id)}});
    return {};
  }
  // What was sent on under an address of ours is somebody else's.
  QueuedMessage reported = message;
  if (services_.srs && Srs::is_rewritten(message.sender))
    reported.sender = services_.srs->reverse(message.sender, services_.clock.now()).value_or(message.sender);
  auto start = bytes.content(0);
  std::string original = start ? *std::move(start) : std::string();
  while (original.size() < message.size && message.size <= kLargestReturned) {
    auto more = bytes.content(original.size());
    if (!more || more->empty()) break;
    original += *more;
  }
  for (const auto* entries : {&conclusion.failures, &conclusion.delays, &conclusion.successes}) {
    if (entries->empty()) continue;
    const ReportRequest request{.message = reported,
                                .entries = *entries,
                                .original = original,
                                .is_whole = original.size() == message.size,
                                .hostname = options_.hostname,
                                .now = services_.clock.now(),
                                .id = to_hex(random_bytes(12))};
    const Report report = make_report(request);
    auto writer = services_.queue.write();
    TRY_VOID(writer->write(report.bytes));
    TRY(QueueContent content, writer->finish());
    NewMessage made;
    made.envelope.tenant = message.tenant;
    made.envelope.origin = Origin::report;
    made.envelope.cause = "about " + to_text(message.id);
    made.envelope.needs = {.utf8 = report.is_utf8, .eight_bit = report.is_eight_bit, .binary = false};
    made.recipients.push_back({.address = reported.sender, .notify = {.bits = DsnNotify::kNever}, .original = ""});
    made.content = std::move(content);
    into.push_back(std::move(made));
  }
  return {};
}

}  // namespace kontor::transport
