// SPDX-License-Identifier: AGPL-3.0-or-later
// What filters put into quarantine: messages in the queue that are held, and apart from all others there.
#include "kontor/quarantine_verbs.h"

#include <fmt/format.h>

#include "kontor/commands.h"
#include "kontor/exit_code.h"
#include "kontor/print.h"
#include "kontor/verb_arguments.h"

namespace kontor::app {
namespace {

using transport::Queue;
using transport::QueueFilter;
using transport::QueueListed;

constexpr std::size_t kMostQuarantined = 10'000;
constexpr std::uint64_t kMostShown = 64 << 10;  // bytes of a message

Result<QueueFilter> quarantine_filter(const json::object& arguments, House& house) {
  QueueFilter filter;
  filter.is_quarantine = true;
  filter.state = transport::RecipientState::held;  // what was released is on its way
  TRY(const auto id, text_argument(arguments, "id"));
  if (id && *id != "all") {
    filter.id = transport::parse_queue_id(*id);
    if (!filter.id) return fail(Errc::invalid, fmt::format("\"{}\" is no id of a message in quarantine", *id));
  }
  TRY(const auto tenant, text_argument(arguments, "tenant"));
  if (tenant) {
    TRY(const auto found, house.directory->tenant(*tenant));
    filter.tenant = found.id;
  }
  TRY(const auto sender, text_argument(arguments, "sender"));
  TRY(const auto recipient, text_argument(arguments, "recipient"));
  filter.sender = sender.value_or("");
  filter.recipient = recipient.value_or("");
  return filter;
}

json::object quarantined(const QueueListed& listed, const House& house) {
  const transport::QueuedMessage& message = listed.message;
  json::array recipients;
  for (const transport::QueuedRecipient& one : listed.recipients)
    if (one.state == transport::RecipientState::held) recipients.emplace_back(one.address);
  std::string to = recipients.empty() ? "" : std::string(recipients.front().as_string());
  if (recipients.size() > 1) to += fmt::format(" and {} more", recipients.size() - 1);
  const auto tenant = house.directory->tenant(message.tenant);
  return {{"id", to_text(message.id)},
          {"arrived", time_text(message.arrived)},
          {"sender", message.sender},
          {"tenant", tenant ? json::value(tenant->name) : json::value()},
          {"reason", message.cause},
          {"bytes", message.size},
          {"to", to},
          {"recipients", std::move(recipients)}};
}

bool is_held(const QueueListed& listed) {
  for (const transport::QueuedRecipient& one : listed.recipients)
    if (one.state == transport::RecipientState::held) return true;
  return false;
}

Result<std::string> quarantine_list(House& house, std::string_view text) {
  TRY(const json::object arguments, verb_arguments(text, {"tenant", "sender", "recipient"}));
  TRY(const QueueFilter filter, quarantine_filter(arguments, house));
  TRY(const std::vector<QueueListed> found, house.queue->list(filter, kMostQuarantined));
  json::array out;
  for (const QueueListed& one : found)
    if (is_held(one)) out.push_back(quarantined(one, house));
  return json::serialize(out);
}

// Text for a person at a terminal, which would obey control characters: what is not printable ASCII becomes "?".
std::string shown_text(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto c = static_cast<unsigned char>(bytes[i]);
    const bool is_line_end = c == '\n' || (c == '\r' && bytes.substr(i + 1).starts_with('\n'));
    out += is_line_end || c == '\t' || (c >= 0x20 && c < 0x7f) ? bytes[i] : '?';
  }
  return out;
}

Result<std::string> quarantine_show(House& house, std::string_view text) {
  TRY(const json::object arguments, verb_arguments(text, {"id"}));
  TRY_VOID(needed_text(arguments, "id"));
  TRY(const QueueFilter filter, quarantine_filter(arguments, house));
  if (!filter.id) return fail(Errc::invalid, "One message can be shown at a time");
  TRY(const QueueListed listed, house.queue->show(*filter.id));
  if (listed.message.origin != transport::Origin::quarantine || !is_held(listed))
    return fail(Errc::not_found, fmt::format("There is no message {} in quarantine", to_text(*filter.id)));
  json::object out = quarantined(listed, house);
  TRY(const std::string content, house.queue->read(listed.message.content, 0, kMostShown));
  out["content"] = shown_text(content);
  return json::serialize(out);
}

using QuarantineChange = Result<std::uint64_t> (Queue::*)(const QueueFilter&);

Result<std::string> quarantine_change(House& house, std::string_view text, QuarantineChange change) {
  TRY(const json::object arguments, verb_arguments(text, {"id", "tenant", "sender", "recipient"}));
  TRY_VOID(needed_text(arguments, "id"));
  TRY(const QueueFilter filter, quarantine_filter(arguments, house));
  TRY(const std::uint64_t count, (house.queue.get()->*change)(filter));
  if (count == 0 && filter.id)
    return fail(Errc::not_found, fmt::format("There is no message {} in quarantine", to_text(*filter.id)));
  return json::serialize(json::object{{"changed", count}});
}

int print_quarantine(const json::value& answer) {
  print_table(answer, {{"ID", "id"},
                       {"ARRIVED", "arrived"},
                       {"SIZE", "bytes", true},
                       {"FROM", "sender"},
                       {"TO", "to"},
                       {"REASON", "reason"}});
  return kOk;
}

int print_quarantined(const json::value& answer) {
  json::object head = answer.as_object();
  const std::string content(head["content"].as_string());
  head.erase("content");
  head.erase("to");
  print_details(head, {"bytes"});
  fmt::print("\n{}\n", content);
  return kOk;
}

void add_quarantine_change(CommandLine& line, const std::string& word, const std::string& about,
                           const std::string& done) {
  line.verb("quarantine " + word, "quarantine." + word, about,
            [done](const json::value& answer) {
              fmt::print("{} {} recipients\n", done, cell(answer.at("changed")));
              return kOk;
            })
      .required("id", "ID", "The message, or: all")
      .text("--sender", "sender", "ADDRESS", "Only mail from this address, or from @domain")
      .text("--recipient", "recipient", "ADDRESS", "Only these recipients: an address, or @domain")
      .text("--tenant", "tenant", "NAME", "Only mail of this tenant")
      .example("kontor quarantine " + word + " all --sender @example.net");
}

}  // namespace

