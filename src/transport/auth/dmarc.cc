// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/auth/dmarc.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/bytes.h"
#include "formats/mime/header.h"
#include "transport/auth/dkim_tags.h"
#include "transport/auth/dns_domain.h"

namespace kontor::transport {
namespace {

constexpr std::size_t kMostAuthorDomains = 10;
constexpr std::size_t kMostAuthorAddresses = 1000;

std::optional<DmarcPolicy> parse_policy(std::string_view word) {
  if (iequals(word, "none")) return DmarcPolicy::none;
  if (iequals(word, "quarantine")) return DmarcPolicy::quarantine;
  if (iequals(word, "reject")) return DmarcPolicy::reject;
  return std::nullopt;
}

std::string_view dmarc_trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::vector<std::string> split_commas(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const auto part = dmarc_trim(text.substr(0, comma));
    if (!part.empty() && out.size() < 10) out.emplace_back(part);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return out;
}

// "v=DMARC1" must come first and is the only thing that is compared with care.
bool is_dmarc(std::string_view text) {
  const auto end = text.find(';');
  const std::string_view first = dmarc_trim(text.substr(0, end));
  const auto equals = first.find('=');
  return equals != std::string_view::npos && iequals(dmarc_trim(first.substr(0, equals)), "v") &&
         dmarc_trim(first.substr(equals + 1)) == "DMARC1";
}

// Tags in order; broken ones are passed over, of two the first counts.
DkimTags loose_tags(std::string_view text) {
  DkimTags out;
  while (!text.empty()) {
    const auto end = text.find(';');
    const std::string_view one = text.substr(0, end);
    if (const auto equals = one.find('='); equals != std::string_view::npos)
      out.emplace(to_lower(dmarc_trim(one.substr(0, equals))), dmarc_trim(one.substr(equals + 1)));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return out;
}

// What can be in no name ends it: readers show the author of "<ada@example.org x>" all the same.
std::string author_domain(std::string_view host) {
  const auto fits = [](unsigned char c) {
    return c >= 0x80 || c == '.' || c == '-' || c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z');
  };
  host = host.substr(0, static_cast<std::size_t>(std::ranges::find_if_not(host, fits) - host.begin()));
  while (host.ends_with('.')) host.remove_suffix(1);
  return to_lower(dns_domain(host));
}

struct FoundDmarc {
  DnsStatus status = DnsStatus::empty;
  bool has_any = false;  // even if none of them can be used
  std::optional<DmarcRecord> record;
};

FoundDmarc find_dmarc_record(const std::string& domain, Resolver& resolver) {
  const auto answer = resolver.txt("_dmarc." + domain);
  FoundDmarc out{answer.status, false, std::nullopt};
  std::size_t count = 0;
  for (const std::string& text : answer.records) {
    if (!is_dmarc(text)) continue;
    ++count;
    out.record = parse_dmarc_record(text);
  }
  // Section 6.6.3, step 5: several are none, also for the domain above.
  if (count != 1) out.record.reset();
  out.has_any = count > 0;
  return out;
}

bool is_aligned(std::string_view domain, const std::string& author, bool is_strict, const PublicSuffixes& suffixes) {
  if (domain.empty()) return false;
  if (iequals(domain, author)) return true;
  return !is_strict && suffixes.organization(domain) == suffixes.organization(author);
}

DmarcPolicy weakened(DmarcPolicy policy) {
  return policy == DmarcPolicy::reject ? DmarcPolicy::quarantine : DmarcPolicy::none;
}

}  // namespace

std::optional<DmarcRecord> parse_dmarc_record(std::string_view text) {
  if (!is_dmarc(text)) return std::nullopt;
  const DkimTags tags = loose_tags(text);
  DmarcRecord out;
  out.reports = split_commas(tag_or(tags, "rua", ""));
  const auto policy = parse_policy(tag_or(tags, "p", ""));
  const bool has_broken_sub = tags.contains("sp") && !parse_policy(tag_or(tags, "sp", ""));
  if (!policy || has_broken_sub) {
    if (out.reports.empty()) return std::nullopt;
  } else {
    out.policy = *policy;
    out.subdomain_policy = parse_policy(tag_or(tags, "sp", ""));
  }
  out.has_strict_dkim = iequals(tag_or(tags, "adkim", "r"), "s");
  out.has_strict_spf = iequals(tag_or(tags, "aspf", "r"), "s");
  const std::string percent = tag_or(tags, "pct", "100");
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(percent.data(), percent.data() + percent.size(), number);
  if (error == std::errc() && end == percent.data() + percent.size() && number <= 100) out.percent = number;
  return out;
}

Authors find_authors(std::string_view head) {
  Authors out;
  std::size_t fields = 0;
  std::string_view value;
  mime::each_field(head, [&](const mime::Field& field) {
    if (!iequals(field.name, "From")) return true;
    value = field.value;
    return ++fields < 2;
  });
  out.is_ambiguous = fields > 1;
  if (fields != 1) return out;
  for (const mime::Address& address : mime::parse_addresses(value, kMostAuthorAddresses)) {
    if (address.is_group_start || address.is_group_end || address.host.empty()) continue;
    std::string domain = author_domain(address.host);
    if (domain.empty()) continue;
    if (std::ranges::find(out.domains, domain) == out.domains.end()) out.domains.push_back(std::move(domain));
    out.is_ambiguous = out.domains.size() > kMostAuthorDomains;
    if (out.is_ambiguous) break;
  }
  return out;
}

DmarcVerdict check_dmarc(const DmarcRequest& request, const PublicSuffixes& suffixes, Resolver& resolver) {
  DmarcVerdict out;
  out.domain = to_lower(dns_domain(request.author));
  out.record_domain = out.domain;
  FoundDmarc found = find_dmarc_record(out.domain, resolver);
  const std::string organization = suffixes.organization(out.domain);
  if (!found.has_any && found.status != DnsStatus::failed && organization != out.domain) {
    found = find_dmarc_record(organization, resolver);
    out.record_domain = organization;
  }
  if (!found.record) {
    if (found.status == DnsStatus::failed) out.result = DmarcResult::temperror;
    return out;
  }
  const DmarcRecord& record = *found.record;
  const bool is_below = out.record_domain != out.domain;
  out.policy = is_below ? record.subdomain_policy.value_or(record.policy) : record.policy;
  const bool is_spf_aligned = is_aligned(request.spf.domain, out.domain, record.has_strict_spf, suffixes);
  out.record = record;
  out.has_spf = is_spf_aligned && request.spf.result == SpfResult::pass;
  bool is_unsure = is_spf_aligned && request.spf.result == SpfResult::temperror;
  for (const DkimVerdict& one : request.dkim) {
    if (!is_aligned(one.domain, out.domain, record.has_strict_dkim, suffixes)) continue;
    // What is signed only in part vouches for nothing: anybody may have put the rest behind it.
    out.has_dkim = out.has_dkim || (one.result == DkimResult::pass && !one.is_test && !one.signed_length);
    is_unsure = is_unsure || one.result == DkimResult::temperror;
  }
  if (out.has_spf || out.has_dkim) {
    out.result = DmarcResult::pass;
  } else if (is_unsure) {
    out.result = DmarcResult::temperror;
  } else {
    out.result = DmarcResult::fail;
    out.is_sampled_out = out.policy != DmarcPolicy::none && request.dice >= record.percent;
    out.applied = out.is_sampled_out ? weakened(out.policy) : out.policy;
  }
  return out;
}

std::string_view name(DmarcPolicy policy) {
  constexpr std::array<std::string_view, 3> kNames = {"none", "quarantine", "reject"};
  return kNames.at(static_cast<std::size_t>(policy));
}

std::string_view name(DmarcResult result) {
  constexpr std::array<std::string_view, 5> kNames = {"none", "pass", "fail", "temperror", "permerror"};
  return kNames.at(static_cast<std::size_t>(result));
}

}  // namespace kontor::transport
