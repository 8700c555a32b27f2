// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/auth/spf.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "transport/auth/dns_domain.h"
#include "transport/auth/spf_record.h"

namespace kontor::transport {
namespace {

// RFC 7208 section 4.6.4.
constexpr std::uint32_t kMostLookups = 10;
constexpr std::uint32_t kMostVoidLookups = 2;
constexpr std::size_t kMostNames = 10;
constexpr std::size_t kLongestName = 253;
constexpr std::size_t kLongestLabel = 63;
constexpr std::size_t kLongestRecord = 64 << 10;  // no DNS answer is longer

// How an evaluation ends before its time: temperror or permerror.
struct Failure {
  SpfResult result;
  std::string problem;
};
template <class T>
using Outcome = std::expected<T, Failure>;

std::unexpected<Failure> permanent(std::string problem) {
  return std::unexpected(Failure{SpfResult::permerror, std::move(problem)});
}
std::unexpected<Failure> temporary(std::string_view name) {
  return std::unexpected(Failure{SpfResult::temperror, fmt::format("DNS did not answer for {}", name)});
}

std::string_view without_dot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

// Whether DNS can be asked for it: ASCII labels of 1 to 63 bytes, 253 in all.
bool can_be_asked(std::string_view domain) {
  domain = without_dot(domain);
  if (domain.empty() || domain.size() > kLongestName) return false;
  if (std::ranges::any_of(domain, [](char c) { return c < ' ' || c > '~'; })) return false;
  for (;;) {
    const auto dot = domain.find('.');
    const auto label = domain.substr(0, dot);
    if (label.empty() || label.size() > kLongestLabel) return false;
    if (dot == std::string_view::npos) return true;
    domain.remove_prefix(dot + 1);
  }
}

// Section 4.3.
bool is_whole_domain(std::string_view domain) { return can_be_asked(domain) && without_dot(domain).contains('.'); }

// Section 7.3: from the left, label by label, until it fits.
std::string shortened(std::string name) {
  while (name.size() > kLongestName) {
    const auto dot = name.find('.');
    if (dot == std::string::npos) break;
    name.erase(0, dot + 1);
  }
  return name;
}

bool is_same_or_below(std::string_view name, std::string_view domain) {
  const std::string a = to_lower(without_dot(name)), b = to_lower(without_dot(domain));
  return a == b || a.ends_with("." + b);
}

bool shares_prefix(const net::IpAddress& a, const net::IpAddress& b, std::uint32_t bits) {
  const std::size_t whole = bits / 8;
  if (!std::equal(a.bytes.begin(), a.bytes.begin() + static_cast<std::ptrdiff_t>(whole), b.bytes.begin())) return false;
  if (bits % 8 == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xFF << (8 - bits % 8));
  return (a.bytes.at(whole) & mask) == (b.bytes.at(whole) & mask);
}

// Of one check_host() and those it includes.
class SpfCheck {
 public:
  SpfCheck(const SpfRequest& request, Resolver& resolver) : request_(request), resolver_(resolver) {
    const auto at = request.mail_from.rfind('@');
    const bool has_sender = !request.mail_from.empty();
    domain_ = !has_sender ? request.helo : request.mail_from.substr(at == std::string::npos ? 0 : at + 1);
    if (has_sender && at != std::string::npos) local_part_ = request.mail_from.substr(0, at);
    if (local_part_.empty()) local_part_ = "postmaster";  // section 4.3
    domain_ = dns_domain(domain_);
    sender_domain_ = domain_;
  }

  SpfVerdict check() {
    SpfVerdict out;
    out.domain = domain_;
    if (!is_whole_domain(domain_)) return out;
    auto found = check_host(domain_);
    if (!found) {
      out.result = found.error().result;
      out.problem = std::move(found.error().problem);
      return out;
    }
    out.result = found->result;
    out.term = std::move(found->term);
    if (out.result == SpfResult::fail && found->explanation)
      out.explanation = explanation(*found->explanation, found->domain);
    return out;
  }

 private:
  struct Found {
    SpfResult result = SpfResult::none;
    std::string term;
    std::string domain;                      // whose record decided
    std::optional<MacroString> explanation;  // of that record
  };

  Outcome<std::optional<SpfRecord>> record_of(const std::string& domain);
  // As deep as lookups are counted: each step down is one.
  Outcome<Found> check_host(const std::string& domain);
  Outcome<bool> matches(const SpfDirective& directive, const std::string& domain);
  Outcome<bool> includes(const std::string& target);
  Outcome<bool> matches_a(const SpfDirective& directive, const std::string& target);
  Outcome<bool> matches_mx(const SpfDirective& directive, const std::string& target);
  Outcome<bool> matches_ptr(const std::string& target);
  Outcome<bool> matches_exists(const std::string& target);

