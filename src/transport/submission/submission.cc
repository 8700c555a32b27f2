// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/submission/submission.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/log.h"
#include "directory/address.h"
#include "formats/mime/header.h"
#include "transport/auth/results.h"
#include "transport/queue/content_needs.h"

namespace kontor::transport {
namespace {

using directory::Principal;
using directory::SendRight;

constexpr std::size_t kMostAuthors = 50;

std::string date_field(Instant now) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} +0000", fmt::gmtime(now.time_since_epoch().count()));
}

// Without the empty line at its end.
std::string_view fields_of(std::string_view head) {
  if (head == "\r\n") return {};
  return head.ends_with("\r\n\r\n") ? head.substr(0, head.size() - 2) : head;
}

bool is_owner(const Principal& who, const std::string& address) {
  return std::ranges::find(who.addresses, address) != who.addresses.end();
}

std::string tame_name(std::string_view text) {
  std::string out;
  for (char c : text.substr(0, 255))
    out += (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
                   c == ':' || c == '[' || c == ']'
               ? c
               : '?';
  return out.empty() ? "unknown" : out;
}

}  // namespace

Submission::Submission(directory::Directory& directory, groupware::Accounts& accounts, Queue& queue, const Clock& clock,
                       std::string hostname, SubmissionOptions options, store::Engine* engine)
    : directory_(directory),
      accounts_(accounts),
      queue_(queue),
      clock_(clock),
      hostname_(std::move(hostname)),
      options_(options),
      messages_(options.messages_per_hour, engine, 'm', clock.now()),
      recipients_(options.recipients_per_hour, engine, 'r', clock.now()),
      tenant_messages_(options.tenant_messages_per_hour, engine, 't', clock.now()) {}

Result<SendRight> Submission::may_use(const Principal& who, std::string_view address) const {
  const Error denied(Errc::denied,
                     fmt::format("{} may not send as {}", who.primary_address(), directory::shown(address)));
  auto parsed = directory::parse_address(address);
  if (!parsed) return std::unexpected(denied);
  if (is_owner(who, parsed->text())) return SendRight::as;
  auto other = directory_.by_address(parsed->text());
  const auto domain = directory_.domain(parsed->domain);
  if (const auto base = parsed->without_detail(); !other && base && domain && domain->subaddressing) {
    if (is_owner(who, *base)) return SendRight::as;
    other = directory_.by_address(*base);
  }
  if (!other) return std::unexpected(denied);
  const SendRight right = directory_.send_right(who.id, other->id);
  if (right == SendRight::none) return std::unexpected(denied);
  return right;
}

Result<void> Submission::has_credit(const Principal& who) const {
  const Instant now = clock_.now();
  if (!messages_.has(who.id.value, 1, now) || !recipients_.has(who.id.value, 1, now))
    return fail(Errc::over_quota, "You have sent too much in an hour; try again later");
  if (!tenant_messages_.has(who.tenant.value, 1, now))
    return fail(Errc::over_quota, "Your organisation has sent too much in an hour; try again later");
  return {};
}

// Who wrote it must be somebody for whom the user may write. Where it is not the user, or several, Sender says who sent
// it (RFC 5322 section 3.6.2).
Result<std::string> Submission::sender_field(const Principal& who, std::string_view head) const {
  int count = 0;
  std::string_view from;
  mime::each_field(head, [&](const mime::Field& field) {
    if (iequals(field.name, "From")) {
      ++count;
      from = field.value;
    }
    return true;
  });
  if (count != 1) return fail(Errc::invalid, "A message needs exactly one From field");
  std::size_t authors = 0;
  bool is_for_others = false;
  const std::vector<mime::Address> named = mime::parse_addresses(from, kMostAuthors + 1);
  // Groups count too: what stands behind the last that was read would not be looked at.
  if (named.size() > kMostAuthors) return fail(Errc::invalid, "From names too many addresses");
  for (const mime::Address& one : named) {
    if (one.is_group_start || one.is_group_end) continue;
    ++authors;
    TRY(const SendRight right, may_use(who, one.mailbox + "@" + one.host));
    is_for_others = is_for_others || right == SendRight::on_behalf;
  }
  if (authors == 0) return fail(Errc::invalid, "From names no address");
  if (!is_for_others && authors == 1) return std::string();
  return fmt::format("Sender: <{}>\r\n", who.primary_address());
}

