// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/categories.h"

#include <set>
#include <string_view>

#include "formats/mapi/tags.h"

namespace kontor::mapi {

std::vector<std::string> categories_of(const Properties& item) {
  std::vector<std::string> found;
  std::set<std::string> known;
  const auto add = [&](std::string_view name) {
    const std::size_t begin = name.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return;
    name = name.substr(begin, name.find_last_not_of(" \t\r\n") - begin + 1);
    if (known.emplace(name).second) found.emplace_back(name);
  };
  if (const auto* several = item.texts(tag::kKeywords)) {
    for (const std::string& name : *several) add(name);
  } else {
    std::string_view all = item.text_or_empty(tag::kKeywords);
    while (!all.empty()) {
      const std::size_t end = std::min(all.find(';'), all.size());
      add(all.substr(0, end));
      all.remove_prefix(std::min(end + 1, all.size()));
    }
  }
  return found;
}

}  // namespace kontor::mapi
