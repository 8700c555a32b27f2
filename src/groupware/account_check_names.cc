// SPDX-License-Identifier: AGPL-3.0-or-later
// What the check of an account knows of items of other kinds than mail.
#include <charconv>

#include "base/bytes.h"
#include "groupware/account_check.h"
#include "groupware/item_name.h"
#include "groupware/keys.h"

namespace kontor::groupware {

// The filing says what the name is; the name leads back to it.
Result<void> AccountCheck::check_name(const ItemRecord& item, Filing& filing, bool& is_changed) {
  std::string key = key::named(filing.folder, filing.name);
  const bool is_taken = names_.contains(key);
  if (!check_item_name(filing.name) || is_taken) {
    fault(at(filing.folder, filing.uid), is_taken ? "another item has its name" : "it has no sound name", true);
    filing.name = sound_item_name(fmt::format("item-{}-{}", item.id.value, filing.uid.value), "");
    key = key::named(filing.folder, filing.name);
    is_changed = true;
  }
  std::string right = encode(make_named(item, filing));
  TRY(const std::optional<store::Value> stored, snapshot_.get(key));
  if (!stored || *stored != right) {
    fault(at(filing.folder, filing.uid), stored ? "its name's record differs from its item" : "its name is not listed",
          true);
    put(key, right);
    changed_.insert(filing.folder);
  }
  names_.insert(std::move(key));
  return {};
}

// Names of nothing.
Result<void> AccountCheck::check_names() {
  return each(key::all('B'), [&](std::string_view key, std::string_view) -> Result<void> {
    const FolderId folder(key.size() > 9 ? read_be64(key.substr(1)) : 0);
    if (doomed_.contains(folder) || names_.contains(std::string(key))) return {};
    fault(at(folder), "a name belongs to no item", true);
    erase(std::string(key));
    return {};
  });
}

// Which item it is an earlier content of must be able to find it.
Result<void> AccountCheck::check_version(const ItemRecord& item) {
  const auto of = item.properties.find(kVersionOf);
  if (of == item.properties.end() || !item.filings.empty()) return {};
  std::uint64_t number = 0;
  std::from_chars(of->second.data(), of->second.data() + of->second.size(), number);
  const std::string note = key::version(ItemId(number), item.id);
  TRY(const bool is_listed, has(note));
  if (is_listed) return {};
  fault(at(item.id), "it is an earlier content, but is not listed as one", true);
  put(note, std::string());
  return {};
}

}  // namespace kontor::groupware
