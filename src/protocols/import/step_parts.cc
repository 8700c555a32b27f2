// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/step_parts.h"

#include "groupware/item_name.h"
#include "protocols/import/merge.h"

namespace kontor::importing {

using groupware::FlagNames;
using groupware::Transaction;

namespace {

// What the content is called here, where that is not its own hash: it names attachments.
std::string held_hash(const Step& step) {
  return step.content && step.content->hash != step.item.sha256 ? step.content->hash : std::string();
}

FlagNames base_of(const ItemMark& mark) {
  std::uint64_t ignored = 0;
  archive::Item item;
  item.flags = mark.flags;
  item.keywords = mark.keywords;
  return sound_flags(item, ignored);
}

}  // namespace

FlagNames sound_flags(const archive::Item& item, std::uint64_t& rewritten) {
  FlagNames out{item.flags, {}};
  for (const auto& keyword : item.keywords) {
    auto sound = sound_keyword(keyword);
    if (sound != keyword) ++rewritten;
    if (!sound.empty()) out.keywords.push_back(std::move(sound));
  }
  return out;
}

ItemMark mark_of(const Step& step, FolderId folder) {
  const archive::Item& item = step.item;
  ItemMark mark;
  mark.folder = folder;
  mark.flags = item.flags;
  mark.keywords = item.keywords;
  mark.properties = item.properties;
  mark.date = item.date;
  mark.size = item.size + item.attached_bytes();
  mark.hash = item.sha256;
  mark.held = held_hash(step);
  mark.name = item.name;
  mark.fingerprint = item.fingerprint;
  return mark;
}

const groupware::Filing* filing_of(const groupware::Item& item, FolderId preferred) {
  for (const auto& filing : item.filings) {
    if (filing.folder == preferred) return &filing;
  }
  return item.filings.empty() ? nullptr : &item.filings.front();
}

Result<bool> merge_into(Transaction& transaction, const groupware::Item& item, const groupware::Filing& filing,
                        const ItemMark& base, const archive::Item& source, std::uint64_t& rewritten) {
  auto target = transaction.keywords()->spell(item.flags);
  if (filing.is_deleted) target.flags |= groupware::kDeleted;
  const auto merged = merge_flags(base_of(base), sound_flags(source, rewritten), target);
  bool changed = false;
  if (!same_flags(merged, target)) {
    groupware::FlagChange change;
    change.names = merged;
    TRY_VOID(transaction.change_flags(filing.folder, filing.uid, change));
    changed = true;
  }
  std::map<std::string, std::string> properties;
  for (const auto& [name, value] : source.properties) {
    const auto before = base.properties.find(name);
    if (before == base.properties.end() || before->second != value) properties[name] = value;
  }
  for (const auto& [name, value] : source.kept) {
    const auto present = item.properties.find(name);
    if (present == item.properties.end() ? !value.empty() : present->second != value) properties[name] = value;
  }
  if (!properties.empty()) {
    TRY_VOID(transaction.set_properties(item.id, properties));
    changed = true;
  }
  return changed;
}

std::map<std::string, std::string> all_properties(const archive::Item& item) {
  auto all = item.properties;
  for (const auto& [name, value] : item.kept) all.insert_or_assign(name, value);
  std::erase_if(all, [](const auto& one) { return one.second.empty(); });
  return all;
}

std::string free_name(const Transaction& transaction, FolderId folder, const std::string& wanted,
                      std::uint64_t& rewritten) {
  if (wanted.empty()) return {};
  std::string name = groupware::check_item_name(wanted) ? wanted : groupware::sound_item_name(wanted, "");
  const std::string base = name;
  for (std::size_t number = 2; transaction.named(folder, name) && number < 1000; ++number)
    name = groupware::numbered_item_name(base, number);
  if (name != wanted) ++rewritten;
  return name;
}

std::uint64_t bytes_of(const Step& step) {
  std::uint64_t bytes = step.item.size;
  for (const groupware::NewAttachment& one : step.attachments) bytes += one.content.size;
  return bytes;
}

void tell_damage(const Step& step, archive::Answer& answer) {
  const auto& description = step.content->description;
  if (description && !description->facts.problem.empty())
    answer.damaged.push_back({step.item.key, description->facts.problem});
}

}  // namespace kontor::importing
