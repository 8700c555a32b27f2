// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/digest.h"
#include "groupware/delegates.h"
#include "protocols/import/imported_rules.h"
#include "protocols/import/ledger.h"
#include "protocols/import/preference_traits.h"
#include "protocols/import/traits.h"

namespace kontor::importing {
namespace {

using directory::Principal;
using groupware::Caller;
using groupware::Transaction;

constexpr const char* kRules = "rules";
constexpr const char* kOutOfOffice = "out-of-office";
constexpr const char* kQuota = "quota";
constexpr const char* kSendAs = "send-as";
constexpr const char* kOnBehalf = "send-on-behalf";
constexpr const char* kBooking = "booking";
constexpr const char* kDelegatesTrait = "delegates";
constexpr const char* kPassword = "password";

std::string print_people(std::vector<PrincipalId> people) {
  std::ranges::sort(people);
  std::string out;
  for (const PrincipalId one : people) out += fmt::format("{} ", one.value);
  return out;
}

// One account's settings on their way.
class SettingsImport {
 public:
  SettingsImport(groupware::Account& account, directory::Directory& directory, PrincipalId owner, std::string source,
                 const archive::Settings& settings)
      : account_(account), directory_(directory), owner_(owner), source_(std::move(source)), settings_(settings) {
    answer_.folder = archive::kSettingsKey;
  }

  Result<archive::Answer> run() {
    TRY(const auto reader, account_.read(Caller::system()));
    TRY(principal_, directory_.principal(owner_));
    TRY(wanted_preferences_, preferences_of(settings_, *reader, source_, directory_, answer_.damaged));
    if (settings_.rules) {
      TRY(rules_, imported_rules(*settings_.rules, *reader, source_, answer_.damaged));
    }
    find_people();
    if (settings_.booking && settings_.booking->takes_conflicts)
      name_loss("booking", "it takes what is taken already at the source; here it declines that");
    TRY(Traits here, traits_here(*reader));
    TRY(const TraitPlan plan, TraitPlan::make(*reader, source_, wanted_traits(), std::move(here), families()));
    TRY_VOID(change_preferences(plan, *reader));
    TRY_VOID(change_rules(plan));
    TRY_VOID(change_principal(plan));
    TRY_VOID(change_delegates(plan, *reader));
    TRY_VOID(note(plan));
    TRY_VOID(bring_password());
    return std::move(answer_);
  }

 private:
  void name_loss(std::string what, std::string why) { answer_.damaged.push_back({std::move(what), std::move(why)}); }

  // Who is meant by the addresses of delegates and senders.
  void find_people() {
    const auto find = [&](const std::string& address, const char* what) -> PrincipalId {
      const auto found = directory_.by_address(to_lower(address));
      if (found && found->tenant == principal_.tenant && found->id != owner_) return found->id;
      if (!found || found->id != owner_)
        name_loss(fmt::format("{} {}", what, address), "there is nobody of this address here");
      return {};
    };
    for (const auto& address : settings_.send_as.value_or(std::vector<std::string>()))
      if (const PrincipalId who = find(address, "the right to send as this account of")) senders_.push_back(who);
    for (const auto& delegate : settings_.delegates.value_or(std::vector<archive::Delegate>()))
      if (const PrincipalId who = find(delegate.who, "the delegate")) delegates_.push_back(who);
  }

  std::vector<std::string> families() const {
    auto out = preference_families(settings_);
    if (settings_.rules) out.insert(out.end(), {kRules, kOutOfOffice});
    if (settings_.send_as) out.emplace_back(kSendAs);
    if (settings_.delegates) out.insert(out.end(), {kOnBehalf, kDelegatesTrait});
    return out;
  }

  Traits wanted_traits() const {
    Traits out = traits_of(wanted_preferences_);
    if (rules_ && !rules_->others.empty()) out[kRules] = print_rules(rules_->others);
    if (rules_ && rules_->out_of_office) out[kOutOfOffice] = print_rules({*rules_->out_of_office});
    if (settings_.quota) out[kQuota] = std::to_string(*settings_.quota);
    if (!senders_.empty()) out[kSendAs] = print_people(senders_);
    if (!delegates_.empty()) out[kOnBehalf] = out[kDelegatesTrait] = print_people(delegates_);
    const bool is_booked =
        principal_.kind == directory::PrincipalKind::room || principal_.kind == directory::PrincipalKind::equipment;
    if (settings_.booking && is_booked) out[kBooking] = print_booking(booking());
    return out;
  }

