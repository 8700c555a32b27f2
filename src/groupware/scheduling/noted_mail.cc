// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/scheduling/noted_mail.h"

#include <charconv>
#include <string>

#include "base/bytes.h"
#include "formats/mime/summary_generated.h"

namespace kontor::groupware {
namespace {

constexpr const char* kNotedMail = "kontor:invitations";  // no source of an import has such a name

bool has_calendar_part(const mime::fb::Entity& entity) {  // NOLINT(misc-no-recursion): its depth is bounded
  const auto is = [](const flatbuffers::String* text, std::string_view other) {
    return text != nullptr && iequals(text->string_view(), other);
  };
  if ((is(entity.type(), "text") && is(entity.subtype(), "calendar")) ||
      (is(entity.type(), "application") && is(entity.subtype(), "ics")))
    return true;
  if (entity.parts() != nullptr)
    for (const auto* part : *entity.parts())
      if (part != nullptr && has_calendar_part(*part)) return true;
  return false;
}

}  // namespace

bool may_have_calendar(const StagedContent& mail) {
  if (!mail.mail) return false;
  const auto* summary = mime::fb::GetSummary(mail.mail->summary.data());
  return summary->top() != nullptr && has_calendar_part(*summary->top());
}

Result<void> note_mail(Transaction& transaction, const NotedMail& mail) {
  LedgerEntry entry{mail.item, {}};
  append_be64(entry.fingerprint, static_cast<std::uint64_t>(mail.since.time_since_epoch().count()));
  entry.fingerprint += mail.is_author_proven ? '1' : '0';
  return transaction.note_imported(kNotedMail, std::to_string(mail.item.value), entry);
}

Result<void> forget_mail(Transaction& transaction, ItemId item) {
  return transaction.forget_imported(kNotedMail, std::to_string(item.value));
}

Result<std::vector<NotedMail>> noted_mail(const Reader& reader) {
  std::vector<NotedMail> out;
  TRY_VOID(reader.ledger_scan(kNotedMail, "", [&](std::string_view, const LedgerEntry& entry) {
    if (entry.fingerprint.size() == 9)
      out.push_back({entry.item, entry.fingerprint.back() == '1',
                     Instant(std::chrono::seconds(static_cast<std::int64_t>(read_be64(entry.fingerprint))))});
    return true;
  }));
  return out;
}

}  // namespace kontor::groupware
