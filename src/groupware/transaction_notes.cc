// SPDX-License-Identifier: AGPL-3.0-or-later
// What an account notes beside its items: copies under way, what was imported, what a spam filter is to learn.
#include "base/bytes.h"
#include "groupware/keys.h"
#include "groupware/transaction.h"

namespace kontor::groupware {

void AccountTransaction::note_copy(std::string_view copy, std::optional<std::string> brought) {
  if (brought)
    layer_.put(key::copy(copy), *std::move(brought));
  else
    layer_.erase(key::copy(copy));
}

Result<void> AccountTransaction::noted_copies(
    const std::function<void(std::string_view copy, std::string_view brought)>& visit) {
  return layer_.scan(key::all('C'), key::end("C"), [&](std::string_view key, std::string_view value) {
    visit(key.substr(1), value);
    return true;
  });
}

Result<void> AccountTransaction::note_imported(std::string_view source, std::string_view source_key,
                                               const LedgerEntry& entry) {
  if (source.empty() || source.size() > 300 || source.find('\0') != std::string_view::npos || source_key.empty() ||
      source_key.size() > 300)
    return fail(Errc::invalid, "a source's name and an item's key there have 1 to 300 bytes");
  if (!caller_.is_system) return fail(Errc::denied, "only imports may do that");
  layer_.put(key::ledger(source, source_key), encode(entry));
  return {};
}

Result<void> AccountTransaction::forget_imported(std::string_view source, std::string_view source_key) {
  if (!caller_.is_system) return fail(Errc::denied, "only imports may do that");
  layer_.erase(key::ledger(source, source_key));
  return {};
}

// What people move is what they mean; that junk is thrown away says nothing new.
void AccountTransaction::note_lesson(ItemId item, FolderId from, const Folder& to) {
  if (!environment_.options.notes_lessons) return;
  const std::shared_ptr<const Folder> source = layer_.folder(from);
  const bool was_junk = source && source->role == FolderRole::junk, is_junk = to.role == FolderRole::junk;
  if (was_junk == is_junk || (was_junk && to.role == FolderRole::trash)) return;
  std::string value(1, is_junk ? 's' : 'h');
  append_be64(value, static_cast<std::uint64_t>(environment_.clock.now().time_since_epoch().count()));
  layer_.put(key::lesson(item), std::move(value));
  layer_.teaches = true;
}

Result<void> AccountTransaction::forget_lesson(const Lesson& lesson) {
  TRY(const auto value, layer_.get(key::lesson(lesson.item)));
  if (value && *value == lesson.value) layer_.erase(key::lesson(lesson.item));
  return {};
}

}  // namespace kontor::groupware
