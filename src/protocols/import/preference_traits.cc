// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/preference_traits.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "directory/directory.h"
#include "protocols/import/ledger.h"

namespace kontor::importing {
namespace {

using groupware::Preferences;

// Texts that cannot be confused with others.
std::string joined(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const std::string_view part : parts) out.append(part).append(1, '\0');
  return out;
}

std::string trait_name(const groupware::Signature& one) { return "signature/" + one.id; }
std::string trait_name(const groupware::Identity& one) { return "identity/" + one.id; }
std::string trait_name(const groupware::Category& one) { return "category/" + to_lower(one.name); }
std::string trait_name(const groupware::Favourite& one) {
  return fmt::format("favourite/{}-{}{}{}", one.owner.value, one.folder.value, one.folder ? "" : "-",
                     one.folder ? "" : one.name);
}
std::string trait_name(const groupware::SavedSearch& one) { return "search/" + one.id; }

std::string trait_value(const groupware::Signature& one) {
  return joined({one.name, one.text, one.is_html ? "html" : ""});
}
std::string trait_value(const groupware::Identity& one) {
  return joined({one.name, one.address, one.reply_to, one.signature, one.reply_signature});
}
std::string trait_value(const groupware::Category& one) {
  return joined({one.name, one.colour, one.is_quick ? "quick" : ""});
}
std::string trait_value(const groupware::Favourite& one) { return joined({one.name}); }
std::string trait_value(const groupware::SavedSearch& one) {
  std::string out = joined({one.name, one.filter, one.is_deep ? "deep" : ""});
  for (const FolderId folder : one.folders) out += fmt::format("{} ", folder.value);
  return out;
}

template <class T>
void put_traits(const std::vector<T>& list, Traits& out) {
  for (const T& one : list) out[trait_name(one)] = trait_value(one);
}

template <class T>
void merge_list(std::vector<T>& here, const std::vector<T>& wanted, const TraitPlan& plan) {
  std::erase_if(here, [&](const T& one) { return plan.drops(trait_name(one)); });
  for (const T& one : wanted) {
    const std::string name = trait_name(one);
    if (!plan.takes(name)) continue;
    const auto at = std::ranges::find_if(here, [&](const T& other) { return trait_name(other) == name; });
    if (at == here.end())
      here.push_back(one);
    else
      *at = one;
  }
}

void merge_text(std::string& here, const std::string& wanted, std::string_view name, const TraitPlan& plan) {
  if (plan.takes(name)) here = wanted;
  if (plan.drops(name)) here.clear();
}

// Keeps what can be kept; one that cannot must not keep the others out.
template <class T>
void keep_sound(std::vector<T> Preferences::* list, Preferences& all, std::vector<archive::Quarantined>& damaged) {
  std::erase_if(all.*list, [&](const T& one) {
    Preferences alone;
    (alone.*list).push_back(one);
    std::string fault = groupware::fault_of(alone);
    if (fault.empty()) return false;
    damaged.push_back({trait_name(one), std::move(fault)});
    return true;
  });
}

Result<FolderId> folder_here(const groupware::Reader& reader, const std::string& source, const std::string& key) {
  TRY(const auto mark, find_folder(reader, source, folder_code(key)));
  return mark && reader.folder(mark->target) ? mark->target : FolderId();
}

}  // namespace

std::vector<std::string> preference_families(const archive::Settings& settings) {
  std::vector<std::string> out = {"display/"};
  if (settings.signatures) out.insert(out.end(), {"signature/", "new_signature", "reply_signature"});
  if (settings.identities) out.emplace_back("identity/");
  if (settings.categories) out.emplace_back("category/");
  if (settings.favourites) out.emplace_back("favourite/");
  if (settings.searches) out.emplace_back("search/");
  return out;
}

