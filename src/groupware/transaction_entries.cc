// SPDX-License-Identifier: AGPL-3.0-or-later
// Items of other kinds than mail: their names, and their content when it is replaced.
#include <fmt/format.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "groupware/calendar/time_index.h"
#include "groupware/item_name.h"
#include "groupware/keys.h"
#include "groupware/transaction.h"

namespace kontor::groupware {
namespace {

constexpr std::size_t kNamesTried = 20;

}  // namespace

Changes::Audience audience_of(const ItemRecord& item) {
  return item.privacy == Privacy::private_ ? Changes::Audience::insiders : Changes::Audience::all;
}

std::string usual_name(const NewItem& item) {
  if (!item.content.description) return "item";
  return sound_item_name(item.content.description->facts.uid, item.kind == Kind::contacts ? ".vcf" : ".ics");
}

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

Result<std::optional<Facts>> AccountTransaction::facts_of(const ItemRecord& item) {
  if (!is_described(item.kind)) return std::nullopt;
  TRY(const std::optional<std::string> stored, layer_.get(key::facts(item.id)));
  if (!stored) return std::nullopt;
  TRY(Facts facts, decode_facts(*stored));
  return facts;
}

// Of an item that has its id.
void AccountTransaction::take_description(ItemRecord& item, const StagedContent& content) {
  item.privacy = Privacy::open;
  item.redacted_size = 0;
  item.redacted_hash.clear();
  item.bare_size = 0;
  item.bare_hash.clear();
  if (!is_described(item.kind)) return;
  check(content.description != nullptr, "content is staged for items of its kind");
  const Description& known = *content.description;
  item.kind = groupware::kind_of(known.facts.component, item.kind);
  item.privacy = known.facts.privacy;
  item.redacted_size = known.redacted_size;
  item.redacted_hash = known.redacted_hash;
  item.bare_size = known.bare_size;
  item.bare_hash = known.bare_hash;
  layer_.put(key::facts(item.id), encode(known.facts));
}

Result<void> AccountTransaction::check_own_uid(const std::string& uid, FolderId folder) {
  if (uid.empty()) return {};
  TRY(const std::optional<std::string> there, layer_.get(key::own_uid(uid, folder)));
  return there ? fail(Errc::exists, "an item of this UID is in the folder already") : Result<void>();
}

Result<void> AccountTransaction::list(const ItemRecord& item, const Filing& filing) {
  if (item.kind == Kind::mail) return {};
  layer_.put(key::named(filing.folder, filing.name), encode(make_named(item, filing)));
  TRY(const std::optional<Facts> facts, facts_of(item));
  if (!facts) return {};
  if (!facts->uid.empty()) {
    std::string uid;
    append_be32(uid, filing.uid.value);
    layer_.put(key::own_uid(facts->uid, filing.folder), std::move(uid));
  }
  if (auto time = time_key(filing.folder, filing.uid, *facts))
    layer_.put(*std::move(time), time_value(*facts, item.id, filing.name));
  for (auto& [key, value] : ring_records(filing.folder, filing.uid, *facts, item.id, filing.name))
    layer_.put(std::move(key), std::move(value));
  for (const AlarmWay way : kAlarmWays)
    if (const auto& at = facts->next(way)) note_alarm(way, *at, filing, item.id);
  TRY_VOID(list_own(item, filing));
  TRY_VOID(note_default_alarms(&*facts));
  for (const std::string& id : facts->attachments) {
    std::string user;
    append_be64(user, item.id.value);
    layer_.put(key::attachment_use(id, filing.folder, filing.uid), std::move(user));
    layer_.attachments.insert(id);
  }
  return {};
}

void AccountTransaction::note_alarm(AlarmWay way, Instant at, const Filing& filing, ItemId item) {
  std::string value;
  append_be64(value, item.value);
  layer_.put(key::alarm(way, at, filing.folder, filing.uid), std::move(value));
  if (!layer_.alarm || at < *layer_.alarm) layer_.alarm = at;
}

Result<void> AccountTransaction::unlist(const ItemRecord& item, const Filing& filing) {
  if (item.kind == Kind::mail) return {};
  layer_.erase(key::named(filing.folder, filing.name));
  TRY(const std::optional<Facts> facts, facts_of(item));
  if (!facts) return {};
  if (!facts->uid.empty()) layer_.erase(key::own_uid(facts->uid, filing.folder));
  if (auto time = time_key(filing.folder, filing.uid, *facts)) layer_.erase(*std::move(time));
  for (auto& [key, value] : ring_records(filing.folder, filing.uid, *facts, item.id, filing.name))
    layer_.erase(std::move(key));
  for (const AlarmWay way : kAlarmWays)
    if (const auto& at = facts->next(way)) layer_.erase(key::alarm(way, *at, filing.folder, filing.uid));
  TRY_VOID(unlist_own(item, filing));
  for (const std::string& id : facts->attachments) {
    layer_.erase(key::attachment_use(id, filing.folder, filing.uid));
    layer_.attachments.insert(id);
  }
  return {};
}

Result<void> AccountTransaction::set_next_alarm(const DueAlarm& present, std::optional<Instant> next) {
  if (present.guest) return set_next_own_alarm(present, next);
  const std::string key = key::alarm(present.way, present.at, present.folder, present.uid);
  TRY(const auto noted, layer_.get(key));
  if (!noted) return {};
  layer_.erase(key);
  // Of a folder that is on the way out nothing is due any more.
  if (!layer_.folder(present.folder)) return {};
  TRY(Filed found, filed(present.folder, present.uid));
  TRY(std::optional<Facts> facts, facts_of(found.item));
  if (!facts || found.item.id != present.item || facts->next(present.way) != present.at) return {};
  facts->next(present.way) = next;
  layer_.put(key::facts(found.item.id), encode(*facts));
  for (const Filing& filing : found.item.filings) {
    layer_.erase(key::alarm(present.way, present.at, filing.folder, filing.uid));
    if (next) note_alarm(present.way, *next, filing, found.item.id);
  }
  return {};
}

Result<void> AccountTransaction::note_default_alarms(const Facts* facts, bool is_set) {
  TRY(const auto stored, layer_.get(key::default_alarms()));
  const Instant now = environment_.clock.now();
  auto mark = stored ? decode_default_alarm_mark(*stored) : std::nullopt;
  if (!mark && !is_set) return {};
  if (mark && facts != nullptr && !matters(*mark, *facts)) return {};
  if (!mark) mark = DefaultAlarmMark{.told = now, .look = now};
  mark->look = std::min(mark->look, now);
  ++mark->changes;
  layer_.put(key::default_alarms(), encode(*mark));
  if (!layer_.alarm || now < *layer_.alarm) layer_.alarm = now;
  return {};
}

Result<void> AccountTransaction::finish_default_alarms(const DefaultAlarmMark& seen,
                                                       const std::optional<DefaultAlarmMark>& next) {
  TRY(const auto stored, layer_.get(key::default_alarms()));
  const auto present = stored ? decode_default_alarm_mark(*stored) : std::nullopt;
  if (!present) return {};
  if (!next && present->changes == seen.changes) {
    layer_.erase(key::default_alarms());
    return {};
  }
  DefaultAlarmMark wanted = next.value_or(*present);
  if (present->changes != seen.changes) wanted.look = environment_.clock.now();
  wanted.changes = present->changes;
  layer_.put(key::default_alarms(), encode(wanted));
  return {};
}

Result<void> AccountTransaction::check_sight(const ItemRecord& item) const {
  switch (sight_of(item)) {
    case Sight::all:
      return {};
    case Sight::times:
      return fail(Errc::denied, "you may not read this item");
    case Sight::nothing:
      break;
  }
  return fail(Errc::not_found, "there is no such item");
}

Result<void> AccountTransaction::rename(FolderId id, Uid uid, const std::string& name) {
  TRY_VOID(may(id, right::kInsert | right::kDeleteItems | right::kExpunge));
  TRY(Filed found, filed(id, uid));
  ItemRecord& item = found.item;
  Filing& filing = item.filings[found.filing];
  if (item.kind == Kind::mail) return fail(Errc::invalid, "messages have no names");
  if (filing.name == name) return {};
  TRY(std::string fresh, name_for(item.kind, id, name, name));
  TRY_VOID(check_sight(item));
  TRY_VOID(unlist(item, filing));
  layer_.log.vanished.push_back({id, uid, filing.name, audience_of(item)});
  filing.name = std::move(fresh);
  filing.modseq = number();
  TRY_VOID(list(item, filing));
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
  kept.guests.clear();
  kept.removed_at = environment_.clock.now();
  kept.removed_by = caller_.principal;
  kept.modified = number();
  kept.properties[kVersionOf] = std::to_string(former.id.value);
  use_content(kept);
  TRY(const std::optional<Facts> facts, facts_of(former));
  if (facts) layer_.put(key::facts(version), encode(*facts));
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
  TRY_VOID(check_sight(item));
  check(wanted.content.tenant == ownership_.tenant, "content is staged for the account's tenant");
  TRY_VOID(check_own_parts(wanted, &item));
  Added same{item.id, uid, folder->uid_validity, item.filings[found.filing].name};
  if (wanted.content.hash == item.hash) {
    TRY_VOID(change_properties(item, wanted.properties));
    if (wanted.own) TRY_VOID(keep_own_parts(id, uid, *wanted.own));
    return same;
  }
  TRY(const std::optional<Facts> present, facts_of(item));
  if (const Description* known = wanted.content.description.get();
      known && (!present || known->facts.uid != present->uid))
    TRY_VOID(check_own_uid(known->facts.uid, id));
  if (wanted.content.size > item.size) TRY_VOID(check_room(wanted.content.size - item.size));
  const ItemRecord former = item;
  // Before it is private, maybe: who makes it so need not be one who may read it then.
  if (!wanted.properties.empty()) {
    TRY_VOID(change_properties(item, wanted.properties));
    TRY(Filed as_it_is, filed(id, uid));
    item.properties = std::move(as_it_is.item.properties);
  }
  for (const Filing& filing : item.filings) TRY_VOID(unlist(item, filing));
  const ItemId version(layer_.record.next_item++);
  if (keeps_removed()) TRY_VOID(keep_version(former, version));
  item.kind = wanted.kind;
  take_description(item, wanted.content);
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
  TRY_VOID(renew_own(item));
  if (wanted.own) TRY_VOID(set_own(item, caller_.principal, wanted.own->text));
  layer_.put(key::item(item.id), encode(item));  // for leave_content() to see
  TRY_VOID(leave_content(former));
  for (Filing& filing : item.filings) {
    Folder& place = layer_.edit_folder(filing.folder);
    place.bytes += item.size - former.size;
    filing.modseq = number();
    touch(filing.folder);
    TRY_VOID(list(item, filing));
    show(item, filing);
    // Who may not read private items loses sight of it; who never saw it is told nothing.
    if (item.privacy == Privacy::private_ && former.privacy != Privacy::private_)
      layer_.log.vanished.push_back({filing.folder, filing.uid, filing.name, Changes::Audience::outsiders});
  }
  layer_.record.bytes += item.size - former.size;
  store(item);
  return same;
}

}  // namespace kontor::groupware
