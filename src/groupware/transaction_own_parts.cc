// SPDX-License-Identifier: AGPL-3.0-or-later
// What guests have of their own of an account's items (calendar/own_parts.h): kept, reckoned anew when the item becomes
// another, and dropped.
#include <algorithm>

#include "base/bytes.h"
#include "base/digest.h"
#include "groupware/keys.h"
#include "groupware/transaction.h"

namespace kontor::groupware {

Result<void> AccountTransaction::check_own_parts(const NewItem& wanted, const ItemRecord* present) const {
  if (!has_own_parts(wanted.kind) || !is_guest()) {
    if (wanted.own) return fail(Errc::invalid, "only guests have something of their own of an item");
    return {};
  }
  const bool hides = wanted.content.description && wanted.content.description->bare_size != 0;
  if (!wanted.own) {
    const auto is_caller = [&](PrincipalId guest) { return guest == caller_.principal; };
    const bool has_nothing =
        !hides && (present == nullptr || (present->bare_size == 0 && std::ranges::none_of(present->guests, is_caller)));
    return has_nothing ? Result<void>() : fail(Errc::invalid, "another's alarms cannot be changed");
  }
  if (present == nullptr && hides) return fail(Errc::invalid, "another's alarms cannot be set");
  if (wanted.own->base != (present != nullptr ? present->hash : std::string()))
    return fail(Errc::conflict, "the item was changed meanwhile");
  return {};
}

Result<OwnRecord> AccountTransaction::reckon_own(const ItemRecord& item, std::string text) const {
  TRY(const auto content, stored_content_of(item));
  if (content->size() > kLargestDescribed) return fail(Errc::too_large, "the item is too large to be looked at");
  TRY(const std::string bytes, content->read(0, static_cast<std::size_t>(content->size())));
  TRY(const std::string seen, seen_with(bytes, text, environment_.zones));
  const Facts facts = describe(item.kind, seen, environment_.zones, environment_.home, environment_.clock.now()).facts;
  OwnRecord out;
  out.text = std::move(text);
  out.size = seen.size();
  out.hash = sha256(seen);
  out.has_alarms = facts.has_alarms;
  out.has_email_alarms = facts.has_email_alarms;
  out.is_transparent = facts.is_transparent;
  out.next_alarm = facts.next_alarm;
  out.next_shown_alarm = facts.next_shown_alarm;
  return out;
}

Result<void> AccountTransaction::check_own_room(const ItemRecord& item, PrincipalId guest, const std::string& text) {
  if (text.empty()) return {};
  if (text.size() > kLargestOwnParts) return fail(Errc::too_large, "there are too many alarms in it");
  if (!std::ranges::binary_search(item.guests, guest) && item.guests.size() >= kMostGuestsOfItem)
    return fail(Errc::over_quota, "as many people as may have alarms of their own for it");
  if (text.size() <= kUsualOwnParts) return {};
  std::size_t bytes = text.size();
  const std::string prefix = key::own_parts_of(guest);
  TRY_VOID(layer_.scan(prefix, key::end(prefix), [&](std::string_view, std::string_view value) {
    bytes += value.size();
    return bytes <= kMostOwnParts;
  }));
  return bytes <= kMostOwnParts ? Result<void>() : fail(Errc::over_quota, "there are too many large alarms of yours");
}

Result<bool> AccountTransaction::set_own(ItemRecord& item, PrincipalId guest, const std::string& text) {
  const std::string key = key::own_parts(guest, item.id);
  TRY(const std::optional<std::string> stored, layer_.get(key));
  const auto at = std::ranges::lower_bound(item.guests, guest);
  const bool is_known = at != item.guests.end() && *at == guest;
  if (stored) {
    const auto present = decode_own(*stored);
    if (present && present->text == text) return false;
  } else if (text.empty() && !is_known) {
    return false;
  }
  TRY_VOID(check_own_room(item, guest, text));
  for (const Filing& filing : item.filings) TRY_VOID(unlist_own(item, filing));
  if (text.empty()) {
    layer_.erase(key);
    if (is_known) item.guests.erase(at);
  } else {
    TRY(const OwnRecord own, reckon_own(item, text));
    layer_.put(key, encode(own));
    if (!is_known) item.guests.insert(at, guest);
  }
  for (const Filing& filing : item.filings) TRY_VOID(list_own(item, filing));
  return true;
}

// Between unlist() and list().
Result<void> AccountTransaction::renew_own(ItemRecord& item) {
  std::vector<PrincipalId> left;
  for (const PrincipalId guest : item.guests) {
    const std::string key = key::own_parts(guest, item.id);
    TRY(const std::optional<std::string> stored, layer_.get(key));
    if (!stored) continue;
    auto own = decode_own(*stored);
    if (own) own = reckon_own(item, std::move(own->text));
    if (!own && own.error().code == Errc::unavailable) return std::unexpected(own.error());
    // What the item is now may be what nobody can read.
    if (own) {
      layer_.put(key, encode(*own));
      left.push_back(guest);
    } else {
      layer_.erase(key);
    }
  }
  item.guests = std::move(left);
  return {};
}

Result<void> AccountTransaction::list_own(const ItemRecord& item, const Filing& filing) {
  for (const PrincipalId guest : item.guests) {
    TRY(const std::optional<std::string> stored, layer_.get(key::own_parts(guest, item.id)));
    if (!stored) continue;
    TRY(const OwnRecord own, decode_own(*stored));
    for (const AlarmWay way : kAlarmWays) {
      const auto& at = own.next(way);
      if (!at) continue;
      std::string value;
      append_be64(value, item.id.value);
      layer_.put(key::guest_alarm(guest, way, *at, filing.folder, filing.uid), std::move(value));
      if (!layer_.alarm || *at < *layer_.alarm) layer_.alarm = *at;
    }
  }
  return {};
}

Result<void> AccountTransaction::unlist_own(const ItemRecord& item, const Filing& filing) {
  for (const PrincipalId guest : item.guests) {
    TRY(const std::optional<std::string> stored, layer_.get(key::own_parts(guest, item.id)));
    const auto own = stored ? decode_own(*stored) : fail(Errc::not_found, "nothing is kept");
    if (!own) continue;
    for (const AlarmWay way : kAlarmWays)
      if (const auto& at = own->next(way)) layer_.erase(key::guest_alarm(guest, way, *at, filing.folder, filing.uid));
  }
  return {};
}

void AccountTransaction::drop_own(const ItemRecord& item) {
  for (const PrincipalId guest : item.guests) layer_.erase(key::own_parts(guest, item.id));
}

Result<void> AccountTransaction::keep_own_parts(FolderId id, Uid uid, const OwnParts& own) {
  TRY_VOID(may(id, right::kRead));
  TRY(Filed found, filed(id, uid));
  ItemRecord& item = found.item;
  if (!has_own_parts(item.kind) || !is_guest())
    return fail(Errc::invalid, "only guests have something of their own, and of calendars");
  TRY_VOID(check_sight(item));
  if (own.base != item.hash) return fail(Errc::conflict, "the item was changed meanwhile");
  TRY(const bool is_changed, set_own(item, caller_.principal, own.text));
  if (!is_changed) return {};
  tell_of(item);
  store(item);
  return {};
}

Result<void> AccountTransaction::forget_own_parts(FolderId id) {
  TRY_VOID(folder(id));
  return is_guest() ? drop_own_of(caller_.principal, id) : Result<void>();
}

// Nobody else is told: for all others the items are what they were.
Result<void> AccountTransaction::drop_own_of(PrincipalId guest, std::optional<FolderId> folder) {
  std::vector<ItemId> ids;
  const std::string prefix = key::own_parts_of(guest);
  TRY_VOID(layer_.scan(prefix, key::end(prefix), [&](std::string_view key, std::string_view) {
    if (key.size() == prefix.size() + 8) ids.push_back(ItemId(read_be64(key.substr(prefix.size()))));
    return true;
  }));
  for (const ItemId id : ids) {
    TRY(const std::optional<std::string> stored, layer_.get(key::item(id)));
    if (!stored) {
      layer_.erase(key::own_parts(guest, id));
      continue;
    }
    TRY(ItemRecord item, decode_item(id, *stored));
    const bool is_there =
        !folder || std::ranges::any_of(item.filings, [&](const Filing& one) { return one.folder == *folder; });
    if (!is_there) continue;
    TRY_VOID(set_own(item, guest, {}));
    layer_.put(key::item(id), encode(item));
  }
  return {};
}

Result<std::vector<PrincipalId>> AccountTransaction::all_guests() {
  std::vector<PrincipalId> out;
  std::string next = key::all('g');
  const std::string end = key::end(next);
  for (bool is_any = true; is_any;) {
    is_any = false;
    TRY_VOID(layer_.scan(next, end, [&](std::string_view key, std::string_view) {
      is_any = key.size() >= 9;
      if (is_any) out.push_back(PrincipalId(read_be64(key.substr(1))));
      return false;
    }));
    if (is_any) next = key::end(key::own_parts_of(out.back()));
  }
  return out;
}

Result<void> AccountTransaction::drop_own_of_strangers(FolderId id) {
  const std::shared_ptr<const Folder> present = layer_.folder(id);
  TRY(const std::vector<PrincipalId> guests, all_guests());
  for (const PrincipalId guest : guests) {
    const Caller who = Caller::user(guest);
    const Ownership ownership = ownership_of(environment_, ownership_.account, ownership_.tenant, who);
    const bool has_owners = acts_for_owner(*layer_.folders(), ownership, who);
    if (has_owners || (rights_on(*present, ownership, who) & right::kRead) == 0)
      TRY_VOID(drop_own_of(guest, has_owners ? std::nullopt : std::optional(id)));
  }
  return {};
}

Result<void> AccountTransaction::forget_gone_guests() {
  TRY(const std::vector<PrincipalId> guests, all_guests());
  for (const PrincipalId guest : guests) {
    const auto who = environment_.directory.principal(guest);
    if (!who && who.error().code == Errc::not_found) TRY_VOID(drop_own_of(guest, std::nullopt));
  }
  return {};
}

Result<void> AccountTransaction::set_next_own_alarm(const DueAlarm& present, std::optional<Instant> next) {
  const std::string note = key::guest_alarm(present.guest, present.way, present.at, present.folder, present.uid);
  TRY(const auto noted, layer_.get(note));
  if (!noted) return {};
  layer_.erase(note);
  TRY(const auto stored_item, layer_.get(key::item(present.item)));
  TRY(const auto stored, layer_.get(key::own_parts(present.guest, present.item)));
  if (!stored_item || !stored) return {};
  TRY(const ItemRecord item, decode_item(present.item, *stored_item));
  TRY(OwnRecord own, decode_own(*stored));
  if (own.next(present.way) != present.at) return {};
  for (const Filing& filing : item.filings) TRY_VOID(unlist_own(item, filing));
  own.next(present.way) = next;
  layer_.put(key::own_parts(present.guest, present.item), encode(own));
  for (const Filing& filing : item.filings)
    if (layer_.folder(filing.folder)) TRY_VOID(list_own(item, filing));
  return {};
}

}  // namespace kontor::groupware
