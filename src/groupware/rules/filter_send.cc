// SPDX-License-Identifier: AGPL-3.0-or-later
// What a script sends: the message itself to others, answers to its sender, notifications.
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/log.h"
#include "formats/mime/header.h"
#include "formats/sieve/compose.h"
#include "groupware/rules/filter.h"
#include "groupware/rules/script_world.h"

namespace kontor::groupware {
namespace {

constexpr std::size_t kMostHops = 50;
constexpr std::size_t kHeaderLooked = 1 << 20;
constexpr std::size_t kBodyPiece = 256 << 10;
// Each forward leaves its owner's address in this field: whoever finds its own there has sent the message on before.
constexpr std::string_view kForwardedBy = "X-Sieve-Redirected-From";

struct Trail {
  std::size_t hops = 0;
  bool has_been_here = false;
};

Trail trail_of(std::string_view header, const directory::Principal& who) {
  Trail trail;
  mime::each_field(header, [&](const mime::Field& field) {
    if (iequals(field.name, "Received")) ++trail.hops;
    if (iequals(field.name, kForwardedBy)) {
      const std::string by = to_lower(mime::unfold(field.value));
      trail.has_been_here |= std::ranges::find(who.addresses, by) != who.addresses.end();
    }
    return true;
  });
  return trail;
}

// Not of the header: each delivery puts other fields there. Where that is longer than what was looked at, all behind
// that counts as body.
Result<std::string> body_hash(const Content& content, std::string_view start) {
  Sha256 hash;
  const auto end = start.find("\r\n\r\n");
  std::uint64_t at = end == std::string_view::npos ? start.size() : end + 4;
  while (at < content.size()) {
    TRY(const std::string piece, content.read(at, kBodyPiece));
    if (piece.empty()) break;
    hash.update(piece);
    at += piece.size();
  }
  return hash.finish();
}

// RFC 5321 section 4.4: the final delivery made it, and there will be another one.
std::size_t return_path_size(std::string_view header) {
  std::size_t size = 0;
  mime::each_field(header, [&](const mime::Field& field) {
    if (iequals(field.name, "Return-Path")) size = field.whole.size();
    return false;
  });
  return size;
}

// A name of the owner's choice, but nobody else's address: what is sent gets the domain's signature.
std::string own_from(const std::string& from, const directory::Principal& who) {
  const auto addresses = mime::parse_addresses(from, 2);
  if (addresses.size() != 1) return {};
  const std::string address = to_lower(addresses.front().mailbox + "@" + addresses.front().host);
  return std::ranges::find(who.addresses, address) != who.addresses.end() ? from : std::string();
}

void cut_front(sieve::Edition& edition, std::uint64_t bytes) {
  if (edition.empty()) return;
  sieve::EditionPiece& first = edition.front();
  if (!first.text.empty()) {
    first.text.erase(0, static_cast<std::size_t>(std::min<std::uint64_t>(bytes, first.text.size())));
    return;
  }
  const std::uint64_t cut = std::min(bytes, first.size);
  first.offset += cut;
  first.size -= cut;
}

}  // namespace

std::string Filter::memory_of_forward(const Way& way, const std::string& address) const {
  const auto& mail = way.incoming.content.mail;
  if (!mail || mail->message_id.empty()) return {};
  return "forwarded" + ('\0' + mail->message_id) + '\0' + address + '\0' + way.body;
}

// Sends the message on. What would go round in circles is kept instead.
Result<void> Filter::forward(Way& way, Run& run, const Reader& reader) const {
  const auto is_forward = [](const sieve::Action& a) { return std::holds_alternative<sieve::Redirect>(a); };
  if (std::ranges::none_of(run.outcome.actions, is_forward)) return {};
  const auto files = [](const sieve::Action& a) {
    return std::holds_alternative<sieve::Keep>(a) || std::holds_alternative<sieve::FileInto>(a);
  };
  // It would come again, and be sent on each time.
  const Usage usage = reader.usage();
  if (std::ranges::any_of(run.outcome.actions, files) && usage.limit != 0 &&
      usage.bytes + way.incoming.content.size > usage.limit)
    return fail(Errc::over_quota, "the mailbox is full");
  TRY(const std::string header, accounts_.content(way.incoming.content)->read(0, kHeaderLooked));
  const Trail trail = trail_of(header, way.who);
  if (way.body.empty()) {
    TRY(way.body, body_hash(*accounts_.content(way.incoming.content), header));
  }
  for (sieve::Action& action : run.outcome.actions) {
    const auto* redirect = std::get_if<sieve::Redirect>(&action);
    if (!redirect || way.forwarded.contains(to_lower(redirect->address))) continue;
    const auto local = directory_.resolve(redirect->address);
    const bool is_loop = trail.has_been_here || trail.hops >= kMostHops || (local && local->principal == way.who.id);
    Result<void> sent;
    if (!is_loop) {
      const std::string what = memory_of_forward(way, to_lower(redirect->address));
      TRY(const bool was_sent, what.empty() ? Result<bool>(false) : reader.remembers(what, clock_.now()));
      if (was_sent) continue;
      sent = send_on(way, *redirect, run.outcome);
      if (!sent && sent.error().code != Errc::invalid && sent.error().code != Errc::too_large) return sent;
    }
    if (!is_loop && sent) continue;
    if (!sent) run.complaints.push_back(fmt::format("redirect \"{}\": {}", redirect->address, sent.error().text));
    log::info("script.not_forwarded", {{"account", way.account.id().value},
                                       {"to", redirect->address},
                                       {"why", sent ? "it would go round in circles" : sent.error().text}});
    action = sieve::Keep{.flags = {}, .edition = redirect->edition, .is_implicit = true};
  }
  return {};
}

Result<void> Filter::send_on(Way& way, const sieve::Redirect& redirect, const sieve::Outcome& outcome) const {
  if (!outbox_) return fail(Errc::invalid, "this server does not send mail for scripts");
  sieve::Edition edition{{"", 0, way.incoming.content.size}};
  if (redirect.edition != 0) edition = outcome.editions.at(redirect.edition - 1);
  if (!edition.empty() && edition.front().text.empty()) {
    TRY(const std::string top, accounts_.content(way.incoming.content)->read(edition.front().offset, 4096));
    cut_front(edition, return_path_size(top));
  } else if (!edition.empty()) {
    cut_front(edition, return_path_size(edition.front().text));
  }
  OutgoingMail mail;
  mail.principal = way.who.id;
  mail.sender = way.incoming.sender;
  mail.recipients = {redirect.address};
  mail.reports = way.incoming.reports;
  TRY(mail.content,
      stage(way.incoming.content, fmt::format("{}: {}\r\n", kForwardedBy, way.who.primary_address()), edition));
  TRY_VOID(outbox_->send(mail));
  way.forwarded.insert(to_lower(redirect.address));
  log::info("script.forwarded", {{"account", way.account.id().value}, {"to", redirect.address}});
  return {};
}

// After the commit: who is answered is noted, so that nobody is answered twice whatever happens now.
void Filter::answer(const Way& way, const Run& run) const {
  if (!outbox_) return;
  for (const sieve::Action& action : run.outcome.actions) {
    OutgoingMail mail;
    mail.principal = way.who.id;
    std::string bytes;
    if (const auto* reply = std::get_if<sieve::VacationReply>(&action)) {
      mail.kind = OutgoingKind::vacation;
      mail.recipients = {reply->to};
      sieve::VacationReply own = *reply;
      own.from = own_from(reply->from, way.who);
      bytes = sieve::compose(own, compose_context(way));
    } else if (const auto* notify = std::get_if<sieve::Notify>(&action)) {
      mail.kind = OutgoingKind::notification;
      mail.recipients = notify->recipients;
      // RFC 5436 section 2.7.1: nothing comes back for what itself came from nobody.
      const sieve::ComposeContext context = compose_context(way);
      if (!way.incoming.sender.empty()) mail.sender = context.address;
      sieve::Notify own = *notify;
      own.from = own_from(notify->from, way.who);
      bytes = sieve::compose(own, context);
    } else {
      continue;
    }
    const Result<void> sent = [&]() -> Result<void> {
      const std::unique_ptr<Stager> stager = accounts_.stage(way.account.tenant());
      TRY_VOID(stager->write(bytes));
      TRY(mail.content, stager->finish());
      return outbox_->send(mail);
    }();
    if (sent)
      log::info("script.answered", {{"account", way.account.id().value}, {"to", mail.recipients.front()}});
    else
      log::warn("script.not_answered", {{"account", way.account.id().value}, {"why", sent.error().text}});
  }
}

}  // namespace kontor::groupware
