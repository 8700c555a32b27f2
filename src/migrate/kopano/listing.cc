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

// Which rows of hierarchy the folder brings.
std::string rows_of(const FolderNode& folder) {
  std::string where = fmt::format("h.parent = {} AND h.type = 5 AND (h.flags & {}) = 0", folder.id, kAssociated);
  if (folder.messages == FolderNode::Messages::present) where += fmt::format(" AND (h.flags & {}) = 0", kDeletedObject);
  if (folder.messages == FolderNode::Messages::removed)
    where += fmt::format(" AND (h.flags & {}) <> 0", kDeletedObject);
  return where;
}

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

SourceItem item_of(const FolderNode& folder, std::uint32_t id, std::string_view source_key,
                   const mapi::Properties& about) {
  SourceItem item;
  item.key = source_key.empty() ? fmt::format("#{}", id) : to_hex(source_key);
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

Lister::Lister(Database& database, const Names& names)
    : database_(database),
      values_(names),
      numbers_(list_of(listed_numbers(names))),
      element_numbers_(list_of(names.numbers(mapi::tag::kKeywords))),
      uid_numbers_(list_of(uid_numbers(names))) {}

// XOR of digests: in any order, and cheap to make where the rows are. Plain check sums would not do: flags that change
// in two items alike would leave no trace.
Result<FolderState> Lister::state_of(const FolderNode& folder) {
  constexpr std::string_view kDigest = "CAST(CONV(LEFT(MD5(CONCAT_WS(CHAR(31), {})), 16), 16, 10) AS UNSIGNED)";
  const auto digest = [&](std::string_view columns) { return fmt::format(fmt::runtime(kDigest), columns); };
  std::string state = "kopano1";
  const auto add = [&](const std::string& sql) -> Result<void> {
    return database_.query(sql, [&](const Row& row) -> Result<void> {
      state += fmt::format(" {} {}", row.bytes(0), row.bytes(1));
      return {};
    });
  };
  const std::string where = rows_of(folder);
  TRY_VOID(add("SELECT COUNT(*), BIT_XOR(" + digest("h.id, h.flags") + ") FROM hierarchy h WHERE " + where));
  TRY_VOID(add("SELECT COUNT(*), BIT_XOR(" +
               digest("p.hierarchyid, p.tag, p.val_ulong, p.val_hi, p.val_lo, p.val_string, HEX(p.val_binary)") +
               ") FROM hierarchy h JOIN properties p ON p.hierarchyid = h.id AND p.tag IN (" + numbers_ + ") WHERE " +
               where));
  if (folder.source.kind.empty())
    TRY_VOID(add("SELECT COUNT(*), BIT_XOR(" + digest("p.hierarchyid, p.tag, p.orderid, p.val_string") +
                 ") FROM hierarchy h JOIN mvproperties p ON p.hierarchyid = h.id AND p.tag IN (" + element_numbers_ +
                 ") WHERE " + where));
  return state;
}

// In the order of UIDs, as clients saw them.
Result<std::vector<Lister::Listed>> Lister::ids_of(const FolderNode& folder) {
  std::vector<Listed> all;
  TRY_VOID(database_.query(
      fmt::format(
          "SELECT h.id, u.val_ulong, c.val_string FROM hierarchy h LEFT JOIN properties u ON u.hierarchyid = "
          "h.id AND u.tag = {} AND u.type = 3 LEFT JOIN properties c ON c.hierarchyid = h.id AND c.tag = {} AND "
          "c.type = 30 WHERE {}",
          kImapUid.id, mapi::tag::kMessageClass.id, rows_of(folder)),
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

Result<FolderPass> Lister::list(const FolderNode& folder, const FolderState& state,
                                const std::function<Result<void>(const SourceItem&)>& visit) {
  FolderPass pass;
  TRY(pass.state, state_of(folder));
  pass.unchanged = !state.empty() && state == pass.state;
  if (pass.unchanged) return pass;
  TRY(const auto all, ids_of(folder));
  uids_.clear();
  for (std::size_t at = 0; at < all.size(); at += kPart)
    TRY_VOID(visit_part(folder, std::span(all).subspan(at, std::min(kPart, all.size() - at)), visit));
  return pass;
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
