// SPDX-License-Identifier: AGPL-3.0-or-later
// Names that a script writes out, and that must be what they are taken for: header fields, addresses, parts of
// envelopes.
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "formats/sieve/address_value.h"
#include "formats/sieve/compiler.h"
#include "formats/sieve/mailto.h"

namespace kontor::sieve {
namespace {

// Fields that hold addresses (RFC 5228 section 5.1).
constexpr std::string_view kAddressFields[] = {"from",
                                               "to",
                                               "cc",
                                               "bcc",
                                               "sender",
                                               "reply-to",
                                               "resent-from",
                                               "resent-to",
                                               "resent-cc",
                                               "resent-bcc",
                                               "resent-sender",
                                               "resent-reply-to",
                                               "return-path",
                                               "errors-to",
                                               "delivered-to",
                                               "x-original-to",
                                               "envelope-to",
                                               "x-envelope-to",
                                               "apparently-to",
                                               "approved",
                                               "return-receipt-to",
                                               "disposition-notification-to",
                                               "mail-followup-to",
                                               "mail-reply-to",
                                               "original-recipient",
                                               "original-from",
                                               "x-forwarded-to",
                                               "x-forwarded-for",
                                               "abuse-reports-to",
                                               "x-beenthere"};

}  // namespace

bool is_header_name(std::string_view name) {
  return !name.empty() && name.size() <= 200 &&
         std::ranges::all_of(name, [](char c) { return c > 32 && c < 127 && c != ':'; });
}

void Compiler::check_header_names(const Call& call, const Argument& names) {
  for (const Text& text : names.texts)
    if (text.is_constant() && !is_header_name(text.constant()))
      fault(call.at, fmt::format("'{}' cannot be the name of a header field.", text.constant()));
}

void Compiler::check_address_headers(const Call& call) {
  for (const Text& text : call.arguments[0].texts) {
    const std::string name = to_lower(text.constant());
    if (!text.is_constant() || call.has(Tag::mime) ||
        std::ranges::find(kAddressFields, name) != std::end(kAddressFields))
      continue;
    fault(call.at, fmt::format("'{}' holds no addresses: use the test 'header' for it.", text.constant()));
  }
}

void Compiler::check_names(const Call& call) {
  const auto constant = [](const Text& text) { return text.is_constant(); };
  const auto first = [&]() -> const Text& { return call.arguments[0].texts[0]; };
  switch (call.op) {
    case Op::address:
      check_header_names(call, call.arguments[0]);
      return check_address_headers(call);
    case Op::header:
    case Op::exists:
    case Op::date:
    case Op::addheader:
    case Op::deleteheader:
      return check_header_names(call, call.arguments[0]);
    case Op::envelope:
      for (const Text& part : call.arguments[0].texts) {
        const std::string lower = to_lower(part.constant());
        if (constant(part) && lower != "from" && lower != "to" && lower != "auth")
          fault(call.at, fmt::format("An envelope has \"from\", \"to\" and \"auth\", but no \"{}\".", part.constant()));
      }
      return;
    case Op::redirect:
      if (!call.has(Tag::list) && constant(first()) && !is_address(first().constant()))
        fault(call.at, fmt::format("'{}' is no mail address.", first().constant()));
      return;
    case Op::fileinto:
      if (constant(first()) && first().constant().empty()) fault(call.at, "A mailbox's name is missing here.");
      return;
    case Op::duplicate:
      if (const Argument* header = call.find(Tag::header)) check_header_names(call, *header);
      return;
    case Op::notify:
      if (constant(first()) && !parse_mailto(first().constant()))
        fault(call.at,
              fmt::format("'{}' is no way to notify: it must be like mailto:me@example.org.", first().constant()));
      if (const Argument* importance = call.find(Tag::importance)) {
        const std::string& value = importance->texts[0].constant();
        if (constant(importance->texts[0]) && value != "1" && value != "2" && value != "3")
          fault(call.at, "':importance' is \"1\", \"2\" or \"3\".");
      }
      return;
    case Op::include:
      if (!constant(first())) fault(call.at, "The name of an included script may not hold variables.");
      return;
    default:
      return;
  }
}

}  // namespace kontor::sieve