void add_quarantine_verbs(admin::Admin& admin, House& house) {
  admin.add("quarantine.list", false, [&house](std::string_view text) { return quarantine_list(house, text); });
  admin.add("quarantine.show", false, [&house](std::string_view text) { return quarantine_show(house, text); });
  const std::pair<const char*, QuarantineChange> changes[] = {{"quarantine.release", &Queue::release},
                                                              {"quarantine.remove", &Queue::remove}};
  for (const auto& [verb, function] : changes)
    admin.add(verb, true,
              [&house, function](std::string_view text) { return quarantine_change(house, text, function); });
}

void add_quarantine_commands(CommandLine& line) {
  line.group("quarantine", "Mail that filters keep for an administrator to look at");
  line.verb("quarantine list", "quarantine.list", "Lists it, the oldest first", print_quarantine)
      .text("--sender", "sender", "ADDRESS", "Only mail from this address, or from @domain")
      .text("--recipient", "recipient", "ADDRESS", "Only mail to this address, or to @domain")
      .text("--tenant", "tenant", "NAME", "Only mail of this tenant");
  line.verb("quarantine show", "quarantine.show", "Shows a message: why it is there, and its beginning",
            print_quarantined)
      .required("id", "ID", "The message");
  add_quarantine_change(line, "release", "Lets it go where it was going", "Released");
  add_quarantine_change(line, "remove", "Removes it; nobody is told", "Removed");
}

}  // namespace kontor::app
