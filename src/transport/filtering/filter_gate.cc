// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/filtering/filter_gate.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/log.h"
#include "directory/address.h"
#include "transport/auth/results.h"
#include "transport/queue/content_needs.h"

namespace kontor::transport {
namespace {

using wire::smtp::Reply;

// After the time in quarantine it may still be released, and then takes its time.
constexpr std::chrono::days kReleasedTime{5};
constexpr std::size_t kMostExpired = 10'000;
constexpr std::size_t kLongestCause = 500;

wire::smtp::Path path_of(const std::string& address) {
  std::string_view text = address;
  return wire::smtp::take_path(text).value_or(wire::smtp::Path());
}

// What becomes of those for whom filters want a message to be.
struct Placed {
  std::vector<std::string> elsewhere;  // they get it by the queue
  bool must_wait = false;              // one cannot have it at present
  bool is_any_bad = false;             // one cannot have it
};

// Those who get it at once become the recipients of `envelope`. `came`: as the client named them.
Placed place_recipients(const FilterRequest& request, const Envelope& came, const groupware::Delivery& delivery,
                        std::uint64_t size, Envelope& envelope) {
  Placed out;
  for (const std::string& address : request.recipients) {
    const auto known = std::ranges::find(came.recipients, address, &EnvelopeRecipient::address);
    if (known != came.recipients.end()) {
      envelope.recipients.push_back(*known);
      continue;
    }
    const bool is_address = directory::parse_address(address).has_value();
    const auto accepted = delivery.accepts(address, size);
    const bool is_foreign = !accepted && accepted.error().code == Errc::denied;
    // Of one who was added at LMTP an answer of its own would be heard by nobody.
    if (is_address && (is_foreign || request.stage == FilterStage::lmtp)) {
      out.elsewhere.push_back(address);
    } else if (accepted) {
      envelope.recipients.push_back({address, accepted->tenant, accepted->is_group});
    } else {
      log::warn("filter.bad_recipient", {{"id", request.id}, {"to", address}, {"why", accepted.error().text}});
      const Errc why = accepted.error().code;
      out.must_wait = out.must_wait || why == Errc::unavailable || why == Errc::over_quota || why == Errc::corrupt;
      out.is_any_bad = true;
    }
  }
  return out;
}

}  // namespace

FilterGate::FilterGate(const FilterOptions& options, Queue& queue, const Clock& clock)
    : options_(options),
      queue_(queue),
      clock_(clock),
      received_(options.received, options),
      lmtp_(options.lmtp, options),
      submitted_(options.submitted, options),
      delivery_(options.delivery, options),
      workers_(received_.is_empty() && lmtp_.is_empty() && submitted_.is_empty() && delivery_.is_empty()
                   ? 1
                   : options.threads) {}

const FilterChain& FilterGate::chain(FilterStage stage) const {
  switch (stage) {
    case FilterStage::received:
      return received_;
    case FilterStage::lmtp:
      return lmtp_;
    case FilterStage::submitted:
      return submitted_;
    case FilterStage::delivery:
      break;
  }
  return delivery_;
}

FilterOutcome FilterGate::pass(FilterRequest& request, SmtpMessage& message) const {
  request.hostname = options_.hostname;
  FilterMessage seen(
      message.head(), [&](std::uint64_t offset, std::size_t length) { return message.read_body(offset, length); },
      message.body_size());
  FilterOutcome outcome = chain(request.stage).run(request, seen);
  if (outcome.verdict < FilterVerdict::discard && seen.has_changed()) message.adopt(std::move(seen));
  return outcome;
}

void FilterGate::mark_quarantined(const FilterOutcome& outcome, QueuedEnvelope& envelope) const {
  envelope.origin = Origin::quarantine;
  envelope.is_held = true;
  envelope.cause = (outcome.by + ": " + outcome.reason).substr(0, kLongestCause);
  envelope.expires = clock_.now() + options_.quarantine_time + kReleasedTime;
}

Result<void> FilterGate::put(const FilterRequest& request, const SmtpMessage& message, const std::string& header,
                             QueuedEnvelope envelope, const std::vector<std::string>& recipients) const {
  NewMessage made;
  made.envelope = std::move(envelope);
  made.envelope.sender = request.sender;
  made.envelope.needs.utf8 = !is_ascii(message.head()) || !is_ascii(request.sender);
  for (const std::string& one : recipients) {
    made.envelope.needs.utf8 = made.envelope.needs.utf8 || !is_ascii(one);
    made.recipients.push_back({.address = one, .notify = {}, .original = ""});
  }
  // What claims to be written by this server is not.
  const std::string head = without_results_of(message.head(), options_.hostname);
  ContentNeeds needs;
  needs.feed(header);
  needs.feed(head);
  auto writer = queue_.write();
  TRY_VOID(writer->write(header));
  TRY_VOID(writer->write(head));
  TRY_VOID(message.each_of_body([&](std::string_view piece) -> Result<void> {
    needs.feed(piece);
    return writer->write(piece);
  }));
  needs.add_to(made.envelope.needs, false);
  TRY(made.content, writer->finish());
  std::vector<NewMessage> all;
  all.push_back(std::move(made));
  TRY_VOID(queue_.put(std::move(all)));
  return {};
}

std::optional<Reply> FilterGate::settle(const FilterRequest& request, const FilterOutcome& outcome,
                                        const SmtpMessage& message, const Trace& trace,
                                        const groupware::Delivery& delivery, Envelope& envelope) const {
  if (outcome.verdict >= FilterVerdict::reject) return outcome.reply;
  Reply taken(250, "2.0.0", "Taken " + trace.id);
  if (outcome.verdict == FilterVerdict::discard) return taken;
  const Envelope came = envelope;
  // The final delivery makes the other fields.
  const std::string header = received_field(
      came, trace, came.recipients.size() == 1 ? came.recipients.front().address : std::string(), clock_.now());
  QueuedEnvelope queued;
  if (!came.recipients.empty()) queued.tenant = came.recipients.front().tenant;
  if (outcome.verdict == FilterVerdict::quarantine) {
    mark_quarantined(outcome, queued);
    if (auto done = put(request, message, header, queued, request.recipients); !done) {
      log::error("filter.no_quarantine", {{"id", trace.id}, {"why", done.error().text}});
      return Reply(451, "4.3.0", "The message cannot be taken now; try again later");
    }
    return taken;
  }
  if (path_of(request.sender).to_string() == request.sender) envelope.sender = path_of(request.sender);
  envelope.recipients.clear();
  const Placed placed = place_recipients(request, came, delivery, message.size(), envelope);
  // It must not be lost, neither to one who cannot have it now nor where nobody is left.
  if (placed.must_wait || (placed.is_any_bad && placed.elsewhere.empty() && envelope.recipients.empty())) {
    envelope = came;
    return Reply(451, "4.3.0", "The message cannot be taken now; try again later");
  }
  if (!placed.elsewhere.empty()) {
    queued.origin = Origin::forward;
    queued.cause = "filter of " + trace.id;
    if (auto done = put(request, message, header, queued, placed.elsewhere); !done) {
      log::error("filter.not_sent_on", {{"id", trace.id}, {"why", done.error().text}});
      envelope = came;  // for the log
      return Reply(451, "4.3.0", "The message cannot be taken now; try again later");
    }
  }
  if (envelope.recipients.empty()) {
    envelope = came;  // for the log
    return taken;
  }
  return std::nullopt;
}

Result<void> FilterGate::expire() const {
  QueueFilter all;
  all.is_quarantine = true;
  all.state = RecipientState::held;  // what was released is on its way
  TRY(const auto listed, queue_.list(all, kMostExpired));
  const Instant until = clock_.now() - options_.quarantine_time;
  for (const QueueListed& one : listed) {
    if (one.message.arrived > until) break;  // they are by age
    QueueFilter this_one = all;
    this_one.id = one.message.id;
    TRY_VOID(queue_.remove(this_one));
    log::info("quarantine.expired", {{"id", to_text(one.message.id)}, {"from", one.message.sender}});
  }
  return {};
}

}  // namespace kontor::transport
