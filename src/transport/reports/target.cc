// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/reports/target.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/bytes.h"
#include "directory/address.h"
#include "transport/auth/dkim_tags.h"
#include "transport/auth/dns_domain.h"

namespace kontor::transport {
namespace {

std::string_view target_trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto byte = from_hex(text.substr(i + 1, 2));
    if (!byte || byte->size() != 1) return std::nullopt;
    out += *byte;
    i += 2;
  }
  return out;
}

// "10m": 1024 is the base of the units. Nothing if it is no size.
std::optional<std::uint64_t> parse_report_size(std::string_view text) {
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc()) return std::nullopt;
  const std::string unit = to_lower(std::string_view(end, static_cast<std::size_t>(text.data() + text.size() - end)));
  constexpr std::string_view kUnits = "kmgt";
  if (unit.empty()) return size;
  const auto power = kUnits.find(unit);
  if (unit.size() != 1 || power == std::string_view::npos) return std::nullopt;
  const unsigned shift = 10 * (static_cast<unsigned>(power) + 1);
  if (size > std::numeric_limits<std::uint64_t>::max() >> shift) return std::nullopt;
  return size << shift;
}

}  // namespace

std::optional<ReportTarget> parse_report_target(std::string_view uri) {
  constexpr std::string_view kScheme = "mailto:";
  uri = target_trim(uri);
  if (!iequals(uri.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  uri.remove_prefix(kScheme.size());
  ReportTarget out;
  if (const auto mark = uri.rfind('!'); mark != std::string_view::npos) {
    out.largest = parse_report_size(uri.substr(mark + 1));
    if (!out.largest) return std::nullopt;
    uri = uri.substr(0, mark);
  }
  const auto text = percent_decoded(uri.substr(0, uri.find('?')));
  if (!text) return std::nullopt;
  const bool is_plain =
      std::ranges::all_of(*text, [](char c) { return c > ' ' && c != '<' && c != '>' && c != '\x7f'; });
  const auto address = directory::parse_address(*text);
  if (!is_plain || !address) return std::nullopt;
  out.host = address->domain;
  out.address = text->substr(0, text->rfind('@') + 1) + out.host;
  return out;
}

TargetConsent dmarc_target_consent(const std::string& domain, ReportTarget& target, const PublicSuffixes& suffixes,
                                   Resolver& resolver) {
  if (suffixes.organization(domain) == suffixes.organization(target.host)) return TargetConsent::given;
  const auto answer = resolver.txt(domain + "._report._dmarc." + target.host);
  if (answer.status == DnsStatus::failed) return TargetConsent::unknown;
  for (const std::string& text : answer.records) {
    const auto tags = parse_dkim_tags(text);
    if (!text.starts_with("v") || !tags || tag_or(*tags, "v", "") != "DMARC1") continue;
    // They may say which of their addresses it shall be.
    const std::string wanted = tag_or(*tags, "rua", "");
    if (auto other = parse_report_target(wanted.substr(0, wanted.find(','))); other && other->host == target.host)
      target = *std::move(other);
    return TargetConsent::given;
  }
  return TargetConsent::refused;
}

}  // namespace kontor::transport
