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
#include "protocols/import/settings_view.h"
#include "protocols/import/traits.h"

namespace kontor::importing {
namespace {

using directory::Principal;
using groupware::Caller;
using groupware::Transaction;

constexpr const char* kPassword = "password";
// SHA-256 of a hash that did not come: there was a password here, or it is of an unknown form.
constexpr const char* kKeptPassword = "password-kept";

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
    TRY(auto view, SettingsView::make(*reader, directory_, owner_, source_, settings_, answer_.damaged));
    view_ = &view;
    TRY(Traits here, view.here(*reader, view.owner()));
    TRY(const TraitPlan plan, TraitPlan::make(*reader, source_, view.wanted(), std::move(here), view.families()));
    TRY_VOID(change_preferences(plan, *reader));
    TRY_VOID(change_rules(plan));
    TRY_VOID(change_junk(plan));
    TRY_VOID(change_principal(plan));
    TRY_VOID(change_delegates(plan, *reader));
    TRY_VOID(note(plan));
    TRY_VOID(bring_password());
    return std::move(answer_);
  }

 private:
  void name_loss(std::string what, std::string why) { answer_.damaged.push_back({std::move(what), std::move(why)}); }

  Result<void> change_preferences(const TraitPlan& plan, const groupware::Reader& reader) {
    TRY(const auto before, reader.preferences());
    const auto wanted = merged(before, view_->preferences(), plan);
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
    for (const auto& [name, value] : traits_of(view_->preferences()))
      if (plan.takes(name)) failed_.insert(name);
    return {};
  }

  Result<void> change_rules(const TraitPlan& plan) {
    const bool changes = plan.takes(setting::kRules) || plan.drops(setting::kRules) ||
                         plan.takes(setting::kOutOfOffice) || plan.drops(setting::kOutOfOffice);
    if (!changes) return {};
    RuleChange change;
    if (plan.takes(setting::kRules)) {
      change.others = view_->rules()->others;
      change.requires_more = view_->rules()->requires_more;
    }
    if (plan.drops(setting::kRules)) change.others.emplace();
    change.changes_out_of_office = plan.takes(setting::kOutOfOffice) || plan.drops(setting::kOutOfOffice);
    if (plan.takes(setting::kOutOfOffice)) change.out_of_office = view_->rules()->out_of_office;
    return try_rules(change, "rules", {setting::kRules, setting::kOutOfOffice});
  }

  // Behind the rules, and by itself: long lists keep no rule out.
  Result<void> change_junk(const TraitPlan& plan) {
    if (!plan.changes_any_of(setting::kSender)) return {};
    RuleChange change;
    change.change_senders = [&](sieve::JunkRule& lists) { change_senders(plan, lists); };
    std::vector<std::string> names;
    for (const auto& [sender, is_blocked] : view_->junk_senders()) names.push_back(setting::kSender + sender);
    return try_rules(change, "lists of senders", names);
  }

  // What cannot be done is named, and its traits count as failed.
  Result<void> try_rules(const RuleChange& change, const char* what, const std::vector<std::string>& traits) {
    const auto done = put_rules(account_, change);
    if (done) return {};
    const Errc code = done.error().code;
    if (code != Errc::invalid && code != Errc::too_large && code != Errc::over_quota && code != Errc::conflict)
      return done;
    name_loss(what, done.error().text);
    failed_.insert(traits.begin(), traits.end());
    return {};
  }

  void change_senders(const TraitPlan& plan, sieve::JunkRule& lists) const {
    for (auto* list : {&lists.always, &lists.never})
      std::erase_if(*list, [&](const std::string& sender) {
        const std::string name = setting::kSender + sender;
        return plan.takes(name) || plan.drops(name);
      });
    for (const auto& [sender, is_blocked] : view_->junk_senders())
      if (plan.takes(setting::kSender + sender)) (is_blocked ? lists.always : lists.never).push_back(sender);
  }

  Result<void> change_principal(const TraitPlan& plan) {
    // As it is by now: an administrator may have changed it since the plan was made, and all of it is written.
    TRY(const Principal now, directory_.principal(owner_));
    const Principal& planned = view_->owner();
    const bool is_as_planned = now.quota == planned.quota && now.send_as == planned.send_as &&
                               now.send_on_behalf == planned.send_on_behalf && now.booking == planned.booking;
    if (!is_as_planned) return fail(Errc::conflict, "the account's quota or senders are being changed now");
    Principal changed = now;
    if (plan.takes(setting::kQuota)) changed.quota = settings_.quota;
    if (plan.takes(setting::kSendAs) || plan.drops(setting::kSendAs)) changed.send_as = view_->senders();
    if (plan.takes(setting::kOnBehalf) || plan.drops(setting::kOnBehalf)) changed.send_on_behalf = view_->delegates();
    if (plan.takes(setting::kBooking)) changed.booking = view_->booking();
    const bool is_same = changed.quota == now.quota && changed.send_as == now.send_as &&
                         changed.send_on_behalf == now.send_on_behalf && changed.booking == now.booking;
    if (is_same) return {};
    const auto done = directory_.update_principal(changed);
    if (done) return {};
    if (done.error().code != Errc::invalid) return done;
    name_loss("quota, and who may send for this account", done.error().text);
    failed_.insert({setting::kQuota, setting::kSendAs, setting::kOnBehalf, setting::kBooking});
    return {};
  }

