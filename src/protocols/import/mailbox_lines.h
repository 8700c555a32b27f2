// SPDX-License-Identifier: AGPL-3.0-or-later
// For tests: a small mailbox, and what came of it as lines.
#pragma once

#include <string>
#include <vector>

#include "protocols/import/test_site.h"

namespace kontor::importing {

// One line per item: "path uid subject-size flags keywords".
inline std::vector<std::string> lines_of(TestSite& site, const std::string& address = "ada@example.org") {
  const auto reader = *site.account(address)->read(groupware::Caller::system());
  const auto table = reader->folders();
  const auto keywords = reader->keywords();
  std::vector<std::string> out;
  for (const auto& folder : table->all()) {
    if (folder->is_container) continue;
    const auto view = reader->view(folder->id);
    if (!view) continue;
    (*view)->each(0, (*view)->size(), [&](std::uint32_t position, const groupware::Row& row) {
      const auto names = keywords->spell((*view)->flags(position));
      auto line = table->path(folder->id) + " " + std::to_string(row.uid.value) + " " + std::to_string(row.size) + " " +
                  std::to_string(names.flags);
      for (const auto& keyword : names.keywords) line += " " + keyword;
      out.push_back(line);
      return true;
    });
  }
  return out;
}

inline std::vector<MadeFolder> small_mailbox() {
  std::vector<MadeFolder> folders(2);
  folders[0].record = made_folder({"INBOX"}, 1000);
  folders[0].items = {{"1000:3", 3, made_message("a"), groupware::kSeen, {"$Forwarded"}, 5},
                      {"1000:7", 7, made_message("bb"), 0, {}, 6},
                      {"1000:9", 9, made_message("bb"), 0, {}, 7}};  // the same message again counts
  folders[1].record = made_folder({"Projects", "2024"}, 2000);
  folders[1].items = {{"2000:1", 1, made_message("ccc"), groupware::kDeleted, {}, 8}};
  return folders;
}

inline std::string size_of(const std::string& text) { return std::to_string(made_message(text).size()); }

}  // namespace kontor::importing
