// SPDX-License-Identifier: AGPL-3.0-or-later
// What a folder's rows were like, in parts: small enough to be kept from pass to pass, and telling which parts of the
// folder changed since.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kontor::migrate::kopano {

// Items go into parts by their ids: those that came one after the other into the same one.
constexpr std::uint32_t kParts = 256;
constexpr std::uint32_t kIdsInPart = 1024;  // neighbours; after kParts of these it begins from the first part again

struct PartDigest {
  std::uint64_t items = 0;
  std::uint64_t ids = 0;   // XOR of what stands for each id
  std::uint64_t rows = 0;  // XOR of digests of all that is listed
  bool operator==(const PartDigest&) const = default;
};

struct FolderDigest {
  std::uint32_t highest_id = 0;
  std::map<std::uint32_t, PartDigest> parts;  // those that have items
  bool operator==(const FolderDigest&) const = default;

  // Parts that are not the same in both, in order.
  std::vector<std::uint32_t> changed_since(const FolderDigest& before) const;
};

// As a source keeps it: bytes. Nothing: it is no such state.
std::string print(const FolderDigest& digest);
std::optional<FolderDigest> parse_folder_digest(std::string_view bytes);

}  // namespace kontor::migrate::kopano
