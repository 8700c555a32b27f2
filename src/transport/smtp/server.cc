// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/smtp/server.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/log.h"
#include "formats/mime/header.h"
#include "transport/filtering/author_proof.h"
#include "transport/receiving/answers.h"
#include "transport/receiving/intake.h"
#include "transport/receiving/parallel.h"
#include "transport/smtp/into_queue.h"
#include "transport/smtp/session.h"

namespace kontor::transport {
namespace {

using wire::smtp::Reply;

// For the fields that we put before a message.
constexpr std::uint64_t kSmtpHeaderRoom = 16 << 10;

// Of check_time, for one key of DKIM or one record of DMARC. There are at most 8 keys and 10 authors.
constexpr int kSmtpShares = 8;

const std::string kSmtpAnswers = "kontor_smtp_recipients_total";
const std::string kSmtpAnswersHelp = "Recipients of messages that came whole, by result";
const std::string kAuthors = "kontor_smtp_authors_total";
const std::string kAuthorsHelp = "Messages by what DMARC says of their author";

SessionRules smtp_rules(const SmtpOptions& options, std::uint64_t largest_item, const Returns* returns) {
  return {.protocol = "smtp",
          .hostname = options.hostname,
          .recipients = options.recipients,
          .largest_message = std::min(options.largest_message, largest_item - kSmtpHeaderRoom),
          .line_length = options.line_length,
          .idle_timeout = options.idle_timeout,
          .data_timeout = options.data_timeout,
          .message_time = options.message_time,
          .bad_commands = options.bad_commands,
          .has_strict_lines = options.bare_line_ends == BareLineEnds::refuse,
          .returns = returns};
}

std::vector<net::Network> parsed_networks(const std::vector<std::string>& texts) {
  std::vector<net::Network> out;
  for (const std::string& text : texts) out.push_back(net::parse_network(text).value());  // sound by declare()
  return out;
}

// As it was sent, whoever it is for.
std::string name_of(const SmtpMessage& message, const Envelope& envelope) {
  return message.fingerprint() + envelope.sender.to_string() + "\n";
}

std::vector<BlockList> parsed_lists(const std::vector<std::string>& texts) {
  std::vector<BlockList> out;
  for (const std::string& text : texts) out.push_back(parse_block_list(text).value());  // sound by declare()
  return out;
}

Task<void> run_smtp_session(SmtpServer& server, std::unique_ptr<net::Stream> stream) {
  const net::Endpoint& peer = stream->peer();
  Visitors::Place place;
  if (!peer.is_unix && !peer.ip.is_loopback() && !server.is_trusted(peer.ip) && !server.may_relay(peer)) {
    place = server.visitors.enter(peer.ip);
    if (!place) {
      server.refused_connections.add();
      log::info("smtp.too_many", {{"session", stream->id()}, {"peer", net::to_string(peer)}});
      try {
        co_await stream->write("421 4.7.0 Too many connections from your address; come again later\r\n");
      } catch (const std::runtime_error&) {
        // It is gone already.
      }
      co_return;
    }
  }
  SmtpSession session(server, std::move(stream));
  co_await session.run();
}

// The one answer for several recipients.
Reply common_answer(const std::vector<Result<groupware::Delivered>>& answers, groupware::QuotaPolicy over_quota,
                    const std::string& id) {
  const Result<groupware::Delivered>*temporary = nullptr, *permanent = nullptr;
  bool has_success = false;
  for (const Result<groupware::Delivered>& answer : answers) {
    if (answer && !answer->refusal.empty()) return refusal_reply(answer->refusal);  // it is the only one
    if (answer)
      has_success = true;
    else if (answer_to(answer.error(), over_quota).code < 500)
      temporary = &answer;
    else
      permanent = &answer;
  }
  if (!temporary && !permanent) return {250, "2.0.0", "Delivered " + id};
  if (has_success) return {451, "4.3.0", "Not all recipients could take the message; bring it again"};
  return answer_to((temporary ? temporary : permanent)->error(), over_quota);
}

}  // namespace

SmtpServer::SmtpServer(groupware::Accounts& accounts_, directory::Directory& directory_, Workers& workers_,
                       const Clock& clock_, SmtpOptions options_, const groupware::Filter* filter, Dns* dns,
                       Queue* queue, const Journal* journal, const Returns* returns, Reporter* reporter,
                       store::Engine* engine, FilterGate* gate)
    : accounts(accounts_),
      directory(directory_),
      delivery(accounts_, directory_, clock_, options_.over_quota, filter),
      workers(workers_),
      clock(clock_),
      options(std::move(options_)),
      rules(smtp_rules(options, accounts_.options().largest_item, returns)),
      visitors(options.connections_per_address, options.connections_per_minute),
      delivered(kSmtpAnswers, kSmtpAnswersHelp, {{"result", "delivered"}}),
      deferred(kSmtpAnswers, kSmtpAnswersHelp, {{"result", "deferred"}}),
      rejected(kSmtpAnswers, kSmtpAnswersHelp, {{"result", "rejected"}}),
      relayed(kSmtpAnswers, kSmtpAnswersHelp, {{"result", "relayed"}}),
      authors_pass(kAuthors, kAuthorsHelp, {{"dmarc", "pass"}}),
      authors_fail(kAuthors, kAuthorsHelp, {{"dmarc", "fail"}}),
      authors_unknown(kAuthors, kAuthorsHelp, {{"dmarc", "unknown"}}),
      refused_messages("kontor_smtp_refused_messages_total", "Messages refused whoever they were for"),
      refused_connections("kontor_smtp_refused_connections_total", "Connections refused: too many from one address"),
      seconds("kontor_smtp_delivery_seconds", "Time from the end of a message to its answer"),
      trusted_(parsed_networks(options.trusted_relays)),
      relaying_(parsed_networks(options.trusted_networks)),
      dns_(options.sender_checks == SenderChecks::off ? nullptr : dns),
      queue_(queue),
      reporter_(reporter),
      list_dns_(options.block_lists.empty() ? nullptr : dns),
      block_lists_(parsed_lists(options.block_lists)),
      greylist_(options.greylisting && engine ? std::make_unique<Greylist>(*engine, clock_, options.greylist)
                                              : nullptr),
      gate_(gate && gate->has(FilterStage::received) ? gate : nullptr),
      suffixes_(dns_ ? std::optional<PublicSuffixes>(std::in_place) : std::nullopt),
      journal_(journal),
      inspectors_(dns_ || list_dns_ || greylist_ ? std::make_unique<Workers>(options.check_threads) : nullptr) {}

net::Session SmtpServer::session() {
  return [this](std::unique_ptr<net::Stream> stream) { return run_smtp_session(*this, std::move(stream)); };
}

bool SmtpServer::is_trusted(const net::IpAddress& address) const {
  return std::ranges::any_of(trusted_, [&](const net::Network& network) { return network.contains(address); });
}

bool SmtpServer::may_relay(const net::Endpoint& peer) const {
  return queue_ && !peer.is_unix &&
         std::ranges::any_of(relaying_, [&](const net::Network& network) { return network.contains(peer.ip); });
}

bool SmtpServer::is_stranger(const net::Endpoint& peer) const {
  return (list_dns_ || greylist_) && !peer.is_unix && !peer.ip.is_loopback() && !is_trusted(peer.ip) &&
         !may_relay(peer);
}

std::vector<Listing> SmtpServer::listings(const net::IpAddress& address) {
  if (!list_dns_) return {};
  const auto resolver = list_dns_->until(std::chrono::steady_clock::now() + options.block_list_time);
  return find_listings(block_lists_, address, *resolver, *inspectors_);
}

// A fault of ours keeps no mail away. Hosts for which the sender's domain vouches are one: large senders come back from
// another network each time.
bool SmtpServer::may_pass(const SendingClient& client, const std::string& sender, const std::string& recipient,
                          std::optional<std::string>& origin) {
  const std::string network = Greylist::origin_of(client.ip);
  auto passes = greylist_->is_known(network, sender, recipient);
  if (passes && *passes) return true;
  if (!origin) {
    origin = network;
    if (dns_ && !sender.empty()) {
      const auto resolver = dns_->until(std::chrono::steady_clock::now() + options.block_list_time);
      const SpfVerdict spf = check_spf({client.ip, client.helo, sender, options.hostname, 0}, *resolver);
      if (spf.result == SpfResult::pass) origin = "=" + to_lower(sender.substr(sender.rfind('@') + 1));
    }
  }
  passes = greylist_->passes(*origin, sender, recipient);
  if (!passes) log::warn("smtp.greylist", {{"why", passes.error().text}});
  return passes.value_or(true);
}

SmtpServer::Inspection SmtpServer::inspect(SmtpMessage& message, const Envelope& envelope, const SendingClient& peer,
                                           const std::string& id) {
  Inspection out;
  out.refusal = message.finish();
  net::Endpoint from;
  from.ip = peer.ip;
  if (!dns_ || out.refusal || may_relay(from)) return out;
  const Instant now = clock.now();
  SenderFacts facts;
  facts.client =
      client_before_relays(message.head(), peer, [this](const net::IpAddress& address) { return is_trusted(address); });
  facts.mail_from = envelope.sender;
  facts.server = options.hostname;
  facts.time = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  facts.dice = static_cast<std::uint32_t>(random_u64() % 100);
  facts.trusted_sealers = options.trusted_sealers;
  if (!options.trusted_results.empty() && is_trusted(peer.ip))
    facts.relay = results_of_relays(message.head(), options.trusted_results,
                                    [this](const net::IpAddress& address) { return is_trusted(address); });
  // Whoever sends the message chooses most of the names that are asked for. If slow ones could use up the time for the
  // others, what the author's domain asks for would never be known: each key and each policy has a time of its own.
  const auto start = std::chrono::steady_clock::now();
  const auto for_spf = dns_->until(start + options.check_time);
  const auto resolver =
      dns_->until(start + 4 * options.check_time, std::chrono::milliseconds(options.check_time) / kSmtpShares);
  const SenderCheck check = check_sender(message, facts, *suffixes_, *for_spf, *resolver);
  out.field = results_field(check.results);
  const auto& spf = check.results.spf;
  out.is_forged = spf && (spf->result == SpfResult::fail || spf->result == SpfResult::softfail);
  note_author(check, id);
  if (reporter_ != nullptr) reporter_->note(check.results, options.sender_checks == SenderChecks::enforce);
  out.is_author_proven = is_author_proven(message.head(), check.results, *suffixes_);
  if (options.sender_checks != SenderChecks::enforce) return out;
  if (check.wish == DmarcPolicy::reject) out.refusal = Reply(550, "5.7.1", check.because);
  out.is_junk = check.wish == DmarcPolicy::quarantine;
  return out;
}

void SmtpServer::filter(SmtpMessage& message, Envelope& envelope, const net::Endpoint& peer, const Trace& trace,
                        Inspection& inspection) const {
  if (!gate_ || inspection.refusal) return;
  FilterRequest request;
  request.stage = FilterStage::received;
  request.id = trace.id;
  const auto client =
      client_before_relays(message.head(), {peer.ip, trace.client}, [this](const auto& ip) { return is_trusted(ip); });
  if (!peer.is_unix && client) request.ip = client->ip;
  request.port = peer.port;
  request.helo = client ? client->helo : trace.client;
  request.tls = trace.is_encrypted ? (trace.tls.empty() ? "TLS" : trace.tls) : "";
  request.sender = envelope.sender.to_string();
  for (const EnvelopeRecipient& one : envelope.recipients) request.recipients.push_back(one.address);
  request.authentication = mime::unfold(std::string_view(inspection.field).substr(inspection.field.find(':') + 1));
  request.is_author_proven = inspection.is_author_proven;
  request.is_junk = inspection.is_junk;
  const FilterOutcome outcome = gate_->pass(request, message);
  inspection.refusal = gate_->settle(request, outcome, message, trace, delivery, envelope);
  inspection.is_junk = request.is_junk;
}

void SmtpServer::note_author(const SenderCheck& check, const std::string& id) {
  const auto& dmarc = check.results.dmarc;
  const bool has_failure = std::ranges::find(dmarc, DmarcResult::fail, &DmarcVerdict::result) != dmarc.end();
  const bool has_pass = std::ranges::find(dmarc, DmarcResult::pass, &DmarcVerdict::result) != dmarc.end();
  (has_failure ? authors_fail : has_pass ? authors_pass : authors_unknown).add();
  std::string field = results_field(check.results);
  std::erase_if(field, [](char c) { return c == '\r' || c == '\n'; });
  log::info("smtp.checked", {{"id", id}, {"results", field.substr(field.find(';') + 1)}, {"wish", name(check.wish)}});
}

SmtpServer::Outcome SmtpServer::accept(const SmtpMessage& message, const Inspection& inspection,
                                       const Envelope& envelope, const Trace& trace) {
  if (inspection.refusal) return {*inspection.refusal, {}, {}};
  if (std::ranges::any_of(envelope.recipients, &EnvelopeRecipient::is_elsewhere))
    return relay_all(message, inspection, envelope, trace);
  Outcome out;
  out.answers = deliver(message, inspection, envelope, trace);
  out.reply = common_answer(out.answers, options.over_quota, trace.id);
  if (out.reply.is_positive() && queue_ && !inspection.is_forged) {
    const auto told = report_delivery(*queue_, {message, envelope, trace, inspection.field, clock.now()});
    if (!told) log::error("smtp.no_report", {{"id", trace.id}, {"why", told.error().text}});
    // Whoever brings it again gets no second copy, but its report.
    if (!told) out.reply = Reply(451, "4.3.0", "A fault on this server; try again later");
  }
  note_who_has_it(message, envelope, out);
  return out;
}

// Where others could not take the message it comes again. Once nobody is left the notes go.
void SmtpServer::note_who_has_it(const SmtpMessage& message, const Envelope& envelope, const Outcome& outcome) {
  const bool comes_again = !outcome.reply.is_positive();
  const std::string name = name_of(message, envelope);
  parallel_each(workers, outcome.answers.size(), [&](std::size_t i) {
    const auto& answer = outcome.answers[i];
    if (!answer || !answer->refusal.empty() || !envelope.recipients[i].onward.empty()) return;
    const std::string& address = envelope.recipients[i].address;
    if (comes_again && !answer->had_it)
      delivery.note(address, name);
    else if (!comes_again && answer->had_it)
      delivery.forget(address, name);
  });
}

// Recipients here as well: there is one answer for all, and it is known once the message is in the queue.
SmtpServer::Outcome SmtpServer::relay_all(const SmtpMessage& message, const Inspection& inspection,
                                          const Envelope& envelope, const Trace& trace) {
  Outcome out;
  const auto id = relay(*queue_, directory, {message, envelope, trace, inspection.field, clock.now()});
  if (id) {
    out.queued = *id;
    out.answers.resize(envelope.recipients.size());
    out.reply = Reply(250, "2.0.0", "Queued as " + to_text(*id));
  } else {
    out.answers.assign(envelope.recipients.size(), std::unexpected(id.error()));
    out.reply = answer_to(id.error(), options.over_quota);
  }
  return out;
}

std::vector<Result<groupware::Delivered>> SmtpServer::deliver(const SmtpMessage& message, const Inspection& inspection,
                                                              const Envelope& envelope, const Trace& trace) {
  const std::string name = name_of(message, envelope);
  Envelope missing = envelope;
  missing.recipients.clear();
  std::vector<Result<groupware::Delivered>> answers(envelope.recipients.size());
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const EnvelopeRecipient& one = envelope.recipients[i];
    const bool had_it = one.onward.empty() && delivery.has(one.address, name);
    if (had_it)
      answers[i]->had_it = true;
    else
      missing.recipients.push_back(one);
  }
  if (missing.recipients.empty()) return answers;
  const std::string header = trace_header(missing, trace, clock.now()) + inspection.field;
  Intake intake(accounts, missing.recipients, envelope.sender.to_string(), header, UINT64_MAX, queue_);
  // What claims to be written by this server is not.
  intake.write(without_results_of(message.head(), options.hostname));
  const auto written = message.each_of_body([&](std::string_view piece) -> Result<void> {
    intake.write(piece);
    return {};
  });
  std::vector<Result<groupware::Delivered>> done;
  if (written)
    done = intake.deliver(delivery, workers,
                          {.may_refuse = envelope.recipients.size() == 1,
                           .is_junk = inspection.is_junk,
                           .journal = journal_,
                           .is_author_proven = inspection.is_author_proven,
                           .has_one_answer = true});
  else
    done.assign(missing.recipients.size(), std::unexpected(written.error()));
  for (std::size_t i = 0, at = 0; i < answers.size() && at < done.size(); ++i)
    if (!answers[i]->had_it) answers[i] = std::move(done[at++]);
  return answers;
}

}  // namespace kontor::transport
