// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/item_class.h"

#include <utility>

#include "base/bytes.h"

namespace kontor::migrate::kopano {
namespace {

// "IPM.Note" and "IPM.Note.SMIME", but not "IPM.Notes".
bool is_of(std::string_view name, std::string_view parent) {
  if (name.size() < parent.size() || !iequals(name.substr(0, parent.size()), parent)) return false;
  return name.size() == parent.size() || name[parent.size()] == '.';
}

}  // namespace

ItemClass item_class(std::string_view message_class) {
  static constexpr std::pair<std::string_view, ItemClass> kClasses[] = {
      {"IPM.Note", ItemClass::mail},
      {"IPM.Schedule", ItemClass::mail},
      {"IPM.Microsoft Schedule", ItemClass::mail},  // the same in words of the nineties
      {"IPM.TaskRequest", ItemClass::mail},
      {"IPM.Post", ItemClass::mail},
      {"IPM.Recall", ItemClass::mail},
      {"IPM.Zarafa.Stub", ItemClass::mail},
      {"REPORT", ItemClass::mail},
      {"IPM.Appointment", ItemClass::appointment},
      {"IPM.OLE.CLASS.{00061055-0000-0000-C000-000000000046}", ItemClass::appointment},
      {"IPM.Task", ItemClass::task},
      {"IPM.StickyNote", ItemClass::note},
      {"IPM.Activity", ItemClass::journal},
      {"IPM.Contact", ItemClass::contact},
      {"IPM.DistList", ItemClass::list},
  };
  // Never set, or set to what all of them begin with.
  if (message_class.empty() || iequals(message_class, "IPM")) return ItemClass::mail;
  for (const auto& [parent, item] : kClasses)
    if (is_of(message_class, parent)) return item;
  return ItemClass::other;
}

std::string_view kind_of(ItemClass item) {
  switch (item) {
    case ItemClass::appointment:
      return "calendar";
    case ItemClass::task:
      return "tasks";
    case ItemClass::note:
    case ItemClass::journal:
      return "notes";
    case ItemClass::contact:
    case ItemClass::list:
      return "contacts";
    default:
      return "";
  }
}

std::string_view kind_of_container(std::string_view container_class) {
  static constexpr std::pair<std::string_view, std::string_view> kContainers[] = {{"IPF.Appointment", "calendar"},
                                                                                  {"IPF.Contact", "contacts"},
                                                                                  {"IPF.Task", "tasks"},
                                                                                  {"IPF.StickyNote", "notes"},
                                                                                  {"IPF.Journal", "notes"}};
  for (const auto& [parent, kind] : kContainers)
    if (is_of(container_class, parent)) return kind;
  return "";
}

bool takes(std::string_view folder_kind, std::string_view item_kind) {
  const auto is_dated = [](std::string_view kind) { return kind == "calendar" || kind == "tasks" || kind == "notes"; };
  return folder_kind == item_kind || (is_dated(folder_kind) && is_dated(item_kind));
}

}  // namespace kontor::migrate::kopano
