// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/filtering/delivery_plugins.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/log.h"
#include "directory/address.h"
#include "formats/mime/header.h"
#include "wire/smtp/reply_reader.h"

namespace kontor::transport {
namespace {

constexpr std::size_t kLargestPluginHead = 4 << 20;
// Each copy leaves its owner's address in this field: whoever finds its own there has sent the message on before.
constexpr std::string_view kSentOnBy = "X-Sent-On-By";

struct Cut {
  std::string head;
  std::uint64_t end = 0;  // of the header in what is stored
};

// The header. What came by LMTP may end its lines with LF alone: filters see CRLF.
Result<Cut> cut_head(const groupware::Content& content) {
  Cut cut;
  std::string& text = cut.head;
  while (text.size() < content.size() && text.size() < kLargestPluginHead) {
    TRY(const std::string piece, content.read(text.size(), 64 << 10));
    if (piece.empty()) break;
    text += piece;
    const auto crlf = text.find("\r\n\r\n"), lf = text.find("\n\n");
    const auto end = std::min(crlf == std::string::npos ? crlf : crlf + 4, lf == std::string::npos ? lf : lf + 2);
    if (end == std::string::npos) continue;
    text.resize(end);
    break;
  }
  cut.end = text.size();
  std::string clean;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) clean += '\r';
    clean += text[i];
  }
  text = std::move(clean);
  return cut;
}

bool was_sent_on_by(std::string_view head, const std::string& address) {
  bool was_sent = false;
  mime::each_field(head, [&](const mime::Field& field) {
    was_sent = iequals(field.name, kSentOnBy) && iequals(mime::unfold(field.value), address);
    return !was_sent;
  });
  return was_sent;
}

// RFC 5321 section 4.4: the final delivery made them, and there will be another one.
std::string_view without_final_fields(std::string_view head) {
  std::size_t size = 0;
  mime::each_field(head, [&](const mime::Field& field) {
    const bool is_final = iequals(field.name, "Return-Path") || iequals(field.name, "Delivered-To");
    if (is_final) size += field.whole.size();
    return is_final;
  });
  return head.substr(size);
}

}  // namespace

Result<groupware::StagedContent> DeliveryPlugins::stage(TenantId tenant, std::string_view head,
                                                        const FilterMessage& message) {
  const auto stager = accounts_.stage(tenant);
  TRY_VOID(stager->write(head));
  TRY_VOID(message.each_of_body([&](std::string_view piece) { return stager->write(piece); }));
  return stager->finish();
}

Result<groupware::HookAnswer> DeliveryPlugins::ask(const directory::Principal& who,
                                                   const groupware::Incoming& incoming) {
  const auto content = accounts_.content(incoming.content);
  TRY(const Cut cut, cut_head(*content));
  FilterMessage message(
      cut.head, [&](std::uint64_t offset, std::size_t length) { return content->read(cut.end + offset, length); },
      content->size() - cut.end);
  FilterRequest request;
  request.stage = FilterStage::delivery;
  request.id = to_hex(incoming.content.hash.substr(0, 8));
  request.hostname = gate_.options().hostname;
  if (const auto tenant = directory_.tenant(who.tenant)) request.tenant = tenant->name;
  request.sender = incoming.sender;
  request.recipients = {incoming.recipient};
  request.is_junk = incoming.is_junk;
  request.is_author_proven = incoming.is_author_proven;
  const FilterOutcome outcome = gate_.chain(FilterStage::delivery).run(request, message);
  groupware::HookAnswer answer;
  if (outcome.verdict == FilterVerdict::tempfail)
    return fail(Errc::unavailable, wire::smtp::joined_text(outcome.reply));
  if (outcome.verdict == FilterVerdict::reject) {
    answer.refusal = wire::smtp::joined_text(outcome.reply);
    return answer;
  }
  answer.is_discarded = outcome.verdict == FilterVerdict::discard;
  if (answer.is_discarded) return answer;
  if (message.has_changed()) {
    TRY(answer.content, stage(who.tenant, message.head(), message));
  }
  const auto own = std::ranges::find(request.recipients, incoming.recipient);
  answer.is_discarded = own == request.recipients.end();
  if (!answer.is_discarded) request.recipients.erase(own);
  const auto bad =
      std::erase_if(request.recipients, [](const std::string& one) { return !directory::parse_address(one); });
  if (bad != 0) log::warn("filter.bad_recipient", {{"id", request.id}, {"count", bad}});
  // Where nobody else can have it, it stays with whom it was for.
  if (bad != 0 && request.recipients.empty()) answer.is_discarded = false;
  // What would go round in circles is kept instead.
  const std::string& own_address = who.primary_address();
  if (!request.recipients.empty() && was_sent_on_by(cut.head, own_address)) {
    log::info("filter.not_sent_on", {{"id", request.id}, {"by", own_address}, {"why", "it would go round in circles"}});
    request.recipients.clear();
    answer.is_discarded = false;
  }
  if (!request.recipients.empty()) {
    groupware::OutgoingMail mail;
    mail.principal = who.id;
    mail.sender = incoming.sender;
    mail.recipients = request.recipients;
    mail.reports = incoming.reports;
    const std::string head =
        fmt::format("{}: {}\r\n", kSentOnBy, own_address).append(without_final_fields(message.head()));
    TRY(mail.content, stage(who.tenant, head, message));
    TRY_VOID(outbox_.send(mail));
  }
  // There is no other place for it on the way into an account.
  answer.is_junk = request.is_junk || outcome.verdict == FilterVerdict::quarantine;
  answer.folder = outcome.folder;
  return answer;
}

}  // namespace kontor::transport
