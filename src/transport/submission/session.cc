// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/submission/session.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/log.h"
#include "directory/address.h"
#include "net/blocking.h"

namespace kontor::transport {

using wire::smtp::Reply;
using wire::smtp::Verb;

namespace {

Reply login_refusal(const login::Refusal& refusal) {
  using Kind = login::Refusal::Kind;
  switch (refusal.kind) {
    case Kind::given_up:
      return {501, "5.7.0", refusal.text};
    case Kind::broken:
      return {501, "5.5.2", refusal.text};
    case Kind::no_mechanism:
      return {504, "5.5.4", refusal.text};
    case Kind::needs_tls:
      return {538, "5.7.11", refusal.text};
    case Kind::wrong:
    case Kind::no_right:
      return {535, "5.7.8", refusal.text};
    case Kind::too_many:
    case Kind::unavailable:
      break;
  }
  return {454, "4.7.0", refusal.text};
}

Reply submission_answer(const Error& error) {
  switch (error.code) {
    case Errc::denied:
      return {550, "5.7.1", error.text};
    case Errc::invalid:
      return {554, "5.6.0", error.text};
    case Errc::too_large:
      return {552, "5.3.4", error.text};
    case Errc::over_quota:
      return {452, "4.7.1", error.text};
    default:
      return {451, "4.3.0", "A fault on this server; try again later"};
  }
}

}  // namespace

SubmissionSession::SubmissionSession(SubmissionServer& server, std::unique_ptr<net::Stream> stream)
    : ReceivingSession(server.rules, server.delivery, groupware::QuotaPolicy::defer, server.logins.workers,
                       std::move(stream)),
      server_(server) {}

Task<void> SubmissionSession::hello(Command command) {
  if (command.verb == Verb::lhlo) co_return co_await refuse(Reply(500, "5.5.1", "This is SMTP: say EHLO"));
  co_await greeted(std::move(command));
}

void SubmissionSession::add_extensions(Reply& reply) {
  reply.lines.emplace_back("DSN");
  const auto latest = server_.submission.options().latest_release;
  if (latest.count() > 0)
    reply.lines.push_back(fmt::format("FUTURERELEASE {} {:%Y-%m-%dT%H:%M:%SZ}", latest.count(),
                                      fmt::gmtime((server_.clock.now() + latest).time_since_epoch().count())));
  if (user_ || !login::may_send_secret(stream(), login::PlainLogin::never)) return;
  std::string names;
  for (const std::string_view name : login::mechanisms(server_.logins, stream())) (names += " ").append(name);
  if (!names.empty()) reply.lines.push_back("AUTH" + names);
}

// RFC 4954 section 4.
Task<void> SubmissionSession::authenticate(Command command) {
  if (client().empty() || user_ || has_envelope())
    co_return co_await refuse(Reply(503, "5.5.1", user_ ? "You are logged in already" : "Not now"));
  const auto space = command.text.find(' ');
  std::optional<std::string> initial;
  if (space != std::string::npos) {
    const std::string_view given = std::string_view(command.text).substr(space + 1);
    initial = given == "=" ? std::string() : from_base64(given);
    if (!initial) co_return co_await refuse(Reply(501, "5.5.2", "The initial response is not base64"));
  }
  login::Login login(server_.logins, directory::Protocol::submission, io(), failures_);
  const login::SaslForm form{.challenge = "334 ", .is_string = false};
  auto verdict = co_await login.authenticate(to_upper(command.text.substr(0, space)), std::move(initial), form,
                                             login::may_send_secret(stream(), login::PlainLogin::never));
  if (!verdict) {
    co_await say(login_refusal(verdict.error()));
    if (!verdict.error().farewell.empty()) close();
    co_return;
  }
  user_ = verdict->principal;
  login.note(*verdict, user_->primary_address());
  co_await say(Reply(235, "2.7.0", "Welcome"));
}

std::optional<Reply> SubmissionSession::prepare_sender(Command& command) {
  if (!user_) return Reply(530, "5.7.0", "Log in first");
  // What the directory says now: it may have changed since the login.
  auto user = server_.directory.principal(user_->id);
  if (!user || !server_.directory.may_use(user_->id, directory::Protocol::submission))
    return Reply(550, "5.7.1", "You may not send any more");
  user_ = *std::move(user);
  auto asked = take_mail_parameters(command.unknown, server_.clock.now(), server_.submission.options().latest_release);
  if (!asked) return asked.error();
  // RFC 4954 section 5: nobody here is told for whom others send.
  std::erase_if(command.unknown, [](const auto& one) { return one.keyword == "AUTH"; });
  if (!command.path.is_null())
    if (auto right = server_.submission.may_use(*user_, command.path.to_string()); !right)
      return Reply(550, "5.7.1", right.error().text);
  if (auto credit = server_.submission.has_credit(*user_); !credit) return submission_answer(credit.error());
  asked_ = *std::move(asked);
  return std::nullopt;
}

std::optional<Reply> SubmissionSession::prepare_recipient(Command& command) {
  auto asked = take_recipient_parameters(command.unknown);
  if (!asked) return asked.error();
  recipient_asked_ = *std::move(asked);
  return std::nullopt;
}

std::optional<std::expected<EnvelopeRecipient, Reply>> SubmissionSession::own_recipient(const Command& command) {
  wire::smtp::Path path = command.path;
  std::unexpected<Reply> bad(Reply(553, "5.1.3", "That is no address to which mail can be sent"));
  if (path.domain.empty()) return bad;
  if (!path.domain.starts_with('[')) {
    auto domain = directory::parse_domain(path.domain);
    if (!domain) return bad;
    path.domain = *std::move(domain);
  }
  if (auto fault = literal_fault(path.domain, server_.smtp.address_literals))
    return std::unexpected(Reply(550, "5.7.1", *std::move(fault)));
  const std::string address = path.to_string();
  if (server_.directory.domain(path.domain)) {
    const auto known = server_.directory.resolve(address);
    if (!known && known.error().code == Errc::not_found)
      return std::unexpected(Reply(550, "5.1.1", "No such user here"));
  }
  recipients_.push_back({.address = address, .notify = recipient_asked_.notify, .original = recipient_asked_.original});
  return EnvelopeRecipient{address, user_->tenant, false};
}

SmtpMessage& SubmissionSession::message() {
  if (!message_) message_ = std::make_unique<SmtpMessage>(server_.smtp, rules().largest_message, envelope().is_binary);
  return *message_;
}

bool SubmissionSession::is_endless() const { return message_ && message_->size() / 2 > rules().largest_message; }

void SubmissionSession::drop_message() {
  message_.reset();
  recipients_.clear();
}

// On a worker.
std::optional<std::expected<Reply, Reply>> SubmissionSession::filter(const std::string& session, Submitted& submitted) {
  if (!server_.gate) return std::nullopt;
  FilterRequest request;
  request.stage = FilterStage::submitted;
  request.id = session;
  const net::Endpoint& peer = stream().peer();
  if (!peer.is_unix) request.ip = peer.ip;
  request.port = peer.port;
  request.helo = client();
  request.tls = submitted.is_encrypted ? stream().tls_description() : "";
  request.login = user_->primary_address();
  if (const auto tenant = server_.directory.tenant(user_->tenant)) request.tenant = tenant->name;
  request.sender = submitted.sender;
  for (const NewRecipient& one : submitted.recipients) request.recipients.push_back(one.address);
  const FilterOutcome outcome = server_.gate->pass(request, message());
  if (outcome.verdict >= FilterVerdict::reject) return std::unexpected(outcome.reply);
  if (outcome.verdict == FilterVerdict::discard) return Reply(250, "2.0.0", "Taken");
  if (outcome.verdict == FilterVerdict::quarantine) server_.gate->mark_quarantined(outcome, submitted.envelope);
  submitted.sender = request.sender;
  std::vector<NewRecipient> kept;
  bool is_any_bad = false;
  for (const std::string& address : request.recipients) {
    const auto known = std::ranges::find(submitted.recipients, address, &NewRecipient::address);
    if (known != submitted.recipients.end())
      kept.push_back(*known);
    else if (directory::parse_address(address))
      kept.push_back({.address = address, .notify = {}, .original = ""});
    else
      is_any_bad = true;
  }
  submitted.recipients = std::move(kept);
  if (is_any_bad) log::warn("filter.bad_recipient", {{"id", session}});
  // It must not be lost where nobody else is left.
  if (is_any_bad && submitted.recipients.empty())
    return std::unexpected(Reply(451, "4.3.0", "The message cannot be taken now; try again later"));
  if (submitted.recipients.empty()) return Reply(250, "2.0.0", "Taken");
  return std::nullopt;
}

std::expected<Reply, Reply> SubmissionSession::submit(const std::string& session, bool is_encrypted) {
  message().write(pending());
  if (auto fault = message().finish()) return std::unexpected(*std::move(fault));
  Submitted submitted;
  submitted.sender = envelope().sender.to_string();
  submitted.envelope.dsn_return = asked_.dsn_return;
  submitted.envelope.envelope_id = asked_.envelope_id;
  submitted.envelope.release = asked_.release;
  submitted.recipients = recipients_;
  submitted.is_encrypted = is_encrypted;
  if (auto ended = filter(session, submitted)) return *std::move(ended);
  submitted.head = message().head();
  submitted.body_size = message().body_size();
  submitted.body = [this](const std::function<Result<void>(std::string_view)>& take) {
    return message().each_of_body(take);
  };
  submitted.session = session;
  submitted.is_utf8 = envelope().is_utf8;
  submitted.is_binary = envelope().is_binary;
  auto id = server_.submission.submit(*user_, std::move(submitted));
  if (!id) return std::unexpected(submission_answer(id.error()));
  return Reply(250, "2.0.0", "Queued as " + to_text(*id));
}

Task<void> SubmissionSession::finish_message() {
  const std::string session = id();
  const bool is_encrypted = stream().is_encrypted();
  auto done = co_await net::blocking(server_.gate ? server_.gate->workers() : workers(),
                                     [&] { return submit(session, is_encrypted); });
  (done ? server_.taken : server_.refused).add();
  log::info(done ? "submission.taken" : "submission.refused", {{"session", session},
                                                               {"user", user_->primary_address()},
                                                               {"from", envelope().sender.to_string()},
                                                               {"recipients", recipients_.size()},
                                                               {"answer", done ? done->lines.front() : ""},
                                                               {"reason", done ? "" : done.error().lines.front()}});
  if (done)
    co_await say(*done);
  else
    co_await say(done.error());
  reset();
}

}  // namespace kontor::transport
