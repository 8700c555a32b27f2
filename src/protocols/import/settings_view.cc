// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/settings_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "groupware/delegates.h"
#include "protocols/import/preference_traits.h"

namespace kontor::importing {
namespace {

std::string print_people(std::vector<PrincipalId> people) {
  std::ranges::sort(people);
  std::string out;
  for (const PrincipalId one : people) out += fmt::format("{} ", one.value);
  return out;
}

std::string print_junk(bool is_blocked, bool is_enabled) {
  return std::string(is_blocked ? "blocked" : "allowed") + (is_enabled ? "" : ", off");
}

std::string print_booking(const directory::BookingPolicy& policy) {
  return fmt::format("{} {} {}", name(policy.answer), policy.takes_series, policy.most_conflicts);
}

}  // namespace

Result<SettingsView> SettingsView::make(const groupware::Reader& reader, const directory::Directory& directory,
                                        PrincipalId owner, const std::string& source, const archive::Settings& settings,
                                        std::vector<archive::Quarantined>& damaged) {
  SettingsView view(settings);
  TRY(view.owner_, directory.principal(owner));
  TRY(view.preferences_, preferences_of(settings, reader, source, directory, damaged));
  if (settings.rules) {
    TRY(view.rules_, imported_rules(*settings.rules, reader, source, damaged));
  }
  view.find_junk_senders(damaged);
  view.find_people(directory, damaged);
  if (settings.booking && settings.booking->takes_conflicts)
    damaged.push_back({"booking", "it takes what is taken already at the source; here it declines that"});
  return view;
}

void SettingsView::find_junk_senders(std::vector<archive::Quarantined>& damaged) {
  if (!settings_->senders) return;
  for (const auto& [list, is_blocked] :
       {std::pair(&settings_->senders->allowed, false), {&settings_->senders->blocked, true}})
    for (const std::string& entry : *list) {
      const std::string sender = to_lower(entry);
      if (is_sender(sender))
        junk_senders_.emplace(sender, is_blocked);
      else
        damaged.push_back({"the sender " + entry, "it is neither an address nor a domain"});
    }
}

// Who is meant by the addresses of delegates and senders.
void SettingsView::find_people(const directory::Directory& directory, std::vector<archive::Quarantined>& damaged) {
  const auto find = [&](const std::string& address, const char* what) -> PrincipalId {
    const auto found = directory.by_address(to_lower(address));
    if (found && found->tenant == owner_.tenant && found->id != owner_.id) return found->id;
    if (!found || found->id != owner_.id)
      damaged.push_back({fmt::format("{} {}", what, address), "there is nobody of this address here"});
    return {};
  };
  for (const auto& address : settings_->send_as.value_or(std::vector<std::string>()))
    if (const PrincipalId who = find(address, "the right to send as this account of")) senders_.push_back(who);
  for (const auto& delegate : settings_->delegates.value_or(std::vector<archive::Delegate>()))
    if (const PrincipalId who = find(delegate.who, "the delegate")) delegates_.push_back(who);
}

std::vector<std::string> SettingsView::families() const {
  auto out = preference_families(*settings_);
  if (rules_) out.emplace_back(setting::kOutOfOffice);
  if (rules_ && !settings_->rules_are_unread) out.emplace_back(setting::kRules);
  if (settings_->senders) out.emplace_back(setting::kSender);
  if (settings_->send_as) out.emplace_back(setting::kSendAs);
  if (settings_->delegates) out.insert(out.end(), {setting::kOnBehalf, setting::kDelegates});
  return out;
}

Traits SettingsView::wanted() const {
  Traits out = traits_of(preferences_);
  if (rules_ && !settings_->rules_are_unread && !rules_->others.empty())
    out[setting::kRules] = print_rules(rules_->others);
  if (rules_ && rules_->out_of_office) out[setting::kOutOfOffice] = print_rules({*rules_->out_of_office});
  for (const auto& [sender, is_blocked] : junk_senders_) out[setting::kSender + sender] = print_junk(is_blocked, true);
  if (settings_->quota) out[setting::kQuota] = std::to_string(*settings_->quota);
  if (!senders_.empty()) out[setting::kSendAs] = print_people(senders_);
  if (!delegates_.empty()) out[setting::kOnBehalf] = out[setting::kDelegates] = print_people(delegates_);
  const bool is_booked =
      owner_.kind == directory::PrincipalKind::room || owner_.kind == directory::PrincipalKind::equipment;
  if (settings_->booking && is_booked) out[setting::kBooking] = print_booking(booking());
  return out;
}

void SettingsView::add_rules_here(const RulesHere& rules, Traits& out) const {
  if (rules_ && !rules.others.empty() && !settings_->rules_are_unread) out[setting::kRules] = print_rules(rules.others);
  if (rules_ && rules.out_of_office) out[setting::kOutOfOffice] = print_rules({*rules.out_of_office});
  if (!settings_->senders || !rules.junk) return;
  const auto& lists = std::get<sieve::JunkRule>(rules.junk->what);
  for (const auto& [list, is_blocked] : {std::pair(&lists.always, true), {&lists.never, false}})
    for (const std::string& sender : *list)
      out[setting::kSender + sender] = print_junk(is_blocked, rules.junk->is_enabled);
}

Result<Traits> SettingsView::here(const groupware::Reader& reader, const directory::Principal& owner) const {
  TRY(const auto preferences, reader.preferences());
  Traits out = traits_of(preferences);
  if (rules_ || settings_->senders) {
    TRY(const RulesHere rules, rules_here(reader));
    add_rules_here(rules, out);
  }
  if (owner.quota) out[setting::kQuota] = std::to_string(*owner.quota);
  if (!owner.send_as.empty()) out[setting::kSendAs] = print_people(owner.send_as);
  if (!owner.send_on_behalf.empty()) out[setting::kOnBehalf] = print_people(owner.send_on_behalf);
  if (owner.booking != directory::BookingPolicy()) out[setting::kBooking] = print_booking(owner.booking);
  std::vector<PrincipalId> delegates;
  for (const auto& grant : groupware::later_grants(*reader.folders())) delegates.push_back(grant.principal);
  if (!delegates.empty()) out[setting::kDelegates] = print_people(delegates);
  return out;
}

directory::BookingPolicy SettingsView::booking() const {
  directory::BookingPolicy policy = owner_.booking;
  policy.answer = settings_->booking->answers ? directory::BookingPolicy::Answer::automatic
                                              : directory::BookingPolicy::Answer::manual;
  policy.takes_series = settings_->booking->takes_series;
  return policy;
}

}  // namespace kontor::importing
