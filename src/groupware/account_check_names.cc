// SPDX-License-Identifier: AGPL-3.0-or-later
// What the check of an account knows of items of other kinds than mail.
#include <charconv>

#include "base/bytes.h"
#include "formats/icalendar/calendar.h"
#include "groupware/account_check.h"
#include "groupware/calendar/attachments.h"
#include "groupware/calendar/time_index.h"
#include "groupware/item_name.h"
#include "groupware/keys.h"

namespace kontor::groupware {

// The filing says what the name is; the name leads back to it.
Result<void> AccountCheck::check_name(const ItemRecord& item, Filing& filing, bool& is_changed) {
  std::string key = key::named(filing.folder, filing.name);
  const bool is_taken = names_.contains(key);
  if (!check_item_name(filing.name) || is_taken) {
    fault(at(filing.folder, filing.uid), is_taken ? "another item has its name" : "it has no sound name", true);
    filing.name = sound_item_name(fmt::format("item-{}-{}", item.id.value, filing.uid.value), "");
    key = key::named(filing.folder, filing.name);
    is_changed = true;
  }
  std::string right = encode(make_named(item, filing));
  TRY(const std::optional<store::Value> stored, snapshot_.get(key));
  if (!stored || *stored != right) {
    fault(at(filing.folder, filing.uid), stored ? "its name's record differs from its item" : "its name is not listed",
          true);
    put(key, right);
    changed_.insert(filing.folder);
  }
  names_.insert(std::move(key));
  return {};
}

// What finds nothing.
Result<void> AccountCheck::check_names() {
  struct Index {
    char letter;
    std::size_t folder_at;  // where the folder's id stands in the key
    const char* what;
  };
  static constexpr Index kIndexes[] = {{'B', 1, "a name belongs to no item"},
                                       {'P', 17, "a UID in the index belongs to no item"},
                                       {'Z', 1, "a time in the index belongs to no item"},
                                       {'z', 1, "a time of alarms in the index belongs to no item"},
                                       {'J', 9, "an alarm belongs to no item"},
                                       {'j', 9, "an alarm belongs to no item"},
                                       {'h', 18, "a guest's alarm belongs to no item"},
                                       {'b', 17, "a use of an attachment belongs to no item"}};
  for (const Index& index : kIndexes) {
    TRY_VOID(each(key::all(index.letter), [&](std::string_view key, std::string_view) -> Result<void> {
      const FolderId folder(key.size() >= index.folder_at + 8 ? read_be64(key.substr(index.folder_at)) : 0);
      if (doomed_.contains(folder) || names_.contains(std::string(key))) return {};
      fault(at(folder), index.what, true);
      erase(std::string(key));
      return {};
    }));
  }
  return each(key::all('g'), [&](std::string_view key, std::string_view) -> Result<void> {
    if (names_.contains(std::string(key))) return {};
    fault("", "what a guest has of his own belongs to no item", true);
    erase(std::string(key));
    return {};
  });
}

Result<std::optional<Description>> AccountCheck::describe_again(const ItemRecord& item) {
  std::string bytes;
  if (item.content) {
    TRY(const std::optional<store::Value> stored, snapshot_.get(key::content(item.content), store::Space::content));
    if (!stored) return std::nullopt;
    bytes = *stored;
  } else if (item.size <= kLargestDescribed) {
    Result<std::string> read = environment_.blobs.read(who_.tenant, item.hash, 0, item.size);
    if (!read) return std::nullopt;
    bytes = *std::move(read);
  } else {
    return undescribed(item.kind, "It is too large to be looked at.");
  }
  return describe(item.kind, bytes, environment_.zones, environment_.home, environment_.clock.now());
}

// An earlier version did not keep them.
Result<void> AccountCheck::add_alarm_spans(const ItemRecord& item, Facts& facts) {
  TRY(std::optional<Description> right, describe_again(item));
  if (!right || right->facts.alarm_spans.empty()) return {};
  facts.alarm_spans = std::move(right->facts.alarm_spans);
  put(key::facts(item.id), encode(facts));
  return {};
}

Result<void> AccountCheck::check_facts(ItemRecord& item, bool& is_changed) {
  facts_.reset();
  TRY(const std::optional<store::Value> stored, snapshot_.get(key::facts(item.id)));
  Result<Facts> present = stored ? decode_facts(*stored) : Result<Facts>(fail(Errc::not_found, "it is missing"));
  // Of a time when all saw the owner's alarms.
  const bool is_old = present && present->has_alarms && has_own_parts(item.kind) && item.bare_size == 0;
  if (repair_ && present && present->has_alarms && present->alarm_spans.empty())
    TRY_VOID(add_alarm_spans(item, *present));
  if (present && !options_.read_content && present->privacy == item.privacy && !is_old) {
    facts_ = *std::move(present);
    return {};
  }
  TRY(std::optional<Description> right, describe_again(item));
  if (!right) {  // its content is missing, which is told elsewhere
    if (present) facts_ = *std::move(present);
    return {};
  }
  // Which alarm is next depends on when it was asked.
  if (present)
    for (const AlarmWay way : kAlarmWays) right->facts.next(way) = present->next(way);
  facts_ = right->facts;
  const bool is_right = present && *present == right->facts && item.privacy == right->facts.privacy &&
                        item.redacted_hash == right->redacted_hash && item.redacted_size == right->redacted_size &&
                        item.bare_hash == right->bare_hash && item.bare_size == right->bare_size;
  if (is_right) return {};
  fault(at(item.id),
        !stored    ? "what is known of it is missing"
        : !present ? "what is known of it is damaged"
                   : "what is known of it differs from its content",
        true);
  put(key::facts(item.id), encode(right->facts));
  item.privacy = right->facts.privacy;
  item.redacted_size = right->redacted_size;
  item.redacted_hash = right->redacted_hash;
  item.bare_size = right->bare_size;
  item.bare_hash = right->bare_hash;
  is_changed = true;
  return {};
}

// The item says who they are; each has a record that leads to no other.
Result<void> AccountCheck::check_guests(ItemRecord& item, bool& is_changed) {
  own_.clear();
  std::vector<PrincipalId> guests;
  for (const PrincipalId guest : item.guests) {
    const std::string key = key::own_parts(guest, item.id);
    TRY(const std::optional<store::Value> stored, snapshot_.get(key));
    auto own = stored ? decode_own(*stored) : fail(Errc::not_found, "it is missing");
    const bool is_sound = own && icalendar::read(own->text) && (guests.empty() || guests.back() < guest);
    if (!is_sound) {
      fault(
          at(item.id),
          fmt::format("what principal {} has of its own beside it is {}", guest.value, stored ? "damaged" : "missing"),
          true);
      is_changed = true;
      continue;
    }
    names_.insert(key);
    guests.push_back(guest);
    own_.emplace(guest, *std::move(own));
  }
  item.guests = std::move(guests);
  return {};
}

Result<void> AccountCheck::check_index(std::string key, std::string right, const std::string& where, const char* what) {
  TRY(const std::optional<store::Value> stored, snapshot_.get(key));
  if (!stored || *stored != right) {
    fault(where, what, true);
    put(key, std::move(right));
  }
  names_.insert(std::move(key));
  return {};
}

Result<void> AccountCheck::check_indexes(const ItemRecord& item, const Filing& filing) {
  if (!facts_) return {};
  const std::string where = at(filing.folder, filing.uid);
  if (!facts_->uid.empty()) {
    std::string key = key::own_uid(facts_->uid, filing.folder);
    if (names_.contains(key)) {
      fault(where, "another item of the folder has its UID", false);
    } else {
      std::string uid;
      append_be32(uid, filing.uid.value);
      TRY_VOID(check_index(std::move(key), std::move(uid), where, "it is not found by its UID"));
    }
  }
  if (auto key = time_key(filing.folder, filing.uid, *facts_))
    TRY_VOID(
        check_index(*std::move(key), time_value(*facts_, item.id, filing.name), where, "it is not found by its time"));
  for (auto& [key, right] : ring_records(filing.folder, filing.uid, *facts_, item.id, filing.name)) {
    if (!unnoted_.contains(filing.folder)) {
      TRY_VOID(check_index(std::move(key), std::move(right), where, "its alarms are not found by when they ring"));
      continue;
    }
    put(key, std::move(right));
    names_.insert(std::move(key));
  }
  std::string value;
  append_be64(value, item.id.value);
  for (const AlarmWay way : kAlarmWays)
    if (const auto& at = facts_->next(way))
      TRY_VOID(
          check_index(key::alarm(way, *at, filing.folder, filing.uid), value, where, "its next alarm is not noted"));
  for (const auto& [guest, own] : own_)
    for (const AlarmWay way : kAlarmWays)
      if (const auto& at = own.next(way))
        TRY_VOID(check_index(key::guest_alarm(guest, way, *at, filing.folder, filing.uid), value, where,
                             "a guest's next alarm is not noted"));
  for (const std::string& id : facts_->attachments)
    TRY_VOID(check_index(key::attachment_use(id, filing.folder, filing.uid), value, where,
                         "its use of an attachment is not noted"));
  return {};
}

Result<void> AccountCheck::check_attachment(ItemRecord item) {
  const std::string& id = item.properties.at(kAttachmentId);
  std::string right;
  append_be64(right, item.id.value);
  TRY(const std::optional<store::Value> noted, snapshot_.get(key::attachment(id)));
  if (!noted || *noted != right) {
    fault(at(item.id), "it is attached to something, but is not found", true);
    put(key::attachment(id), right);
  }
  const std::string uses = key::attachment_uses(id);
  const auto use = names_.lower_bound(uses);
  const bool is_used = use != names_.end() && use->starts_with(uses);
  if (is_used || item.filings.empty()) return check_item(std::move(item));
  fault(at(item.id), "it was attached to something that is gone", true);
  for (const Filing& filing : std::exchange(item.filings, {})) {
    erase(key::filing(filing.folder, filing.uid));
    erase(key::named(filing.folder, filing.name));
    if (folders_.contains(filing.folder)) changed_.insert(filing.folder);
    // The other checks read what is stored still.
    names_.insert(key::named(filing.folder, filing.name));
    item.removed_from = filing.folder;
    item.removed_name = filing.name;
  }
  item.removed_at = environment_.clock.now();
  put(key::item(item.id), encode(item));
  put(key::removed(item.removed_at.time_since_epoch().count(), item.id), std::string());
  return {};
}

// Which item it is an earlier content of must be able to find it.
Result<void> AccountCheck::check_version(const ItemRecord& item) {
  const auto of = item.properties.find(kVersionOf);
  if (of == item.properties.end() || !item.filings.empty()) return {};
  std::uint64_t number = 0;
  std::from_chars(of->second.data(), of->second.data() + of->second.size(), number);
  const std::string note = key::version(ItemId(number), item.id);
  TRY(const bool is_listed, has(note));
  if (is_listed) return {};
  fault(at(item.id), "it is an earlier content, but is not listed as one", true);
  put(note, std::string());
  return {};
}

}  // namespace kontor::groupware
