// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/sending/next_hops.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>

#include "base/bytes.h"
#include "base/log.h"

namespace kontor::transport {
namespace {

constexpr std::size_t kMostNextHops = 10;      // more are not tried in one attempt
constexpr std::size_t kMostMx = 30;            // nor looked at
constexpr std::size_t kMostHostAddresses = 3;  // of each kind

SendFailure nowhere(bool is_permanent, const char* enhanced, std::string text) {
  return {.is_permanent = is_permanent,
          .is_host = true,
          .what = {.code = 0, .enhanced = enhanced, .text = std::move(text), .host = ""}};
}

std::string plain_name(std::string_view name) {
  return to_lower(name.ends_with('.') ? name.substr(0, name.size() - 1) : name);
}

struct HostAddresses {
  std::vector<std::string> texts;  // IPv6 first
  bool is_secure = false;
  bool is_unknown = false;
};

HostAddresses addresses_of(const std::string& host, Resolver& resolver, const SendingOptions& options) {
  HostAddresses out;
  const auto a = resolver.a(host);
  if (options.uses_ipv6) {
    const auto aaaa = resolver.aaaa(host);
    for (const net::IpAddress& one : aaaa.records) out.texts.push_back(net::to_string(one));
    // Who only keeps one of the answers back must not turn DANE off by it (RFC 7672 section 2.2).
    const bool lost_a = a.status == DnsStatus::failed, lost_aaaa = aaaa.status == DnsStatus::failed;
    out.is_secure = (a.is_secure || lost_a) && (aaaa.is_secure || lost_aaaa) && !(lost_a && lost_aaaa);
    out.is_unknown = lost_aaaa;
  } else {
    out.is_secure = a.is_secure;
  }
  for (const net::IpAddress& one : a.records) out.texts.push_back(net::to_string(one));
  out.is_unknown = out.texts.empty() && (out.is_unknown || a.status == DnsStatus::failed);
  return out;
}

// A connection to each costs a thread up to `connect_timeout`, and whoever owns the domain says how many there are.
std::vector<std::string> first_of_each_kind(const std::vector<std::string>& addresses) {
  std::vector<std::string> out;
  std::size_t v4 = 0, v6 = 0;
  for (const std::string& one : addresses)
    if ((one.find(':') == std::string::npos ? v4 : v6)++ < kMostHostAddresses) out.push_back(one);
  return out;
}

void tell(const TlsObserver& observe, const NextHop& hop, TlsResult result, const std::string& reason) {
  if (!observe) return;
  TlsOutcome outcome{.domain = hop.policy_domain, .policy = hop.policy, .result = result};
  outcome.host = hop.host;
  outcome.reason = reason;
  observe(outcome);
}

// What DANE says of the host (RFC 7672 section 2.2). False: it must not be used now.
bool apply_dane(NextHop& hop, Resolver& resolver, const TlsObserver& observe) {
  const auto answer = resolver.tlsa(fmt::format("_{}._tcp.{}", hop.port, hop.host));
  if (answer.status == DnsStatus::failed) {
    hop.policy = {TlsPolicyKind::tlsa, {}, {hop.host}};
    if (answer.problem.starts_with("bogus")) tell(observe, hop, TlsResult::dnssec_invalid, answer.problem);
    return false;
  }
  if (answer.status == DnsStatus::empty || !answer.is_secure) return true;
  hop.policy = {TlsPolicyKind::tlsa, {}, {hop.host}};
  for (const TlsaRecord& record : answer.records)
    hop.policy.lines.push_back(
        fmt::format("{} {} {} {}", record.usage, record.selector, record.matching, to_hex(record.data)));
  std::ranges::sort(hop.policy.lines);
  for (const TlsaRecord& record : answer.records)
    if ((record.usage == 2 || record.usage == 3) && record.selector <= 1 && record.matching <= 2)
      hop.dane.push_back({record.usage, record.selector, record.matching, record.data});
  if (hop.dane.empty()) tell(observe, hop, TlsResult::tlsa_invalid, "no record can be used");
  // Records that cannot be used still ask for TLS.
  hop.tls = hop.dane.empty() ? ClientTls::must : ClientTls::verify;
  return true;
}

struct Wanted {
  std::vector<MxRecord> hosts;
  bool is_secure = false;
};

SendResult<Wanted> hosts_of(const std::string& domain, Resolver& resolver, const SendingOptions& options) {
  auto answer = resolver.mx(domain);
  if (answer.status == DnsStatus::failed)
    return std::unexpected(nowhere(false, "4.4.3", fmt::format("DNS does not tell who takes mail for {}.", domain)));
  Wanted wanted{.hosts = std::move(answer.records), .is_secure = answer.is_secure};
  // Without MX the domain itself is the host (RFC 5321 section 5.1).
  if (wanted.hosts.empty()) wanted.hosts.push_back({0, domain});
  if (wanted.hosts.size() == 1 && plain_name(wanted.hosts[0].host).empty())
    return std::unexpected(nowhere(true, "5.1.10", fmt::format("{} takes no mail.", domain)));
  // Hosts of the same preference share the load.
  std::ranges::shuffle(wanted.hosts, std::minstd_rand(std::random_device()()));
  std::ranges::sort(wanted.hosts, {}, &MxRecord::preference);
  const auto self = std::ranges::find_if(
      wanted.hosts, [&](const MxRecord& record) { return plain_name(record.host) == plain_name(options.hostname); });
  if (self == wanted.hosts.end()) {
    if (wanted.hosts.size() > kMostMx) wanted.hosts.resize(kMostMx);
    return wanted;
  }
  std::erase_if(wanted.hosts, [limit = self->preference](const MxRecord& one) { return one.preference >= limit; });
  if (wanted.hosts.empty())
    return std::unexpected(
        nowhere(true, "5.4.6", fmt::format("DNS leads mail for {} to this server, which does not know it.", domain)));
  return wanted;
}

}  // namespace

SendResult<std::vector<NextHop>> find_next_hops(const std::string& domain, Resolver& resolver, MtaSts* sts,
                                                const SendingOptions& options, const TlsObserver& observe) {
  const ClientTls usual = options.tls == SendingTls::never  ? ClientTls::none
                          : options.tls == SendingTls::must ? ClientTls::must
                                                            : ClientTls::may;
  if (is_literal(domain)) {
    if (auto fault = literal_fault(domain, options.address_literals))
      return std::unexpected(nowhere(true, "5.1.2", *fault + "."));
    const std::string literal = net::to_string(*literal_address(domain));
    NextHop hop;
    hop.host = literal;
    hop.addresses = {literal};
    hop.port = options.port;
    hop.tls = usual;
    return std::vector<NextHop>{hop};
  }
  auto wanted = hosts_of(domain, resolver, options);
  if (!wanted) return std::unexpected(wanted.error());
  const bool has_tls = options.tls != SendingTls::never;
  std::optional<StsPolicy> policy;
  if (has_tls && options.uses_mta_sts && sts != nullptr)
    policy = sts->policy(domain, [&](TlsResult result, const std::string& why) {
      if (!observe) return;
      TlsOutcome outcome{.domain = domain, .policy = {TlsPolicyKind::sts, {}, {}}, .result = result};
      outcome.reason = why;
      observe(outcome);
    });
  std::vector<NextHop> hops;
  bool is_unknown = false, is_forbidden = false;
  for (const MxRecord& record : wanted->hosts) {
    if (hops.size() == kMostNextHops) break;
    NextHop hop;
    hop.host = plain_name(record.host);
    hop.port = options.port;
    hop.tls = usual;
    hop.policy_domain = domain;
    const HostAddresses found = addresses_of(hop.host, resolver, options);
    hop.addresses = first_of_each_kind(found.texts);
    is_unknown = is_unknown || found.is_unknown;
    if (hop.addresses.empty()) continue;
    if (has_tls && options.uses_dane && wanted->is_secure && found.is_secure && !apply_dane(hop, resolver, observe)) {
      is_unknown = true;
      continue;
    }
    if (hop.dane.empty() && policy && policy->mode != StsPolicy::Mode::none) {
      hop.policy = {TlsPolicyKind::sts, policy->lines(), policy->hosts};
      const bool is_enforced = policy->mode == StsPolicy::Mode::enforce, is_allowed = policy->allows(hop.host);
      if (!is_allowed) tell(observe, hop, TlsResult::validation_failure, "the policy does not name this host");
      if (is_enforced && !is_allowed) {
        is_forbidden = true;
        continue;
      }
      if (is_enforced) hop.tls = ClientTls::verify;
      hop.is_trial = !is_enforced && is_allowed;
    }
    hops.push_back(std::move(hop));
  }
  if (!hops.empty()) return hops;
  if (is_unknown)
    return std::unexpected(
        nowhere(false, "4.4.3", fmt::format("DNS does not tell the addresses of the hosts of {}.", domain)));
  if (is_forbidden)
    return std::unexpected(
        nowhere(false, "4.7.5", fmt::format("The policy (MTA-STS) of {} forbids all hosts that DNS names.", domain)));
  return std::unexpected(nowhere(true, "5.1.2", fmt::format("There is no host that takes mail for {}.", domain)));
}

SendResult<std::vector<NextHop>> next_hops_of(const SmartHost& host) {
  NextHop hop;
  hop.host = host.host;
  hop.addresses = {host.host};
  hop.port = host.port;
  hop.implicit_tls = host.is_implicit_tls();
  switch (host.tls) {
    case HopTls::none:
      hop.tls = ClientTls::none;
      break;
    case HopTls::may:
      hop.tls = ClientTls::may;
      break;
    case HopTls::must:
      hop.tls = ClientTls::must;
      break;
    case HopTls::verify:
      hop.tls = ClientTls::verify;
      break;
  }
  if (!host.user.empty()) {
    std::ifstream in(host.password_file, std::ios::binary);
    if (!in) {
      log::error("sending.no_password", {{"host", host.host}, {"file", host.password_file}});
      return std::unexpected(nowhere(false, "4.3.5", "The smart host's password cannot be read."));
    }
    hop.user = host.user;
    hop.password.assign(std::istreambuf_iterator<char>(in), {});
    while (hop.password.ends_with('\n') || hop.password.ends_with('\r')) hop.password.pop_back();
  }
  return std::vector<NextHop>{hop};
}

}  // namespace kontor::transport
