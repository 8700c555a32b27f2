// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/earlier.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "formats/archive/record.h"

namespace kontor::importing {
namespace {

using groupware::Caller;
using groupware::LedgerEntry;

constexpr std::size_t kMovedAtOnce = 500;
constexpr const char* kLeft = "E";  // in the login's own ledger: the earlier one is another's

using Entries = std::vector<std::pair<std::string, LedgerEntry>>;

Result<Entries> first_entries(const groupware::Reader& reader, const std::string& source, std::size_t limit) {
  Entries out;
  TRY_VOID(reader.ledger_scan(source, "", [&](std::string_view key, const LedgerEntry& entry) {
    out.emplace_back(key, entry);
    return out.size() < limit;
  }));
  return out;
}

Result<void> take_over(groupware::Account& account, const std::string& from, const std::string& to) {
  for (bool more = true; more;) {
    TRY_VOID(account.update(Caller::system(), [&](groupware::Transaction& transaction) -> Result<void> {
      TRY(const auto entries, first_entries(transaction, from, kMovedAtOnce));
      for (const auto& [key, entry] : entries) {
        TRY_VOID(transaction.note_imported(to, key, entry));
        TRY_VOID(transaction.forget_imported(from, key));
      }
      more = !entries.empty();
      return {};
    }));
  }
  return {};
}

}  // namespace

std::optional<EarlierLedger> parse_earlier_ledger(std::string_view word) {
  if (word.empty()) return EarlierLedger::ask;
  if (word == "take") return EarlierLedger::take;
  if (word == "leave") return EarlierLedger::leave;
  return std::nullopt;
}

Result<void> settle_earlier_ledger(groupware::Account& account, const std::string& source, EarlierLedger what) {
  const auto base = archive::without_login(source);
  if (!base) return {};
  const std::string earlier(*base);
  {
    TRY(const auto reader, account.read(Caller::system()));
    TRY(const auto entries, first_entries(*reader, earlier, 1));
    if (entries.empty()) return {};
    TRY(const auto left, reader->ledger(source, kLeft));
    if (left) return {};
  }
  if (what == EarlierLedger::take) return take_over(account, earlier, source);
  if (what == EarlierLedger::ask) {
    return fail(Errc::denied,
                fmt::format("mail of {} came into this account by an earlier version, which did not note of which "
                            "login; say --earlier-ledger take if it was the one of {}, or --earlier-ledger leave if it "
                            "was another's",
                            earlier, source));
  }
  TRY_VOID(account.update(Caller::system(), [&](groupware::Transaction& transaction) {
    return transaction.note_imported(source, kLeft, {ItemId(), "1"});
  }));
  return {};
}

}  // namespace kontor::importing
