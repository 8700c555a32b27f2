// SPDX-License-Identifier: AGPL-3.0-or-later
// What happens to the message (RFC 5228 section 4, RFC 5429, 3894, 5490, 8579, 9042), and its flags (RFC 5232).
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "formats/mime/charset.h"
#include "formats/sieve/address_value.h"
#include "formats/sieve/matcher.h"
#include "formats/sieve/runner.h"

namespace kontor::sieve {
namespace {

// RFC 5429 section 2.1.2: a message that is refused is neither kept nor answered.
bool goes_with_reject(const Action& action) { return std::holds_alternative<Notify>(action); }

template <class T>
T* find_action(std::vector<Action>& actions, auto matches) {
  for (Action& action : actions)
    if (T* found = std::get_if<T>(&action); found && matches(*found)) return found;
  return nullptr;
}

}  // namespace

Result<void> Runner::add(Action action) {
  auto& actions = outcome_.actions;
  const bool refused =
      std::ranges::any_of(actions, [](const Action& other) { return std::holds_alternative<Reject>(other); });
  const bool is_reject = std::holds_alternative<Reject>(action);
  if (is_reject && refused) return fail(Errc::invalid, "A message can be rejected only once.");
  const bool conflicts =
      (refused && !goes_with_reject(action)) || (is_reject && !std::ranges::all_of(actions, goes_with_reject));
  if (conflicts)
    return fail(Errc::invalid, "A message cannot be rejected and also kept, filed, forwarded or answered.");
  if (actions.size() == limits_.actions)
    return fail(Errc::too_large, "The script takes too many actions on one message.");
  actions.push_back(std::move(action));
  return {};
}

Result<std::vector<std::string>> Runner::flags_of(const Call& call) {
  const Argument* given = call.find(Tag::flags);
  if (!given) return flags_.flags();
  FlagList list;
  for (const Text& text : given->texts) {
    TRY(const std::string value, expand(text));
    list.add(value);
  }
  return list.flags();
}

// Twice into the same place is once (RFC 5228 section 2.10.3); the later flags count.
Result<void> Runner::do_keep(const Call& call) {
  keeps_ = false;
  Keep keep;
  TRY(keep.flags, flags_of(call));
  if (Keep* before = find_action<Keep>(outcome_.actions, [](const Keep&) { return true; })) {
    before->flags = std::move(keep.flags);
    return {};
  }
  TRY(keep.edition, letter_.edition(outcome_.editions));
  return add(std::move(keep));
}

Result<void> Runner::do_fileinto(const Call& call) {
  FileInto action;
  TRY(action.mailbox, expand(call.arguments[0].texts[0]));
  const bool has_control =
      std::ranges::any_of(action.mailbox, [](char c) { return static_cast<unsigned char>(c) < 32; });
  if (action.mailbox.empty() || action.mailbox.size() > 2000 || has_control || !mime::is_utf8(action.mailbox))
    return fail(Errc::invalid, "This cannot be the name of a mailbox.");
  if (const Argument* id = call.find(Tag::mailboxid)) {
    TRY(action.mailbox_id, expand(id->texts[0]));
  }
  if (const Argument* use = call.find(Tag::specialuse)) {
    TRY(action.special_use, expand(use->texts[0]));
  }
  action.create = call.has(Tag::create);
  TRY(action.flags, flags_of(call));
  if (!call.has(Tag::copy)) keeps_ = false;
  const auto is_same = [&](const FileInto& other) {
    return other.mailbox == action.mailbox && other.mailbox_id == action.mailbox_id &&
           other.special_use == action.special_use;
  };
  if (FileInto* before = find_action<FileInto>(outcome_.actions, is_same)) {
    before->flags = std::move(action.flags);
    before->create |= action.create;
    return {};
  }
  TRY(action.edition, letter_.edition(outcome_.editions));
  return add(std::move(action));
}

Result<void> Runner::do_redirect(const Call& call) {
  Redirect action;
  TRY(action.address, expand(call.arguments[0].texts[0]));
  action.is_list = call.has(Tag::list);
  if (action.is_list) {
    if (!environment_.has_list || !environment_.has_list(action.address))
      return fail(Errc::not_found, fmt::format("There is no list '{}'.", action.address));
  } else {
    if (!is_address(action.address))
      return fail(Errc::invalid, fmt::format("'{}' is no mail address.", action.address));
    action.address = bare_address(action.address);
  }
  if (!call.has(Tag::copy)) keeps_ = false;
  std::size_t redirects = 0;
  for (const Action& other : outcome_.actions) {
    const auto* redirect = std::get_if<Redirect>(&other);
    if (redirect && iequals(redirect->address, action.address)) return {};
    if (redirect) redirects++;
  }
  if (redirects == limits_.redirects)
    return fail(Errc::too_large, "The script forwards the message to too many addresses.");
  TRY(action.edition, letter_.open_edition(outcome_.editions));
  return add(std::move(action));
}

Result<void> Runner::do_reject(const Call& call) {
  Reject action;
  TRY(action.text, expand(call.arguments[0].texts[0]));
  action.is_ereject = call.op == Op::ereject;
  keeps_ = false;
  return add(std::move(action));
}

Result<void> Runner::do_flags(const Call& call) {
  const Argument& variable = call.arguments[0];
  FlagList list;
  if (call.op != Op::setflag) {
    if (variable.is_given) {
      TRY(const std::string now, expand(variable.texts[0]));
      list.add(now);
    } else {
      list = flags_;
    }
  }
  for (const Text& text : call.arguments[1].texts) {
    TRY(const std::string value, expand(text));
    TRY_VOID(spend(1 + value.size()));
    call.op == Op::removeflag ? list.remove(value) : list.add(value);
  }
  if (variable.is_given) return assign(variable.texts[0], list.text());
  flags_ = std::move(list);
  return {};
}

Result<bool> Runner::test_hasflag(const Call& call) {
  TRY(Matcher matcher, Matcher::make(*this, call, &call.arguments[1]));
  std::vector<FlagList> lists;
  if (!call.arguments[0].is_given) lists.push_back(flags_);
  if (call.arguments[0].is_given) {
    for (const Text& variable : call.arguments[0].texts) {
      TRY(const std::string value, expand(variable));
      lists.emplace_back(value);
    }
  }
  for (const FlagList& list : lists) {
    for (const std::string& flag : list.flags()) {
      TRY(const bool is_match, matcher.take(flag));
      if (is_match) return true;
    }
  }
  return matcher.end();
}

}  // namespace kontor::sieve
