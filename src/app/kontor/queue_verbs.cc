// SPDX-License-Identifier: AGPL-3.0-or-later
#include "kontor/queue_verbs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>

#include "base/bytes.h"
#include "directory/address.h"
#include "kontor/commands.h"
#include "kontor/exit_code.h"
#include "kontor/print.h"
#include "kontor/verb_arguments.h"
#include "transport/receiving/receiving_check.h"
#include "transport/reports/tally.h"

namespace kontor::app {
namespace {

using transport::Queue;
using transport::QueueFilter;
using transport::QueueListed;

constexpr std::size_t kMostListed = 10'000;

Result<QueueFilter> read_filter(const json::object& arguments, House& house) {
  QueueFilter filter;
  TRY(auto id, text_argument(arguments, "id"));
  if (id && *id != "all") {
    filter.id = transport::parse_queue_id(*id);
    if (!filter.id) return fail(Errc::invalid, fmt::format("\"{}\" is no id of a message in the queue", *id));
  }
  TRY(auto tenant, text_argument(arguments, "tenant"));
  if (tenant) {
    TRY(auto found, house.directory->tenant(*tenant));
    filter.tenant = found.id;
  }
  TRY(auto sender, text_argument(arguments, "sender"));
  TRY(auto recipient, text_argument(arguments, "recipient"));
  filter.sender = sender.value_or("");
  filter.recipient = recipient.value_or("");
  TRY(auto state, text_argument(arguments, "state"));
  if (state) {
    if (*state != "waiting" && *state != "held") return fail(Errc::invalid, "\"state\" is waiting or held");
    filter.state = *state == "held" ? transport::RecipientState::held : transport::RecipientState::waiting;
  }
  return filter;
}

json::object show_recipient(const transport::QueuedRecipient& one) {
  json::object out{{"address", one.address}, {"state", name(one.state)}, {"attempts", one.attempts}};
  if (one.state == transport::RecipientState::waiting) out["next"] = time_text(one.next);
  if (one.settled != Instant()) out["settled"] = time_text(one.settled);
  if (one.last.code != 0) out["code"] = one.last.code;
  if (!one.last.enhanced.empty()) out["status"] = one.last.enhanced;
  if (!one.last.text.empty()) out["said"] = one.last.text;
  if (!one.last.host.empty()) out["host"] = one.last.host;
  return out;
}

json::object show_message(const QueueListed& listed, const House& house) {
  const transport::QueuedMessage& message = listed.message;
  json::array recipients;
  std::uint64_t waiting = 0, held = 0;
  std::optional<Instant> next;
  for (const transport::QueuedRecipient& one : listed.recipients) {
    recipients.push_back(show_recipient(one));
    if (one.state == transport::RecipientState::held) ++held;
    if (one.state != transport::RecipientState::waiting) continue;
    ++waiting;
    next = next ? std::min(*next, one.next) : one.next;
  }
  const auto tenant = house.directory->tenant(message.tenant);
  return {{"id", to_text(message.id)},
          {"arrived", time_text(message.arrived)},
          {"expires", time_text(message.expires)},
          {"sender", message.sender},
          {"tenant", tenant ? json::value(tenant->name) : json::value()},
          {"origin", name(message.origin)},
          {"cause", message.cause},
          {"bytes", message.size},
          {"waiting", waiting},
          {"held", held},
          {"next", next ? json::value(time_text(*next)) : json::value()},
          {"recipients", std::move(recipients)}};
}

Result<std::string> list(House& house, std::string_view text) {
  TRY(json::object arguments, verb_arguments(text, {"tenant", "sender", "recipient", "state"}));
  TRY(QueueFilter filter, read_filter(arguments, house));
  TRY(std::vector<QueueListed> found, house.queue->list(filter, kMostListed));
  json::array out;
  for (const QueueListed& one : found) {
    json::object shown = show_message(one, house);
    std::string to = one.recipients.front().address;
    if (one.recipients.size() > 1) to += fmt::format(" and {} more", one.recipients.size() - 1);
    shown["to"] = to;
    out.push_back(std::move(shown));
  }
  return json::serialize(out);
}

Result<std::string> show(House& house, std::string_view text) {
  TRY(json::object arguments, verb_arguments(text, {"id"}));
  TRY_VOID(needed_text(arguments, "id"));
  TRY(QueueFilter filter, read_filter(arguments, house));
  if (!filter.id) return fail(Errc::invalid, "One message can be shown at a time");
  TRY(QueueListed listed, house.queue->show(*filter.id));
  return json::serialize(show_message(listed, house));
}

using Change = Result<std::uint64_t> (Queue::*)(const QueueFilter&);

Result<std::string> change(House& house, std::string_view text, Change change) {
  TRY(json::object arguments, verb_arguments(text, {"id", "tenant", "sender", "recipient"}));
  TRY_VOID(needed_text(arguments, "id"));
  TRY(QueueFilter filter, read_filter(arguments, house));
  TRY(std::uint64_t count, (house.queue.get()->*change)(filter));
  return json::serialize(json::object{{"changed", count}});
}

Result<std::string> counts(House& house) {
  const transport::QueueCounts counts = house.queue->counts();
  return json::serialize(
      json::object{{"messages", counts.messages},
                   {"bytes", counts.bytes},
                   {"waiting", counts.waiting},
                   {"held", counts.held},
                   {"being_sent", counts.leased},
                   {"oldest", counts.oldest ? json::value(time_text(*counts.oldest)) : json::value()}});
}

Result<std::vector<groupware::Fault>> check_queue(House& house, bool repair) {
  TRY(std::vector<Queue::Fault> found, house.queue->check(repair));
  TRY(std::vector<Queue::Fault> counted, transport::check_counted(*house.engine, repair));
  std::ranges::move(counted, std::back_inserter(found));
  TRY(std::vector<Queue::Fault> received, transport::check_receiving(*house.engine, repair));
  std::ranges::move(received, std::back_inserter(found));
  std::vector<groupware::Fault> out;
  for (Queue::Fault& one : found) out.push_back({std::move(one.where), std::move(one.what), one.repaired});
  return out;
}

// What programs on this machine hand in may end lines as they like.
std::string with_crlf(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 32);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) out += '\r';
    out += text[i];
  }
  return out;
}

