// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/folder_digest.h"

#include <set>

#include "base/bytes.h"

namespace kontor::migrate::kopano {
namespace {

constexpr std::string_view kDigestVersion = "kopano2\n";
constexpr std::size_t kPartSize = 2 + 3 * 8;

PartDigest part_of(const FolderDigest& digest, std::uint32_t number) {
  const auto found = digest.parts.find(number);
  return found == digest.parts.end() ? PartDigest() : found->second;
}

}  // namespace

std::vector<std::uint32_t> FolderDigest::changed_since(const FolderDigest& before) const {
  std::set<std::uint32_t> numbers;
  for (const auto* one : {this, &before})
    for (const auto& [number, part] : one->parts) numbers.insert(number);
  std::vector<std::uint32_t> out;
  for (const std::uint32_t number : numbers)
    if (part_of(*this, number) != part_of(before, number)) out.push_back(number);
  return out;
}

std::string print(const FolderDigest& digest) {
  std::string out(kDigestVersion);
  append_be32(out, digest.highest_id);
  for (const auto& [number, part] : digest.parts) {
    out += static_cast<char>(number >> 8);
    out += static_cast<char>(number & 0xff);
    append_be64(out, part.items);
    append_be64(out, part.ids);
    append_be64(out, part.rows);
  }
  return out;
}

std::optional<FolderDigest> parse_folder_digest(std::string_view bytes) {
  if (!bytes.starts_with(kDigestVersion)) return std::nullopt;
  bytes.remove_prefix(kDigestVersion.size());
  if (bytes.size() < 4 || (bytes.size() - 4) % kPartSize != 0) return std::nullopt;
  FolderDigest out;
  out.highest_id = read_be32(bytes);
  for (bytes.remove_prefix(4); !bytes.empty(); bytes.remove_prefix(kPartSize)) {
    const auto number = static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[0])) << 8 |
                        static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[1]));
    PartDigest part;
    part.items = read_be64(bytes.substr(2));
    part.ids = read_be64(bytes.substr(10));
    part.rows = read_be64(bytes.substr(18));
    if (number >= kParts || !out.parts.emplace(number, part).second) return std::nullopt;
  }
  return out;
}

}  // namespace kontor::migrate::kopano
