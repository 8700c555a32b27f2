// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/setup/domain_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "transport/auth/dkim_tags.h"
#include "transport/auth/dmarc.h"
#include "transport/auth/spf.h"

namespace kontor::transport {
namespace {

constexpr std::uint32_t kLongBeforeCutOver = 3600;  // seconds: who keeps a record longer misses the day

std::string bare(std::string_view name) {
  return to_lower(name.ends_with('.') ? name.substr(0, name.size() - 1) : name);
}

class DomainCheck {
 public:
  DomainCheck(const DomainFacts& facts, Resolver& resolver, const DomainCheckOptions& options)
      : facts_(facts), resolver_(resolver), options_(options) {
    for (const auto& answer : {resolver.a(facts.hostname), resolver.aaaa(facts.hostname)}) {
      addresses_.insert(addresses_.end(), answer.records.begin(), answer.records.end());
      has_no_answer_ = has_no_answer_ || answer.status == DnsStatus::failed;
    }
  }

  CheckedRecord look(const WantedRecord& wanted) {
    CheckedRecord out;
    out.wanted = wanted;
    switch (wanted.use) {
      case RecordUse::host:
        host(out);
        break;
      case RecordUse::reverse:
        reverse(out);
        break;
      case RecordUse::mx:
        mx(out);
        break;
      case RecordUse::spf:
      case RecordUse::dkim:
      case RecordUse::dmarc:
      case RecordUse::tls_reports:
      case RecordUse::sts:
      case RecordUse::path:
        text(out);
        break;
      case RecordUse::alias:
        alias(out);
        break;
      case RecordUse::service:
      case RecordUse::no_service:
        service(out);
        break;
      case RecordUse::tlsa:
        tlsa(out);
        break;
    }
    if (out.state == RecordState::missing && wanted.need == RecordNeed::may) out.state = RecordState::not_needed;
    const bool is_wrong = out.state == RecordState::missing || out.state == RecordState::differs;
    out.is_fault = out.is_fault || (is_wrong && wanted.need == RecordNeed::must);
    return out;
  }

 private:
  // True if there is something to look at.
  template <class Record>
  bool has_answer(CheckedRecord& out, const DnsAnswer<Record>& answer) {
    if (answer.status == DnsStatus::found) {
      if (options_.is_before && answer.ttl > kLongBeforeCutOver)
        add_note(out, fmt::format("others may keep this for {} seconds: make that 300 some days before the cut-over",
                                  answer.ttl));
      return true;
    }
    out.state = answer.status == DnsStatus::failed ? RecordState::unknown : RecordState::missing;
    if (!answer.problem.empty()) add_note(out, answer.problem);
    return false;
  }

  static void add_note(CheckedRecord& out, const std::string& text) {
    out.note += (out.note.empty() ? "" : "; ") + text;
  }

  void host(CheckedRecord& out) {
    for (const net::IpAddress& one : addresses_) out.found.push_back(net::to_string(one));
    if (addresses_.empty()) out.state = has_no_answer_ ? RecordState::unknown : RecordState::missing;
  }

  void reverse(CheckedRecord& out) {
    out.state = addresses_.empty() ? RecordState::missing : RecordState::ok;
    for (const net::IpAddress& address : addresses_) {
      const auto answer = resolver_.ptr(address);
      for (const std::string& one : answer.records) out.found.push_back(one);
      if (std::ranges::find(answer.records, bare(facts_.hostname), bare) != answer.records.end()) continue;
      if (answer.status == DnsStatus::failed)
        out.state = RecordState::unknown;
      else if (out.state != RecordState::unknown)
        out.state = answer.records.empty() ? RecordState::missing : RecordState::differs;
      add_note(out, fmt::format("{} leads to {}", net::to_string(address),
                                answer.records.empty() ? "no name" : answer.records.front()));
    }
  }

  void mx(CheckedRecord& out) {
    const auto answer = resolver_.mx(facts_.domain);
    if (!has_answer(out, answer)) {
      if (out.state == RecordState::missing && options_.is_before) out.state = RecordState::later;
      return;
    }
    std::optional<std::uint16_t> here;
    std::uint16_t first = UINT16_MAX;
    for (const MxRecord& one : answer.records) {
      out.found.push_back(fmt::format("{} {}.", one.preference, bare(one.host)));
      first = std::min(first, one.preference);
      if (bare(one.host) == bare(facts_.hostname)) here = std::min(here.value_or(UINT16_MAX), one.preference);
    }
    std::ranges::sort(out.found);
    if (here == first) return;
    out.state = RecordState::differs;
    add_note(out, here ? "other hosts come first" : "mail goes elsewhere");
    if (options_.is_before) out.state = RecordState::later;
  }