  Result<Traits> traits_here(const groupware::Reader& reader) const {
    TRY(const auto preferences, reader.preferences());
    Traits out = traits_of(preferences);
    if (settings_.rules) {
      TRY(const RulesHere rules, rules_here(reader));
      if (!rules.others.empty()) out[kRules] = print_rules(rules.others);
      if (rules.out_of_office) out[kOutOfOffice] = print_rules({*rules.out_of_office});
    }
    if (principal_.quota) out[kQuota] = std::to_string(*principal_.quota);
    if (!principal_.send_as.empty()) out[kSendAs] = print_people(principal_.send_as);
    if (!principal_.send_on_behalf.empty()) out[kOnBehalf] = print_people(principal_.send_on_behalf);
    if (principal_.booking != directory::BookingPolicy()) out[kBooking] = print_booking(principal_.booking);
    std::vector<PrincipalId> delegates;
    for (const auto& grant : groupware::later_grants(*reader.folders())) delegates.push_back(grant.principal);
    if (!delegates.empty()) out[kDelegatesTrait] = print_people(delegates);
    return out;
  }

  static std::string print_booking(const directory::BookingPolicy& policy) {
    return fmt::format("{} {} {}", name(policy.answer), policy.takes_series, policy.most_conflicts);
  }
  directory::BookingPolicy booking() const {
    directory::BookingPolicy policy = principal_.booking;
    policy.answer = settings_.booking->answers ? directory::BookingPolicy::Answer::automatic
                                               : directory::BookingPolicy::Answer::manual;
    policy.takes_series = settings_.booking->takes_series;
    return policy;
  }

  Result<void> change_preferences(const TraitPlan& plan, const groupware::Reader& reader) {
    TRY(const auto before, reader.preferences());
    const auto wanted = merged(before, wanted_preferences_, plan);
    if (wanted == before) return {};
    auto done = account_.update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
      TRY(const auto now, transaction.preferences());
      if (now != before) return fail(Errc::conflict, "the account's preferences are being changed now");
      return transaction.set_preferences(wanted);
    });
    if (done) return {};
    if (done.error().code != Errc::invalid && done.error().code != Errc::too_large)
      return std::unexpected(done.error());
    name_loss("preferences", done.error().text);
    for (const auto& [name, value] : traits_of(wanted_preferences_))
      if (plan.takes(name)) failed_.insert(name);
    return {};
  }

  Result<void> change_rules(const TraitPlan& plan) {
    const bool changes =
        plan.takes(kRules) || plan.drops(kRules) || plan.takes(kOutOfOffice) || plan.drops(kOutOfOffice);
    if (!changes) return {};
    RuleChange change;
    if (plan.takes(kRules)) {
      change.others = rules_->others;
      change.requires_more = rules_->requires_more;
    }
    if (plan.drops(kRules)) change.others.emplace();
    change.changes_out_of_office = plan.takes(kOutOfOffice) || plan.drops(kOutOfOffice);
    if (plan.takes(kOutOfOffice)) change.out_of_office = rules_->out_of_office;
    const auto done = put_rules(account_, change);
    if (done) return {};
    const Errc code = done.error().code;
    if (code != Errc::invalid && code != Errc::too_large && code != Errc::over_quota && code != Errc::conflict)
      return done;
    name_loss("rules", done.error().text);
    failed_.insert({kRules, kOutOfOffice});
    return {};
  }

