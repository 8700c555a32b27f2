// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/smtp/into_queue.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "base/digest.h"
#include "formats/mime/header.h"
#include "transport/auth/results.h"
#include "transport/queue/content_needs.h"
#include "transport/sending/report.h"

namespace kontor::transport {
namespace {

// Each address once, in the order in which they came.
std::vector<NewRecipient> queue_recipients(const Envelope& envelope) {
  std::vector<NewRecipient> out;
  std::set<std::string> known;
  for (const EnvelopeRecipient& one : envelope.recipients)
    if (known.insert(to_lower(one.address)).second)
      out.push_back({.address = one.onward.empty() ? one.address : one.onward,
                     .notify = {.bits = one.reports.notify},
                     .original = one.reports.original});
  return out;
}

// What is the same for all recipients stands with each.
void add_wishes(const Envelope& envelope, QueuedEnvelope& into) {
  if (envelope.recipients.empty()) return;
  const groupware::ReportWishes& wishes = envelope.recipients.front().reports;
  into.dsn_return = static_cast<DsnReturn>(wishes.returned);
  into.envelope_id = wishes.envelope_id;
}

// RFC 5321 section 6.4: devices that send through us often leave these to us.
std::string missing_fields(std::string_view head, const TakenMessage& taken) {
  std::string out;
  if (!mime::find_field(head, "Date"))
    out += fmt::format("Date: {:%a, %d %b %Y %H:%M:%S} +0000\r\n", fmt::gmtime(taken.now.time_since_epoch().count()));
  if (!mime::find_field(head, "Message-ID"))
    out += fmt::format("Message-ID: <{}@{}>\r\n", to_hex(random_bytes(16)), taken.trace.hostname);
  return out;
}

}  // namespace

Result<QueueId> relay(Queue& queue, const directory::Directory& directory, const TakenMessage& taken) {
  const Envelope& envelope = taken.envelope;
  NewMessage out;
  out.recipients = queue_recipients(envelope);
  out.envelope.sender = envelope.sender.to_string();
  if (const auto domain = directory.domain(to_lower(envelope.sender.domain))) out.envelope.tenant = domain->tenant;
  out.envelope.origin = Origin::relay;
  out.envelope.cause = fmt::format("{} from {}", taken.trace.id, taken.trace.peer);
  add_wishes(envelope, out.envelope);
  const std::string only = out.recipients.size() == 1 ? out.recipients.front().address : std::string();
  const std::string kept = without_results_of(taken.message.head(), taken.trace.hostname);
  const std::string head =
      received_field(envelope, taken.trace, only, taken.now) + taken.field + missing_fields(kept, taken) + kept;
  ContentNeeds needs;
  needs.feed(head);
  out.envelope.needs.utf8 =
      envelope.is_utf8 &&
      (needs.has_high_bytes() || !envelope.sender.is_ascii() ||
       !std::ranges::all_of(out.recipients, [](const NewRecipient& one) { return is_ascii(one.address); }));
  const std::unique_ptr<Queue::Writer> writer = queue.write();
  TRY_VOID(writer->write(head));
  TRY_VOID(taken.message.each_of_body([&](std::string_view piece) -> Result<void> {
    needs.feed(piece);
    return writer->write(piece);
  }));
  needs.add_to(out.envelope.needs, envelope.is_binary);
  TRY(out.content, writer->finish());
  std::vector<NewMessage> messages;
  messages.push_back(std::move(out));
  TRY(const std::vector<QueueId> ids, queue.put(std::move(messages)));
  return ids.front();
}

Result<void> report_delivery(Queue& queue, const TakenMessage& taken) {
  const Envelope& envelope = taken.envelope;
  if (envelope.sender.is_null()) return {};  // RFC 3461 section 6
  std::vector<QueuedRecipient> told;
  std::vector<DsnAction> actions;
  std::set<std::string> known;
  for (const EnvelopeRecipient& one : envelope.recipients) {
    if ((one.reports.notify & DsnNotify::kSuccess) == 0 || !known.insert(to_lower(one.address)).second) continue;
    QueuedRecipient& recipient = told.emplace_back();
    recipient.address = one.address;
    recipient.original = one.reports.original;
    actions.push_back(one.is_group ? DsnAction::expanded : DsnAction::delivered);
  }
  if (told.empty()) return {};
  std::vector<DsnEntry> entries;
  for (std::size_t i = 0; i < told.size(); ++i)
    entries.push_back({&told[i], actions[i], {.code = 250, .enhanced = "2.0.0", .text = "Delivered", .host = ""}});
  QueuedMessage about;
  about.sender = envelope.sender.to_string();
  about.arrived = taken.now;
  about.needs.utf8 = envelope.is_utf8;
  add_wishes(envelope, about);
  const Report report = make_report({.message = about,
                                     .entries = entries,
                                     .original = taken.message.head(),
                                     .is_whole = false,
                                     .hostname = taken.trace.hostname,
                                     .now = taken.now,
                                     .id = to_hex(random_bytes(12))});
  NewMessage out;
  out.envelope.tenant = envelope.recipients.front().tenant;
  out.envelope.origin = Origin::report;
  out.envelope.cause = "about " + taken.trace.id;
  out.envelope.needs = {.utf8 = report.is_utf8, .eight_bit = report.is_eight_bit, .binary = false};
  out.recipients.push_back({.address = about.sender, .notify = {.bits = DsnNotify::kNever}, .original = ""});
  const std::unique_ptr<Queue::Writer> writer = queue.write();
  TRY_VOID(writer->write(report.bytes));
  TRY(out.content, writer->finish());
  std::vector<NewMessage> messages;
  messages.push_back(std::move(out));
  TRY_VOID(queue.put(std::move(messages)));
  return {};
}

}  // namespace kontor::transport
