// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/delivery_notes.h"

#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "groupware/keys.h"

namespace kontor::groupware {
namespace {

constexpr const char* kNotesSource = "kontor:delivery";  // no source of an import has such a name

}  // namespace

std::string delivery_note(std::string_view fingerprint, PrincipalId group) {
  std::string text(fingerprint);
  append_be64(text, group.value);
  return sha256(text);
}

Result<bool> has_delivery_note(const Reader& reader, const std::string& note) {
  TRY(const std::optional<LedgerEntry> entry, reader.ledger(kNotesSource, note));
  return entry.has_value();
}

Result<void> keep_delivery_note(Transaction& transaction, const std::string& note, ItemId item, Instant now) {
  LedgerEntry entry{item, {}};
  append_be64(entry.fingerprint, static_cast<std::uint64_t>(now.time_since_epoch().count()));
  return transaction.note_imported(kNotesSource, note, entry);
}

Result<void> drop_delivery_note(Transaction& transaction, const std::string& note) {
  return transaction.forget_imported(kNotesSource, note);
}

std::string delivery_notes_prefix() { return key::ledger_of(kNotesSource); }

Result<void> drop_delivery_notes(Transaction& transaction, Instant before) {
  std::vector<std::string> due;
  const auto last = static_cast<std::uint64_t>(before.time_since_epoch().count());
  TRY_VOID(transaction.ledger_scan(kNotesSource, "", [&](std::string_view note, const LedgerEntry& entry) {
    if (entry.fingerprint.size() != 8 || read_be64(entry.fingerprint) < last) due.emplace_back(note);
    return true;
  }));
  for (const std::string& note : due) TRY_VOID(drop_delivery_note(transaction, note));
  return {};
}

}  // namespace kontor::groupware
