// SPDX-License-Identifier: AGPL-3.0-or-later
// links: migrate protocols_import
// What a ledger keeps and what is told of it: records of folders and items, a source's digest of a folder, the lines of
// a digest and of a verification. Each is refused, or comes back as it was read.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "formats/archive/answer.h"
#include "migrate/kopano/folder_digest.h"
#include "protocols/import/ledger.h"

using namespace kontor;

namespace {

// What is written of a thing that was read reads as the same thing.
void try_line(const auto& parse, std::string_view line) {
  const auto read = parse(line);
  if (!read) return;
  const std::string written = archive::to_line(*read);
  const auto again = parse(written);
  check(again && archive::to_line(*again) == written, "a line comes back");
}

void try_record(const auto& decode, std::string_view bytes) {
  const auto read = decode(bytes);
  if (!read) return;
  const std::string written = importing::encode(*read);
  const auto again = decode(written);
  check(again && importing::encode(*again) == written, "a record comes back");
}

void try_digest(std::string_view bytes) {
  const auto read = migrate::kopano::parse_folder_digest(bytes);
  if (!read) return;
  const std::string written = print(*read);
  check(written.size() == bytes.size(), "all of a digest is read");
  check(migrate::kopano::parse_folder_digest(written) == read, "a digest comes back");
  check(read->changed_since(*read).empty(), "a digest is as itself");
  const auto changed = read->changed_since({});
  check(changed.size() <= read->parts.size(), "only parts that there are have changed");
  for (const std::uint32_t number : changed) check(number < migrate::kopano::kParts, "a part has a number of its own");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 8) {
    case 0:
      try_digest(rest);
      break;
    case 1:
      try_line(archive::parse_digest_line, rest);
      break;
    case 2:
      try_line(archive::parse_ledger_folder, rest);
      break;
    case 3:
      try_line(archive::parse_target_item, rest);
      break;
    case 4:
      try_line(archive::parse_answer, rest);
      break;
    case 5:
      try_line(archive::parse_target_account, rest);
      break;
    case 6:
      try_record(importing::decode_folder_mark, rest);
      break;
    default:
      try_record(importing::decode_item_mark, rest);
  }
  return 0;
}