Result<std::vector<transport::NewRecipient>> read_recipients(const json::object& arguments) {
  std::vector<transport::NewRecipient> out;
  const json::value* notify = arguments.if_contains("notify");
  transport::DsnNotify wanted;
  if (notify && notify->is_array())
    for (const json::value& one : notify->get_array()) {
      const std::string word = one.is_string() ? std::string(one.get_string()) : "";
      if (word == "success")
        wanted.bits |= transport::DsnNotify::kSuccess;
      else if (word == "failure")
        wanted.bits |= transport::DsnNotify::kFailure;
      else if (word == "delay")
        wanted.bits |= transport::DsnNotify::kDelay;
      else if (word == "never")
        wanted.bits |= transport::DsnNotify::kNever;
      else
        return fail(Errc::invalid, "\"notify\" takes success, failure, delay and never");
    }
  const json::value* list = arguments.if_contains("recipients");
  if (list && list->is_array())
    for (const json::value& one : list->get_array()) {
      if (!one.is_string()) return fail(Errc::invalid, "\"recipients\" must be texts");
      TRY(auto address, directory::parse_address(std::string_view(one.get_string())));
      out.push_back({.address = address.text(), .notify = wanted, .original = ""});
    }
  if (out.empty()) return fail(Errc::invalid, "\"recipients\" is missing");
  return out;
}

Result<std::string> add(House& house, std::string_view text) {
  TRY(json::object arguments, verb_arguments(text, {"sender", "recipients", "notify", "content", "held"}));
  transport::NewMessage message;
  TRY(auto sender, text_argument(arguments, "sender"));
  if (sender && !sender->empty()) {
    TRY(auto address, directory::parse_address(*sender));
    message.envelope.sender = address.text();
    if (auto domain = house.directory->domain(address.domain)) message.envelope.tenant = domain->tenant;
  }
  TRY(message.recipients, read_recipients(arguments));
  TRY(std::string encoded, needed_text(arguments, "content"));
  auto content = from_base64(encoded);
  if (!content) return fail(Errc::invalid, "\"content\" must be in base64");
  const std::string bytes = with_crlf(*content);
  auto is_high = [](char c) { return static_cast<unsigned char>(c) >= 0x80; };
  message.envelope.needs.utf8 = std::ranges::any_of(bytes.substr(0, bytes.find("\r\n\r\n")), is_high);
  message.envelope.needs.eight_bit = std::ranges::any_of(bytes, is_high);
  message.envelope.cause = "command";
  const json::value* held = arguments.if_contains("held");
  message.envelope.is_held = held && held->is_bool() && held->get_bool();
  auto writer = house.queue->write();
  TRY_VOID(writer->write(bytes));
  TRY(message.content, writer->finish());
  std::vector<transport::NewMessage> messages;
  messages.push_back(std::move(message));
  TRY(auto ids, house.queue->put(std::move(messages)));
  return json::serialize(json::object{{"id", to_text(ids.front())}});
}

// `kontor queue add`: reads the message, which may be long, itself.
Answer add_message(const Settings& settings, const json::object& arguments) {
  json::object call_with = arguments;
  std::string bytes;
  const json::value* file = arguments.if_contains("message");
  if (file && file->is_string()) {
    std::ifstream in(std::string(file->get_string()), std::ios::binary);
    if (!in) return {fail(Errc::not_found, "The message's file cannot be read"), false};
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  } else {
    bytes.assign(std::istreambuf_iterator<char>(std::cin), {});
  }
  call_with.erase("message");
  call_with["content"] = to_base64(bytes);
  return call(settings, "queue.add", json::serialize(call_with), {.may_open = true, .may_make = false});
}

