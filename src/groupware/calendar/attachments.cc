// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/calendar/attachments.h"

#include <fmt/core.h>

#include <charconv>

#include "base/bytes.h"
#include "base/digest.h"
#include "formats/itip/attachments.h"
#include "groupware/accounts.h"

namespace kontor::groupware {
namespace {

constexpr std::size_t kRandomDigits = 32;

// Content of an item of the same tenant, as if it had come again. Large content is not read: it is there by its hash.
Result<StagedContent> staged_again(Accounts& accounts, TenantId tenant, const Attachment& of, const Content& content) {
  if (const auto whole = content.whole()) {
    const auto stager = accounts.stage(tenant, Kind::files);
    TRY_VOID(stager->write(*whole));
    return stager->finish();
  }
  return StagedContent{.size = of.size,
                       .crlf_size = of.size,
                       .hash = of.hash,
                       .inline_bytes = nullptr,
                       .tenant = tenant,
                       .mail = nullptr,
                       .description = nullptr};
}

void rename(lines::Component& calendar, const std::string& from, const std::string& to) {
  itip::each_attach(calendar, [&](lines::Property& property) {
    if (property.parameter("MANAGED-ID") != from) return;
    if (to.empty()) {
      property.remove("MANAGED-ID");
      return;
    }
    property.set("MANAGED-ID", to);
    if (const auto at = property.value.find(from); at != std::string::npos) property.value.replace(at, from.size(), to);
  });
}

}  // namespace

std::string new_attachment_id(AccountId account) {
  return fmt::format("{}-{}", account.value, to_hex(random_bytes(kRandomDigits / 2)));
}

std::optional<AccountId> account_of_attachment(std::string_view id) {
  const auto dash = id.find('-');
  if (dash == std::string_view::npos || id.size() - dash - 1 != kRandomDigits) return std::nullopt;
  std::uint64_t account = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + dash, account);
  if (error != std::errc() || end != id.data() + dash || account == 0) return std::nullopt;
  if (id.find_first_not_of("0123456789abcdef", dash + 1) != std::string_view::npos) return std::nullopt;
  return AccountId(account);
}

Result<Carried> carry_attachments(lines::Component& calendar, const Carriage& carriage) {
  Carried out;
  std::uint64_t left = carriage.most_bytes;
  for (const std::string& id : itip::managed_ids(calendar)) {
    const auto owner = account_of_attachment(id);
    if (owner == carriage.to) continue;
    out.is_changed = true;
    if (const auto copy = carriage.copies.find(id); copy != carriage.copies.end()) {
      rename(calendar, id, copy->second);
      continue;
    }
    const Reader* reader = owner ? carriage.reader_of(*owner) : nullptr;
    const auto found = reader != nullptr ? reader->attachment(id) : fail(Errc::not_found, "it is not of this server");
    const auto content = found ? reader->attachment_content(id) : std::unexpected(found.error());
    if (!content && content.error().code != Errc::not_found) return std::unexpected(content.error());
    if (!content || found->size > left) {
      rename(calendar, id, "");
      continue;
    }
    left -= found->size;
    NewAttachment copy{new_attachment_id(carriage.to), {}, found->name, found->content_type, id};
    TRY(copy.content, staged_again(carriage.accounts, carriage.tenant, *found, **content));
    rename(calendar, id, copy.id);
    out.attachments.push_back(std::move(copy));
  }
  return out;
}

std::map<std::string, std::string> copied_attachments(const Reader& reader, const lines::Component& calendar) {
  std::map<std::string, std::string> out;
  for (const std::string& id : itip::managed_ids(calendar))
    if (const auto found = reader.attachment(id); found && !found->origin.empty()) out.emplace(found->origin, id);
  return out;
}

}  // namespace kontor::groupware
