// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/records.h"

#include <algorithm>
#include <charconv>

#include "base/aligned.h"
#include "groupware/flat_record.h"
#include "groupware/records_generated.h"

namespace kontor::groupware {
namespace {

using flat::ByteVector;
using flat::finished;
using flat::read_bytes;
using flat::root;
using flat::StringVector;
using flat::text;
using flat::write_bytes;
using flatbuffers::FlatBufferBuilder;
using PropertyVector = flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<fb::Property>>>;

PropertyVector write_properties(FlatBufferBuilder& builder, const std::map<std::string, std::string>& properties) {
  if (properties.empty()) return {};
  std::vector<flatbuffers::Offset<fb::Property>> out;
  for (const auto& [name, value] : properties)
    out.push_back(fb::CreateProperty(builder, builder.CreateString(name), builder.CreateString(value)));
  return builder.CreateVector(out);
}

template <class Vector>
std::map<std::string, std::string> read_properties(const Vector* properties) {
  std::map<std::string, std::string> out;
  if (properties)
    for (const auto* property : *properties) out[text(property->name())] = text(property->value());
  return out;
}

template <class IdType>
flatbuffers::Offset<flatbuffers::Vector<std::uint64_t>> write_ids(FlatBufferBuilder& builder,
                                                                  const std::vector<IdType>& ids) {
  if (ids.empty()) return {};
  std::vector<std::uint64_t> out;
  out.reserve(ids.size());
  for (IdType id : ids) out.push_back(id.value);
  return builder.CreateVector(out);
}

template <class IdType>
std::vector<IdType> read_ids(const flatbuffers::Vector<std::uint64_t>* ids) {
  std::vector<IdType> out;
  if (ids) {
    out.reserve(ids->size());
    for (std::uint64_t id : *ids) out.push_back(IdType(id));
  }
  return out;
}

std::vector<KeywordId> read_rare(const flatbuffers::Vector<std::uint16_t>* rare) {
  return rare ? std::vector<KeywordId>(rare->begin(), rare->end()) : std::vector<KeywordId>();
}

flatbuffers::Offset<flatbuffers::Vector<std::uint16_t>> write_rare(FlatBufferBuilder& builder,
                                                                   const std::vector<KeywordId>& rare) {
  if (rare.empty()) return {};
  return builder.CreateVector(rare);
}

template <class Named>
flatbuffers::Offset<StringVector> write_names(FlatBufferBuilder& builder, const std::vector<Named>& all) {
  std::vector<std::string> names;
  for (const Named& one : all) names.push_back(one.name);
  return builder.CreateVectorOfStrings(names);
}

template <class Named>
void read_names(const StringVector* names, std::vector<Named>& all) {
  if (!names) return;
  for (std::size_t i = 0; i < std::min<std::size_t>(names->size(), all.size()); ++i)
    all[i].name = text(names->Get(static_cast<flatbuffers::uoffset_t>(i)));
}

InternalDate unpack(std::int64_t date) {
  Row row;
  row.date = date;
  return row.internal_date();
}

}  // namespace

std::string encode(const AccountRecord& record) {
  FlatBufferBuilder builder(128);
  flatbuffers::Offset<flatbuffers::String> active;
  if (!record.active_script.empty()) active = builder.CreateString(record.active_script);
  return finished(builder,
                  fb::CreateAccount(builder, record.next_folder, record.next_item, record.modseq.value,
                                    record.last_uid_validity, record.bytes, record.items, record.log_from.value,
                                    record.created.time_since_epoch().count(), active, record.scripts_changed.value));
}

Result<AccountRecord> decode_account(std::string_view bytes) {
  Aligned aligned(bytes);
  TRY(const fb::Account* table, root<fb::Account>(aligned, "an account"));
  AccountRecord record;
  record.next_folder = table->next_folder();
  record.next_item = table->next_item();
  record.modseq = Modseq(table->modseq());
  record.last_uid_validity = table->last_uid_validity();
  record.bytes = table->bytes();
  record.items = table->items();
  record.log_from = Modseq(table->log_from());
  record.created = Instant(std::chrono::seconds(table->created()));
  record.active_script = text(table->active_script());
  record.scripts_changed = Modseq(table->scripts_changed());
  return record;
}

std::string encode(const KeywordTable& keywords) {
  FlatBufferBuilder builder(256);
  auto names = builder.CreateVectorOfStrings(keywords.names());
  return finished(builder, fb::CreateKeywords(builder, names));
}

Result<KeywordTable> decode_keywords(std::string_view bytes) {
  Aligned aligned(bytes);
  TRY(const fb::Keywords* table, root<fb::Keywords>(aligned, "keywords"));
  std::vector<std::string> names;
  if (table->names())
    for (const auto* name : *table->names()) names.push_back(text(name));
  return KeywordTable(std::move(names));
}

std::string encode(const Folder& folder) {
  FlatBufferBuilder builder(256);
  auto name = builder.CreateString(folder.name);
  flatbuffers::Offset<flatbuffers::Vector<const fb::Grant*>> grants;
  if (!folder.grants.empty()) {
    std::vector<fb::Grant> list;
    for (const Grant& grant : folder.grants) list.emplace_back(grant.principal.value, grant.rights);
    grants = builder.CreateVectorOfStructs(list);
  }
  auto colour =
      folder.colour.empty() ? flatbuffers::Offset<flatbuffers::String>() : builder.CreateString(folder.colour);
  auto description = folder.description.empty() ? flatbuffers::Offset<flatbuffers::String>()
                                                : builder.CreateString(folder.description);
  PropertyVector properties = write_properties(builder, folder.properties);
  fb::FolderBuilder table(builder);
  table.add_parent(folder.parent.value);
  table.add_name(name);
  table.add_kind(static_cast<std::uint8_t>(folder.kind));
  table.add_role(static_cast<std::uint8_t>(folder.role));
  table.add_subscribed(folder.subscribed);
  table.add_is_container(folder.is_container);
  table.add_uid_validity(folder.uid_validity.value);
  table.add_next_uid(folder.next_uid.value);
  table.add_first_recent(folder.first_recent.value);
  table.add_created(folder.created.value);
  table.add_highest(folder.highest.value);
  table.add_total(folder.total);
  table.add_unseen(folder.unseen);
  table.add_deleted(folder.deleted);
  table.add_bytes(folder.bytes);
  table.add_grants(grants);
  table.add_colour(colour);
  table.add_description(description);
  table.add_properties(properties);
  table.add_notes_rings(folder.notes_rings);
  return finished(builder, table.Finish());
}

Result<Folder> decode_folder(FolderId id, std::string_view bytes) {
  Aligned aligned(bytes);
  TRY(const fb::Folder* table, root<fb::Folder>(aligned, "a folder"));
  Folder folder;
  folder.id = id;
  folder.parent = FolderId(table->parent());
  folder.name = text(table->name());
  folder.kind = static_cast<Kind>(table->kind());
  folder.role = static_cast<FolderRole>(table->role());
  folder.subscribed = table->subscribed();
  folder.is_container = table->is_container();
  folder.uid_validity = UidValidity(table->uid_validity());
  folder.next_uid = Uid(table->next_uid());
  folder.first_recent = Uid(table->first_recent());
  folder.created = Modseq(table->created());
  folder.highest = Modseq(table->highest());
  folder.total = table->total();
  folder.unseen = table->unseen();
  folder.deleted = table->deleted();
  folder.bytes = table->bytes();
  if (table->grants())
    for (const fb::Grant* grant : *table->grants())
      folder.grants.push_back({PrincipalId(grant->principal()), grant->rights()});
  folder.colour = text(table->colour());
  folder.description = text(table->description());
  folder.properties = read_properties(table->properties());
  folder.notes_rings = table->notes_rings();
  return folder;
}

std::string encode(const ItemRecord& item) {
  FlatBufferBuilder builder(256);
  std::vector<fb::Filing> list;
  for (const Filing& filing : item.filings) list.emplace_back(filing.folder.value, filing.uid.value);
  auto filings = builder.CreateVectorOfStructs(list);
  bool is_filed = !item.filings.empty();
  auto rare = write_rare(builder, is_filed ? std::vector<KeywordId>() : item.flags.rare);
  auto hash = builder.CreateVector(reinterpret_cast<const std::uint8_t*>(item.hash.data()), item.hash.size());
  flatbuffers::Offset<flatbuffers::Vector<std::uint64_t>> thread_keys;
  if (!item.thread_keys.empty()) thread_keys = builder.CreateVector(item.thread_keys);
  PropertyVector properties = write_properties(builder, item.properties);
  flatbuffers::Offset<StringVector> names;
  if (std::ranges::any_of(item.filings, [](const Filing& filing) { return !filing.name.empty(); }))
    names = write_names(builder, item.filings);
  flatbuffers::Offset<flatbuffers::String> removed_name;
  ByteVector redacted_hash = write_bytes(builder, item.redacted_hash);
  ByteVector bare_hash = write_bytes(builder, item.bare_hash);
  flatbuffers::Offset<flatbuffers::Vector<std::uint64_t>> guests;
  if (!item.guests.empty()) {
    std::vector<std::uint64_t> ids;
    for (const PrincipalId guest : item.guests) ids.push_back(guest.value);
    guests = builder.CreateVector(ids);
  }
  if (!is_filed && !item.removed_name.empty()) removed_name = builder.CreateString(item.removed_name);
  fb::ItemBuilder table(builder);
  table.add_kind(static_cast<std::uint8_t>(item.kind));
  table.add_filings(filings);
  table.add_flag_bits(is_filed ? 0 : item.flags.bits);
  table.add_rare(rare);
  table.add_date(Row::pack(item.internal_date));
  table.add_saved(item.saved.time_since_epoch().count());
  table.add_size(item.size);
  table.add_hash(hash);
  table.add_content(item.content.value);
  table.add_thread(item.thread.value);
  table.add_thread_keys(thread_keys);
  table.add_created(item.created.value);
  table.add_modified(item.modified.value);
  table.add_removed_at(item.removed_at.time_since_epoch().count());
  table.add_properties(properties);
  table.add_crlf_size(item.crlf_size == item.size ? 0 : item.crlf_size);
  table.add_removed_from(item.removed_from.value);
  table.add_removed_by(item.removed_by.value);
  table.add_names(names);
  table.add_removed_name(removed_name);
  table.add_privacy(static_cast<std::uint8_t>(item.privacy));
  table.add_redacted_size(item.redacted_size);
  table.add_redacted_hash(redacted_hash);
  table.add_bare_size(item.bare_size);
  table.add_bare_hash(bare_hash);
  table.add_guests(guests);
  return finished(builder, table.Finish());
}

Result<ItemRecord> decode_item(ItemId id, std::string_view bytes) {
  Aligned aligned(bytes);
  TRY(const fb::Item* table, root<fb::Item>(aligned, "an item"));
  ItemRecord item;
  item.id = id;
  item.kind = static_cast<Kind>(table->kind());
  if (table->filings())
    for (const fb::Filing* filing : *table->filings())
      item.filings.push_back({FolderId(filing->folder()), Uid(filing->uid()), Modseq(), false});
  item.flags.bits = table->flag_bits();
  item.flags.rare = read_rare(table->rare());
  item.internal_date = unpack(table->date());
  item.saved = Instant(std::chrono::seconds(table->saved()));
  item.size = table->size();
  if (table->hash()) item.hash.assign(reinterpret_cast<const char*>(table->hash()->data()), table->hash()->size());
  item.content = ItemId(table->content());
  item.thread = ThreadId(table->thread());
  if (table->thread_keys()) item.thread_keys.assign(table->thread_keys()->begin(), table->thread_keys()->end());
  item.created = Modseq(table->created());
  item.modified = Modseq(table->modified());
  item.removed_at = Instant(std::chrono::seconds(table->removed_at()));
  item.properties = read_properties(table->properties());
  item.crlf_size = table->crlf_size() == 0 ? item.size : table->crlf_size();
  item.removed_from = FolderId(table->removed_from());
  item.removed_by = PrincipalId(table->removed_by());
  read_names(table->names(), item.filings);
  item.removed_name = text(table->removed_name());
  item.privacy = static_cast<Privacy>(table->privacy());
  item.redacted_size = table->redacted_size();
  item.redacted_hash = read_bytes(table->redacted_hash());
  item.bare_size = table->bare_size();
  item.bare_hash = read_bytes(table->bare_hash());
  if (table->guests())
    for (const std::uint64_t guest : *table->guests()) item.guests.push_back(PrincipalId(guest));
  return item;
}

std::string encode(const RowRecord& record) {
  FlatBufferBuilder builder(128);
  const Row& row = record.row;
  fb::Row fixed(row.item.value, row.flag_bits, row.date, row.modseq.value, row.thread.value, row.size);
  auto rare = write_rare(builder, record.rare);
  return finished(builder, fb::CreateFilingRow(builder, &fixed, rare));
}

Result<RowRecord> decode_row(Uid uid, std::string_view bytes) {
  Aligned aligned(bytes);
  TRY(const fb::FilingRow* table, root<fb::FilingRow>(aligned, "a filing"));
  const fb::Row* fixed = table->row();
  if (!fixed) return fail(Errc::corrupt, "the stored record of a filing is damaged");
  RowRecord record;
  record.row.uid = uid;
  record.row.item = ItemId(fixed->item());
  record.row.flag_bits = fixed->flag_bits();
  record.row.date = fixed->date();
  record.row.modseq = Modseq(fixed->modseq());
  record.row.thread = ThreadId(fixed->thread());
  record.row.size = fixed->size();
  record.rare = read_rare(table->rare());
  return record;
}

std::string encode(const ChangeRecord& change) {
  FlatBufferBuilder builder(256);
  auto folders_changed = write_ids(builder, change.folders_changed);
  auto folders_removed = write_ids(builder, change.folders_removed);
  auto items_changed = write_ids(builder, change.items_changed);
  auto items_removed = write_ids(builder, change.items_removed);
  flatbuffers::Offset<flatbuffers::Vector<const fb::Vanished*>> vanished;
  if (!change.vanished.empty()) {
    std::vector<fb::Vanished> list;
    for (const Changes::Vanished& v : change.vanished) list.emplace_back(v.folder.value, v.uid.value);
    vanished = builder.CreateVectorOfStructs(list);
  }
  flatbuffers::Offset<StringVector> names;
  if (std::ranges::any_of(change.vanished, [](const Changes::Vanished& one) { return !one.name.empty(); }))
    names = write_names(builder, change.vanished);
  flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> audience;
  if (std::ranges::any_of(change.vanished, [](const auto& one) { return one.audience != Changes::Audience::all; })) {
    std::vector<std::uint8_t> list;
    for (const Changes::Vanished& one : change.vanished) list.push_back(static_cast<std::uint8_t>(one.audience));
    audience = builder.CreateVector(list);
  }
  return finished(builder, fb::CreateChange(builder, change.at.time_since_epoch().count(), folders_changed,
                                            folders_removed, items_changed, items_removed, vanished, names, audience));
}

Result<ChangeRecord> decode_change(std::string_view bytes) {
  Aligned aligned(bytes);
  TRY(const fb::Change* table, root<fb::Change>(aligned, "a change"));
  ChangeRecord change;
  change.at = Instant(std::chrono::seconds(table->at()));
  change.folders_changed = read_ids<FolderId>(table->folders_changed());
  change.folders_removed = read_ids<FolderId>(table->folders_removed());
  change.items_changed = read_ids<ItemId>(table->items_changed());
  change.items_removed = read_ids<ItemId>(table->items_removed());
  if (table->vanished())
    for (const fb::Vanished* v : *table->vanished()) change.vanished.push_back({FolderId(v->folder()), Uid(v->uid())});
  read_names(table->vanished_names(), change.vanished);
  if (const auto* audience = table->vanished_audience())
    for (std::size_t i = 0; i < std::min<std::size_t>(audience->size(), change.vanished.size()); ++i)
      change.vanished[i].audience =
          static_cast<Changes::Audience>(audience->Get(static_cast<flatbuffers::uoffset_t>(i)));
  return change;
}

std::string encode(const LedgerEntry& entry) {
  FlatBufferBuilder builder(128);
  auto fingerprint =
      builder.CreateVector(reinterpret_cast<const std::uint8_t*>(entry.fingerprint.data()), entry.fingerprint.size());
  return finished(builder, fb::CreateLedger(builder, entry.item.value, fingerprint));
}

Result<LedgerEntry> decode_ledger(std::string_view bytes) {
  Aligned aligned(bytes);
  TRY(const fb::Ledger* table, root<fb::Ledger>(aligned, "an import"));
  LedgerEntry entry;
  entry.item = ItemId(table->item());
  if (table->fingerprint())
    entry.fingerprint.assign(reinterpret_cast<const char*>(table->fingerprint()->data()), table->fingerprint()->size());
  return entry;
}

FlagSet RowRecord::flags() const {
  FlagSet out;
  out.bits = row.flag_bits & ~Row::kMarks;
  out.rare = rare;
  return out;
}

bool has_pop3_facts(const Item& item) {
  const bool has_size = (item.crlf_size != 0 && item.crlf_size != item.size) || item.size > UINT32_MAX;
  return has_size || item.properties.contains(kPop3Uidl) || item.properties.contains(kPop3Order);
}

Pop3Facts pop3_facts(const Item& item) {
  Pop3Facts facts;
  facts.size = item.crlf_size == 0 ? item.size : item.crlf_size;
  if (const auto uidl = item.properties.find(kPop3Uidl); uidl != item.properties.end()) facts.uidl = uidl->second;
  if (const auto order = item.properties.find(kPop3Order); order != item.properties.end()) {
    std::uint64_t number = 0;
    const auto& text = order->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size()) facts.order = number;
  }
  return facts;
}

void complete_item(ItemRecord& item, const RowRecord& row, Filing& filing) {
  item.flags = row.flags();
  filing.is_deleted = item.flags.has(kDeleted);
  item.flags.bits &= ~std::uint64_t{kDeleted};
  filing.modseq = row.row.modseq;
  item.modified = std::max(item.modified, filing.modseq);
}

RowRecord make_row(const ItemRecord& item, const Filing& filing) {
  RowRecord record;
  record.row.uid = filing.uid;
  record.row.item = item.id;
  record.row.size = static_cast<std::uint32_t>(std::min<std::uint64_t>(item.size, UINT32_MAX));
  record.row.flag_bits = item.flags.bits | (filing.is_deleted ? std::uint64_t{kDeleted} : 0) |
                         (item.filings.size() > 1 ? Row::kElsewhere : 0) | (has_pop3_facts(item) ? Row::kOwnPop3 : 0);
  record.row.date = Row::pack(item.internal_date);
  record.row.modseq = filing.modseq;
  record.row.thread = item.thread;
  record.rare = item.flags.rare;
  return record;
}

}  // namespace kontor::groupware
