// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/setup/domain_records.h"

#include <fmt/format.h>
#include <openssl/pem.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>

#include "base/bytes.h"
#include "base/digest.h"
#include "net/address.h"

namespace kontor::transport {
namespace {

constexpr std::size_t kPieceOfText = 250;  // a string of TXT has at most 255 bytes (RFC 1035 section 3.3.14)

std::string spf_of(const DomainFacts& facts) {
  std::string out = "v=spf1 mx";
  for (const std::string& relay : facts.relays) {
    const auto address = net::parse_ip(relay);  // "a:" has names only
    out += (!address ? " a:" : address->is_v4() ? " ip4:" : " ip6:") + relay;
  }
  return out + " -all";
}

void add_keys(const DomainFacts& facts, std::vector<WantedRecord>& out) {
  for (const DomainKeyInfo& key : facts.keys) {
    const bool is_old = key.state == DomainKeyState::retired;
    out.push_back({key.record_name, "TXT", key.record, is_old ? RecordNeed::may : RecordNeed::must, RecordUse::dkim,
                   is_old                                 ? "DKIM: a former key; its mail may still be on its way"
                   : key.state == DomainKeyState::waiting ? "DKIM: the key that signs next"
                                                          : "DKIM: the key that signs"});
  }
  if (facts.keys.empty())
    out.push_back({"*._domainkey." + facts.domain, "TXT", "", RecordNeed::must, RecordUse::dkim,
                   "DKIM: there are no keys yet; they come by: kontor domain dkim add " + facts.domain});
}

void add_reports(const DomainFacts& facts, std::vector<WantedRecord>& out) {
  const std::string to = "rua=mailto:postmaster@" + facts.domain;
  out.push_back({"_dmarc." + facts.domain, "TXT", "v=DMARC1; p=quarantine; " + to, RecordNeed::should, RecordUse::dmarc,
                 "DMARC: begin with p=none where other servers send for the domain as well"});
  out.push_back({"_smtp._tls." + facts.domain, "TXT", "v=TLSRPTv1; " + to, RecordNeed::should, RecordUse::tls_reports,
                 "Reports of TLS that fails"});
}

void add_services(const DomainFacts& facts, std::vector<WantedRecord>& out) {
  for (const ClientService& one : facts.services) {
    const std::string name = one.label + "._tcp." + facts.domain;
    if (one.port == 0)
      out.push_back({name, "SRV", "0 0 0 .", RecordNeed::may, RecordUse::no_service, "It is not to be had here"});
    else
      out.push_back({name, "SRV", fmt::format("{} 1 {} {}.", one.has_tls ? 0 : 10, one.port, facts.hostname),
                     RecordNeed::should, RecordUse::service,
                     one.path.empty() ? "Where mail programs find it" : "Where programs find calendars or contacts"});
    if (one.port != 0 && !one.path.empty())
      out.push_back({name, "TXT", "path=" + one.path, RecordNeed::should, RecordUse::path, "Where they begin there"});
  }
}

void add_optional(const DomainFacts& facts, std::vector<WantedRecord>& out) {
  const std::string& domain = facts.domain;
  for (const char* label : {"autodiscover.", "autoconfig."})
    out.push_back({label + domain, "CNAME", facts.hostname + ".", RecordNeed::may, RecordUse::alias,
                   "Where programs look for their settings: for a web server that has them"});
  out.push_back({"_autodiscover._tcp." + domain, "SRV", fmt::format("0 0 443 {}.", facts.hostname), RecordNeed::may,
                 RecordUse::service, "The same for Outlook"});
  out.push_back(
      {"_mta-sts." + domain, "TXT", "v=STSv1; id=" + to_hex(sha256(sts_policy_text(facts))).substr(0, 20),
       RecordNeed::may, RecordUse::sts,
       fmt::format("MTA-STS: once a web server has the policy at https://mta-sts.{}/.well-known/mta-sts.txt", domain)});
  if (!facts.tlsa.empty())
    out.push_back({"_25._tcp." + facts.hostname, "TLSA", facts.tlsa, RecordNeed::may, RecordUse::tlsa,
                   "DANE: in a zone with DNSSEC only, and to be changed before the certificate's key is"});
}

std::string quoted_text(std::string_view text) {
  std::string out;
  for (; !text.empty(); text.remove_prefix(std::min(text.size(), kPieceOfText)))
    out += fmt::format("{}\"{}\"", out.empty() ? "" : " ", text.substr(0, kPieceOfText));
  return out.empty() ? "\"\"" : out;
}

}  // namespace

std::string_view name(RecordNeed need) {
  switch (need) {
    case RecordNeed::must:
      return "must";
    case RecordNeed::should:
      return "should";
    case RecordNeed::may:
      break;
  }
  return "may";
}

std::string sts_policy_text(const DomainFacts& facts) {
  return fmt::format("version: STSv1\r\nmode: testing\r\nmx: {}\r\nmax_age: 604800\r\n", facts.hostname);
}

std::vector<WantedRecord> wanted_records(const DomainFacts& facts) {
  std::vector<WantedRecord> out;
  out.push_back({facts.hostname, "A", "the public addresses of this server (A, AAAA)", RecordNeed::must,
                 RecordUse::host, "This server"});
  out.push_back({facts.hostname, "PTR", "the addresses of " + facts.hostname + " lead back to it", RecordNeed::should,
                 RecordUse::reverse, "Set by who gives the addresses; many servers refuse mail without it"});
  out.push_back({facts.domain, "MX", "10 " + facts.hostname + ".", RecordNeed::must, RecordUse::mx, "Mail comes here"});
  out.push_back({facts.domain, "TXT", spf_of(facts), RecordNeed::must, RecordUse::spf,
                 facts.relays.empty() ? "SPF: mail leaves from here only"
                                      : "SPF: ask who runs the smart host for what he wants here (include:)"});
  add_keys(facts, out);
  add_reports(facts, out);
  add_services(facts, out);
  add_optional(facts, out);
  return out;
}

Result<std::string> tlsa_of(const std::string& certificate_file) {
  std::ifstream in(certificate_file, std::ios::binary);
  if (!in) return fail(Errc::unavailable, "Cannot read " + certificate_file);
  const std::string pem((std::istreambuf_iterator<char>(in)), {});
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                      &BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr),
                                                                &X509_free);
  unsigned char* der = nullptr;
  const int size = certificate ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &der) : -1;
  if (size <= 0) return fail(Errc::invalid, certificate_file + " has no certificate");
  const std::string key(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return "3 1 1 " + to_hex(sha256(key));
}

std::string zone_line(const WantedRecord& record) {
  return fmt::format("{}. IN {} {}", record.name, record.type,
                     record.type == "TXT" ? quoted_text(record.value) : record.value);
}

}  // namespace kontor::transport
