// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/reports/tls_row.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "base/aligned.h"
#include "base/bytes.h"
#include "transport/auth/dkim_tags.h"
#include "transport/reports/reports_generated.h"

namespace kontor::transport {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostPolicyTexts = 100;
constexpr std::size_t kLongestPolicyText = 1000;
constexpr std::size_t kMostTlsTargets = 10;

using Texts = flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>;

flatbuffers::Offset<Texts> write_texts(flatbuffers::FlatBufferBuilder& builder, const std::vector<std::string>& texts) {
  std::vector<flatbuffers::Offset<flatbuffers::String>> out;
  for (const std::string& one : texts)
    if (out.size() < kMostPolicyTexts) out.push_back(builder.CreateString(one.substr(0, kLongestPolicyText)));
  return builder.CreateVector(out);
}

std::vector<std::string> read_texts(const Texts* texts) {
  std::vector<std::string> out;
  if (texts != nullptr)
    for (const auto* one : *texts) out.push_back(one->str());
  return out;
}

std::string tls_text(const flatbuffers::String* text) { return text != nullptr ? text->str() : std::string(); }

std::string rfc3339(Instant at) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(at.time_since_epoch().count()));
}

// Policies and reasons are others' words: JSON is UTF-8.
std::string ascii_text(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(out, [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

json::array json_texts(const std::vector<std::string>& texts) {
  json::array out;
  for (const std::string& one : texts) out.emplace_back(ascii_text(one));
  return out;
}

std::string_view policy_type(TlsPolicyKind kind) {
  switch (kind) {
    case TlsPolicyKind::tlsa:
      return "tlsa";
    case TlsPolicyKind::sts:
      return "sts";
    case TlsPolicyKind::none:
      break;
  }
  return "no-policy-found";
}

json::object json_failure(const CountedTlsRow& one) {
  json::object out{{"result-type", name(one.row.result)}, {"failed-session-count", one.count}};
  if (!one.row.host.empty()) out["receiving-mx-hostname"] = ascii_text(one.row.host);
  if (!one.row.address.empty()) out["receiving-ip"] = ascii_text(one.row.address);
  if (!one.row.reason.empty()) out["failure-reason-code"] = ascii_text(one.row.reason);
  return out;
}

struct PolicyCounts {
  std::uint64_t successes = 0, failures = 0;
  json::array details;
};

}  // namespace

std::string encode(const TlsOutcome& row) {
  flatbuffers::FlatBufferBuilder builder(512);
  const auto lines = write_texts(builder, row.policy.lines);
  const auto hosts = write_texts(builder, row.policy.hosts);
  const auto host = builder.CreateString(row.host.substr(0, kLongestPolicyText));
  const auto address = builder.CreateString(row.address.substr(0, kLongestPolicyText));
  const auto reason = builder.CreateString(row.reason.substr(0, kLongestPolicyText));
  builder.Finish(fb::CreateTlsRow(builder, static_cast<std::uint8_t>(row.policy.kind), lines, hosts,
                                  static_cast<std::uint8_t>(row.result), host, address, reason));
  return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

Result<TlsOutcome> decode_tls_row(std::string_view bytes) {
  const Aligned aligned(bytes);
  const auto view = aligned.view();
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(view.data()), view.size());
  if (!verifier.VerifyBuffer<fb::TlsRow>(nullptr)) return fail(Errc::corrupt, "a counted row of TLS is damaged");
  const auto* table = flatbuffers::GetRoot<fb::TlsRow>(view.data());
  if (table->policy() > static_cast<std::uint8_t>(TlsPolicyKind::sts) ||
      table->result() > static_cast<std::uint8_t>(TlsResult::sts_policy_invalid))
    return fail(Errc::corrupt, "a counted row of TLS is damaged");
  TlsOutcome out;
  out.policy = {static_cast<TlsPolicyKind>(table->policy()), read_texts(table->lines()), read_texts(table->hosts())};
  out.result = static_cast<TlsResult>(table->result());
  out.host = tls_text(table->host());
  out.address = tls_text(table->address());
  out.reason = tls_text(table->reason());
  return out;
}

std::string make_tls_feedback(const ReportFacts& facts, const std::vector<CountedTlsRow>& rows, std::size_t largest) {
  std::map<TlsPolicy, PolicyCounts> policies;
  std::size_t size = 4096;
  for (const CountedTlsRow& one : rows) {
    PolicyCounts& counts = policies[one.row.policy];
    if (one.row.result == TlsResult::success) {
      counts.successes += one.count;
      continue;
    }
    counts.failures += one.count;
    auto detail = json_failure(one);
    size += json::serialize(detail).size() + 1;
    if (size <= largest) counts.details.emplace_back(std::move(detail));
  }
  json::array list;
  for (auto& [policy, counts] : policies) {
    json::object about{{"policy-type", policy_type(policy.kind)}, {"policy-domain", facts.domain}};
    if (!policy.lines.empty()) about["policy-string"] = json_texts(policy.lines);
    if (!policy.hosts.empty()) about["mx-host"] = json_texts(policy.hosts);
    json::object one{
        {"policy", std::move(about)},
        {"summary",
         {{"total-successful-session-count", counts.successes}, {"total-failure-session-count", counts.failures}}}};
    if (!counts.details.empty()) one["failure-details"] = std::move(counts.details);
    list.emplace_back(std::move(one));
  }
  return json::serialize(json::object{
      {"organization-name", ascii_text(facts.organization)},
      {"date-range",
       {{"start-datetime", rfc3339(facts.begin)}, {"end-datetime", rfc3339(facts.end - std::chrono::seconds(1))}}},
      {"contact-info", ascii_text(facts.contact.empty() ? "mailto:" + facts.address : facts.contact)},
      {"report-id", facts.id},
      {"policies", std::move(list)}});
}

std::vector<std::string> parse_tls_report_records(const std::vector<std::string>& records) {
  std::vector<std::string> out;
  std::size_t count = 0;
  for (const std::string& record : records) {
    const std::string first = without_white_space(record.substr(0, record.find(';')));
    if (first != "v=TLSRPTv1") continue;
    ++count;
    const auto tags = parse_dkim_tags(record);
    if (!tags) continue;
    const std::string uris = tag_or(*tags, "rua", "");
    for (std::string_view rest = uris; !rest.empty() && out.size() < kMostTlsTargets;) {
      const auto comma = rest.find(',');
      out.emplace_back(rest.substr(0, comma));
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    }
  }
  if (count != 1) out.clear();
  return out;
}

}  // namespace kontor::transport
