// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/scripts.h"

#include <fmt/format.h>

#include "base/digest.h"
#include "groupware/rules/scripts.h"
#include "protocols/import/ledger.h"

namespace kontor::importing {
namespace {

using groupware::Caller;
using groupware::Transaction;

constexpr std::size_t kDigestBytes = 32;
constexpr char kWasActive = 'A', kWasNotActive = '-';

// SHA-256 of the text as it was brought, then whether it was made active.
struct ScriptMark {
  std::string digest;
  bool was_active = false;
};

Result<std::optional<ScriptMark>> mark_of(const groupware::Reader& reader, const std::string& source,
                                          const std::string& name) {
  TRY(const auto entry, reader.ledger(source, script_key(archive::bounded_key(name))));
  if (!entry) return std::nullopt;
  if (entry->fingerprint.size() != kDigestBytes + 1)
    return fail(Errc::corrupt, "a script's note in the ledger is damaged");
  return ScriptMark{entry->fingerprint.substr(0, kDigestBytes), entry->fingerprint.back() == kWasActive};
}

Result<void> put_mark(Transaction& transaction, const std::string& source, const std::string& name,
                      const ScriptMark& mark) {
  return transaction.note_imported(source, script_key(archive::bounded_key(name)),
                                   {ItemId(), mark.digest + (mark.was_active ? kWasActive : kWasNotActive)});
}

Result<std::optional<std::string>> text_here(const Transaction& transaction, const std::string& name) {
  auto text = transaction.script(name);
  if (text) return *std::move(text);
  if (text.error().code == Errc::not_found || text.error().code == Errc::invalid) return std::nullopt;
  return std::unexpected(text.error());
}

// False: it cannot be kept here, and the answer says so.
Result<bool> put(Transaction& transaction, const archive::Script& script, archive::Answer& answer) {
  const auto done = transaction.put_script(script.name, script.text);
  if (done) return true;
  const Errc code = done.error().code;
  if (code != Errc::invalid && code != Errc::too_large && code != Errc::over_quota)
    return std::unexpected(done.error());
  answer.quarantined.push_back({script.name, done.error().text});
  return false;
}

// Nothing: it can run.
std::optional<std::string> why_it_cannot_run(const std::string& text) {
  const auto compiled = groupware::compile_script(text, groupware::kServerSends);
  if (compiled.program) return std::nullopt;
  return compiled.faults.empty() ? "it is unsound" : compiled.faults.front().text;
}

Result<void> take_script(Transaction& transaction, const std::string& source, const archive::Script& script,
                         archive::Answer& answer) {
  const std::string digest = sha256(script.text);
  TRY(const auto mark, mark_of(transaction, source, script.name));
  if (mark && mark->digest == digest) {
    ++answer.counts.present;
    return {};
  }
  TRY(const auto here, text_here(transaction, script.name));
  const bool is_same = here && *here == script.text;
  if (!is_same && !mark && here) {
    answer.quarantined.push_back({script.name, "there is another script of this name here"});
    return {};
  }
  if (!is_same && mark && (!here || sha256(*here) != mark->digest)) {
    ++answer.counts.present;
    ++answer.counts.kept;
    return {};
  }
  // What filters mail here goes on doing so.
  if (!is_same && transaction.active_script().name == script.name)
    if (const auto why = why_it_cannot_run(script.text)) {
      answer.quarantined.push_back(
          {script.name, "it is active here, and as it is at the source it cannot run: " + *why});
      return {};
    }
  if (!is_same) {
    TRY(const bool is_kept, put(transaction, script, answer));
    if (!is_kept) return {};
  }
  (is_same ? answer.counts.present : mark ? answer.counts.updated : answer.counts.copied) += 1;
  if (!is_same) answer.counts.bytes += script.text.size();
  return put_mark(transaction, source, script.name, {digest, mark && mark->was_active});
}

Result<void> take_active(Transaction& transaction, const std::string& source, const archive::Script& script,
                         archive::Answer& answer) {
  TRY(const auto mark, mark_of(transaction, source, script.name));
  if (!mark || mark->was_active) return {};
  const std::string active = transaction.active_script().name;
  TRY(const auto here, text_here(transaction, script.name));
  if (!here) return {};
  if (!active.empty() && active != script.name) {
    answer.note = fmt::format("{} is active here, not {}", active, script.name);
    return {};
  }
  if (const auto why = why_it_cannot_run(*here)) {
    answer.note = fmt::format("{} cannot run here: {}", script.name, *why);
    return {};
  }
  if (active.empty()) TRY_VOID(transaction.activate_script(script.name));
  return put_mark(transaction, source, script.name, {mark->digest, true});
}

}  // namespace

Result<archive::Answer> take_scripts(groupware::Account& account, const std::string& source,
                                     const std::vector<archive::Script>& scripts) {
  archive::Answer answer;
  TRY_VOID(account.update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
    answer = {};
    answer.folder = archive::kScriptsKey;
    for (const archive::Script& script : scripts) TRY_VOID(take_script(transaction, source, script, answer));
    for (const archive::Script& script : scripts)
      if (script.is_active) TRY_VOID(take_active(transaction, source, script, answer));
    return {};
  }));
  return answer;
}

Result<std::string> verify_scripts(groupware::Account& account, const std::string& source) {
  TRY(const auto reader, account.read(Caller::system()));
  const std::string prefix = script_key("");
  std::vector<std::string> marked;
  TRY_VOID(reader->ledger_scan(source, prefix, [&](std::string_view key, const groupware::LedgerEntry&) {
    if (!key.starts_with(prefix)) return false;
    marked.emplace_back(key.substr(prefix.size()));
    return true;
  }));
  TRY(const auto names, reader->scripts());
  std::string out;
  for (const std::string& key : marked) {
    archive::TargetItem item;
    item.key = key;
    item.is_removed = true;
    for (const std::string& name : names) {
      if (archive::bounded_key(name) != key) continue;
      TRY(const std::string text, reader->script(name));
      item.is_removed = false;
      item.size = text.size();
      item.sha256 = sha256(text);
      item.flags = reader->active_script().name == name ? groupware::kFlagged : 0;
    }
    out += archive::to_line(item);
  }
  return out;
}

}  // namespace kontor::importing
