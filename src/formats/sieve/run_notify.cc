// SPDX-License-Identifier: AGPL-3.0-or-later
// "notify" (RFC 5435) by mail (RFC 5436).
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "formats/sieve/address_value.h"
#include "formats/sieve/mailto.h"
#include "formats/sieve/matcher.h"
#include "formats/sieve/runner.h"

namespace kontor::sieve {

Result<void> Runner::do_notify(const Call& call) {
  Notify notify;
  TRY(notify.method, expand(call.arguments[0].texts[0]));
  const auto mailto = parse_mailto(notify.method);
  if (!mailto)
    return fail(Errc::invalid,
                fmt::format("'{}' is no way to notify: it must be like mailto:me@example.org.", notify.method));
  notify.recipients = mailto->recipients;
  TRY(notify.from, expand_tag(call, Tag::from));
  if (!notify.from.empty() && !is_address(notify.from))
    return fail(Errc::invalid, "The ':from' of 'notify' is no mail address.");
  if (call.has(Tag::importance)) {
    TRY(const std::string importance, expand_tag(call, Tag::importance));
    if (importance != "1" && importance != "2" && importance != "3")
      return fail(Errc::invalid, "':importance' is \"1\", \"2\" or \"3\".");
    notify.importance = importance[0] - '0';
  }
  if (const Argument* options = call.find(Tag::options)) {
    TRY(notify.options, expand(*options));
  }
  // RFC 5436 section 2.7: the subject is ":message", else the URI's, else the message's.
  TRY(notify.subject, expand_tag(call, Tag::message));
  if (notify.subject.empty()) notify.subject = mailto->subject.value_or("");
  if (notify.subject.empty()) {
    TRY(const auto subjects, fields_named(call, nullptr, "Subject"));
    if (!subjects.empty()) notify.subject = subjects.front()->text();
  }
  notify.text = mailto->body.value_or("");
  // What a program sent is not worth another message (RFC 5436 section 2.4).
  TRY(const auto automatic, fields_named(call, nullptr, "Auto-Submitted"));
  const bool is_automatic = std::ranges::any_of(
      automatic, [](const LetterField* field) { return to_lower(field->text()).starts_with("auto-notified"); });
  if (is_automatic) return {};
  const auto notifications =
      std::ranges::count_if(outcome_.actions, [](const Action& a) { return std::holds_alternative<Notify>(a); });
  if (static_cast<std::size_t>(notifications) >= limits_.redirects)
    return fail(Errc::too_large, "The script sends too many notifications.");
  return add(std::move(notify));
}

Result<bool> Runner::test_notify(const Call& call) {
  if (call.op == Op::valid_notify_method) {
    TRY(const auto methods, expand(call.arguments[0]));
    for (const std::string& method : methods) {
      TRY_VOID(spend(1 + method.size() / 16));
      if (!parse_mailto(method)) return false;
    }
    return true;
  }
  TRY(Matcher matcher, Matcher::make(*this, call, &call.arguments[2]));
  TRY(const std::string method, expand(call.arguments[0].texts[0]));
  TRY(const std::string capability, expand(call.arguments[1].texts[0]));
  if (!parse_mailto(method) || !iequals(capability, "online")) return false;
  TRY(const bool is_match, matcher.take("maybe"));  // RFC 5436 section 2.2
  return is_match ? Result<bool>(true) : matcher.end();
}

}  // namespace kontor::sieve
