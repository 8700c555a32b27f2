// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/settings_record.h"

#include <fmt/format.h>

#include <algorithm>

#include "formats/archive/record.h"

namespace kontor::migrate {
namespace {

// Drops what is beyond an archive's limits.
template <class T, class Fits>
void bound(std::optional<std::vector<T>>& list, const char* what, FolderReport& row, const Fits& why_not) {
  if (!list) return;
  std::vector<T> kept;
  for (T& one : *list) {
    std::string why = why_not(one);
    if (why.empty() && kept.size() == archive::kMaxSettings) why = "there are too many";
    if (why.empty())
      kept.push_back(std::move(one));
    else
      row.lose(what, why);
  }
  *list = std::move(kept);
}

template <class T>
std::string long_part(const T& one, std::initializer_list<std::string T::*> names) {
  for (const auto name : names)
    if ((one.*name).size() > archive::kMaxSettingName) return "a part of it is too long";
  return "";
}

void bound(std::vector<std::string>& senders, const char* what, FolderReport& row) {
  std::erase_if(senders, [&](const std::string& one) {
    if (one.size() <= archive::kMaxAddress) return false;
    row.lose(what, "an address in it is too long");
    return true;
  });
  if (senders.size() <= archive::kMaxSenders) return;
  row.lose(what, fmt::format("of {} only the first {} come along", senders.size(), archive::kMaxSenders));
  senders.resize(archive::kMaxSenders);
}

// The largest texts go first, until the rest fits a record.
void shrink(archive::Settings& settings, FolderReport& row) {
  while (archive::to_json(settings).size() > archive::kMaxRecord) {
    const auto largest = std::ranges::max_element(
        settings.display, [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
    if (largest != settings.display.end()) {
      row.lose(largest->first, "the settings are too large");
      settings.display.erase(largest);
    } else if (settings.signatures && !settings.signatures->empty()) {
      const auto big = std::ranges::max_element(*settings.signatures, {},
                                                [](const archive::Signature& one) { return one.text.size(); });
      row.lose("the signature " + big->name, "the settings are too large");
      settings.signatures->erase(big);
    } else {
      row.lose("settings", "they are too large");
      settings.searches.reset();
      settings.rules.reset();
      settings.senders.reset();
      settings.favourites.reset();
      return;
    }
  }
}

}  // namespace

std::vector<archive::Grant> mapped_grants(std::vector<archive::Grant> grants, const Mapping& mapping) {
  for (archive::Grant& grant : grants)
    if (!grant.who.empty()) grant.who = mapping.address(grant.who);
  if (grants.size() > archive::kMaxGrants) grants.resize(archive::kMaxGrants);
  return grants;
}

archive::Settings mapped_settings(archive::Settings settings, const Mapping& mapping) {
  if (settings.identities)
    for (archive::Identity& one : *settings.identities)
      for (std::string* address : {&one.address, &one.reply_to})
        if (!address->empty()) *address = mapping.address(*address);
  if (settings.favourites)
    for (archive::Favourite& one : *settings.favourites)
      if (!one.owner.empty()) one.owner = mapping.address(one.owner);
  if (settings.delegates)
    for (archive::Delegate& one : *settings.delegates) one.who = mapping.address(one.who);
  if (settings.send_as)
    for (std::string& one : *settings.send_as) one = mapping.address(one);
  return settings;
}

archive::Principal mapped_principal(archive::Principal principal, const Mapping& mapping) {
  principal.address = mapping.address(principal.address);
  for (auto* list : {&principal.aliases, &principal.members})
    for (std::string& address : *list) address = mapping.address(address);
  return principal;
}

FolderReport settings_row() {
  FolderReport row;
  row.name = "Settings, rules and rights";
  row.key = archive::kSettingsKey;
  return row;
}

PackedSettings pack_settings(SourceSettings settings, const Mapping& mapping) {
  PackedSettings out;
  out.row = settings_row();
  for (SettingLoss& loss : settings.losses) out.row.lose(std::move(loss.what), std::move(loss.why));
  out.settings = mapped_settings(std::move(settings.settings), mapping);
  auto& s = out.settings;
  bound(s.signatures, "a signature", out.row, [](const archive::Signature& one) {
    if (one.text.size() > archive::kMaxSettingText) return fmt::format("{} is too long", one.name);
    return long_part(one, {&archive::Signature::id, &archive::Signature::name});
  });
  bound(s.identities, "an identity", out.row, [](const archive::Identity& one) {
    if (one.address.size() > archive::kMaxAddress || one.reply_to.size() > archive::kMaxAddress)
      return std::string("its address is too long");
    return long_part(one, {&archive::Identity::id, &archive::Identity::name});
  });
  bound(s.categories, "a category", out.row, [](const archive::Category& one) {
    return one.colour.size() > archive::kMaxColour ? std::string("its colour is none")
                                                   : long_part(one, {&archive::Category::name});
  });
  bound(s.favourites, "a favourite", out.row,
        [](const archive::Favourite& one) { return long_part(one, {&archive::Favourite::name}); });
  if (s.senders) {
    bound(s.senders->allowed, "safe senders", out.row);
    bound(s.senders->blocked, "blocked senders", out.row);
  }
  bound(s.searches, "a saved search", out.row, [](const archive::SavedSearch& one) {
    if (one.filter.size() > archive::kMaxSettingText || one.folders.size() > archive::kMaxSettings)
      return fmt::format("{} is too long", one.name);
    return long_part(one, {&archive::SavedSearch::id, &archive::SavedSearch::name});
  });
  std::erase_if(s.display, [&](const auto& one) {
    const bool is_long = one.first.size() > 200 || one.second.size() > archive::kMaxSettingText;
    if (is_long) out.row.lose(one.first.substr(0, 200), "it is too long");
    return is_long;
  });
  if (s.rules && s.rules->size() > archive::kMaxRules) {
    out.row.lose("rules", "there is too much of them");
    s.rules.reset();
    s.rules_are_unread = false;
  }
  shrink(s, out.row);
  return out;
}

void add_settings_answer(const archive::Answer& answer, FolderReport& row) {
  row.counts.add(answer.counts);
  row.present += answer.counts.present + answer.counts.updated;
  row.source += answer.counts.copied + answer.counts.present + answer.counts.updated + answer.quarantined.size();
  for (const auto& one : answer.quarantined) row.quarantine(one.key, one.reason);
  for (const auto& one : answer.damaged) row.lose(one.key, one.reason);
  if (!answer.note.empty()) row.note = answer.note;
  row.unchanged = row.counts.copied + row.counts.updated + row.counts.removed == 0;
}

}  // namespace kontor::migrate
