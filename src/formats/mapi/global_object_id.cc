// SPDX-License-Identifier: AGPL-3.0-or-later
#include "base/bytes.h"
#include "formats/mapi/cursor.h"
#include "formats/mapi/entry_id.h"
#include "formats/mime/charset.h"

namespace kontor::mapi {
namespace {

constexpr std::string_view kIdMark("\x04\0\0\0\x82\0\xE0\0\x74\xC5\xB7\x10\x1A\x82\xE0\x08", 16);
constexpr std::string_view kForeignMark("vCal-Uid\x01\0\0\0", 12);
constexpr std::size_t kIdHead = 40;

}  // namespace

std::optional<GlobalObjectId> parse_global_object_id(std::string_view bytes) {
  Cursor in(bytes);
  if (in.take(kIdMark.size()) != kIdMark) return std::nullopt;
  GlobalObjectId id;
  id.year = in.u8() << 8U;
  id.year += in.u8();
  id.month = in.u8();
  id.day = in.u8();
  id.creation_time = static_cast<std::int64_t>(in.u64());
  id.reserved = in.take(8);
  id.data = in.take(in.u32());
  if (in.is_short()) return std::nullopt;
  id.rest = in.rest();
  return id;
}

std::string print(const GlobalObjectId& id) {
  std::string out(kIdMark);
  out += static_cast<char>(id.year >> 8U);
  out += static_cast<char>(id.year & 0xFF);
  out += static_cast<char>(id.month);
  out += static_cast<char>(id.day);
  append_le(out, static_cast<std::uint64_t>(id.creation_time));
  out += id.reserved;
  append_le32(out, id.data.size());
  return out + id.data + id.rest;
}

std::string uid_of(const GlobalObjectId& id) {
  if (id.data.starts_with(kForeignMark)) {
    const std::string_view uid = Cursor(std::string_view(id.data).substr(kForeignMark.size())).until_nul();
    if (!uid.empty() && mime::is_utf8(uid)) return std::string(uid);
  }
  GlobalObjectId clean = id;
  clean.year = clean.month = clean.day = 0;
  return to_upper(to_hex(print(clean)));
}

GlobalObjectId global_object_id_of(std::string_view uid) {
  if (const auto bytes = from_hex(uid); bytes && bytes->size() >= kIdHead)
    if (auto id = parse_global_object_id(*bytes); id && print(*id) == *bytes) {
      id->year = id->month = id->day = 0;
      return *std::move(id);
    }
  GlobalObjectId id;
  id.data = std::string(kForeignMark) + std::string(uid) + '\0';
  return id;
}

}  // namespace kontor::mapi
