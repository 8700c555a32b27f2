// SPDX-License-Identifier: AGPL-3.0-or-later
// Changes of items and their filings.
#include <algorithm>

#include "base/bytes.h"
#include "groupware/keys.h"
#include "groupware/threads.h"
#include "groupware/transaction.h"

namespace kontor::groupware {
namespace {

constexpr std::size_t kLongestKeyword = 255;
constexpr std::size_t kLargestProperties = 256 << 10;
constexpr std::size_t kKeywordsPerItem = 512;

// RFC 9051 section 9: flag-keyword is an atom.
bool is_keyword(std::string_view text) {
  return !text.empty() && text.size() <= kLongestKeyword && std::none_of(text.begin(), text.end(), [](unsigned char c) {
    return c <= 0x20 || c >= 0x7f ||
           std::string_view("(){%*\"\\]").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

std::uint64_t properties_size(const std::map<std::string, std::string>& properties) {
  std::uint64_t size = 0;
  for (const auto& [property, value] : properties) size += property.size() + value.size();
  return size;
}

// Which flags the rights allow to change.
std::uint8_t changeable(std::uint32_t rights) {
  std::uint8_t flags = 0;
  if ((rights & right::kKeepSeen) != 0) flags |= kSeen;
  if ((rights & right::kDeleteItems) != 0) flags |= kDeleted;
  if ((rights & right::kWriteFlags) != 0) flags |= kAnswered | kFlagged | kDraft;
  return flags;
}

// The same with the numbered keywords, as bits of a FlagSet.
std::uint64_t changeable_bits(std::uint8_t allowed, bool keywords_allowed) {
  return allowed | (keywords_allowed ? ~std::uint64_t{0xff} : 0);
}

// RFC 4314 section 4: what a new item may bring; flags without the right for them are left out, and the item is kept.
void keep_allowed(FlagSet& flags, std::uint32_t rights) {
  const bool keywords_allowed = (rights & right::kWriteFlags) != 0;
  flags.bits &= changeable_bits(changeable(rights), keywords_allowed);
  if (!keywords_allowed) flags.rare.clear();
}

FlagSet changed(const FlagSet& before, const FlagSet& named, FlagChange::Mode mode, std::uint8_t allowed,
                bool keywords_allowed) {
  FlagSet after = before;
  std::uint64_t mask = changeable_bits(allowed, keywords_allowed);
  std::uint64_t wanted = named.bits & mask;
  switch (mode) {
    case FlagChange::Mode::replace:
      after.bits = (before.bits & ~mask) | wanted;
      if (keywords_allowed) after.rare = named.rare;
      break;
    case FlagChange::Mode::add:
      after.bits |= wanted;
      if (keywords_allowed)
        for (KeywordId id : named.rare) after.add_keyword(id);
      break;
    case FlagChange::Mode::remove:
      after.bits &= ~wanted;
      if (keywords_allowed)
        for (KeywordId id : named.rare) after.remove_keyword(id);
      break;
  }
  return after;
}

}  // namespace

Result<void> check_takes_items(const Folder& folder, Kind kind) {
  if (!takes(folder.kind, kind)) return fail(Errc::invalid, "this folder is not for such items");
  if (folder.is_container) return fail(Errc::invalid, "this folder holds only folders");
  if (folder.next_uid.value == UINT32_MAX) return fail(Errc::invalid, "the folder has used up its UIDs");
  return {};
}

FlagSet AccountTransaction::known(const FlagNames& names) const {
  FlagSet out;
  out.bits = names.flags & kAllFlags;
  for (const std::string& keyword : names.keywords)
    if (std::size_t id = layer_.keywords->find(keyword); id != KeywordTable::kLimit)
      out.add_keyword(static_cast<KeywordId>(id));
  return out;
}

Result<FlagSet> AccountTransaction::numbers(const FlagNames& names) {
  if (names.keywords.size() > kKeywordsPerItem)
    return fail(Errc::invalid, "an item cannot have so many keywords at once");
  // A STORE names the same ones for each of its messages.
  if (numbered_in_ == layer_.keywords && numbered_names_ == names.keywords) {
    FlagSet out = numbered_;
    out.bits |= names.flags & kAllFlags;
    return out;
  }
  FlagSet out;
  out.bits = names.flags & kAllFlags;
  for (const std::string& keyword : names.keywords) {
    std::size_t id = layer_.keywords->find(keyword);
    if (id == KeywordTable::kLimit) {
      if (!is_keyword(keyword)) return fail(Errc::invalid, "a keyword must be an atom of at most 255 characters");
      std::vector<std::string> all = layer_.keywords->names();
      id = all.size();
      if (id >= KeywordTable::kLimit) return fail(Errc::invalid, "the account has as many keywords as it may have");
      all.push_back(keyword);
      layer_.keywords = std::make_shared<const KeywordTable>(std::move(all));
      layer_.keywords_dirty = true;
    }
    out.add_keyword(static_cast<KeywordId>(id));
  }
  numbered_ = out;
  numbered_.bits &= ~std::uint64_t{kAllFlags};
  numbered_names_ = names.keywords;
  numbered_in_ = layer_.keywords;
  return out;
}

Result<void> AccountTransaction::check_quota(std::uint64_t bytes) const {
  const std::uint64_t items = environment_.directory.quota_messages(PrincipalId(ownership_.account.value));
  if (items != 0 && layer_.record.items >= items)
    return fail(Errc::over_quota, "the mailbox holds as many messages as it may");
  return check_room(bytes);
}

Result<void> AccountTransaction::check_room(std::uint64_t bytes) const {
  const PrincipalId owner(ownership_.account.value);
  const std::uint64_t limit = environment_.directory.quota_bytes(owner);
  if (limit != 0 && layer_.record.bytes + bytes > limit) return fail(Errc::over_quota, "the mailbox is full");
  return {};
}

Filing& AccountTransaction::file(ItemRecord& item, FolderId id, Uid uid, std::string name) {
  Folder& folder = layer_.edit_folder(id);
  item.filings.push_back({id, uid, number(), false, std::move(name)});
  folder.next_uid = Uid(uid.value + 1);
  touch(id);
  return item.filings.back();
}

void AccountTransaction::count(FolderId id, const ItemRecord& item, bool is_deleted, int by) {
  Folder& folder = layer_.edit_folder(id);
  auto step = static_cast<std::uint32_t>(by);  // -1 wraps, as it should
  folder.total += step;
  if (!item.flags.has(kSeen)) folder.unseen += step;
  if (is_deleted) folder.deleted += step;
  folder.bytes += static_cast<std::uint64_t>(by) * item.size;
}

void AccountTransaction::show(const ItemRecord& item, const Filing& filing) {
  RowRecord row = make_row(item, filing);
  layer_.put(key::filing(filing.folder, filing.uid), encode(row));
  show(filing.folder, {{row.row, std::move(row.rare)}, false});
}

void AccountTransaction::show(FolderId id, Layer::RowChange change) {
  Layer::ViewDelta& delta = layer_.views[id];
  const Uid uid = change.row.uid;
  delta.insert_or_assign(delta.end(), uid, std::move(change));  // mostly in ascending order
}

void AccountTransaction::hide(FolderId id, Uid uid, std::string name, Changes::Audience audience) {
  layer_.erase(key::filing(id, uid));
  layer_.views[id][uid] = std::nullopt;
  layer_.log.vanished.push_back({id, uid, std::move(name), audience});
  touch(id);
}

void AccountTransaction::store(ItemRecord& item) {
  item.modified = number();
  layer_.put(key::item(item.id), encode(item));
  layer_.log.items_changed.insert(item.id);
}

Result<RowRecord> AccountTransaction::row(FolderId id, Uid uid) const {
  // A view of exactly the stored state holds the rows as they are stored.
  if (layer_.pending_row(id, uid) == nullptr) {
    if (!row_view_ || row_folder_ != id) {
      row_view_ = stored_view(id);
      row_folder_ = id;
    }
    if (row_view_) {
      const std::optional<std::uint32_t> position = row_view_->find(uid);
      if (!position) return fail(Errc::not_found, "there is no such message");
      FolderView::Put found = row_view_->row(*position);
      return RowRecord{found.row, std::move(found.rare)};
    }
  }
  TRY(std::optional<RowRecord> stored, layer_.row(id, uid));
  if (!stored) return fail(Errc::not_found, "there is no such message");
  return *std::move(stored);
}

Result<AccountTransaction::Filed> AccountTransaction::filed(FolderId id, Uid uid) {
  TRY(RowRecord found, row(id, uid));
  TRY(std::optional<std::string> bytes, layer_.get(key::item(found.row.item)));
  if (!bytes) return fail(Errc::corrupt, "a filing points to no item; run `kontor check`");
  TRY(ItemRecord item, decode_item(found.row.item, *bytes));
  this->drop_doomed(item);
  if (item.filings.size() > 1) {
    TRY_VOID(complete(item));
  }
  for (std::size_t i = 0; i < item.filings.size(); ++i) {
    if (item.filings[i].folder != id || item.filings[i].uid != uid) continue;
    complete_item(item, found, item.filings[i]);
    return Filed{std::move(item), i};
  }
  return fail(Errc::corrupt, "a filing is unknown to its item; run `kontor check`");
}

Result<Added> AccountTransaction::add(FolderId id, const NewItem& wanted, const AddOptions& options) {
  TRY(std::shared_ptr<const Folder> folder, may(id, right::kInsert));
  TRY_VOID(check_takes_items(*folder, wanted.kind));
  TRY(std::string name, name_for(wanted.kind, id, wanted.name, usual_name(wanted)));
  if (wanted.content.description) TRY_VOID(check_own_uid(wanted.content.description->facts.uid, id));
  if (properties_size(wanted.properties) > kLargestProperties)
    return fail(Errc::too_large, "the item's properties are too large");
  check(wanted.content.tenant == ownership_.tenant, "content is staged for the account's tenant");
  TRY_VOID(check_own_parts(wanted, nullptr));
  if (!options.ignore_quota) TRY_VOID(check_quota(wanted.content.size));
  ItemRecord item;
  item.id = ItemId(layer_.record.next_item++);
  item.kind = wanted.kind;
  take_description(item, wanted.content);
  TRY(item.flags, numbers(wanted.flags));
  if (!ownership_.is_full) keep_allowed(item.flags, rights_on(*folder, ownership_, caller_));
  bool is_deleted = item.flags.has(kDeleted);
  item.flags.bits &= ~std::uint64_t{kDeleted};
  item.saved = environment_.clock.now();
  item.internal_date = wanted.internal_date.value_or(InternalDate(item.saved));
  item.size = wanted.content.size;
  item.crlf_size = wanted.content.crlf_size;
  item.hash = wanted.content.hash;
  item.created = number();
  item.properties = wanted.properties;
  item.properties.erase(kVersionOf);
  if (wanted.content.inline_bytes) {
    item.content = item.id;
    layer_.put_content(item.id, wanted.content.inline_bytes);
  } else {
    layer_.use_blob({ownership_.tenant, item.hash});
  }
  use_content(item);
  if (wanted.content.mail) {
    TRY_VOID(join_thread(layer_, *wanted.content.mail, item));
    layer_.put(key::summary(item.id), wanted.content.mail->summary);
  } else {
    item.thread = ThreadId(item.id.value);
  }
  Uid uid = options.uid && *options.uid >= folder->next_uid && options.uid->value != UINT32_MAX ? *options.uid
                                                                                                : folder->next_uid;
  Filing& filing = file(item, id, uid, std::move(name));
  filing.is_deleted = is_deleted;
  if (wanted.own) TRY_VOID(set_own(item, caller_.principal, wanted.own->text));
  TRY_VOID(list(item, filing));
  count(id, item, is_deleted, 1);
  layer_.record.bytes += item.size;
  layer_.record.items += 1;
  show(item, filing);
  store(item);
  return Added{item.id, uid, folder->uid_validity, item.filings.back().name};
}

void AccountTransaction::use_content(const ItemRecord& item) {
  if (!item.content)
    layer_.put(key::blob(item.hash, item.id), std::string());
  else if (item.content != item.id)
    layer_.put(key::shared_content(item.content, item.id), std::string());
}

Result<Added> AccountTransaction::file_copy(const ItemRecord& original, const Folder& to, std::string name) {
  TRY_VOID(check_quota(original.size));
  ItemRecord item = original;
  item.id = ItemId(layer_.record.next_item++);
  item.filings.clear();
  if (!ownership_.is_full) keep_allowed(item.flags, rights_on(to, ownership_, caller_));
  item.saved = environment_.clock.now();
  item.created = number();
  item.properties.erase(kPop3Uidl);  // RFC 1939 section 7: of one message only
  item.properties.erase(kPop3Order);
  item.guests.clear();  // they said it of the other one
  use_content(item);
  TRY_VOID(join_thread_of(layer_, original, item));
  TRY(std::optional<std::string> summary, layer_.get(key::summary(original.id)));
  if (summary) layer_.put(key::summary(item.id), *std::move(summary));
  TRY(const std::optional<Facts> facts, facts_of(original));
  if (facts) layer_.put(key::facts(item.id), encode(*facts));
  Filing& filing = file(item, to.id, to.next_uid, std::move(name));
  TRY_VOID(list(item, filing));
  count(to.id, item, false, 1);
  layer_.record.bytes += item.size;
  layer_.record.items += 1;
  Uid uid = filing.uid;
  show(item, filing);
  store(item);
  return Added{item.id, uid, to.uid_validity, item.filings.back().name};
}

Result<Added> AccountTransaction::copy(FolderId from, Uid uid, FolderId to, const std::string& name) {
  TRY_VOID(may(from, right::kRead));
  TRY(std::shared_ptr<const Folder> target, may(to, right::kInsert));
  TRY(Filed found, filed(from, uid));
  TRY_VOID(check_takes_items(*target, found.item.kind));
  TRY_VOID(check_sight(found.item));
  TRY(const std::optional<Facts> facts, facts_of(found.item));
  if (facts) TRY_VOID(check_own_uid(facts->uid, to));
  bool is_deleted = found.item.filings[found.filing].is_deleted;
  TRY(std::string own_name, name_for(found.item.kind, to, name, found.item.filings[found.filing].name));
  TRY(Added added, file_copy(found.item, *target, std::move(own_name)));
  note_lesson(added.item, from, *target);
  // RFC 4314 section 4: without the right for it a flag is left out, and the copy is made.
  if (is_deleted && (rights_on(*target, ownership_, caller_) & right::kDeleteItems) != 0) {
    FlagChange deleted{FlagChange::Mode::add, {kDeleted, {}}};
    TRY_VOID(change_flags(to, added.uid, deleted));
  }
  return added;
}

Result<Added> AccountTransaction::move(FolderId from, Uid uid, FolderId to, const std::string& name) {
  TRY_VOID(may(from, right::kRead | right::kDeleteItems | right::kExpunge));
  TRY(std::shared_ptr<const Folder> target, may(to, right::kInsert));
  TRY(Filed found, filed(from, uid));
  ItemRecord& item = found.item;
  TRY_VOID(check_takes_items(*target, item.kind));
  TRY_VOID(check_sight(item));
  if (from != to) {
    TRY(const std::optional<Facts> facts, facts_of(item));
    if (facts) TRY_VOID(check_own_uid(facts->uid, to));
  }
  bool is_there = from != to && std::any_of(item.filings.begin(), item.filings.end(),
                                            [&](const Filing& filing) { return filing.folder == to; });
  if (is_there) {
    TRY(std::string own_name, name_for(item.kind, to, name, item.filings[found.filing].name));
    TRY(Added added, file_copy(item, *target, std::move(own_name)));
    note_lesson(added.item, from, *target);
    TRY(Filed again, filed(from, uid));
    TRY_VOID(unfile(std::move(again.item), again.filing));
    return added;
  }
  const Filing former = item.filings[found.filing];
  const bool is_deleted = former.is_deleted;
  std::string own_name = former.name;
  if (from != to || (!name.empty() && name != former.name)) {
    TRY(own_name, name_for(item.kind, to, name, former.name));
  }
  item.filings.erase(item.filings.begin() + static_cast<std::ptrdiff_t>(found.filing));
  TRY_VOID(unlist(item, former));
  count(from, item, is_deleted, -1);
  hide(from, uid, former.name, audience_of(item));
  Filing& filing = file(item, to, layer_.folder(to)->next_uid, std::move(own_name));
  filing.is_deleted = is_deleted;
  TRY_VOID(list(item, filing));
  count(to, item, is_deleted, 1);
  Uid new_uid = filing.uid;
  item.saved = environment_.clock.now();
  show(item, filing);
  store(item);
  note_lesson(item.id, from, *target);
  return Added{item.id, new_uid, target->uid_validity, item.filings.back().name};
}

Result<void> AccountTransaction::remove(FolderId id, Uid uid) {
  TRY_VOID(may(id, right::kExpunge));
  TRY(Filed found, filed(id, uid));
  if (sight_of(found.item) == Sight::nothing) return fail(Errc::not_found, "there is no such item");
  return unfile(std::move(found.item), found.filing);
}

Result<FlagSet> AccountTransaction::change_flags(FolderId id, Uid uid, const FlagChange& change) {
  TRY(std::shared_ptr<const Folder> present, folder(id));
  std::uint32_t rights = rights_on(*present, ownership_, caller_);
  std::uint8_t allowed = changeable(rights);
  bool keywords_allowed = (rights & right::kWriteFlags) != 0;
  bool is_moot = (change.names.flags & allowed) == 0 && (change.names.keywords.empty() || !keywords_allowed);
  bool names_any = change.names.flags != 0 || !change.names.keywords.empty();
  if (allowed == 0 || (names_any && is_moot))
    return fail(Errc::denied, "you do not have the right to change these flags");
  TRY(RowRecord found, row(id, uid));
  FlagSet named;
  if (!keywords_allowed || change.mode == FlagChange::Mode::remove) {
    named = known(change.names);
  } else {
    TRY(named, numbers(change.names));
  }
  FlagSet before = found.flags();
  FlagSet after = changed(before, named, change.mode, allowed, keywords_allowed);
  if (after == before) return after;
  if (after.rare.size() > kKeywordsPerItem && after.rare.size() > before.rare.size())
    return fail(Errc::invalid, "an item cannot have so many keywords");
  layer_.log.items_changed.insert(found.row.item);
  bool item_changed = (before.bits ^ after.bits) != kDeleted || before.rare != after.rare;
  if (item_changed && (found.row.flag_bits & Row::kElsewhere) != 0) {
    TRY(Filed all, filed(id, uid));
    for (std::size_t i = 0; i < all.item.filings.size(); ++i) {
      const Filing& filing = all.item.filings[i];
      if (i == all.filing) continue;
      TRY(RowRecord other, row(filing.folder, filing.uid));
      FlagSet flags = after;
      flags.bits = (after.bits & ~std::uint64_t{kDeleted}) | (other.row.flag_bits & kDeleted);
      change_row(filing.folder, std::move(other), flags);
    }
  }
  change_row(id, std::move(found), after);
  return after;
}

void AccountTransaction::change_row(FolderId id, RowRecord row, const FlagSet& flags) {
  Folder& folder = layer_.edit_folder(id);
  std::uint64_t differing = row.row.flag_bits ^ flags.bits;
  if ((differing & kSeen) != 0) folder.unseen += flags.has(kSeen) ? UINT32_MAX : 1;
  if ((differing & kDeleted) != 0) folder.deleted += flags.has(kDeleted) ? 1 : UINT32_MAX;
  row.row.flag_bits = flags.bits | (row.row.flag_bits & Row::kMarks);
  row.rare = flags.rare;
  row.row.modseq = number();
  touch(id);
  const auto* pending = layer_.pending_row(id, row.row.uid);
  const bool flags_only = pending == nullptr || (*pending && (*pending)->flags_only);
  if (!flags_only) layer_.put(key::filing(id, row.row.uid), encode(row));
  show(id, {{row.row, std::move(row.rare)}, flags_only});
}

// To change, in its folders. An item of a removed folder is on its way out: stored without that folder, it would be
// neither there nor removed.
Result<ItemRecord> AccountTransaction::changeable_item(ItemId id) const {
  TRY(ItemRecord item, readable(id));
  if (item.filings.empty()) return fail(Errc::not_found, "there is no such item");
  TRY_VOID(complete(item));
  for (const Filing& filing : item.filings) TRY_VOID(may(filing.folder, right::kWriteFlags));
  return item;
}

void AccountTransaction::tell_of(ItemRecord& item) {
  for (Filing& filing : item.filings) {
    filing.modseq = number();
    touch(filing.folder);
    show(item, filing);
  }
}

Result<void> AccountTransaction::set_properties(ItemId id, const std::map<std::string, std::string>& properties) {
  TRY(ItemRecord item, changeable_item(id));
  const bool had_pop3_facts = has_pop3_facts(item);
  for (const auto& [property, value] : properties) {
    if (property == kVersionOf) continue;  // the core's own
    if (value.empty())
      item.properties.erase(property);
    else
      item.properties[property] = value;
  }
  if (properties_size(item.properties) > kLargestProperties)
    return fail(Errc::too_large, "the item's properties are too large");
  if (has_pop3_facts(item) != had_pop3_facts) tell_of(item);
  store(item);
  return {};
}

Result<void> AccountTransaction::set_internal_date(ItemId id, InternalDate date) {
  TRY(ItemRecord item, changeable_item(id));
  item.internal_date = date;
  tell_of(item);
  store(item);
  return {};
}

}  // namespace kontor::groupware
