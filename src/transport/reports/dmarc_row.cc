// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/reports/dmarc_row.h"

#include <algorithm>

#include "base/aligned.h"
#include "base/bytes.h"
#include "transport/auth/dns_domain.h"
#include "transport/reports/reports_generated.h"

namespace kontor::transport {
namespace {

constexpr std::size_t kMostSignaturesOfRow = 8;
constexpr std::size_t kLongestRowName = 255;

// What senders make up is cut off.
std::string row_name(std::string_view text) { return std::string(text.substr(0, kLongestRowName)); }

std::string domain_of_sender(std::string_view address) {
  return to_lower(dns_domain(address.substr(address.rfind('@') + 1)));
}

std::string row_text(const flatbuffers::String* text) { return text != nullptr ? text->str() : std::string(); }

template <class Enum>
Result<Enum> enum_of_row(std::uint8_t value, Enum last) {
  if (value > static_cast<std::uint8_t>(last)) return fail(Errc::corrupt, "a counted row of DMARC is damaged");
  return static_cast<Enum>(value);
}

template <class Enum>
std::uint8_t byte_of(Enum value) {
  return static_cast<std::uint8_t>(value);
}

void add_reason(const AuthResults& results, const DmarcVerdict& verdict, bool is_enforced, DmarcRow& row) {
  row.disposition = is_enforced ? verdict.applied : DmarcPolicy::none;
  if (verdict.result != DmarcResult::fail) return;
  if (!verdict.vouched_by.empty()) {
    // RFC 8617 section 7.2.2 shows this form.
    row.reason = DmarcReason::local_policy;
    row.comment = "arc=pass";
    for (std::size_t i = results.arc.seals.size(); i-- > 0;)
      row.comment += " as[" + std::to_string(i + 1) + "].d=" + results.arc.seals[i].domain + " as[" +
                     std::to_string(i + 1) + "].s=" + results.arc.seals[i].selector;
    row.comment = row_name(row.comment);
  } else if (verdict.is_sampled_out) {
    row.reason = DmarcReason::sampled_out;
  } else if (!is_enforced && verdict.applied != DmarcPolicy::none) {
    row.reason = DmarcReason::local_policy;
    row.comment = "policies are not enforced here";
  }
}

}  // namespace

std::optional<DmarcRow> dmarc_row(const AuthResults& results, const DmarcVerdict& verdict, bool is_enforced) {
  if (!verdict.record || verdict.record->reports.empty() || results.client.empty()) return std::nullopt;
  DmarcRow row;
  row.source = results.client;
  add_reason(results, verdict, is_enforced, row);
  row.has_dkim = verdict.has_dkim;
  row.has_spf = verdict.has_spf;
  row.envelope_from = row_name(domain_of_sender(results.mail_from));
  row.header_from = row_name(verdict.domain);
  row.is_helo = results.mail_from.empty();
  row.spf_domain = row_name(to_lower(results.spf ? results.spf->domain : std::string()));
  if (results.spf) row.spf = results.spf->result;
  for (const DkimVerdict& one : results.dkim) {
    if (one.domain.empty() || row.signatures.size() == kMostSignaturesOfRow) continue;
    row.signatures.push_back({row_name(one.domain), row_name(one.selector), one.result});
  }
  row.published = *verdict.record;
  return row;
}

std::string encode(const DmarcRow& row) {
  flatbuffers::FlatBufferBuilder builder(512);
  std::vector<flatbuffers::Offset<fb::SeenSignature>> signatures;
  for (const auto& one : row.signatures) {
    const auto domain = builder.CreateString(one.domain);
    const auto selector = builder.CreateString(one.selector);
    signatures.push_back(fb::CreateSeenSignature(builder, domain, selector, byte_of(one.result)));
  }
  std::vector<flatbuffers::Offset<flatbuffers::String>> targets;
  for (const std::string& one : row.published.reports) targets.push_back(builder.CreateString(one));
  // One after the other: the order of a call's arguments is not fixed, and neither would be the bytes.
  const auto source = builder.CreateString(row.source);
  const auto comment = builder.CreateString(row.comment);
  const auto envelope_from = builder.CreateString(row.envelope_from);
  const auto header_from = builder.CreateString(row.header_from);
  const auto spf_domain = builder.CreateString(row.spf_domain);
  const auto seen = builder.CreateVector(signatures);
  const auto reports = builder.CreateVector(targets);
  const DmarcRecord& published = row.published;
  builder.Finish(fb::CreateDmarcRow(
      builder, source, byte_of(row.disposition), row.has_dkim, row.has_spf, byte_of(row.reason), comment, envelope_from,
      header_from, spf_domain, row.is_helo, byte_of(row.spf), seen, byte_of(published.policy),
      byte_of(published.subdomain_policy.value_or(published.policy)), published.has_strict_dkim,
      published.has_strict_spf, static_cast<std::uint8_t>(published.percent), reports));
  return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

Result<DmarcRow> decode_dmarc_row(std::string_view bytes) {
  const Aligned aligned(bytes);
  const auto view = aligned.view();
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(view.data()), view.size());
  if (!verifier.VerifyBuffer<fb::DmarcRow>(nullptr)) return fail(Errc::corrupt, "a counted row of DMARC is damaged");
  const auto* table = flatbuffers::GetRoot<fb::DmarcRow>(view.data());
  DmarcRow row;
  row.source = row_text(table->source());
  TRY(row.disposition, enum_of_row(table->disposition(), DmarcPolicy::reject));
  row.has_dkim = table->has_dkim();
  row.has_spf = table->has_spf();
  TRY(row.reason, enum_of_row(table->reason(), DmarcReason::local_policy));
  row.comment = row_text(table->comment());
  row.envelope_from = row_text(table->envelope_from());
  row.header_from = row_text(table->header_from());
  row.spf_domain = row_text(table->spf_domain());
  row.is_helo = table->is_helo();
  TRY(row.spf, enum_of_row(table->spf(), SpfResult::permerror));
  if (table->signatures() != nullptr)
    for (const auto* one : *table->signatures()) {
      TRY(const DkimResult result, enum_of_row(one->result(), DkimResult::permerror));
      row.signatures.push_back({one->domain()->str(), one->selector()->str(), result});
    }
  TRY(row.published.policy, enum_of_row(table->policy(), DmarcPolicy::reject));
  TRY(row.published.subdomain_policy, enum_of_row(table->subdomain_policy(), DmarcPolicy::reject));
  row.published.has_strict_dkim = table->has_strict_dkim();
  row.published.has_strict_spf = table->has_strict_spf();
  row.published.percent = table->percent();
  if (table->targets() != nullptr)
    for (const auto* one : *table->targets()) row.published.reports.push_back(one->str());
  return row;
}

}  // namespace kontor::transport
