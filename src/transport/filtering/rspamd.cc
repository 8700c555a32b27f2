// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/filtering/rspamd.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/bytes.h"
#include "formats/mime/header.h"

namespace kontor::transport {
namespace {

namespace json = boost::json;

constexpr std::size_t kLargestVerdict = 4 << 20;
constexpr std::size_t kMostSymbols = 40;  // in the header
using Header = HeaderChange::What;

std::string rspamd_text(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

double rspamd_number(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_number() ? value->to_number<double>() : 0;
}

FilterVerdict verdict_of(std::string_view action) {
  if (action == "reject") return FilterVerdict::reject;
  // While rspamd wants somebody to wait it says "soft reject"; "greylist" alone is a score for which the time is over.
  if (action == "soft reject") return FilterVerdict::tempfail;
  if (action == "add header" || action == "rewrite subject") return FilterVerdict::junk;
  if (action == "quarantine") return FilterVerdict::quarantine;
  if (action == "discard") return FilterVerdict::discard;
  return FilterVerdict::accept;
}

// Others' verdicts would be taken for ours. There may be thousands of names: they go in few changes.
void drop_spam_fields(std::string_view head, FilterAnswer& answer) {
  bool is_any = false;
  mime::each_field(head, [&](const mime::Field& field) {
    const std::string name = to_lower(field.name.substr(0, 9));
    is_any = name.starts_with("x-spam") || name.starts_with("x-rspamd-");
    return !is_any;
  });
  if (!is_any) return;
  answer.headers.push_back({Header::remove, "X-Spam", "", 0});
  for (const char* beginning : {"X-Spam-", "X-Spamd-", "X-Rspamd-"})
    answer.headers.push_back({Header::remove_like, beginning, "", 0});
}

std::string symbol_list(const json::object& answer) {
  const json::value* symbols = answer.if_contains("symbols");
  std::string out;
  std::size_t count = 0;
  if (!symbols || !symbols->is_object()) return out;
  for (const auto& [symbol, about] : symbols->get_object()) {
    if (++count > kMostSymbols) break;
    const double score = about.is_object() ? rspamd_number(about.get_object(), "score") : 0;
    out += fmt::format("{}{}({:.2f})", out.empty() ? "" : ",\n\t", header_value(std::string_view(symbol)), score);
  }
  return out;
}

void add_field(const std::string& name, const json::value& what, FilterAnswer& answer) {
  if (what.is_array()) {
    for (const json::value& one : what.get_array()) add_field(name, one, answer);
  } else if (what.is_string()) {
    answer.headers.push_back({Header::insert, name, std::string(what.get_string()), 0});
  } else if (what.is_object()) {
    const auto order = static_cast<std::int32_t>(rspamd_number(what.get_object(), "order"));
    answer.headers.push_back(
        {order < 0 ? Header::add : Header::insert, name, rspamd_text(what.get_object(), "value"), std::max(order, 0)});
  }
}

void remove_fields(const std::string& name, const json::value& which, FilterAnswer& answer) {
  if (which.is_array()) {
    for (const json::value& one : which.get_array()) remove_fields(name, one, answer);
  } else if (which.is_number()) {
    answer.headers.push_back({Header::remove, name, "", static_cast<std::int32_t>(which.to_number<double>())});
  }
}

void read_addresses(const json::object& block, std::string_view key, std::vector<std::string>& into) {
  const json::value* list = block.if_contains(key);
  if (list && list->is_string()) into.emplace_back(list->get_string());
  if (!list || !list->is_array()) return;
  for (const json::value& one : list->get_array())
    if (one.is_string()) into.emplace_back(one.get_string());
}

// What its modules want done to the message.
void read_milter_block(const json::object& block, FilterAnswer& answer) {
  const json::value* removed = block.if_contains("remove_headers");
  if (removed && removed->is_object())
    for (const auto& [name, which] : removed->get_object()) remove_fields(std::string(name), which, answer);
  const json::value* added = block.if_contains("add_headers");
  if (added && added->is_object())
    for (const auto& [name, what] : added->get_object()) add_field(std::string(name), what, answer);
  if (const std::string from = rspamd_text(block, "change_from"); !from.empty()) answer.sender = from;
  read_addresses(block, "add_rcpt", answer.add_recipients);
  read_addresses(block, "del_rcpt", answer.remove_recipients);
  const std::string instead = rspamd_text(block, "reject");
  if (instead == "discard") answer.verdict = FilterVerdict::discard;
  if (instead == "quarantine") answer.verdict = FilterVerdict::quarantine;
  const json::value* none = block.if_contains("no_action");
  if (none && none->is_bool() && none->get_bool()) answer.verdict = FilterVerdict::accept;
}

std::vector<std::string> rspamd_headers(const FilterStep& step, const FilterRequest& request) {
  std::vector<std::string> out{"Content-Type: message/rfc822"};
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) out.push_back(fmt::format("{}: {}", name, header_value(value)));
  };
  if (request.ip) add("IP", net::to_string(*request.ip));
  add("Helo", request.helo);
  add("From", request.sender.empty() ? "<>" : request.sender);
  for (const std::string& one : request.recipients) add("Rcpt", one);
  if (request.recipients.size() == 1) add("Deliver-To", request.recipients.front());
  add("User", request.login);
  add("Queue-Id", request.id);
  add("MTA-Name", request.hostname);
  add("Settings-ID", step.settings);
  const auto blank = request.tls.find(' ');
  add("TLS-Version", request.tls.substr(0, blank));
  if (blank != std::string::npos) add("TLS-Cipher", request.tls.substr(blank + 1));
  return out;
}

}  // namespace

