// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/traits.h"

#include <algorithm>

#include "base/digest.h"
#include "protocols/import/ledger.h"

namespace kontor::importing {
namespace {

constexpr std::size_t kTraitDigest = 16;

// Nothing is the digest of what is not there.
std::string digest_in(const Traits& traits, std::string_view name) {
  const auto found = traits.find(name);
  return found == traits.end() ? std::string(kTraitDigest, '\0') : sha256(found->second).substr(0, kTraitDigest);
}

struct TraitMark {
  std::string source, here;  // digests: as it was brought, and as it was here then
};

// By name.
Result<std::map<std::string, TraitMark>> trait_marks(const groupware::Reader& reader, const std::string& source) {
  std::map<std::string, TraitMark> out;
  const std::string prefix = trait_key("");
  Result<void> sound;
  TRY_VOID(reader.ledger_scan(source, prefix, [&](std::string_view key, const groupware::LedgerEntry& entry) {
    if (!key.starts_with(prefix)) return false;
    if (entry.fingerprint.size() != 2 * kTraitDigest)
      sound = fail(Errc::corrupt, "the ledger's note of a setting is damaged");
    else
      out[std::string(key.substr(prefix.size()))] = {entry.fingerprint.substr(0, kTraitDigest),
                                                     entry.fingerprint.substr(kTraitDigest)};
    return sound.has_value();
  }));
  if (!sound) return std::unexpected(sound.error());
  return out;
}

}  // namespace

Result<TraitPlan> TraitPlan::make(const groupware::Reader& reader, const std::string& source, Traits wanted,
                                  Traits here, std::vector<std::string> families) {
  TraitPlan plan;
  TRY(const auto marks, trait_marks(reader, source));
  for (const auto& [name, value] : wanted) {
    const auto mark = marks.find(bounded_trait(name));
    const std::string is = digest_in(wanted, name), now = digest_in(here, name);
    if (mark == marks.end()) plan.fresh_.insert(name);
    if (is == now) continue;
    const bool is_same_at_source = mark != marks.end() && mark->second.source == is;
    const bool is_untouched = mark == marks.end() ? !here.contains(name) : mark->second.here == now;
    if (!is_same_at_source && is_untouched) plan.take_.insert(name);
    if (!is_untouched) plan.kept_.insert(name);
  }
  for (const auto& [name, value] : here) {
    const auto mark = marks.find(bounded_trait(name));
    const bool was_asked =
        std::ranges::any_of(families, [&](const std::string& family) { return name.starts_with(family); });
    if (mark == marks.end() || wanted.contains(name) || !was_asked) continue;
    if (mark->second.here == digest_in(here, name)) plan.drop_.insert(name);
  }
  plan.wanted_ = std::move(wanted);
  return plan;
}

std::string difference_of(const Settled& settled) {
  if (!settled.was_brought) {
    if (!settled.is_at_source) return "is set at the target alone";
    return settled.is_here ? "is another at the target, where it was set before" : "was not brought to the target";
  }
  if (settled.is_same_at_source && settled.is_same_here) return "";
  if (settled.is_same_at_source)
    return settled.is_here ? "was changed at the target since it came" : "was removed at the target since it came";
  const std::string at_source = settled.is_at_source ? "was changed at the source since the last run"
                                                     : "was removed at the source since the last run";
  return settled.is_same_here ? at_source : at_source + ", and at the target too";
}

Result<ComparedTraits> compare_traits(const groupware::Reader& reader, const std::string& source, const Traits& wanted,
                                      const Traits& here, const std::vector<std::string>& families) {
  TRY(const auto marks, trait_marks(reader, source));
  std::set<std::string, std::less<>> names;
  for (const auto& [name, value] : wanted) names.insert(name);
  for (const auto& [name, value] : here)
    if (std::ranges::any_of(families, [&](const std::string& family) { return name.starts_with(family); }))
      names.insert(name);
  ComparedTraits out;
  for (const std::string& name : names) {
    const auto mark = marks.find(bounded_trait(name));
    const std::string is = digest_in(wanted, name), now = digest_in(here, name);
    // Nothing was done where it was set here before.
    const bool was_kept = mark != marks.end() && mark->second.here == digest_in({}, name) && here.contains(name);
    Settled settled{.was_brought = mark != marks.end() && !was_kept,
                    .is_at_source = wanted.contains(name),
                    .is_here = here.contains(name)};
    if (settled.was_brought) {
      settled.is_same_at_source = mark->second.source == is;
      settled.is_same_here = mark->second.here == now;
    }
    std::string why = is == now ? std::string() : difference_of(settled);
    if (why.empty())
      ++out.same;
    else
      out.different.push_back({name, std::move(why)});
  }
  return out;
}

bool TraitPlan::changes_any_of(std::string_view family) const {
  const auto has = [&](const auto& names) {
    const auto found = names.lower_bound(family);
    return found != names.end() && found->starts_with(family);
  };
  return has(take_) || has(drop_);
}

Result<void> TraitPlan::note(groupware::Transaction& transaction, const std::string& source, const Traits& here_now,
                             const std::set<std::string, std::less<>>& failed, archive::Counts& counts) const {
  for (const auto& [name, value] : wanted_) {
    if (failed.contains(name)) continue;
    const std::string key = trait_key(name);
    std::string mark = digest_in(wanted_, name) + digest_in(here_now, name);
    TRY(const auto before, transaction.ledger(source, key));
    if (kept_.contains(name)) {
      ++counts.present;
      ++counts.kept;
      // It goes on being what was changed here.
      mark.replace(kTraitDigest, kTraitDigest,
                   before ? before->fingerprint.substr(kTraitDigest) : std::string(kTraitDigest, '\0'));
    } else {
      ++(!take_.contains(name) ? counts.present : fresh_.contains(name) ? counts.copied : counts.updated);
    }
    if (!before || before->fingerprint != mark) TRY_VOID(transaction.note_imported(source, key, {ItemId(), mark}));
  }
  for (const std::string& name : drop_) {
    if (failed.contains(name)) continue;
    ++counts.removed;
    TRY_VOID(transaction.forget_imported(source, trait_key(name)));
  }
  return {};
}

}  // namespace kontor::importing
