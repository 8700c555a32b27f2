// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/names.h"

#include "formats/mapi/kopano_names.h"
#include "formats/mime/charset.h"

namespace kontor::migrate::kopano {
namespace {

constexpr std::uint32_t kFirstNamed = 0x8000;
constexpr std::uint32_t kLastNumber = 0xFFFF;

}  // namespace

Result<Names> Names::read(Database& database) {
  Names names;
  TRY_VOID(database.query("SELECT id, nameid, namestring, guid FROM names", [&](const Row& row) -> Result<void> {
    const std::uint32_t number = mapi::kFirstKopanoName + row.id(0);
    const bool is_whole = row.bytes(3).size() == 16 && row.is_null(1) != row.is_null(2);
    if (number > kLastNumber || !is_whole || !mime::is_utf8(row.bytes(2))) return {};
    names.rows_[number] = {row.id(1), mapi::Guid::of_bytes(row.bytes(3)), std::string(row.bytes(2))};
    return {};
  }));
  return names;
}

std::optional<mapi::Tag> Names::find(std::uint32_t number) const {
  if (number < kFirstNamed) return mapi::Tag{.id = number};
  if (const auto fixed = mapi::kopano_fixed_name(number)) return fixed;
  const auto row = rows_.find(number);
  if (row == rows_.end()) return std::nullopt;
  return mapi::Tag(row->second);
}

std::vector<std::uint32_t> Names::numbers(const mapi::Tag& tag) const {
  if (!tag.is_named()) return {tag.id};
  std::vector<std::uint32_t> found;
  if (const auto fixed = mapi::kopano_fixed_number(tag)) found.push_back(*fixed);
  for (const auto& [number, key] : rows_)
    if (mapi::Tag(key) == tag) found.push_back(number);
  return found;
}

}  // namespace kontor::migrate::kopano
