// SPDX-License-Identifier: AGPL-3.0-or-later
// Items of other kinds than mail: their names, and their content when it is replaced.
#include <fmt/format.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "groupware/item_name.h"
#include "groupware/keys.h"
#include "groupware/transaction.h"

namespace kontor::groupware {
namespace {

constexpr std::size_t kNamesTried = 20;

}  // namespace

Result<std::string> AccountTransaction::name_for(Kind kind, FolderId folder, const std::string& wanted,
                                                 const std::string& usual) {
  if (kind == Kind::mail) return std::string();
  if (!wanted.empty()) {
    TRY_VOID(check_item_name(wanted));
    TRY(const auto there, layer_.get(key::named(folder, wanted)));
    if (there) return fail(Errc::exists, fmt::format("there is an item \"{}\" already", wanted));
    return wanted;
  }
  std::string name = usual.empty() ? "item" : usual;
  for (std::size_t number = 2;; ++number) {
    TRY(const auto there, layer_.get(key::named(folder, name)));
    if (!there) return name;
    name = numbered_item_name(usual, number < kNamesTried ? number : random_u64() % 1'000'000'000'000);
  }
}

void AccountTransaction::list(const ItemRecord& item, const Filing& filing) {
  if (item.kind == Kind::mail) return;
  layer_.put(key::named(filing.folder, filing.name), encode(make_named(item, filing)));
}

Result<void> AccountTransaction::unlist(const ItemRecord& item, const Filing& filing) {
  if (item.kind != Kind::mail) layer_.erase(key::named(filing.folder, filing.name));
  return {};
}

Result<void> AccountTransaction::rename(FolderId id, Uid uid, const std::string& name) {
  TRY_VOID(may(id, right::kInsert | right::kDeleteItems | right::kExpunge));
  TRY(Filed found, filed(id, uid));
  ItemRecord& item = found.item;
  Filing& filing = item.filings[found.filing];
  if (item.kind == Kind::mail) return fail(Errc::invalid, "messages have no names");
  if (filing.name == name) return {};
  TRY(std::string fresh, name_for(item.kind, id, name, name));
  TRY_VOID(unlist(item, filing));
  layer_.log.vanished.push_back({id, uid, filing.name});
  filing.name = std::move(fresh);
  filing.modseq = number();
  list(item, filing);
  touch(id);
  show(item, filing);
  store(item);
  return {};
}

// The item's content until now, as a removed item of its own.
Result<void> AccountTransaction::keep_version(const ItemRecord& former, ItemId version) {
  ItemRecord kept = former;
  kept.id = version;
  kept.removed_name = former.filings.empty() ? std::string() : former.filings.front().name;
  kept.removed_from = former.filings.empty() ? FolderId() : former.filings.front().folder;
  kept.filings.clear();
  kept.removed_at = environment_.clock.now();
  kept.removed_by = caller_.principal;
  kept.modified = number();
  kept.properties[kVersionOf] = std::to_string(former.id.value);
  use_content(kept);
  layer_.put(key::item(version), encode(kept));
  layer_.put(key::removed(kept.removed_at.time_since_epoch().count(), version), std::string());
  layer_.put(key::version(former.id, version), std::string());
  return {};
}

Result<void> AccountTransaction::change_properties(const ItemRecord& item,
                                                   std::map<std::string, std::string> properties) {
  std::erase_if(properties, [&](const auto& wanted) {
    const auto present = item.properties.find(wanted.first);
    return present == item.properties.end() ? wanted.second.empty() : present->second == wanted.second;
  });
  return properties.empty() ? Result<void>() : set_properties(item.id, properties);
}

Result<Added> AccountTransaction::replace(FolderId id, Uid uid, const NewItem& wanted) {
  TRY(const std::shared_ptr<const Folder> folder, may(id, right::kInsert | right::kDeleteItems | right::kExpunge));
  TRY(Filed found, filed(id, uid));
  ItemRecord& item = found.item;
  if (item.kind == Kind::mail) return fail(Errc::invalid, "messages are not replaced");
  TRY_VOID(check_takes_items(*folder, wanted.kind));
  check(wanted.content.tenant == ownership_.tenant, "content is staged for the account's tenant");
  const Added same{item.id, uid, folder->uid_validity, item.filings[found.filing].name};
  if (wanted.content.hash == item.hash) {
    TRY_VOID(change_properties(item, wanted.properties));
    return same;
  }
  if (wanted.content.size > item.size) TRY_VOID(check_room(wanted.content.size - item.size));
  for (const Filing& filing : item.filings) TRY_VOID(unlist(item, filing));
  const ItemRecord former = item;
  const ItemId version(layer_.record.next_item++);
  if (keeps_removed()) TRY_VOID(keep_version(former, version));
  item.kind = wanted.kind;
  item.size = wanted.content.size;
  item.crlf_size = wanted.content.crlf_size;
  item.hash = wanted.content.hash;
  item.saved = environment_.clock.now();
  item.internal_date = wanted.internal_date.value_or(InternalDate(item.saved));
  // The place under the item's own id is taken, maybe by copies: new content lies under an id that was never used.
  item.content = wanted.content.inline_bytes ? version : ItemId();
  if (wanted.content.inline_bytes)
    layer_.put_content(version, wanted.content.inline_bytes);
  else
    layer_.use_blob({ownership_.tenant, item.hash});
  use_content(item);
  layer_.put(key::item(item.id), encode(item));  // for leave_content() to see
  TRY_VOID(leave_content(former));
  for (Filing& filing : item.filings) {
    Folder& place = layer_.edit_folder(filing.folder);
    place.bytes += item.size - former.size;
    filing.modseq = number();
    touch(filing.folder);
    list(item, filing);
    show(item, filing);
  }
  layer_.record.bytes += item.size - former.size;
  store(item);
  TRY_VOID(change_properties(item, wanted.properties));
  return same;
}

}  // namespace kontor::groupware