  void text(CheckedRecord& out) {
    if (out.wanted.value.empty()) {  // there is nothing yet that DNS could say
      out.state = RecordState::missing;
      return add_note(out, out.wanted.about);
    }
    const auto answer = resolver_.txt(out.wanted.name);
    if (!has_answer(out, answer)) return;
    // Others stand at the same name.
    std::string start = to_lower(out.wanted.value.substr(0, out.wanted.value.find_first_of(" ;")));
    if (out.wanted.use == RecordUse::dkim) start.clear();
    if (out.wanted.use == RecordUse::path) start = "path=";
    for (const std::string& one : answer.records)
      if (to_lower(one).starts_with(start)) out.found.push_back(one);
    if (out.found.empty()) {
      out.state = RecordState::missing;
      out.note.clear();
      return;
    }
    if (out.found.size() > 1) {
      out.state = RecordState::differs;
      out.is_fault = out.wanted.need != RecordNeed::may;
      return add_note(out, "there may be only one such record: with several none counts");
    }
    compare(out, out.found.front());
  }

  void compare(CheckedRecord& out, const std::string& found) {
    switch (out.wanted.use) {
      case RecordUse::spf:
        return spf(out);
      case RecordUse::dkim:
        return dkim(out, found);
      case RecordUse::dmarc:
        return dmarc(out, found);
      case RecordUse::tls_reports:
        if (found.find("rua=") == std::string::npos) out.state = RecordState::differs;
        return;
      case RecordUse::sts:
        return sts(out, found);
      case RecordUse::path:
        if (found != out.wanted.value) out.state = RecordState::differs;
        return;
      default:
        return;
    }
  }

  // Not by its text: whether it lets those send who will.
  void spf(CheckedRecord& out) {
    std::vector<net::IpAddress> senders = addresses_;
    if (!facts_.relays.empty()) senders.clear();
    for (const std::string& relay : facts_.relays) {
      if (const auto literal = net::parse_ip(relay)) senders.push_back(*literal);
      for (const auto& answer : {resolver_.a(relay), resolver_.aaaa(relay)})
        senders.insert(senders.end(), answer.records.begin(), answer.records.end());
    }
    if (senders.empty()) {
      out.state = RecordState::unknown;
      return add_note(out, "who sends has no address yet, so nobody knows whether it may");
    }
    for (const net::IpAddress& address : senders) {
      SpfRequest request;
      request.client = address;
      request.helo = facts_.hostname;
      request.mail_from = "postmaster@" + facts_.domain;
      const SpfVerdict verdict = check_spf(request, resolver_);
      if (verdict.result == SpfResult::pass) continue;
      const bool is_unknown = verdict.result == SpfResult::temperror;
      if (out.state != RecordState::differs) out.state = is_unknown ? RecordState::unknown : RecordState::differs;
      add_note(out, fmt::format("{} gets \"{}\"{}{}", net::to_string(address), name(verdict.result),
                                verdict.problem.empty() ? "" : ": ", verdict.problem));
    }
  }

  void dkim(CheckedRecord& out, const std::string& found) {
    const auto is = parse_dkim_tags(found), wanted = parse_dkim_tags(out.wanted.value);
    const auto key = [](const DkimTags& tags) { return without_white_space(tag_or(tags, "p", "")); };
    if (is && wanted && key(*is) == key(*wanted) && tag_or(*is, "k", "rsa") == tag_or(*wanted, "k", "rsa")) return;
    out.state = RecordState::differs;
    if (is && key(*is).empty()) add_note(out, "the key is taken back");
  }

  void dmarc(CheckedRecord& out, const std::string& found) {
    const auto record = parse_dmarc_record(found);
    if (!record) {
      out.state = RecordState::differs;
      return add_note(out, "that is no record of DMARC");
    }
    if (record->policy == DmarcPolicy::none) add_note(out, "p=none protects nobody; it is for the time of trying");
    if (record->reports.empty()) add_note(out, "without rua= nobody hears what others find");
  }