Result<FilterAnswer> read_rspamd_answer(std::string_view text, FilterStage stage, std::string_view head) {
  json::parse_options lenient;
  lenient.allow_invalid_utf8 = true;
  boost::system::error_code error;
  const json::value parsed = json::parse(text, error, {}, lenient);
  if (error || !parsed.is_object()) return fail(Errc::invalid, "rspamd's answer is no JSON");
  const json::object& object = parsed.get_object();
  if (const std::string fault = rspamd_text(object, "error"); !fault.empty())
    return fail(Errc::unavailable, "rspamd says: " + header_value(fault));
  const std::string action = rspamd_text(object, "action");
  if (action.empty()) return fail(Errc::invalid, "rspamd's answer has no action");
  FilterAnswer answer;
  answer.verdict = verdict_of(action);
  const double score = rspamd_number(object, "score"), required = rspamd_number(object, "required_score");
  answer.reason = fmt::format("{}, score {:.2f} of {:.2f}", action, score, required);
  if (const json::value* messages = object.if_contains("messages"); messages && messages->is_object())
    if (const std::string words = rspamd_text(messages->get_object(), "smtp_message"); !words.empty())
      answer.reply.lines.push_back(header_value(words));
  const bool is_from_outside = stage == FilterStage::received || stage == FilterStage::lmtp;
  if (is_from_outside) drop_spam_fields(head, answer);
  if (const json::value* block = object.if_contains("milter"); block && block->is_object())
    read_milter_block(block->get_object(), answer);
  if (answer.reply.lines.empty() && answer.verdict == FilterVerdict::reject)
    answer.reply.lines.emplace_back("The message looks like spam");
  if (action == "rewrite subject")
    if (const std::string subject = rspamd_text(object, "subject"); !subject.empty())
      answer.headers.push_back({Header::change, "Subject", header_value(subject), 1});
  if (!is_from_outside) return answer;
  const bool is_junk = answer.verdict >= FilterVerdict::junk;
  if (is_junk) answer.headers.push_back({Header::insert, "X-Spam", "Yes", 0});
  std::string status = fmt::format("{}, score={:.2f} required={:.2f}", is_junk ? "Yes" : "No", score, required);
  if (const std::string symbols = symbol_list(object); !symbols.empty()) status += "\n\ttests=[" + symbols + "]";
  answer.headers.push_back({Header::insert, "X-Spam-Status", status, 0});
  return answer;
}

Rspamd::Rspamd(FilterStep step)
    : step_(std::move(step)), label_(step_.label()), service_(step_.at_once, kLargestVerdict) {}

Result<FilterAnswer> Rspamd::ask(const FilterRequest& request, const FilterMessage& message) {
  HttpCall call;
  call.url = step_.target + (step_.target.ends_with('/') ? "checkv2" : "/checkv2");
  call.unix_socket = step_.unix_socket;
  call.timeout = step_.timeout;
  call.headers = rspamd_headers(step_, request);
  call.body = {message.size(), [&](std::uint64_t offset, std::size_t length) { return message.read(offset, length); }};
  TRY(const HttpAnswerOf answer, service_.post(call));
  if (answer.status != 200) return fail(Errc::unavailable, fmt::format("rspamd answers with status {}", answer.status));
  return read_rspamd_answer(answer.body, request.stage, message.head());
}

}  // namespace kontor::transport
