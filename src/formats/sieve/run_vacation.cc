// SPDX-License-Identifier: AGPL-3.0-or-later
// "vacation" (RFC 5230, RFC 6131), with the care that automatic answers need (RFC 3834).
#include <algorithm>

#include "base/bytes.h"
#include "base/digest.h"
#include "formats/sieve/address_value.h"
#include "formats/sieve/runner.h"

namespace kontor::sieve {
namespace {

constexpr std::chrono::seconds kDefaultPeriod = std::chrono::days(7);
constexpr std::chrono::seconds kMinPeriod = std::chrono::minutes(1);
constexpr std::chrono::seconds kMaxPeriod = std::chrono::days(365);

constexpr std::string_view kListFields[] = {"list-id",   "list-help",  "list-subscribe", "list-unsubscribe",
                                            "list-post", "list-owner", "list-archive"};
constexpr std::string_view kRecipientFields[] = {"to", "cc", "bcc", "resent-to", "resent-cc", "resent-bcc"};

// Senders that are programs (RFC 5230 section 4.6).
bool is_program(std::string_view address) {
  const std::string local = to_lower(address.substr(0, address.rfind('@')));
  return local.starts_with("owner-") || local.ends_with("-request") || local == "mailer-daemon" ||
         local == "listserv" || local == "majordomo" || local == "postmaster" || local.starts_with("noreply") ||
         local.starts_with("no-reply");
}

std::chrono::seconds period_of(const Call& call) {
  std::chrono::seconds period = kDefaultPeriod;
  const auto bounded = [](std::uint64_t number) {
    return static_cast<std::int64_t>(std::min<std::uint64_t>(number, 1'000'000'000));
  };
  if (const Argument* days = call.find(Tag::days))
    period = std::max<std::chrono::seconds>(std::chrono::days(bounded(days->number)), std::chrono::days(1));
  if (const Argument* seconds = call.find(Tag::seconds)) period = std::chrono::seconds(bounded(seconds->number));
  return std::clamp(period, kMinPeriod, kMaxPeriod);
}

bool holds_address(const std::vector<std::string>& addresses, std::string_view wanted) {
  return std::ranges::any_of(addresses, [&](const std::string& address) { return iequals(address, wanted); });
}

}  // namespace

// Whether the message is to this user, from a person.
Result<bool> Runner::may_answer(const Call& call) {
  const std::string& sender = environment_.envelope.from;
  if (sender.empty() || is_program(sender)) return false;
  std::vector<std::string> own = environment_.addresses;
  own.push_back(environment_.envelope.to);
  if (const Argument* more = call.find(Tag::addresses)) {
    TRY(const auto addresses, expand(*more));
    for (const std::string& address : addresses) own.push_back(bare_address(address));
  }
  if (holds_address(own, sender)) return false;
  TRY(const LetterFields* fields, letter_.fields());
  bool is_to_user = false;
  for (const LetterField& field : *fields) {
    TRY_VOID(spend(1));
    const std::string name = to_lower(field.name);
    if (std::ranges::find(kListFields, name) != std::end(kListFields)) return false;
    const std::string value = to_lower(field.text());
    if (name == "auto-submitted" && value != "no") return false;
    if (name == "precedence" && (value == "bulk" || value == "list" || value == "junk")) return false;
    if (name == "x-auto-response-suppress" &&
        (value.find("oof") != std::string::npos || value.find("all") != std::string::npos))
      return false;
    if (std::ranges::find(kRecipientFields, name) == std::end(kRecipientFields)) continue;
    for (const mime::Address& address : field.addresses()) {
      TRY_VOID(spend(1 + own.size() / 16));
      is_to_user |= !address.host.empty() && holds_address(own, address.mailbox + "@" + address.host);
    }
  }
  return is_to_user;
}

Result<void> Runner::do_vacation(const Call& call) {
  const bool is_second =
      std::ranges::any_of(outcome_.actions, [](const Action& a) { return std::holds_alternative<VacationReply>(a); });
  if (is_second) return fail(Errc::invalid, "A message can be answered by 'vacation' only once.");
  VacationReply reply;
  TRY(reply.text, expand(call.arguments[0].texts[0]));
  TRY(reply.from, expand_tag(call, Tag::from));
  if (!reply.from.empty() && !is_address(reply.from))
    return fail(Errc::invalid, "The ':from' of 'vacation' is no mail address.");
  if (call.has(Tag::subject)) {
    TRY(reply.subject, expand_tag(call, Tag::subject));
  }
  reply.is_mime = call.has(Tag::mime);
  reply.to = environment_.envelope.from;
  TRY(std::string handle, expand_tag(call, Tag::handle));
  // Without a handle another text is another answer (RFC 5230 section 4.2).
  if (!call.has(Tag::handle)) {
    handle = reply.text + '\0' + reply.subject.value_or("") + '\0' + reply.from + '\0' + (reply.is_mime ? "m" : "");
  }
  TRY_VOID(spend_bytes(handle.size()));
  reply.asked.handle = to_hex(sha256(handle));
  reply.asked.to = to_lower(reply.to);
  reply.asked.period = period_of(call);
  TRY(const bool may, may_answer(call));
  if (!may) return {};
  if (environment_.is_due && !environment_.is_due(reply.asked)) return {};
  for (const auto& [name, place] : {std::pair{"Subject", &reply.original_subject},
                                    {"Message-ID", &reply.original_id},
                                    {"References", &reply.original_references}}) {
    TRY(const auto fields, fields_named(call, nullptr, name));
    if (!fields.empty()) *place = place == &reply.original_subject ? fields.front()->text() : fields.front()->value;
  }
  return add(std::move(reply));
}

}  // namespace kontor::sieve
