// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/segments.h"

#include <algorithm>
#include <array>

#include "groupware/folder_name.h"
#include "protocols/dav/resource.h"

namespace kontor::dav {
namespace {

using groupware::Folder;
using groupware::FolderRole;
using groupware::FolderTable;
using groupware::Kind;

std::string wished_segment(const Folder& folder) {
  const auto given = folder.properties.find(kNameProperty);
  if (given != folder.properties.end() && !given->second.empty()) return given->second;
  if (folder.role != FolderRole::none) return std::string(groupware::name(folder.role));
  return folder.name;
}

}  // namespace

bool shows_in(Space space, Kind kind) { return kind != Kind::mail && space_of(kind) == space; }

Space space_of(Kind kind) {
  switch (kind) {
    case Kind::mail:
      return Space::none;
    case Kind::calendar:
    case Kind::tasks:
    case Kind::notes:
      return Space::calendars;
    case Kind::contacts:
      return Space::contacts;
    case Kind::files:
      return Space::files;
  }
  return Space::none;
}

bool is_reserved(std::string_view segment) {
  constexpr std::array<std::string_view, 4> kReserved = {"inbox", "outbox", "notifications", "directory"};
  return std::ranges::find(kReserved, segment) != kReserved.end();
}

Segments segments_in(Space space, const FolderTable& folders) {
  Segments out;
  for (const FolderTable::Pointer& folder : folders.all()) {
    if (!shows_in(space, folder->kind)) continue;
    std::string segment = wished_segment(*folder);
    if (is_reserved(segment) || out.contains(segment)) segment += "-" + std::to_string(folder->id.value);
    out.emplace(std::move(segment), folder);
  }
  return out;
}

FolderTable::Pointer files_child(const FolderTable& folders, FolderId parent, std::string_view name) {
  const auto composed = groupware::check_folder_name(std::string(name));
  if (!composed) return nullptr;
  return folders.child(parent, *composed, Kind::files);
}

std::string segment_of(const FolderTable& folders, const Folder& folder) {
  if (folder.kind == Kind::files) return folder.name;
  for (const auto& [segment, other] : segments_in(space_of(folder.kind), folders))
    if (other->id == folder.id) return segment;
  return folder.name;
}

}  // namespace kontor::dav