  bool is_in_network(const SpfDirective& directive, const net::IpAddress& address) const;
  DnsAnswer<net::IpAddress> addresses_of(std::string_view name);
  template <class Record>
  Outcome<void> count_void(const DnsAnswer<Record>& answer);
  Outcome<void> count_lookup();

  std::string expanded(const MacroString& macros, const std::string& domain);
  std::string macro_value(char letter, const std::string& domain);
  const std::vector<std::string>& validated_names();
  std::string validated_name(const std::string& domain);
  std::string explanation(const MacroString& at, const std::string& domain);

  const SpfRequest& request_;
  Resolver& resolver_;
  std::string domain_, local_part_, sender_domain_;
  std::uint32_t lookups_ = 0;
  std::uint32_t void_lookups_ = 0;
  std::optional<std::vector<std::string>> validated_;  // names of the client that lead back to it
  std::optional<DnsStatus> ptr_status_;
};

template <class Record>
Outcome<void> SpfCheck::count_void(const DnsAnswer<Record>& answer) {
  if (answer.status == DnsStatus::empty && ++void_lookups_ > kMostVoidLookups)
    return permanent("too many names lead to nothing");
  return {};
}

Outcome<void> SpfCheck::count_lookup() {
  if (++lookups_ > kMostLookups) return permanent("too many terms ask DNS");
  return {};
}

// Sections 4.4 and 4.5.
Outcome<std::optional<SpfRecord>> SpfCheck::record_of(const std::string& domain) {
  const auto answer = resolver_.txt(domain);
  if (answer.status == DnsStatus::failed) return temporary(domain);
  const std::string* found = nullptr;
  for (const auto& text : answer.records) {
    if (!is_spf_record(text)) continue;
    if (found != nullptr) return permanent(fmt::format("{} has more than one SPF record", domain));
    found = &text;
  }
  if (found == nullptr) return std::nullopt;
  if (found->size() > kLongestRecord) return permanent(fmt::format("the SPF record of {} is too long", domain));
  auto record = parse_spf_record(*found);
  if (!record) return permanent(fmt::format("the SPF record of {} is wrong: {}", domain, record.error().text));
  return std::move(*record);
}

Outcome<SpfCheck::Found> SpfCheck::check_host(const std::string& domain) {
  if (!can_be_asked(domain)) return Found{};
  TRY(const auto record, record_of(domain));
  if (!record) return Found{};
  for (const auto& directive : record->directives) {
    TRY(const bool does_match, matches(directive, domain));
    if (does_match) return Found{directive.result, directive.text, domain, record->explanation};
  }
  if (!record->redirect) return Found{SpfResult::neutral, {}, domain, {}};
  // Section 6.1.
  TRY_VOID(count_lookup());
  const std::string target = expanded(*record->redirect, domain);
  TRY(auto found, check_host(target));
  if (found.result == SpfResult::none)
    return permanent(fmt::format("{} redirects to {}, which has no SPF record", domain, target));
  return found;
}

Outcome<bool> SpfCheck::matches(const SpfDirective& directive, const std::string& domain) {
  switch (directive.mechanism) {
    case SpfMechanism::all:
      return true;
    case SpfMechanism::ip4:
    case SpfMechanism::ip6:
      return request_.client.is_v4() == (directive.mechanism == SpfMechanism::ip4) &&
             is_in_network(directive, directive.address);
    default:
      break;
  }
  TRY_VOID(count_lookup());
  const std::string target = directive.domain ? expanded(*directive.domain, domain) : domain;
  switch (directive.mechanism) {
    case SpfMechanism::include:
      return includes(target);
    case SpfMechanism::a:
      return matches_a(directive, target);
    case SpfMechanism::mx:
      return matches_mx(directive, target);
    case SpfMechanism::ptr:
      return matches_ptr(target);
    default:
      return matches_exists(target);
  }
}

// Section 5.2.
Outcome<bool> SpfCheck::includes(const std::string& target) {
  TRY(const auto found, check_host(target));
  if (found.result == SpfResult::none) return permanent(fmt::format("{} is included but has no SPF record", target));
  return found.result == SpfResult::pass;
}

bool SpfCheck::is_in_network(const SpfDirective& directive, const net::IpAddress& address) const {
  const std::uint32_t bits = request_.client.is_v4() ? 96U + directive.prefix4 : directive.prefix6;
  return address.is_v4() == request_.client.is_v4() && shares_prefix(address, request_.client, bits);
}

// Of the client's family (section 5). A name that cannot be asked for does not exist (section 4.8).
DnsAnswer<net::IpAddress> SpfCheck::addresses_of(std::string_view name) {
  if (!can_be_asked(name)) return {};
  return request_.client.is_v4() ? resolver_.a(name) : resolver_.aaaa(name);
}

// Section 5.3.
Outcome<bool> SpfCheck::matches_a(const SpfDirective& directive, const std::string& target) {
  const auto answer = addresses_of(target);
  if (answer.status == DnsStatus::failed) return temporary(target);
  TRY_VOID(count_void(answer));
  return std::ranges::any_of(answer.records, [&](const auto& one) { return is_in_network(directive, one); });
}

// Section 5.4.
Outcome<bool> SpfCheck::matches_mx(const SpfDirective& directive, const std::string& target) {
  const auto answer = can_be_asked(target) ? resolver_.mx(target) : DnsAnswer<MxRecord>();
  if (answer.status == DnsStatus::failed) return temporary(target);
  TRY_VOID(count_void(answer));
  if (answer.records.size() > kMostNames) return permanent(fmt::format("{} has too many MX records", target));
  for (const auto& mx : answer.records) {
    TRY(const bool does_match, matches_a(directive, mx.host));
    if (does_match) return true;
  }
  return false;
}

// Section 5.5: what DNS does not answer, here, matches nothing.
Outcome<bool> SpfCheck::matches_ptr(const std::string& target) {
  const auto& names = validated_names();
  if (*ptr_status_ == DnsStatus::empty && ++void_lookups_ > kMostVoidLookups)
    return permanent("too many names lead to nothing");
  return std::ranges::any_of(names, [&](const auto& one) { return is_same_or_below(one, target); });
}

// Section 5.7: by A records, whatever the client's family.
Outcome<bool> SpfCheck::matches_exists(const std::string& target) {
  const auto answer = can_be_asked(target) ? resolver_.a(target) : DnsAnswer<net::IpAddress>();
  if (answer.status == DnsStatus::failed) return temporary(target);
  TRY_VOID(count_void(answer));
  return answer.status == DnsStatus::found;
}

const std::vector<std::string>& SpfCheck::validated_names() {
  if (validated_) return *validated_;
  validated_.emplace();
  auto answer = resolver_.ptr(request_.client);
  ptr_status_ = answer.status;
  if (answer.records.size() > kMostNames) answer.records.resize(kMostNames);
  for (auto& one : answer.records) {
    const auto addresses = addresses_of(one);
    if (std::ranges::find(addresses.records, request_.client) != addresses.records.end())
      validated_->push_back(std::string(without_dot(one)));
  }
  return *validated_;
}

// Section 7.3, of the macro p.
std::string SpfCheck::validated_name(const std::string& domain) {
  const auto& names = validated_names();
  if (names.empty()) return "unknown";
  for (const auto& one : names)
    if (iequals(one, without_dot(domain))) return one;
  for (const auto& one : names)
    if (is_same_or_below(one, domain)) return one;
  return names.front();
}

// Section 7.2.
std::string SpfCheck::macro_value(char letter, const std::string& domain) {
  switch (letter) {
    case 's':
      return local_part_ + "@" + sender_domain_;
    case 'l':
      return local_part_;
    case 'o':
      return sender_domain_;
    case 'd':
      return domain;
    case 'p':
      return validated_name(domain);
    case 'v':
      return request_.client.is_v4() ? "in-addr" : "ip6";
    case 'h':
      return request_.helo;
    case 'c':
      return net::to_string(request_.client);
    case 'r':
      return request_.receiver;
    case 't':
      return std::to_string(request_.time);
    default:
      break;
  }
  if (request_.client.is_v4()) return net::to_string(request_.client);
  const auto& bytes = request_.client.bytes;
  std::string nibbles;
  for (const char c : to_upper(to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()}))) {
    if (!nibbles.empty()) nibbles += '.';
    nibbles += c;
  }
  return nibbles;
}

