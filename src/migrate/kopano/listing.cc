// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/listing.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/digest.h"
#include "formats/mapi/calendar_item.h"
#include "formats/mapi/item_state.h"
#include "formats/mapi/tags.h"
#include "migrate/kopano/item_class.h"

namespace kontor::migrate::kopano {
namespace {

constexpr mapi::Tag kImapUid{.id = 0x6782};
constexpr mapi::Tag kChangeKey{.id = 0x65E2};
constexpr mapi::Tag kMessageSize{.id = 0x0E08};
constexpr unsigned kSourceKeyNumber = 0x65E0;
constexpr std::size_t kPart = 1'000;

// All that decides on what a SourceItem says, and on its fingerprint.
std::vector<std::uint32_t> listed_numbers(const Names& names) {
  std::vector<std::uint32_t> numbers;
  for (const mapi::Tag& tag :
       {mapi::tag::kMessageClass, mapi::tag::kReadReceiptRequested, mapi::tag::kSubject, mapi::tag::kClientSubmitTime,
        mapi::tag::kMessageDeliveryTime, mapi::tag::kMessageFlags, kMessageSize, mapi::tag::kMessageStatus,
        mapi::tag::kLastVerbExecuted, mapi::tag::kFlagStatus, mapi::tag::kCreationTime,
        mapi::tag::kLastModificationTime, kChangeKey, kImapUid})
    numbers.push_back(tag.id);
  // Some programs wrote categories as one text.
  for (const std::uint32_t number : names.numbers(mapi::tag::kKeywords)) numbers.push_back(number);
  return numbers;
}

// Numbers whose rows have a text or bytes that is a part of the digest, and the type that Kopano stores them as.
std::vector<std::pair<std::uint32_t, unsigned>> listed_texts(const Names& names) {
  std::vector<std::pair<std::uint32_t, unsigned>> out = {
      {mapi::tag::kSubject.id, 0x1E}, {mapi::tag::kMessageClass.id, 0x1E}, {kChangeKey.id, 0x102}};
  for (const std::uint32_t number : names.numbers(mapi::tag::kKeywords)) out.emplace_back(number, 0x1E);
  return out;
}

// In which part of a digest a row of hierarchy is.
std::string part_number() { return fmt::format("((h.id DIV {}) MOD {})", kIdsInPart, kParts); }

// 64 bits for some columns, cheap to make where the rows are: the product of two check sums. One alone would not do,
// nor their sum: what changes alike in two items would leave no trace in the XOR of all.
std::string mixed(std::string_view columns, std::string_view backwards) {
  return fmt::format("CRC32(CONCAT_WS(CHAR(31), {})) * CRC32(CONCAT_WS(CHAR(31), {}))", columns, backwards);
}

std::string mixed_id() { return mixed("h.id", "~h.id, 7"); }

std::string fingerprint_of(const mapi::Properties& item) {
  std::string said;
  const auto add = [&](std::string_view text) { said.append(text).append(1, '\0'); };
  if (const std::string* key = item.bytes(kChangeKey)) said += *key;
  add("");
  add(std::to_string(item.integer(mapi::tag::kLastModificationTime).value_or(0)));
  add(std::to_string(item.integer(kMessageSize).value_or(0)));
  add(item.text_or_empty(mapi::tag::kSubject));
  add(item.text_or_empty(mapi::tag::kMessageClass));
  return to_hex(sha256(said)).substr(0, 32);
}

std::string item_key(std::uint32_t id, std::string_view source_key) {
  return source_key.empty() ? fmt::format("#{}", id) : to_hex(source_key);
}

SourceItem item_of(const FolderNode& folder, std::uint32_t id, std::string_view source_key,
                   const mapi::Properties& about) {
  SourceItem item;
  item.key = item_key(id, source_key);
  mapi::ItemState state = mapi::mail_state(about);
  item.date = state.date;
  item.date_is_guess = state.date_is_guess;
  item.fingerprint = fingerprint_of(about);
  item.announced_size = static_cast<std::uint64_t>(std::max<std::int64_t>(about.integer(kMessageSize).value_or(0), 0));
  if (!folder.source.kind.empty()) return item;
  item.flags = state.flags;
  item.keywords = std::move(state.keywords);
  // What lies beside a folder's own has no UIDs that anybody saw.
  if (!folder.is_rest && folder.messages != FolderNode::Messages::removed)
    item.uid = static_cast<std::uint32_t>(about.integer(kImapUid).value_or(id));
  return item;
}

// What mapi::item_uid() looks at.
std::vector<std::uint32_t> uid_numbers(const Names& names) {
  std::vector<std::uint32_t> numbers;
  for (const mapi::Tag& tag : kUidTags)
    for (const std::uint32_t number : names.numbers(tag)) numbers.push_back(number);
  return numbers;
}

}  // namespace

Lister::Lister(Database& database, const Names& names, std::set<std::string>& doubles)
    : database_(database),
      values_(names),
      numbers_(list_of(listed_numbers(names))),
      element_numbers_(list_of(names.numbers(mapi::tag::kKeywords))),
      uid_numbers_(list_of(uid_numbers(names))),
      texts_(listed_texts(names)),
      doubles_(doubles) {}

// Which rows of hierarchy come.
std::string Lister::rows_of(const Range& range) {
  const FolderNode& folder = range.folder;
  std::string where = fmt::format("h.parent = {} AND h.type = 5 AND (h.flags & {}) = 0", folder.id, kAssociated);
  if (folder.messages == FolderNode::Messages::present) where += fmt::format(" AND (h.flags & {}) = 0", kDeletedObject);
  if (folder.messages == FolderNode::Messages::removed)
    where += fmt::format(" AND (h.flags & {}) <> 0", kDeletedObject);
  if (!range.parts.empty()) where += " AND " + part_number() + " IN (" + list_of(range.parts) + ")";
  return where;
}

// In three scans: of ids, of numbers, which lie beside each other and are read without any text, and of the few texts,
// each by its own key.
Result<FolderDigest> Lister::digest_of(const FolderNode& folder) {
  FolderDigest digest;
  const std::string where = rows_of({folder});
  const auto add = [&](const std::string& sql, const auto& take) {
    return database_.query(sql + " GROUP BY 1", [&](const Row& row) -> Result<void> {
      take(digest.parts[row.id(0)], row);
      return {};
    });
  };
  const auto number = [](const Row& row, std::size_t column) {
    return std::strtoull(std::string(row.bytes(column)).c_str(), nullptr, 10);
  };
  const auto take_rows = [&](PartDigest& part, const Row& row) { part.rows ^= number(row, 1) + number(row, 2); };
  TRY_VOID(add(fmt::format("SELECT {}, COUNT(*), BIT_XOR({}), BIT_XOR({}), MAX(h.id) FROM hierarchy h WHERE {}",
                           part_number(), mixed_id(), mixed("h.id, h.flags", "h.flags, h.id"), where),
               [&](PartDigest& part, const Row& row) {
                 part.items = number(row, 1);
                 part.ids = number(row, 2);
                 part.rows = number(row, 3);
                 digest.highest_id = std::max(digest.highest_id, row.id(4));
               }));
  TRY_VOID(
      add(fmt::format("SELECT {}, BIT_XOR({}), COUNT(*) FROM hierarchy h JOIN properties p ON p.hierarchyid = h.id "
                      "AND p.tag IN ({}) WHERE {}",
                      part_number(),
                      mixed("p.hierarchyid, p.tag, p.type, p.val_ulong, p.val_hi, p.val_lo",
                            "p.val_lo, p.val_hi, p.val_ulong, p.type, p.tag, p.hierarchyid"),
                      numbers_, where),
          take_rows));
  std::string joins, texts = "h.id", backwards;
  for (const auto& [tag, type] : texts_) {
    joins += fmt::format(" LEFT JOIN properties t{0} ON t{0}.hierarchyid = h.id AND t{0}.tag = {0} AND t{0}.type = {1}",
                         tag, type);
    const std::string value = fmt::format("IFNULL(t{}.{}, '')", tag, type == 0x1E ? "val_string" : "val_binary");
    texts += ", " + value;
    backwards = value + ", " + backwards;
  }
  TRY_VOID(add(fmt::format("SELECT {}, BIT_XOR({}), COUNT(*) FROM hierarchy h{} WHERE {}", part_number(),
                           mixed(texts, backwards + "h.id"), joins, where),
               take_rows));
  if (folder.source.kind.empty())
    TRY_VOID(add(fmt::format("SELECT {}, BIT_XOR({}), COUNT(*) FROM hierarchy h JOIN mvproperties p ON p.hierarchyid = "
                             "h.id AND p.tag IN ({}) WHERE {}",
                             part_number(),
                             mixed("p.hierarchyid, p.tag, p.orderid, p.val_string",
                                   "p.val_string, p.orderid, p.tag, p.hierarchyid"),
                             element_numbers_, where),
                 take_rows));
  return digest;
}

// Whether all that is otherwise about the ids in these parts is that new ones came: nothing left the folder, and what
// moved into it is not older than what was there.
Result<bool> Lister::only_came(const Range& changed, const FolderDigest& before, const FolderDigest& now) {
  std::map<std::uint32_t, PartDigest> without_new;
  for (const std::uint32_t part : changed.parts)
    if (const auto found = now.parts.find(part); found != now.parts.end()) without_new[part] = found->second;
  TRY_VOID(database_.query(fmt::format("SELECT {}, {} FROM hierarchy h WHERE {} AND h.id > {}", part_number(),
                                       mixed_id(), rows_of(changed), before.highest_id),
                           [&](const Row& row) -> Result<void> {
                             PartDigest& part = without_new[row.id(0)];
                             --part.items;
                             part.ids ^= std::strtoull(std::string(row.bytes(1)).c_str(), nullptr, 10);
                             return {};
                           }));
  return std::ranges::all_of(changed.parts, [&](std::uint32_t number) {
    const auto was = before.parts.find(number);
    const PartDigest& is = without_new[number];
    return was == before.parts.end() ? is.items == 0 : is.items == was->second.items && is.ids == was->second.ids;
  });
}

// In the order of UIDs, as clients saw them.
Result<std::vector<Lister::Listed>> Lister::ids_of(const Range& range) {
  const FolderNode& folder = range.folder;
  std::vector<Listed> all;
  TRY_VOID(database_.query(
      fmt::format(
          "SELECT h.id, u.val_ulong, c.val_string FROM hierarchy h LEFT JOIN properties u ON u.hierarchyid = "
          "h.id AND u.tag = {} AND u.type = 3 LEFT JOIN properties c ON c.hierarchyid = h.id AND c.tag = {} AND "
          "c.type = 30 WHERE {}",
          kImapUid.id, mapi::tag::kMessageClass.id, rows_of(range)),
      [&](const Row& row) -> Result<void> {
        // All mail folders take everything; of the others this one brings what suits it, or the rest.
        const bool is_own = folder.kind.empty() || takes(folder.kind, kind_of(item_class(row.bytes(2))));
        if (is_own == folder.is_rest) return {};
        all.push_back({row.id(0), row.is_null(1) ? row.id(0) : row.id(1)});
        return {};
      }));
  std::sort(all.begin(), all.end(),
            [](const Listed& a, const Listed& b) { return std::pair(a.uid, a.id) < std::pair(b.uid, b.id); });
  return all;
}

Result<void> Lister::visit_part(const FolderNode& folder, std::span<const Listed> part,
                                const std::function<Result<void>(const SourceItem&)>& visit) {
  std::vector<std::uint32_t> ids;
  for (const Listed& one : part) ids.push_back(one.id);
  const std::string list = list_of(ids);
  std::map<std::uint32_t, mapi::Properties> about;
  std::map<std::uint32_t, std::string> keys;
  std::vector<std::string> damages;  // are named when the items are read
  const bool has_uids = !folder.source.kind.empty();
  const std::string numbers = has_uids ? numbers_ + "," + uid_numbers_ : numbers_;
  TRY_VOID(database_.query(
      "SELECT " + value_columns() + " FROM properties WHERE hierarchyid IN (" + list + ") AND tag IN (" + numbers + ")",
      [&](const Row& row) -> Result<void> {
        values_.add(row, about[row.id(0)], damages);
        return {};
      }));
  ValueReader::Elements elements;
  TRY_VOID(database_.query("SELECT " + value_columns() + " FROM mvproperties WHERE hierarchyid IN (" + list +
                               ") AND tag IN (" + element_numbers_ + ") ORDER BY hierarchyid, tag, type, orderid",
                           [&](const Row& row) -> Result<void> {
                             elements.add(values_, row, about[row.id(0)], damages);
                             return {};
                           }));
  elements.finish(values_);
  TRY_VOID(database_.query(fmt::format("SELECT hierarchyid, val_binary FROM indexedproperties WHERE tag = {} AND "
                                       "hierarchyid IN ({})",
                                       kSourceKeyNumber, list),
                           [&](const Row& row) -> Result<void> {
                             keys[row.id(0)] = row.bytes(1);
                             return {};
                           }));
  for (const Listed& one : part) {
    const SourceItem item = item_of(folder, one.id, keys[one.id], about[one.id]);
    if (has_uids && !uids_.insert(mapi::item_uid(about[one.id], item.key)).second) doubles_.insert(item.key);
    TRY_VOID(visit(item));
  }
  return {};
}

Result<void> Lister::visit_all(const Range& range, const std::function<Result<void>(const SourceItem&)>& visit) {
  TRY(const auto all, ids_of(range));
  uids_.clear();
  for (std::size_t at = 0; at < all.size(); at += kPart)
    TRY_VOID(visit_part(range.folder, std::span(all).subspan(at, std::min(kPart, all.size() - at)), visit));
  return {};
}

Result<FolderPass> Lister::list(const FolderNode& folder, const FolderState& state,
                                const std::function<Result<void>(const SourceItem&)>& visit) {
  FolderPass pass;
  TRY(const FolderDigest now, digest_of(folder));
  pass.state = print(now);
  pass.unchanged = !state.empty() && state == pass.state;
  if (pass.unchanged) return pass;
  const auto before = parse_folder_digest(state);
  // What else is in a folder of another kind decides on UIDs, and what an item is on the folder it comes in.
  const bool is_plain = folder.kind.empty() && folder.source.kind.empty() && !folder.is_rest;
  Range changed{folder};
  if (before && is_plain) changed.parts = now.changed_since(*before);
  if (changed.parts.empty() || 2 * changed.parts.size() > now.parts.size() + 1) {
    TRY_VOID(visit_all({folder}, visit));
    return pass;
  }
  pass.is_delta = true;
  TRY(const bool only_new, only_came(changed, *before, now));
  pass.vanished_unknown = !only_new;
  TRY_VOID(visit_all(changed, visit));
  return pass;
}

Result<void> Lister::keys(const FolderNode& folder, const std::function<void(std::string_view)>& visit) {
  return database_.query(
      fmt::format(
          "SELECT h.id, k.val_binary FROM hierarchy h LEFT JOIN indexedproperties k ON k.hierarchyid = h.id AND "
          "k.tag = {} WHERE {}",
          kSourceKeyNumber, rows_of({folder})),
      [&](const Row& row) -> Result<void> {
        visit(item_key(row.id(0), row.bytes(1)));
        return {};
      });
}

Result<std::map<std::string, std::uint32_t>> ids_of_keys(Database& database, const std::vector<std::string>& keys) {
  std::map<std::string, std::uint32_t> found;
  std::string list;
  for (const std::string& key : keys) {
    if (key.starts_with('#')) {
      found[key] = static_cast<std::uint32_t>(std::strtoul(key.c_str() + 1, nullptr, 10));
      continue;
    }
    const auto bytes = from_hex(key);
    if (bytes) list += (list.empty() ? "" : ",") + literal(*bytes);
  }
  if (list.empty()) return found;
  TRY_VOID(database.query(fmt::format("SELECT val_binary, hierarchyid FROM indexedproperties WHERE tag = {} AND "
                                      "val_binary IN ({})",
                                      kSourceKeyNumber, list),
                          [&](const Row& row) -> Result<void> {
                            found[to_hex(row.bytes(0))] = row.id(1);
                            return {};
                          }));
  return found;
}

}  // namespace kontor::migrate::kopano
