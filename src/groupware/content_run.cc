// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/content_run.h"

#include <algorithm>

#include "base/bytes.h"
#include "groupware/keys.h"
#include "groupware/stored_content.h"

namespace kontor::groupware {
namespace {

constexpr std::size_t kItemsAhead = 256;
constexpr std::uint64_t kBytesAhead = 512 << 10;  // beyond the first one's
constexpr std::uint64_t kItemGap = 8;             // a scan passes over so many records sooner than it begins anew
constexpr std::uint64_t kContentGap = 2;          // the same of contents, which are unpacked on the way

struct Kept {
  ItemId content;     // under whose id it is kept
  std::size_t index;  // of its item
};

std::size_t neighbours(std::span<const ItemId> ids) {
  std::size_t count = 1;
  while (count < std::min(ids.size(), kItemsAhead) && ids[count] > ids[count - 1] &&
         ids[count].value - ids[count - 1].value <= kItemGap)
    ++count;
  return count;
}

void read_inline(Layer& layer, std::span<const Kept> places, std::vector<std::shared_ptr<const Content>>& out) {
  auto next = places.begin();
  // What it does not find, and where it fails, is looked up again, one by one.
  (void)layer.scan_contents(places.front().content, places.back().content, [&](ItemId id, std::string_view bytes) {
    while (next != places.end() && next->content < id) ++next;
    if (next == places.end()) return false;
    if (next->content == id) out[next++->index] = inline_content(std::string(bytes));
    return next != places.end();
  });
}

}  // namespace

std::vector<std::shared_ptr<const Content>> read_content_run(Layer& layer, store::Blobs& blobs, TenantId tenant,
                                                             std::span<const ItemId> ids) {
  ids = ids.first(neighbours(ids));
  std::vector<std::shared_ptr<const Content>> out(ids.size());
  if (ids.size() == 1) return out;
  std::vector<Kept> places;
  std::uint64_t bytes = 0;
  std::size_t next = 0;
  const auto visit = [&](std::string_view key, std::string_view stored) {
    const ItemId id(read_be64(key.substr(1)));
    while (next < ids.size() && ids[next] < id) ++next;
    if (next == ids.size() || ids[next] != id) return next < ids.size();
    if (const Result<ItemRecord> item = decode_item(id, stored); item && item->content) {
      if (!places.empty() && bytes + item->size > kBytesAhead) {
        out.resize(next);
        return false;
      }
      bytes += item->size;
      places.push_back({item->content, next});
    } else if (item) {
      out[next] = blob_content(blobs, tenant, item->hash, item->size);
    }
    return ++next < ids.size();
  };
  if (!layer.scan(key::item(ids.front()), key::item(ItemId(ids.back().value + 1)), visit)) return {nullptr};
  for (auto first = places.begin(); first != places.end();) {
    auto last = first + 1;
    while (last != places.end() && last->content > std::prev(last)->content &&
           last->content.value - std::prev(last)->content.value <= kContentGap)
      ++last;
    if (last - first > 1) read_inline(layer, {first, last}, out);
    first = last;
  }
  return out;
}

}  // namespace kontor::groupware