int print_added(const json::value& answer) {
  fmt::print("{}\n", cell(answer.at("id")));
  return kOk;
}

int print_queue(const json::value& answer) {
  print_table(answer, {{"ID", "id"},
                       {"ARRIVED", "arrived"},
                       {"SIZE", "bytes", true},
                       {"FROM", "sender"},
                       {"TO", "to"},
                       {"WAITING", "waiting"},
                       {"HELD", "held"},
                       {"NEXT", "next"}});
  return kOk;
}

int print_message(const json::value& answer) {
  json::object head = answer.as_object();
  const json::value recipients = head["recipients"];
  head.erase("recipients");
  print_details(head, {"bytes"});
  fmt::print("\n");
  print_table(recipients, {{"RECIPIENT", "address"},
                           {"STATE", "state"},
                           {"ATTEMPTS", "attempts"},
                           {"NEXT", "next"},
                           {"STATUS", "status"},
                           {"HOST", "host"},
                           {"SAID", "said"}});
  return kOk;
}

int print_counts(const json::value& answer) {
  print_details(answer, {"bytes"});
  return kOk;
}

Printer print_changed(std::string what) {
  return [what = std::move(what)](const json::value& answer) {
    fmt::print("{} {} recipients\n", what, cell(answer.at("changed")));
    return kOk;
  };
}

void add_change(CommandLine& line, const std::string& word, const std::string& about, const std::string& done) {
  line.verb("queue " + word, "queue." + word, about, print_changed(done))
      .required("id", "ID", "The message, or: all")
      .text("--sender", "sender", "ADDRESS", "Only mail from this address, or from @domain")
      .text("--recipient", "recipient", "ADDRESS", "Only these recipients: an address, or @domain")
      .text("--tenant", "tenant", "NAME", "Only mail of this tenant")
      .example("kontor queue " + word + " all --recipient @example.net");
}

}  // namespace

void add_queue_verbs(admin::Admin& admin, House& house) {
  admin.add("queue.list", false, [&house](std::string_view text) { return list(house, text); });
  admin.add("queue.show", false, [&house](std::string_view text) { return show(house, text); });
  admin.add("queue.add", true, [&house](std::string_view text) { return add(house, text); });
  admin.add("queue.counts", false, [&house](std::string_view) { return counts(house); });
  const std::pair<const char*, Change> changes[] = {{"queue.retry", &Queue::retry},
                                                    {"queue.hold", &Queue::hold},
                                                    {"queue.release", &Queue::release},
                                                    {"queue.remove", &Queue::remove}};
  for (const auto& [verb, function] : changes)
    admin.add(verb, true, [&house, function](std::string_view text) { return change(house, text, function); });
  admin.add_check([&house](const groupware::CheckOptions& options) { return check_queue(house, options.repair); });
}

void add_queue_commands(CommandLine& line) {
  line.group("queue", "Mail on its way out");
  line.verb("queue list", "queue.list", "Lists what waits, the oldest first", print_queue)
      .text("--sender", "sender", "ADDRESS", "Only mail from this address, or from @domain")
      .text("--recipient", "recipient", "ADDRESS", "Only mail to this address, or to @domain")
      .text("--tenant", "tenant", "NAME", "Only mail of this tenant")
      .text("--state", "state", "STATE", "waiting or held");
  line.verb("queue show", "queue.show", "Shows a message's envelope and what became of each recipient", print_message)
      .required("id", "ID", "The message");
  line.verb("queue counts", "queue.counts", "Counts what waits", print_counts);
  line.work("queue add", "Puts a message into the queue, for programs on this machine", print_added, add_message)
      .text("--sender", "sender", "ADDRESS", "The envelope's sender; none: reports about it go nowhere")
      .list("--recipient", "recipients", "ADDRESS", "To whom; may be given several times")
      .list("--notify", "notify", "EVENT", "Reports that the sender wants: success, failure, delay, or never")
      .text("--message", "message", "FILE", "The message; standard input by default")
      .flag("--held", "held", true, "It waits for `kontor queue release`")
      .example("kontor queue add --sender root@example.org --recipient ada@example.org < mail.eml");
  add_change(line, "retry", "Tries now what waits for its next attempt", "Trying");
  add_change(line, "hold", "Keeps mail from being sent", "Held");
  add_change(line, "release", "Sends what was held", "Released");
  add_change(line, "remove", "Takes mail out of the queue; nobody is told", "Removed");
}

}  // namespace kontor::app