  // Calendars made later begin with the rights that delegates have on the default one.
  Result<void> change_delegates(const TraitPlan& plan, const groupware::Reader& reader) {
    if (!plan.takes(setting::kDelegates) && !plan.drops(setting::kDelegates)) return {};
    const auto calendar = reader.folders()->by_role(groupware::FolderRole::calendar);
    if (!calendar) return {};
    std::vector<groupware::Grant> later;
    for (const PrincipalId who : view_->delegates())
      if (const auto rights = groupware::granted_to(calendar->grants, who); rights != 0) later.push_back({who, rights});
    TRY_VOID(account_.update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
      Transaction::FolderChange change;
      change.properties[groupware::kDelegates] = groupware::print_delegates(groupware::in_order(later));
      return transaction.change_folder(calendar->id, change);
    }));
    return {};
  }

  Result<void> note(const TraitPlan& plan) {
    TRY(const Principal owner, directory_.principal(owner_));
    archive::Counts counts;
    TRY_VOID(account_.update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
      counts = {};
      TRY(const Traits here, view_->here(transaction, owner));
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
    TRY_VOID(account_.update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
      const std::string kept = trait_key(kKeptPassword);
      TRY(const auto known, transaction.ledger(source_, kept));
      const bool is_noted = known && known->fingerprint == digest;
      if (!brought) return is_noted ? Result<void>() : transaction.note_imported(source_, kept, {ItemId(), digest});
      TRY_VOID(*brought ? transaction.forget_imported(source_, kept)
                        : transaction.note_imported(source_, kept, {ItemId(), digest}));
      return transaction.note_imported(source_, key, {ItemId(), digest});
    }));
    return {};
  }

  groupware::Account& account_;
  directory::Directory& directory_;
  const PrincipalId owner_;
  const std::string source_;
  const archive::Settings& settings_;
  const SettingsView* view_ = nullptr;
  std::set<std::string, std::less<>> failed_;
  archive::Answer answer_;
};

// A hash that came stays until the first login proves its password and makes a hash of our own: from then on there is
// nothing to compare. Answers nothing but whether they are alike, and who changed what.
Result<void> compare_password(const groupware::Reader& reader, const directory::Directory& directory, PrincipalId owner,
                              const std::string& source, const std::string& hash, archive::Answer& answer) {
  if (hash.empty()) return {};
  TRY(const auto mark, reader.ledger(source, trait_key(kPassword)));
  TRY(const auto kept, reader.ledger(source, trait_key(kKeptPassword)));
  const std::string is = sha256(hash), now = directory.password_hash_digest(owner);
  Settled settled{.was_brought = mark.has_value() && !kept, .is_at_source = true, .is_here = !now.empty()};
  if (mark) {
    settled.is_same_at_source = mark->fingerprint == is;
    settled.is_same_here = !now.empty();
  }
  const bool was_named = !mark && kept && kept->fingerprint == is;  // when it did not come
  std::string why = now == is || was_named ? std::string() : difference_of(settled);
  if (why.empty())
    ++answer.counts.present;
  else
    answer.different.push_back({kPassword, std::move(why)});
  return {};
}

}  // namespace

Result<archive::Answer> compare_settings(const groupware::Reader& reader, const directory::Directory& directory,
                                         PrincipalId owner, const std::string& source,
                                         const archive::Settings& settings) {
  archive::Answer answer;
  answer.folder = archive::kSettingsKey;
  // What cannot be here was named when it did not come.
  std::vector<archive::Quarantined> damaged;
  TRY(const auto view, SettingsView::make(reader, directory, owner, source, settings, damaged));
  TRY(const Traits here, view.here(reader, view.owner()));
  TRY(auto compared, compare_traits(reader, source, view.wanted(), here, view.families()));
  answer.counts.present = compared.same;
  answer.different = std::move(compared.different);
  TRY_VOID(compare_password(reader, directory, owner, source, settings.password_hash, answer));
  return answer;
}

Result<archive::Answer> take_settings(groupware::Account& account, directory::Directory& directory, PrincipalId owner,
                                      const std::string& source, const archive::Settings& settings) {
  return SettingsImport(account, directory, owner, source, settings).run();
}

}  // namespace kontor::importing