Result<std::string> Submission::complete(const Principal& who, const Submitted& message) const {
  const std::string_view fields = fields_of(message.head);
  TRY(const std::string sender, sender_field(who, fields));
  std::string kept;
  bool has_date = false, has_id = false, has_sender = false;
  Result<void> state;
  mime::each_field(fields, [&](const mime::Field& field) {
    if (field.name.empty()) {
      state = fail(Errc::invalid, "The header has a line that is no field");
      return false;
    }
    auto is = [&](std::string_view name) { return iequals(field.name, name); };
    if (is("Bcc") || is("Resent-Bcc") || is("Return-Path")) return true;
    // What claims to be written by this server is not (RFC 8601 section 5): the message may stay on it.
    if (is("Authentication-Results") && iequals(results_server(field.value), hostname_)) return true;
    if (is("Sender")) {
      // A second Sender, or one that the user may not be, goes.
      const auto named = mime::parse_addresses(field.value, 2);
      const bool is_good = !has_sender && sender.empty() && named.size() == 1 &&
                           may_use(who, named[0].mailbox + "@" + named[0].host) == SendRight::as;
      if (!is_good) return true;
      has_sender = true;
    }
    has_date = has_date || is("Date");
    has_id = has_id || is("Message-ID");
    kept += field.whole;
    return true;
  });
  if (!state) return std::unexpected(state.error());
  if (!kept.ends_with("\r\n")) kept += "\r\n";
  const Instant now = clock_.now();
  const std::string& own = who.primary_address();
  // Without the client's name and address: where a user is, is nobody's business. RFC 3848 names the protocols.
  std::string out =
      fmt::format("Received: by {} with {}ESMTP{}A id {};\r\n\t{}\r\n", hostname_, message.is_utf8 ? "UTF8" : "",
                  message.is_encrypted ? "S" : "", tame_name(message.session), date_field(now));
  if (!has_date) out += fmt::format("Date: {}\r\n", date_field(now));
  if (!has_id) out += fmt::format("Message-ID: <{}@{}>\r\n", to_hex(random_bytes(16)), own.substr(own.rfind('@') + 1));
  return out + sender + kept + "\r\n";
}

Result<QueueId> Submission::submit(const Principal& who, Submitted message) {
  TRY(const std::string head, complete(who, message));
  if (head.size() + message.body_size > options_.largest_message + (64 << 10))
    return fail(Errc::too_large, fmt::format("The message is too large; at most {}", options_.largest_message));
  const Instant now = clock_.now();
  // An address that was said twice gets one message.
  std::set<std::string> named;
  std::erase_if(message.recipients, [&](const NewRecipient& one) { return !named.insert(one.address).second; });
  const auto count = static_cast<std::uint32_t>(message.recipients.size());
  if (!messages_.take(who.id.value, 1, now) || !recipients_.take(who.id.value, count, now) ||
      !tenant_messages_.take(who.tenant.value, 1, now)) {
    log::warn("submission.too_much", {{"user", who.primary_address()}});
    return fail(Errc::over_quota, "Too much was sent in an hour; try again later");
  }
  NewMessage queued;
  queued.envelope = message.envelope;
  queued.envelope.sender = message.sender;
  queued.envelope.tenant = who.tenant;
  queued.envelope.account = who.account();
  // Unless a filter said what it is.
  if (queued.envelope.origin != Origin::quarantine) {
    queued.envelope.origin = Origin::submission;
    queued.envelope.cause = message.session;
  }
  queued.envelope.needs.utf8 =
      !is_ascii(head) || !is_ascii(message.sender) ||
      std::ranges::any_of(message.recipients, [](const NewRecipient& one) { return !is_ascii(one.address); });
  auto writer = queue_.write();
  TRY_VOID(writer->write(head));
  ContentNeeds needs;
  needs.feed(head);
  TRY_VOID(message.body([&](std::string_view piece) -> Result<void> {
    needs.feed(piece);
    return writer->write(piece);
  }));
  needs.add_to(queued.envelope.needs, message.is_binary);
  queued.envelope.needs.eight_bit = queued.envelope.needs.eight_bit || queued.envelope.needs.utf8;
  TRY(queued.content, writer->finish());
  queued.recipients = message.recipients;
  std::vector<NewMessage> news;
  news.push_back(std::move(queued));
  TRY(auto ids, queue_.put(std::move(news)));
  if (options_.copies_to_sent) copy_to_sent(who, head, message);
  return ids.front();
}

// The message is on its way already: what goes wrong here is told in the log only.
void Submission::copy_to_sent(const Principal& who, const std::string& head, const Submitted& message) const {
  auto work = [&]() -> Result<void> {
    TRY(auto account, accounts_.open(who.account()));
    auto stager = accounts_.stage(who.tenant);
    TRY_VOID(stager->write(head));
    TRY_VOID(message.body([&](std::string_view piece) { return stager->write(piece); }));
    TRY(groupware::StagedContent content, stager->finish());
    groupware::NewItem item;
    item.content = std::move(content);
    item.flags.flags = groupware::kSeen;
    TRY_VOID(account->update(groupware::Caller::system(), [&](groupware::Transaction& transaction) -> Result<void> {
      const auto folder = transaction.folders()->by_role(groupware::FolderRole::sent);
      if (!folder) return fail(Errc::not_found, "there is no folder for sent mail");
      TRY_VOID(transaction.add(folder->id, item));
      return {};
    }));
    return {};
  };
  if (auto done = work(); !done)
    log::warn("submission.no_copy", {{"user", who.primary_address()}, {"why", done.error().text}});
}

}  // namespace kontor::transport