std::string SpfCheck::expanded(const MacroString& macros, const std::string& domain) {
  return shortened(expand_macros(macros, [&](char letter) { return macro_value(letter, domain); }));
}

// Section 6.2: whatever is wrong with it, there is none then.
std::string SpfCheck::explanation(const MacroString& at, const std::string& domain) {
  const std::string name = expanded(at, domain);
  if (!can_be_asked(name)) return {};
  const auto answer = resolver_.txt(name);
  if (answer.records.size() != 1) return {};
  const auto text = parse_macros(answer.records.front(), MacroPlace::explanation);
  if (!text) return {};
  std::string out = expand_macros(*text, [&](char letter) { return macro_value(letter, domain); });
  // A macro may bring in what the client said.
  if (std::ranges::any_of(out, [](char c) { return c < ' ' || c > '~'; })) return {};
  return out;
}

}  // namespace

std::string_view name(SpfResult result) {
  constexpr std::array<std::string_view, 7> kNames = {"none",     "neutral",   "pass",     "fail",
                                                      "softfail", "temperror", "permerror"};
  return kNames.at(static_cast<std::size_t>(result));
}

SpfVerdict check_spf(const SpfRequest& request, Resolver& resolver) { return SpfCheck(request, resolver).check(); }

}  // namespace kontor::transport