Result<Preferences> preferences_of(const archive::Settings& settings, const groupware::Reader& reader,
                                   const std::string& source, const directory::Directory& directory,
                                   std::vector<archive::Quarantined>& damaged) {
  Preferences out;
  out.language = settings.language.value_or("");
  out.time_zone = settings.time_zone.value_or("");
  out.new_signature = settings.new_signature;
  out.reply_signature = settings.reply_signature;
  out.display = settings.display;
  for (const auto& one : settings.signatures.value_or(std::vector<archive::Signature>()))
    out.signatures.push_back({one.id, one.name, one.text, one.is_html});
  for (const auto& one : settings.identities.value_or(std::vector<archive::Identity>()))
    out.identities.push_back({one.id, one.name, one.address, one.reply_to, one.signature, one.reply_signature});
  for (const auto& one : settings.categories.value_or(std::vector<archive::Category>()))
    out.categories.push_back({one.name, one.colour, one.is_quick});
  for (const auto& one : settings.favourites.value_or(std::vector<archive::Favourite>())) {
    groupware::Favourite made{FolderId(), PrincipalId(), one.name};
    if (one.owner.empty()) {
      TRY(made.folder, folder_here(reader, source, one.folder));
    } else if (const auto owner = directory.by_address(to_lower(one.owner))) {
      made.owner = owner->id;
    }
    if (made.folder || made.owner)
      out.favourites.push_back(std::move(made));
    else
      damaged.push_back({"the favourite " + one.name, "its folder did not come along"});
  }
  for (const auto& one : settings.searches.value_or(std::vector<archive::SavedSearch>())) {
    groupware::SavedSearch made{one.id, one.name, one.filter, {}, one.is_deep};
    for (const auto& key : one.folders) {
      TRY(const FolderId folder, folder_here(reader, source, key));
      if (folder) made.folders.push_back(folder);
    }
    if (made.folders.empty() && !one.folders.empty())
      damaged.push_back({"the saved search " + one.name, "the folders that it looks through did not come along"});
    else
      out.searches.push_back(std::move(made));
  }
  keep_sound(&Preferences::signatures, out, damaged);
  keep_sound(&Preferences::identities, out, damaged);
  keep_sound(&Preferences::categories, out, damaged);
  keep_sound(&Preferences::favourites, out, damaged);
  keep_sound(&Preferences::searches, out, damaged);
  std::erase_if(out.display, [&](const auto& one) {
    Preferences alone;
    alone.display.insert(one);
    return !groupware::fault_of(alone).empty();
  });
  return out;
}

Traits traits_of(const Preferences& preferences) {
  Traits out;
  const std::pair<const char*, const std::string*> kTexts[] = {{"language", &preferences.language},
                                                               {"time_zone", &preferences.time_zone},
                                                               {"new_signature", &preferences.new_signature},
                                                               {"reply_signature", &preferences.reply_signature}};
  for (const auto& [name, value] : kTexts)
    if (!value->empty()) out[name] = *value;
  put_traits(preferences.signatures, out);
  put_traits(preferences.identities, out);
  put_traits(preferences.categories, out);
  put_traits(preferences.favourites, out);
  put_traits(preferences.searches, out);
  for (const auto& [name, value] : preferences.display) out["display/" + name] = value;
  return out;
}

Preferences merged(Preferences here, const Preferences& wanted, const TraitPlan& plan) {
  merge_text(here.language, wanted.language, "language", plan);
  merge_text(here.time_zone, wanted.time_zone, "time_zone", plan);
  merge_text(here.new_signature, wanted.new_signature, "new_signature", plan);
  merge_text(here.reply_signature, wanted.reply_signature, "reply_signature", plan);
  merge_list(here.signatures, wanted.signatures, plan);
  merge_list(here.identities, wanted.identities, plan);
  merge_list(here.categories, wanted.categories, plan);
  merge_list(here.favourites, wanted.favourites, plan);
  merge_list(here.searches, wanted.searches, plan);
  std::erase_if(here.display, [&](const auto& one) { return plan.drops("display/" + one.first); });
  for (const auto& [name, value] : wanted.display)
    if (plan.takes("display/" + name)) here.display[name] = value;
  return here;
}

}  // namespace kontor::importing