  // The policy of before forbids the new host to those who keep it.
  void sts(CheckedRecord& out, const std::string& found) {
    if (!parse_sts_records({found})) {
      out.state = RecordState::differs;
      return;
    }
    if (!options_.sts_policy) return;
    const auto policy = options_.sts_policy(facts_.domain);
    if (!policy) {
      out.state = RecordState::differs;
      return add_note(out, "no policy can be had from mta-sts." + facts_.domain);
    }
    if (policy->mode == StsPolicy::Mode::none || policy->allows(facts_.hostname)) return;
    out.state = RecordState::differs;
    out.is_fault = policy->mode == StsPolicy::Mode::enforce;
    add_note(out, "its policy does not name " + facts_.hostname);
  }

  void alias(CheckedRecord& out) {
    for (const auto& answer : {resolver_.a(out.wanted.name), resolver_.aaaa(out.wanted.name)}) {
      if (answer.status == DnsStatus::failed) out.state = RecordState::unknown;
      if (answer.status != DnsStatus::found) continue;
      for (const net::IpAddress& one : answer.records) {
        out.found.push_back(net::to_string(one));
        if (std::ranges::find(addresses_, one) == addresses_.end()) out.state = RecordState::differs;
      }
    }
    if (out.found.empty() && out.state == RecordState::ok) out.state = RecordState::missing;
    if (out.state == RecordState::differs) {
      add_note(out, "it leads elsewhere");
      if (options_.is_before) out.state = RecordState::later;
    }
  }

  void service(CheckedRecord& out) {
    const auto answer = resolver_.srv(out.wanted.name);
    if (!has_answer(out, answer)) return;
    bool is_same = false, is_ours = false;
    for (const SrvRecord& one : answer.records) {
      const std::string text = fmt::format("{} {} {} {}.", one.priority, one.weight, one.port, bare(one.host));
      out.found.push_back(text);
      is_ours = is_ours || bare(one.host) == bare(facts_.hostname);
      // How hosts share the load is their owner's choice.
      is_same = is_same || out.wanted.value.ends_with(fmt::format(" {} {}.", one.port, bare(one.host)));
    }
    if (out.wanted.use == RecordUse::no_service) {
      out.state = is_ours ? RecordState::differs : RecordState::not_needed;
      if (is_ours) add_note(out, "DNS names it, but it is not to be had here");
      return;
    }
    if (is_same) return;
    out.state = options_.is_before ? RecordState::later : RecordState::differs;
  }

  void tlsa(CheckedRecord& out) {
    const auto answer = resolver_.tlsa(out.wanted.name);
    if (!has_answer(out, answer)) return;
    bool is_same = false;
    for (const TlsaRecord& one : answer.records) {
      out.found.push_back(fmt::format("{} {} {} {}", one.usage, one.selector, one.matching, to_hex(one.data)));
      is_same = is_same || out.found.back() == out.wanted.value;
    }
    const bool names_others = std::ranges::any_of(answer.records, [](const TlsaRecord& one) { return one.usage == 2; });
    if (is_same) {
      if (!answer.is_secure) add_note(out, "without DNSSEC nobody looks at it");
      return;
    }
    if (names_others)
      return add_note(out, "it names an authority: whether that vouches for the certificate is not known");
    out.state = RecordState::differs;
    out.is_fault = true;
    add_note(out, "servers that check DANE refuse to send here");
  }

  const DomainFacts& facts_;
  Resolver& resolver_;
  const DomainCheckOptions& options_;
  std::vector<net::IpAddress> addresses_;
  bool has_no_answer_ = false;
};

}  // namespace

std::string_view name(RecordState state) {
  switch (state) {
    case RecordState::ok:
      return "ok";
    case RecordState::missing:
      return "missing";
    case RecordState::differs:
      return "differs";
    case RecordState::not_needed:
      return "not needed";
    case RecordState::later:
      return "later";
    case RecordState::unknown:
      break;
  }
  return "unknown";
}

std::vector<CheckedRecord> check_domain(const DomainFacts& facts, Resolver& resolver,
                                        const DomainCheckOptions& options) {
  DomainCheck check(facts, resolver, options);
  std::vector<CheckedRecord> out;
  for (const WantedRecord& wanted : wanted_records(facts)) out.push_back(check.look(wanted));
  return out;
}

}  // namespace kontor::transport
