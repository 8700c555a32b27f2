// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/journal/journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/log.h"
#include "directory/address.h"
#include "transport/journal/journal_report.h"
#include "transport/queue/content_needs.h"

namespace kontor::transport {
namespace {

using directory::JournalRule;

constexpr std::size_t kJournalHead = 64 << 10;  // of the original, at most, that fields are looked for in

std::string canonical(std::string_view address) {
  const auto parsed = directory::parse_address(address);
  return parsed ? parsed->text() : to_lower(address);
}

std::string domain_part_of(std::string_view address) {
  const auto at = address.rfind('@');
  return at == std::string_view::npos ? std::string() : std::string(address.substr(at + 1));
}

bool contains(const std::vector<PrincipalId>& list, PrincipalId id) {
  return std::ranges::find(list, id) != list.end();
}

// The header, or what is there of it.
Result<std::string> beginning(const JournalMail& mail) {
  std::string head;
  const Error enough(Errc::conflict, "enough");
  bool is_cut = false;
  const Result<void> read = mail.bytes([&](std::string_view piece) -> Result<void> {
    head += piece.substr(0, kJournalHead - head.size());
    is_cut = head.size() == kJournalHead || head.find("\r\n\r\n") != std::string::npos;
    return is_cut ? Result<void>(std::unexpected(enough)) : Result<void>();
  });
  if (!read && !is_cut) return std::unexpected(read.error());
  if (const auto end = head.find("\r\n\r\n"); end != std::string::npos) head.resize(end + 2);
  return head;
}

}  // namespace

// Somebody who sends or gets the mail.
struct Journal::Party {
  std::string address;             // canonical
  std::optional<PrincipalId> who;  // one of ours
  bool is_sender = false;
};

Journal::Journal(directory::Directory& directory, Queue& queue, const Clock& clock, std::string hostname)
    : directory_(directory), queue_(queue), clock_(clock), hostname_(std::move(hostname)) {}

std::optional<TenantId> Journal::tenant_of(std::string_view address) const {
  const std::string name = domain_part_of(address);
  if (name.empty()) return std::nullopt;
  auto domain = directory_.domain(to_lower(name));
  if (!domain)
    if (const auto parsed = directory::parse_domain(name)) domain = directory_.domain(*parsed);
  return domain ? std::optional(domain->tenant) : std::nullopt;
}

bool Journal::may_want(const std::optional<TenantId>& from, const std::vector<std::string>& recipients) const {
  auto has_rules = [&](const std::optional<TenantId>& id) {
    if (!id) return false;
    const auto tenant = directory_.tenant(*id);
    return tenant && !tenant->journal.empty();
  };
  return has_rules(from) || std::ranges::any_of(recipients, [&](const auto& one) { return has_rules(tenant_of(one)); });
}

std::vector<Journal::Party> Journal::parties(const JournalMail& mail, TenantId tenant, bool is_own) const {
  std::vector<Party> out;
  Party sender{canonical(mail.sender), mail.user, true};
  if (is_own && !sender.who)
    if (const auto known = directory_.by_address(sender.address)) sender.who = known->id;
  out.push_back(std::move(sender));
  for (const std::string& address : mail.recipients) {
    const bool is_ours = tenant_of(address) == tenant;
    if (!is_ours && !is_own) continue;  // whom else it went to is not for this tenant to know
    Party party{canonical(address), std::nullopt, false};
    if (is_ours)
      if (const auto known = directory_.resolve(address)) party.who = known->principal;
    out.push_back(std::move(party));
  }
  return out;
}

bool Journal::is_wanted(const JournalRule& rule, const JournalMail& mail, const std::vector<Party>& parties,
                        std::uint8_t directions) const {
  if ((rule.directions & directions) == 0) return false;
  const auto archive = directory_.by_address(rule.address);
  // What the archive's own rules send would come back to it for ever.
  if (mail.is_by_rule && archive && parties.front().who == archive->id) return false;
  const bool is_elsewhere =
      std::ranges::any_of(parties, [&](const Party& one) { return !one.is_sender && one.address != rule.address; });
  if (!is_elsewhere && !mail.recipients.empty()) return false;
  if (rule.people.empty() && rule.domains.empty()) return true;
  auto is_person = [&](PrincipalId who) {
    if (contains(rule.people, who)) return true;
    const auto groups = directory_.groups_of(who);
    return std::ranges::any_of(groups, [&](PrincipalId group) { return contains(rule.people, group); });
  };
  auto is_meant = [&](const Party& one) {
    if (std::ranges::find(rule.domains, domain_part_of(one.address)) != rule.domains.end()) return true;
    if (!one.who) return false;
    if (is_person(*one.who)) return true;
    const auto members = directory_.expand(*one.who);
    return std::ranges::any_of(members, is_person);
  };
  return std::ranges::any_of(parties, is_meant);
}

// The archive believes mail of the tenant's own domains, which is signed; so does an archive outside.
std::string Journal::author(const directory::Tenant& tenant, const std::string& archive) const {
  std::string name = domain_part_of(archive);
  if (tenant_of(archive) != tenant.id) {
    const auto domains = directory_.domains(tenant.id);
    name = domains.empty() ? hostname_ : domains.front().name;
  }
  return "postmaster@" + name;
}

Result<std::optional<NewMessage>> Journal::report(const JournalMail& mail, const directory::Tenant& tenant) const {
  const bool is_own = mail.from_tenant == tenant.id;
  const std::vector<Party> involved = parties(mail, tenant.id, is_own);
  std::uint8_t directions = is_own ? 0 : JournalRule::kIn;
  for (const Party& one : involved)
    if (is_own && !one.is_sender)
      directions |= tenant_of(one.address) == tenant.id ? JournalRule::kInternal : JournalRule::kOut;
  std::vector<std::string> archives;
  for (const JournalRule& rule : tenant.journal)
    if (is_wanted(rule, mail, involved, directions)) archives.push_back(rule.address);
  if (archives.empty()) return std::nullopt;
  JournalReport report;
  TRY(report.head, beginning(mail));
  if (is_journal_report(report.head, tenant.journal_secret)) return std::nullopt;
  const auto user = mail.user ? directory_.principal(*mail.user) : directory::Principal{};
  report.sender = mail.user && user ? user->primary_address() : mail.sender;
  report.is_sent_here = is_own;
  for (const Party& one : involved) {
    if (one.is_sender) continue;
    const auto principal = one.who ? directory_.principal(*one.who) : directory::Principal{};
    const bool is_group = one.who && principal && principal->kind == directory::PrincipalKind::group;
    if (!is_group) report.recipients.push_back({one.address, ""});
    if (is_group)
      for (const PrincipalId member : directory_.expand(*one.who))
        if (const auto known = directory_.principal(member))
          report.recipients.push_back({known->primary_address(), one.address});
  }
  report.archive = archives.front();
  report.from = author(tenant, archives.front());
  report.message_id = fmt::format("<{}@{}>", to_hex(random_bytes(16)), hostname_);
  report.proof = journal_proof(tenant.journal_secret, report.message_id);
  report.boundary = "=_" + to_hex(random_bytes(16));
  report.now = clock_.now();
  Needs needs;
  if (mail.is_eight_bit) {
    needs.eight_bit = *mail.is_eight_bit;
    needs.binary = mail.is_binary;
  } else {
    ContentNeeds content;
    TRY_VOID(mail.bytes([&](std::string_view piece) -> Result<void> {
      content.feed(piece);
      return {};
    }));
    content.add_to(needs, false);
  }
  report.is_eight_bit = needs.eight_bit;
  report.is_binary = needs.binary;
  const JournalFrame frame = journal_frame(report);
  NewMessage out;
  const auto writer = queue_.write();
  TRY_VOID(writer->write(frame.before));
  TRY_VOID(mail.bytes([&](std::string_view piece) { return writer->write(piece); }));
  TRY_VOID(writer->write(frame.behind));
  TRY(out.content, writer->finish());
  out.envelope.tenant = tenant.id;
  out.envelope.origin = Origin::journal;
  out.envelope.cause = "journal of " + tenant.name;
  out.envelope.needs.eight_bit = frame.is_eight_bit;
  out.envelope.needs.binary = report.is_binary;
  for (const std::string& archive : archives)
    out.recipients.push_back({.address = archive, .notify = {.bits = DsnNotify::kNever}, .original = ""});
  return out;
}

Result<std::vector<NewMessage>> Journal::reports(const JournalMail& mail, std::optional<TenantId> only) const {
  std::set<TenantId> involved;
  if (mail.from_tenant) involved.insert(*mail.from_tenant);
  for (const std::string& address : mail.recipients)
    if (const auto tenant = tenant_of(address)) involved.insert(*tenant);
  std::vector<NewMessage> out;
  for (const TenantId id : involved) {
    if (only && *only != id) continue;
    const auto tenant = directory_.tenant(id);
    if (!tenant || tenant->journal.empty()) continue;
    TRY(std::optional<NewMessage> made, report(mail, *tenant));
    if (made) out.push_back(*std::move(made));
  }
  return out;
}

Result<std::vector<QueueId>> Journal::ahead(const JournalMail& mail, TenantId of) const {
  TRY(std::vector<NewMessage> news, reports(mail, of));
  if (news.empty()) return std::vector<QueueId>();
  for (NewMessage& one : news) one.envelope.release = clock_.now() + kSettling;
  return queue_.put(std::move(news));
}

void Journal::withdraw(const std::vector<QueueId>& reports) const {
  for (const QueueId id : reports) {
    QueueFilter filter;
    filter.id = id;
    if (const auto removed = queue_.remove(filter); !removed && removed.error().code != Errc::not_found)
      log::warn("journal.not_withdrawn", {{"id", to_text(id)}, {"why", removed.error().text}});
  }
}

}  // namespace kontor::transport
