// SPDX-License-Identifier: AGPL-3.0-or-later
// Tests that the environment answers: mailboxes (RFC 5490, 8579, 9042), duplicates (RFC 7352), lists (RFC 6134), the
// server (RFC 5183).
#include <algorithm>

#include "base/bytes.h"
#include "base/digest.h"
#include "formats/sieve/matcher.h"
#include "formats/sieve/runner.h"

namespace kontor::sieve {
namespace {

constexpr std::chrono::seconds kDuplicatePeriod = std::chrono::days(7);  // RFC 7352 section 3.3
constexpr std::chrono::seconds kMaxDuplicatePeriod = std::chrono::days(90);

}  // namespace

Result<bool> Runner::test_world(const Call& call) {
  const auto all_hold = [&](const Argument& names, const auto& question) -> Result<bool> {
    TRY(const auto values, expand(names));
    TRY_VOID(spend(values.size() * 10));
    return question && std::ranges::all_of(values, [&](const std::string& value) { return question(value); });
  };
  switch (call.op) {
    case Op::mailboxexists:
      return all_hold(call.arguments[0], environment_.mailbox_exists);
    case Op::mailboxidexists:
      return all_hold(call.arguments[0], environment_.mailbox_id_exists);
    case Op::valid_ext_list:
      return all_hold(call.arguments[0], environment_.has_list);
    case Op::specialuse_exists: {
      std::optional<std::string> mailbox;
      if (call.arguments[0].is_given) {
        TRY(mailbox, expand(call.arguments[0].texts[0]));
      }
      std::function<bool(std::string_view)> question;
      if (environment_.has_use) question = [&](std::string_view use) { return environment_.has_use(mailbox, use); };
      return all_hold(call.arguments[1], question);
    }
    case Op::metadata:
      return test_metadata(call, false);
    case Op::servermetadata:
      return test_metadata(call, true);
    case Op::metadataexists:
    case Op::servermetadataexists: {
      std::optional<std::string> mailbox;
      if (call.op == Op::metadataexists) {
        TRY(mailbox, expand(call.arguments[0].texts[0]));
      }
      std::function<bool(std::string_view)> question;
      if (environment_.metadata)
        question = [&](std::string_view name) { return environment_.metadata(mailbox, name).has_value(); };
      return all_hold(call.arguments.back(), question);
    }
    case Op::environment: {
      TRY(Matcher matcher, Matcher::make(*this, call, &call.arguments[1]));
      TRY(const std::string item, expand(call.arguments[0].texts[0]));
      const auto value = environment_item(to_lower(item));
      if (!value) return false;  // RFC 5183 section 4
      TRY(const bool is_match, matcher.take(*value));
      return is_match ? Result<bool>(true) : matcher.end();
    }
    case Op::duplicate:
      return test_duplicate(call);
    default:
      return fail(Errc::invalid, "This test cannot run.");
  }
}

// What the run itself knows, and what its surroundings do (RFC 5183).
std::optional<std::string> Runner::environment_item(const std::string& name) const {
  if (name == "vnd.kontor.answered") {
    const bool is_answered =
        std::ranges::any_of(outcome_.actions, [](const Action& a) { return std::holds_alternative<VacationReply>(a); });
    return is_answered ? "yes" : "no";
  }
  return environment_.item ? environment_.item(name) : std::nullopt;
}

Result<bool> Runner::test_metadata(const Call& call, bool is_server) {
  TRY(Matcher matcher, Matcher::make(*this, call, &call.arguments.back()));
  std::optional<std::string> mailbox;
  if (!is_server) {
    TRY(mailbox, expand(call.arguments[0].texts[0]));
  }
  TRY(const std::string name, expand(call.arguments[is_server ? 0 : 1].texts[0]));
  TRY_VOID(spend(10));
  const auto value = environment_.metadata ? environment_.metadata(mailbox, name) : std::nullopt;
  if (!value) return false;  // RFC 5490 section 3.3
  TRY(const bool is_match, matcher.take(*value));
  return is_match ? Result<bool>(true) : matcher.end();
}

Result<bool> Runner::test_duplicate(const Call& call) {
  std::string what = "message-id";
  std::string id;
  if (const Argument* given = call.find(Tag::uniqueid)) {
    what = "id";
    TRY(id, expand(given->texts[0]));
  } else {
    const Argument* header = call.find(Tag::header);
    std::string name = "Message-ID";
    if (header) {
      TRY(name, expand(header->texts[0]));
      what = "header";
    }
    TRY(const auto fields, fields_named(call, nullptr, name));
    if (fields.empty()) return false;  // RFC 7352 section 3.1: such a message is never a duplicate
    id = fields.front()->text();
  }
  Noted note;
  TRY(note.seen.handle, expand_tag(call, Tag::handle));
  TRY_VOID(spend(10 + id.size() / 16));
  note.seen.handle = to_hex(sha256(note.seen.handle));
  note.seen.id = to_hex(sha256(what + " " + id));
  const Argument* seconds = call.find(Tag::seconds);
  note.period = seconds
                    ? std::min(std::chrono::seconds(static_cast<std::int64_t>(seconds->number)), kMaxDuplicatePeriod)
                    : kDuplicatePeriod;
  note.from_last = call.has(Tag::last);
  const bool was_seen = environment_.was_seen && environment_.was_seen(note.seen);
  const auto is_same = [&](const Noted& other) {
    return other.seen.handle == note.seen.handle && other.seen.id == note.seen.id;
  };
  if (std::ranges::none_of(outcome_.noted, is_same)) {
    if (outcome_.noted.size() == limits_.actions)
      return fail(Errc::too_large, "The script looks for too many duplicates.");
    outcome_.noted.push_back(std::move(note));
  }
  return was_seen;
}

}  // namespace kontor::sieve