  Result<void> change_principal(const TraitPlan& plan) {
    // As it is by now: an administrator may have changed it since the plan was made, and all of it is written.
    TRY(const Principal now, directory_.principal(owner_));
    const bool is_as_planned = now.quota == principal_.quota && now.send_as == principal_.send_as &&
                               now.send_on_behalf == principal_.send_on_behalf && now.booking == principal_.booking;
    if (!is_as_planned) return fail(Errc::conflict, "the account's quota or senders are being changed now");
    Principal changed = now;
    if (plan.takes(kQuota)) changed.quota = settings_.quota;
    if (plan.takes(kSendAs) || plan.drops(kSendAs)) changed.send_as = senders_;
    if (plan.takes(kOnBehalf) || plan.drops(kOnBehalf)) changed.send_on_behalf = delegates_;
    if (plan.takes(kBooking)) changed.booking = booking();
    const bool is_same = changed.quota == now.quota && changed.send_as == now.send_as &&
                         changed.send_on_behalf == now.send_on_behalf && changed.booking == now.booking;
    if (is_same) return {};
    const auto done = directory_.update_principal(changed);
    if (done) return {};
    if (done.error().code != Errc::invalid) return done;
    name_loss("quota, and who may send for this account", done.error().text);
    failed_.insert({kQuota, kSendAs, kOnBehalf, kBooking});
    return {};
  }

  // Calendars made later begin with the rights that delegates have on the default one.
  Result<void> change_delegates(const TraitPlan& plan, const groupware::Reader& reader) {
    if (!plan.takes(kDelegatesTrait) && !plan.drops(kDelegatesTrait)) return {};
    const auto calendar = reader.folders()->by_role(groupware::FolderRole::calendar);
    if (!calendar) return {};
    std::vector<groupware::Grant> later;
    for (const PrincipalId who : delegates_)
      if (const auto rights = groupware::granted_to(calendar->grants, who); rights != 0) later.push_back({who, rights});
    TRY_VOID(account_.update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
      Transaction::FolderChange change;
      change.properties[groupware::kDelegates] = groupware::print_delegates(groupware::in_order(later));
      return transaction.change_folder(calendar->id, change);
    }));
    return {};
  }

  Result<void> note(const TraitPlan& plan) {
    TRY(principal_, directory_.principal(owner_));
    archive::Counts counts;
    TRY_VOID(account_.update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
      counts = {};
      TRY(const Traits here, traits_here(transaction));
      return plan.note(transaction, source_, here, failed_, counts);
    }));
    answer_.counts.add(counts);
    return {};
  }

  // Never instead of a password that was set here or proven here. The ledger has a digest of the hash alone.
  Result<void> bring_password() {
    if (settings_.password_hash.empty()) return {};
    const std::string key = trait_key(kPassword), digest = sha256(settings_.password_hash);
    TRY(const auto reader, account_.read(Caller::system()));
    TRY(const auto before, reader->ledger(source_, key));
    ++answer_.counts.present;
    if (before && before->fingerprint == digest) return {};
    const auto brought =
        directory_.bring_password_hash(owner_, settings_.password_hash, before ? before->fingerprint : "");
    if (!brought && brought.error().code != Errc::invalid) return std::unexpected(brought.error());
    if (!brought) name_loss("password", brought.error().text);
    if (brought && !*brought) ++answer_.counts.kept;
    if (brought && *brought) {
      --answer_.counts.present;
      ++(before ? answer_.counts.updated : answer_.counts.copied);
    }
    if (!brought) return {};
    TRY_VOID(account_.update(Caller::system(), [&](Transaction& transaction) {
      return transaction.note_imported(source_, key, {ItemId(), digest});
    }));
    return {};
  }

  groupware::Account& account_;
  directory::Directory& directory_;
  const PrincipalId owner_;
  const std::string source_;
  const archive::Settings& settings_;
  Principal principal_;
  groupware::Preferences wanted_preferences_;
  std::optional<ImportedRules> rules_;
  std::vector<PrincipalId> senders_, delegates_;
  std::set<std::string, std::less<>> failed_;
  archive::Answer answer_;
};

}  // namespace

Result<archive::Answer> take_settings(groupware::Account& account, directory::Directory& directory, PrincipalId owner,
                                      const std::string& source, const archive::Settings& settings) {
  return SettingsImport(account, directory, owner, source, settings).run();
}

}  // namespace kontor::importing
