// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/receiving/intake.h"

#include <algorithm>
#include <exception>
#include <unordered_map>

#include "base/bytes.h"
#include "base/log.h"
#include "transport/receiving/parallel.h"

namespace kontor::transport {
namespace {

constexpr std::size_t kPieceForJournal = 256 << 10;

// A broken invariant while one account is written must not take the other recipients' answers with it.
Result<groupware::Delivered> deliver_one(const groupware::Delivery& delivery, const std::string& address,
                                         const groupware::StagedContent& content, const groupware::Arrival& arrival) {
  try {
    return delivery.deliver(address, content, arrival);
  } catch (const std::exception& fault) {
    log::error("lmtp.fault", {{"recipient", address}, {"what", fault.what()}});
    return fail(Errc::corrupt, "a fault on this server");
  }
}

// For each recipient, which one is the first with its address.
std::vector<std::size_t> first_named(const std::vector<EnvelopeRecipient>& recipients) {
  std::vector<std::size_t> first(recipients.size());
  std::unordered_map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < recipients.size(); ++i)
    first[i] = recipients.size() == 1 ? i : known.try_emplace(to_lower(recipients[i].address), i).first->second;
  return first;
}

// What the final delivery put there is not passed on (RFC 5321 section 4.4).
std::string_view without_delivery_fields(std::string_view header) {
  while (header.starts_with("Return-Path:") || header.starts_with("Delivered-To:"))
    header.remove_prefix(std::min(header.find('\n'), header.size() - 1) + 1);
  return header;
}

}  // namespace

Intake::Intake(groupware::Accounts& accounts, std::vector<EnvelopeRecipient> recipients, const std::string& sender,
               const std::string& header, std::uint64_t limit, Queue* queue)
    : accounts_(accounts), recipients_(std::move(recipients)), sender_(sender), queue_(queue), limit_(limit) {
  for (const EnvelopeRecipient& recipient : recipients_) {
    if (!recipient.onward.empty()) {
      if (!onward_) onward_ = queue_->write();
      continue;
    }
    auto is_same = [&](const Copy& copy) { return copy.tenant == recipient.tenant; };
    if (std::none_of(copies_.begin(), copies_.end(), is_same))
      copies_.push_back({recipient.tenant, accounts.stage(recipient.tenant), {}, {}, {}});
  }
  if (std::ranges::any_of(recipients_, &EnvelopeRecipient::is_group)) fingerprint_.emplace().update(sender + "\n");
  for (Copy& copy : copies_) copy.state = copy.stager->write(header);
  if (onward_) onward_state_ = onward_->write(without_delivery_fields(header));
}

void Intake::write(std::string_view bytes) {
  size_ += bytes.size();
  if (size_ > limit_) {
    for (Copy& copy : copies_) {
      copy.state = fail(Errc::too_large, "the message is too large");
      copy.stager.reset();
    }
    onward_state_ = fail(Errc::too_large, "the message is too large");
    return;
  }
  if (fingerprint_) fingerprint_->update(bytes);
  write_to_all(bytes);
}

void Intake::write_to_all(std::string_view bytes) {
  for (Copy& copy : copies_) {
    if (!copy.state) continue;
    copy.state = copy.stager->write(bytes);
    if (!copy.state) copy.stager.reset();
  }
  if (!onward_ || !onward_state_) return;
  onward_needs_.feed(bytes);
  onward_state_ = onward_->write(bytes);
}

// Nobody is told if it cannot be brought there: who would be is whom it is for.
Result<void> Intake::send_onward(const std::vector<std::size_t>& first) {
  TRY_VOID(onward_state_);
  NewMessage message;
  message.envelope.sender = sender_;
  message.envelope.origin = Origin::forward;
  message.envelope.cause = "a report that came back";
  onward_needs_.add_to(message.envelope.needs, false);
  for (std::size_t i = 0; i < recipients_.size(); ++i) {
    const EnvelopeRecipient& one = recipients_[i];
    if (one.onward.empty() || first[i] != i) continue;
    message.envelope.tenant = one.tenant;
    message.envelope.needs.utf8 = message.envelope.needs.utf8 || !is_ascii(one.onward);
    message.recipients.push_back({.address = one.onward, .notify = {.bits = DsnNotify::kNever}, .original = ""});
  }
  TRY(message.content, onward_->finish());
  std::vector<NewMessage> messages;
  messages.push_back(std::move(message));
  TRY_VOID(queue_->put(std::move(messages)));
  return {};
}

