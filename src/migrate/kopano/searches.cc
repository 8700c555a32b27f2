// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/searches.h"

#include <fmt/format.h>

#include "formats/mapi/entry_id.h"
#include "formats/mapi/rules.h"
#include "formats/mapi/tags.h"

namespace kontor::migrate::kopano {
namespace {

constexpr mapi::Tag kLinkedFolder{.id = 0x684C};

}  // namespace

std::optional<archive::SavedSearch> search_of(const SearchFolder& folder, const mapi::NameOfNumber& name_of,
                                              const FolderOfEntry& folder_of, std::vector<SettingLoss>& losses) {
  const std::string what = fmt::format("the search folder \"{}\"", folder.name);
  const auto criteria = mapi::parse_search_xml(folder.criteria, name_of);
  if (!criteria || !criteria->condition) {
    losses.push_back({what, criteria ? "it looks for nothing" : criteria.error().text});
    return std::nullopt;
  }
  std::string why;
  auto filter = mapi::filter_of(*criteria->condition, why);
  if (!filter) {
    losses.push_back({what, why});
    return std::nullopt;
  }
  archive::SavedSearch out;
  out.id = fmt::format("search.{}", folder.id);
  out.name = folder.name;
  out.filter = *std::move(filter);
  out.is_deep = criteria->is_deep;
  bool is_everywhere = criteria->folders.empty();
  for (const std::string& entry : criteria->folders) {
    const auto key = folder_of(entry);
    if (key && key->empty()) is_everywhere = true;  // the uppermost folder
    if (key && !key->empty()) out.folders.push_back(*key);
  }
  if (is_everywhere) out.folders.clear();
  if (out.folders.empty() && !is_everywhere) {
    losses.push_back({what, "the folders that it looks through do not come along"});
    return std::nullopt;
  }
  return out;
}

std::optional<archive::Favourite> favourite_of(const mapi::Properties& link, const FolderOfEntry& folder_of,
                                               const std::function<std::string(std::string_view store_guid)>& owner_of,
                                               std::vector<SettingLoss>& losses) {
  const std::string* entry = link.bytes(kLinkedFolder);
  if (entry == nullptr) return std::nullopt;  // a group's heading
  archive::Favourite out;
  out.name = link.text_or_empty(mapi::tag::kSubject);
  const mapi::EntryId parsed = mapi::parse_entry_id(*entry);
  const auto* object = std::get_if<mapi::ObjectEntry>(&parsed);
  if (const auto key = folder_of(*entry)) {
    if (key->empty()) return std::nullopt;  // the uppermost folder is no favourite
    out.folder = *key;
    return out;
  }
  if (object != nullptr) out.owner = owner_of(object->store.view());
  if (!out.owner.empty()) return out;
  losses.push_back({fmt::format("the favourite \"{}\"", out.name), "its folder does not come along"});
  return std::nullopt;
}

}  // namespace kontor::migrate::kopano
