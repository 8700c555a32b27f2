// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/filtering/filter_chain.h"

#include <algorithm>
#include <chrono>

#include "base/bytes.h"
#include "base/log.h"
#include "transport/filtering/http_filter.h"
#include "transport/filtering/milter.h"
#include "transport/filtering/program_filter.h"
#include "transport/filtering/rspamd.h"
#include "wire/smtp/path.h"

namespace kontor::transport {
namespace {

using wire::smtp::Reply;

constexpr FilterVerdict kVerdicts[] = {FilterVerdict::accept,  FilterVerdict::junk,   FilterVerdict::quarantine,
                                       FilterVerdict::discard, FilterVerdict::reject, FilterVerdict::tempfail};

constexpr std::size_t kMostChanges = 20'000;

const std::string kVerdictsName = "kontor_filter_messages_total",
                  kVerdictsHelp = "Messages that a filter saw, by verdict";

// RFC 3463, of the class that the reply has.
bool is_status(std::string_view text, char kind) {
  return text.size() >= 5 && text.size() <= 9 && text[0] == kind && text[1] == '.' && text.back() != '.' &&
         text[2] != '.' && std::ranges::count(text, '.') == 2 &&
         std::ranges::all_of(text, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

// RFC 5321 section 4.5.3.1.5: 512 bytes with all else that stands there. No character is cut.
void shorten(std::string& line) {
  constexpr std::size_t kMost = 400;
  if (line.size() <= kMost) return;
  std::size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xc0) == 0x80) --end;
  line.resize(end);
}

// What a filter says is not trusted to be a refusal of the right kind.
Reply sound_reply(FilterVerdict verdict, Reply reply) {
  const bool is_temporary = verdict == FilterVerdict::tempfail;
  const int low = is_temporary ? 400 : 500;
  if (reply.code < low || reply.code > low + 99 || reply.code == 421) reply.code = is_temporary ? 451 : 550;
  if (!is_status(reply.enhanced, is_temporary ? '4' : '5')) reply.enhanced = is_temporary ? "4.7.1" : "5.7.1";
  std::erase_if(reply.lines, [](const std::string& line) { return line.empty(); });
  if (reply.lines.size() > 20) reply.lines.resize(20);
  std::ranges::for_each(reply.lines, shorten);
  if (reply.lines.empty())
    reply.lines.emplace_back(is_temporary ? "The message cannot be taken now; try again later"
                                          : "The message was refused by a filter");
  return reply;
}

// Whether it can stand in a command: a line's end within it would begin another one.
bool is_sound_address(std::string_view text) { return wire::smtp::take_path(text) && text.empty(); }

void change_recipients(const FilterAnswer& answer, std::vector<std::string>& recipients) {
  const auto same = [](const std::string& a) { return [&a](const std::string& b) { return iequals(a, b); }; };
  for (const std::string& gone : answer.remove_recipients) {
    if (gone == kEveryRecipient) recipients.clear();
    std::erase_if(recipients, same(gone));
  }
  for (const std::string& more : answer.add_recipients)
    if (std::ranges::none_of(recipients, same(more))) recipients.push_back(more);
}

}  // namespace

Result<void> check_filter_answer(const FilterAnswer& answer) {
  if (answer.headers.size() + answer.add_recipients.size() + answer.remove_recipients.size() > kMostChanges)
    return fail(Errc::too_large, "the filter wants too much");
  if (!std::ranges::all_of(answer.add_recipients, is_sound_address))
    return fail(Errc::invalid, "the filter adds a recipient that is no address");
  if (answer.sender && !answer.sender->empty() && !is_sound_address(*answer.sender))
    return fail(Errc::invalid, "the filter names a sender that is no address");
  return {};
}

std::string_view name(FilterStage stage) {
  switch (stage) {
    case FilterStage::received:
      return "received";
    case FilterStage::lmtp:
      return "lmtp";
    case FilterStage::submitted:
      return "submitted";
    case FilterStage::delivery:
      return "delivery";
  }
  return "unknown";
}

std::string_view name(FilterVerdict verdict) {
  switch (verdict) {
    case FilterVerdict::accept:
      return "accept";
    case FilterVerdict::junk:
      return "junk";
    case FilterVerdict::quarantine:
      return "quarantine";
    case FilterVerdict::discard:
      return "discard";
    case FilterVerdict::reject:
      return "reject";
    case FilterVerdict::tempfail:
      return "tempfail";
  }
  return "unknown";
}

std::unique_ptr<ContentFilter> make_filter(const FilterStep& step, const FilterOptions& options) {
  switch (step.kind) {
    case FilterStep::Kind::milter:
      return std::make_unique<MilterFilter>(step, options.spool_folder);
    case FilterStep::Kind::rspamd:
      return std::make_unique<Rspamd>(step);
    case FilterStep::Kind::http:
      return std::make_unique<HttpFilter>(step, options.spool_folder);
    case FilterStep::Kind::program:
      break;
  }
  return std::make_unique<ProgramFilter>(step, options.spool_folder);
}

FilterChain::FilterChain(const std::vector<std::string>& steps, const FilterOptions& options) {
  for (const std::string& text : steps) {
    const FilterStep how = parse_filter_step(text).value();
    const std::string label = how.label();
    std::vector<metrics::Counter> verdicts;
    for (const FilterVerdict verdict : kVerdicts)
      verdicts.emplace_back(kVerdictsName, kVerdictsHelp,
                            metrics::Labels{{"filter", label}, {"verdict", std::string(name(verdict))}});
    steps_.push_back({how, make_filter(how, options), std::move(verdicts),
                      metrics::Counter("kontor_filter_failures_total", "Messages that a filter gave no answer to",
                                       {{"filter", label}}),
                      metrics::Histogram("kontor_filter_seconds", "Time that a filter took for a message")});
  }
}

// With what is configured in place of an answer that does not come.
FilterAnswer FilterChain::ask(const Step& step, const FilterRequest& request, const FilterMessage& message) const {
  const auto start = std::chrono::steady_clock::now();
  Result<FilterAnswer> answer = fail(Errc::corrupt, "");
  try {
    answer = step.filter->ask(request, message);
  } catch (const std::exception& fault) {
    answer = fail(Errc::corrupt, fault.what());
  }
  if (answer)
    if (const auto sound = check_filter_answer(*answer); !sound) answer = std::unexpected(sound.error());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  step.seconds.observe(took.count());
  if (answer) return *std::move(answer);
  step.failures.add();
  const bool is_passed = step.how.on_failure == OnFailure::accept;
  log::error(
      "filter.failed",
      {{"id", request.id}, {"filter", step.filter->label()}, {"why", answer.error().text}, {"goes_on", is_passed}});
  FilterAnswer out;
  if (is_passed) return out;
  out.verdict = FilterVerdict::tempfail;
  out.reply = Reply(451, "4.3.0", "A filter cannot be reached; try again later");
  out.reason = answer.error().text;
  return out;
}

FilterOutcome FilterChain::run(FilterRequest& request, FilterMessage& message) const {
  FilterOutcome out;
  for (const Step& step : steps_) {
    if (message.size() > step.how.largest) continue;
    FilterAnswer answer = ask(step, request, message);
    step.verdicts[static_cast<std::size_t>(answer.verdict)].add();
    if (answer.verdict > out.verdict) {
      out.verdict = answer.verdict;
      out.by = step.filter->label();
      out.reason = answer.reason;
      out.reply = answer.reply;
    }
    if (answer.verdict >= FilterVerdict::discard) break;
    if (answer.message) {
      // A new message that makes no sense is a fault of the filter: what came stays as it is.
      if (auto done = message.replace(answer.message); !done)
        log::error("filter.no_message",
                   {{"id", request.id}, {"filter", step.filter->label()}, {"why", done.error().text}});
    }
    if (answer.body) message.replace_body(answer.body);
    for (const HeaderChange& change : answer.headers) message.change(change);
    if (answer.sender) request.sender = *answer.sender;
    change_recipients(answer, request.recipients);
    if (!answer.folder.empty()) out.folder = answer.folder;
    request.is_junk = request.is_junk || answer.verdict == FilterVerdict::junk;
  }
  if (out.verdict >= FilterVerdict::reject) out.reply = sound_reply(out.verdict, std::move(out.reply));
  if (out.verdict != FilterVerdict::accept)
    log::info("filter.verdict", {{"id", request.id},
                                 {"stage", name(request.stage)},
                                 {"verdict", name(out.verdict)},
                                 {"by", out.by},
                                 {"reason", out.reason}});
  return out;
}

}  // namespace kontor::transport