Intake::Copy& Intake::copy_of(TenantId tenant) {
  return *std::find_if(copies_.begin(), copies_.end(), [&](const Copy& copy) { return copy.tenant == tenant; });
}

JournalMail Intake::journal_mail(const Copy& copy, const Manner& manner,
                                 const std::vector<Result<groupware::Delivered>>* answers) const {
  JournalMail mail;
  mail.sender = sender_;
  if (manner.knows_sender) mail.from_tenant = manner.journal->tenant_of(sender_);
  for (std::size_t i = 0; i < recipients_.size(); ++i) {
    // Of a list's members some may have what others come again for.
    const bool has_it =
        answers == nullptr || ((*answers)[i] ? (*answers)[i]->refusal.empty() : recipients_[i].is_group);
    const std::string& address = recipients_[i].address;
    const bool is_known = std::ranges::find(mail.recipients, address) != mail.recipients.end();
    if (recipients_[i].tenant == copy.tenant && has_it && !is_known) mail.recipients.push_back(address);
  }
  mail.bytes = [this, &copy](const JournalMail::Take& take) -> Result<void> {
    const auto content = accounts_.content(copy.content);
    for (std::uint64_t at = 0; at < content->size();) {
      TRY(const std::string piece, content->read(at, kPieceForJournal));
      if (piece.empty()) return fail(Errc::unavailable, "the message is shorter than it was");
      TRY_VOID(take(piece));
      at += piece.size();
    }
    return {};
  };
  return mail;
}

void Intake::journal_ahead(Copy& copy, const Manner& manner) {
  const JournalMail mail = journal_mail(copy, manner, nullptr);
  if (!manner.journal->may_want(mail.from_tenant, mail.recipients)) return;
  auto reports = manner.journal->ahead(mail, copy.tenant);
  if (reports) {
    copy.reports = *std::move(reports);
    return;
  }
  log::error("journal.failed", {{"tenant", copy.tenant.value}, {"why", reports.error().text}});
  copy.state = fail(Errc::unavailable, "the message cannot be taken now");
}

// Who does not have it in the end must not stand in the report.
void Intake::settle_journal(const Copy& copy, const Manner& manner,
                            const std::vector<Result<groupware::Delivered>>& answers) const {
  const JournalMail mail = journal_mail(copy, manner, &answers);
  if (mail.recipients.size() == journal_mail(copy, manner, nullptr).recipients.size()) return;
  // The one that names too many is better than none.
  if (!mail.recipients.empty() && !manner.journal->ahead(mail, copy.tenant)) return;
  manner.journal->withdraw(copy.reports);
}

std::vector<Result<groupware::Delivered>> Intake::deliver(const groupware::Delivery& delivery, Workers& workers,
                                                          Manner manner) {
  for (Copy& copy : copies_) {
    if (!copy.state) continue;
    auto content = copy.stager->finish();
    if (content)
      copy.content = *std::move(content);
    else
      copy.state = std::unexpected(content.error());
    if (copy.state && manner.journal) journal_ahead(copy, manner);
  }
  const std::string fingerprint = fingerprint_ ? fingerprint_->finish() : std::string();
  const std::vector<std::size_t> first = first_named(recipients_);
  std::vector<Result<groupware::Delivered>> answers(recipients_.size());
  parallel_each(workers, recipients_.size(), [&](std::size_t i) {
    if (first[i] != i || !recipients_[i].onward.empty()) return;
    Copy& copy = copy_of(recipients_[i].tenant);
    const groupware::Arrival arrival{
        sender_, fingerprint, manner.may_refuse, manner.is_junk, recipients_[i].reports, manner.is_author_proven};
    answers[i] = copy.state ? deliver_one(delivery, recipients_[i].address, copy.content, arrival)
                            : std::unexpected(copy.state.error());
  });
  if (onward_) {
    // Last: nobody notes that the queue has it, so that it would go there again with what comes again for others.
    const bool comes_again =
        manner.has_one_answer && !std::ranges::all_of(answers, [](const auto& one) { return one.has_value(); });
    Result<void> onward = fail(Errc::unavailable, "others could not take the message");
    if (!comes_again) onward = send_onward(first);
    for (std::size_t i = 0; i < answers.size(); ++i)
      if (!onward && !recipients_[i].onward.empty()) answers[i] = std::unexpected(onward.error());
  }
  for (std::size_t i = 0; i < answers.size(); ++i)
    if (first[i] != i) answers[i] = answers[first[i]];
  for (const Copy& copy : copies_)
    if (!copy.reports.empty()) settle_journal(copy, manner, answers);
  return answers;
}

}  // namespace kontor::transport
