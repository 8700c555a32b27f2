// SPDX-License-Identifier: AGPL-3.0-or-later
// links: formats_mapi formats base
// Kept properties that were read are written as bytes that read the same; an entry id that was read prints one that
// reads the same, and the same is true of what is put together of them.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "formats/mapi/entry_id.h"
#include "formats/mapi/kept.h"

namespace {

using namespace kontor::mapi;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_kept(std::string_view bytes) {
  const auto found = read_kept(bytes, {.properties = 200, .value_bytes = 1 << 20, .values = 1000});
  if (!found) return;
  const std::string once = keep(*found);
  const auto again = read_kept(once);
  require(again && keep(*again) == once);
}

void check_entry(std::string_view bytes) {
  const EntryId id = parse_entry_id(bytes);
  if (std::holds_alternative<UnknownEntry>(id)) require(print(id) == bytes);
  require(parse_entry_id(print(id)) == id);
  (void)unwrap(bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), std::min<std::size_t>(size, 4096));
  check_kept(bytes);
  check_entry(bytes);
  if (const auto list = parse_entry_list(bytes)) require(parse_entry_list(print_entry_list(*list)) == *list);
  (void)parse_persisted_folders(bytes);
  if (const auto id = parse_global_object_id(bytes)) {
    require(bytes.starts_with(print(*id)));
    const std::string uid = uid_of(*id);
    if (!uid.contains('\0')) require(uid_of(global_object_id_of(uid)) == uid);
  }
  return 0;
}
