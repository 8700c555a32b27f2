// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/item_list.h"

#include <algorithm>

#include "base/bytes.h"

namespace kontor::migrate {
namespace {

void put_piece(std::string& out, std::string_view text) {
  append_be32(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

std::string take_piece(std::string_view& in) {
  const auto size = read_be32(in);
  std::string out(in.substr(4, size));
  in.remove_prefix(4 + size);
  return out;
}

std::string packed(const SourceItem& item) {
  std::string out;
  append_be32(out, item.uid);
  out += static_cast<char>(item.flags);
  out += static_cast<char>(item.date_is_guess ? 1 : 0);
  append_be64(out, static_cast<std::uint64_t>(item.date.at.time_since_epoch().count()));
  append_be32(out, static_cast<std::uint32_t>(static_cast<std::int32_t>(item.date.zone_minutes)));
  append_be64(out, item.announced_size);
  put_piece(out, item.key);
  put_piece(out, item.name);
  put_piece(out, item.fingerprint);
  append_be32(out, static_cast<std::uint32_t>(item.keywords.size()));
  for (const auto& keyword : item.keywords) put_piece(out, keyword);
  append_be32(out, static_cast<std::uint32_t>(item.properties.size()));
  for (const auto& [name, value] : item.properties) {
    put_piece(out, name);
    put_piece(out, value);
  }
  return out;
}

// Of our own writing: sound by construction.
SourceItem unpacked(std::string_view in) {
  SourceItem item;
  item.uid = read_be32(in);
  item.flags = static_cast<std::uint8_t>(in[4]);
  item.date_is_guess = in[5] != 0;
  const auto at = static_cast<std::int64_t>(read_be64(in.substr(6)));
  const auto zone = static_cast<std::int32_t>(read_be32(in.substr(14)));
  item.date = InternalDate(Instant(std::chrono::seconds(at)), static_cast<std::int16_t>(zone));
  item.announced_size = read_be64(in.substr(18));
  in.remove_prefix(26);
  item.key = take_piece(in);
  item.name = take_piece(in);
  item.fingerprint = take_piece(in);
  auto count = read_be32(in);
  in.remove_prefix(4);
  for (; count > 0; --count) item.keywords.push_back(take_piece(in));
  count = read_be32(in);
  in.remove_prefix(4);
  for (; count > 0; --count) {
    auto name = take_piece(in);
    item.properties[std::move(name)] = take_piece(in);
  }
  return item;
}

}  // namespace

Result<void> ItemList::add(const SourceItem& item) {
  std::string record;
  put_piece(record, packed(item));
  return spool_.write(record);
}

Result<void> ItemList::each(std::uint64_t first, std::uint64_t last,
                            const std::function<Result<void>(const SourceItem&)>& visit) const {
  constexpr std::size_t kPiece = 128 << 10;
  std::string held;
  while (first < last) {
    TRY(held, spool_.read_at(first, static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, last - first))));
    if (held.size() >= 4 && held.size() < 4 + std::size_t{read_be32(held)}) {
      TRY(held, spool_.read_at(first, 4 + std::size_t{read_be32(held)}));
    }
    std::string_view rest = held;
    while (rest.size() >= 4 && rest.size() >= 4 + std::size_t{read_be32(rest)}) {
      const std::size_t size = 4 + std::size_t{read_be32(rest)};
      TRY_VOID(visit(unpacked(rest.substr(4, size - 4))));
      rest.remove_prefix(size);
      first += size;
    }
    check(rest.size() < held.size(), "an item list goes forward");
  }
  return {};
}

}  // namespace kontor::migrate
