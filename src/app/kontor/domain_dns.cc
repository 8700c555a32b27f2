// SPDX-License-Identifier: AGPL-3.0-or-later
#include "kontor/domain_dns.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>

#include "kontor/commands.h"
#include "kontor/exit_code.h"
#include "kontor/print.h"
#include "kontor/verb_arguments.h"
#include "transport/dns/dns.h"
#include "transport/sending/sender.h"
#include "transport/setup/domain_check.h"

namespace kontor::app {
namespace {

using namespace std::chrono_literals;
using transport::CheckedRecord;
using transport::DomainFacts;
using transport::RecordState;
using transport::RecordUse;
using transport::WantedRecord;

constexpr auto kCheckTime = 60s;    // of a whole check
constexpr auto kQuestionTime = 5s;  // of one question in it
constexpr std::string_view kNeeds[] = {"must", "should", "may"};
constexpr std::string_view kHeadings[] = {"Mail needs these", "Mail arrives more surely, and programs find their way",
                                          "For those who do more; see what stands beside each"};

// The first port that others can reach; 0: there is none.
Result<std::uint16_t> public_port(const Settings& settings, const std::vector<std::string>& at) {
  TRY(const std::vector<net::Endpoint> all, endpoints(settings, at));
  for (const net::Endpoint& one : all)
    if (!one.is_unix && !one.ip.is_loopback() && one.port != 0) return one.port;
  return std::uint16_t(0);
}

Result<DomainFacts> facts_of(const House& house, const Settings& settings, const std::string& wanted) {
  TRY(const directory::Domain domain, house.directory->domain(wanted));
  TRY(const directory::Tenant tenant, house.directory->tenant(domain.tenant));
  DomainFacts facts;
  facts.domain = domain.name;
  facts.hostname = settings.hostname;
  facts.keys = house.domain_keys->list(domain.name);
  const ListenOptions& listen = settings.listen;
  const std::tuple<const char*, const std::vector<std::string>&, bool> services[] = {
      {"_imaps", listen.imaps, true},
      {"_imap", listen.imap, false},
      {"_pop3s", listen.pop3s, true},
      {"_pop3", listen.pop3, false},
      {"_submissions", listen.submissions, true},
      {"_submission", listen.submission, false},
      {"_sieve", listen.managesieve, false}};
  for (const auto& [label, at, has_tls] : services) {
    TRY(const std::uint16_t port, public_port(settings, at));
    facts.services.push_back({label, port, has_tls, ""});
  }
  TRY(const std::uint16_t https, public_port(settings, listen.https));
  for (const char* label : {"_caldavs", "_carddavs"}) facts.services.push_back({label, https, true, "/dav/"});
  const auto hosts = transport::smart_hosts_of(settings.sending);
  if (const auto* host =
          transport::find_smart_host(hosts, {.tenant = tenant.name, .from_domain = domain.name, .to_domain = ""}))
    facts.relays.push_back(host->host);
  const std::string certificate =
      settings.tls.certificates.empty() ? settings.data + "/tls/cert.pem" : settings.tls.certificates.front();
  facts.tlsa = transport::tlsa_of(certificate).value_or("");
  return facts;
}

json::object show_wanted(const WantedRecord& record) {
  return {{"name", record.name},
          {"type", record.type},
          {"value", record.value},
          {"need", name(record.need)},
          {"about", record.about}};
}

Result<std::string> show_dns(const House& house, const Settings& settings, std::string_view text) {
  TRY(json::object arguments, verb_arguments(text, {"name"}));
  TRY(std::string domain, needed_text(arguments, "name"));
  TRY(const DomainFacts facts, facts_of(house, settings, domain));
  json::array records;
  for (const WantedRecord& record : wanted_records(facts)) {
    if (record.use == RecordUse::no_service) continue;
    json::object shown = show_wanted(record);
    // Some tell what is to be done and are no record as they stand.
    const bool is_record = record.use != RecordUse::host && record.use != RecordUse::reverse && !record.value.empty();
    shown["line"] = is_record ? json::value(zone_line(record)) : json::value(nullptr);
    records.push_back(std::move(shown));
  }
  return json::serialize(json::object{{"domain", facts.domain},
                                      {"hostname", facts.hostname},
                                      {"records", std::move(records)},
                                      {"mta_sts_policy", sts_policy_text(facts)}});
}

Result<std::string> check_dns(const House& house, const Settings& settings, std::string_view text) {
  TRY(json::object arguments, verb_arguments(text, {"name", "server", "before"}));
  TRY(std::string domain, needed_text(arguments, "name"));
  TRY(auto server, text_argument(arguments, "server"));
  const json::value* before = arguments.if_contains("before");
  TRY(const DomainFacts facts, facts_of(house, settings, domain));
  // One that has kept nothing: what was just changed is seen.
  transport::DnsOptions options = settings.dns;
  if (server) options.servers = {*server};
  TRY(auto dns, transport::Dns::make(options));
  const auto resolver = dns->until(std::chrono::steady_clock::now() + kCheckTime, kQuestionTime);
  transport::MtaSts sts(*house.engine, system_clock(), *resolver, settings.sending.authorities,
                        settings.sending.mta_sts_port);
  transport::DomainCheckOptions how;
  how.is_before = before && before->is_bool() && before->get_bool();
  how.sts_policy = [&](const std::string& of) { return sts.policy(of); };
  json::array records;
  std::uint64_t faults = 0, unknown = 0;
  for (const CheckedRecord& one : check_domain(facts, *resolver, how)) {
    json::object shown = show_wanted(one.wanted);
    shown["state"] = name(one.state);
    shown["found"] = json::array(one.found.begin(), one.found.end());
    shown["note"] = one.note;
    shown["fault"] = one.is_fault;
    faults += one.is_fault ? 1 : 0;
    unknown += one.state == RecordState::unknown ? 1 : 0;
    records.push_back(std::move(shown));
  }
  return json::serialize(json::object{{"domain", facts.domain},
                                      {"records", std::move(records)},
                                      {"faults", faults},
                                      {"unknown", unknown},
                                      {"clean", faults + unknown == 0}});
}

// As a piece of a zone: what is no record yet, or not for everybody, is a comment.
int print_dns(const json::value& answer) {
  fmt::print("; What DNS needs to say of {} for mail at {}\n", cell(answer.at("domain")), cell(answer.at("hostname")));
  for (std::size_t i = 0; i < std::size(kNeeds); ++i) {
    fmt::print(";\n; {}:\n", kHeadings[i]);
    for (const json::value& one : answer.at("records").as_array()) {
      if (one.at("need").as_string() != kNeeds[i]) continue;
      fmt::print("; {}\n", cell(one.at("about")));
      const json::value& line = one.at("line");
      if (line.is_null() && !one.at("value").as_string().empty())
        fmt::print(";   {}: {}\n", cell(one.at("name")), cell(one.at("value")));
      if (line.is_string()) fmt::print("{}{}\n", kNeeds[i] == "may" ? ";   " : "", cell(line));
    }
  }
  fmt::print(";\n; The policy for MTA-STS:\n");
  std::string policy(answer.at("mta_sts_policy").as_string());
  for (std::size_t at = 0; at < policy.size();) {
    const std::size_t end = policy.find("\r\n", at);
    fmt::print(";   {}\n", policy.substr(at, end - at));
    at = end + 2;
  }
  return kOk;
}

int print_checked(const json::value& answer) {
  for (const json::value& one : answer.at("records").as_array()) {
    const std::string state = cell(one.at("state"));
    fmt::print("{:10} {:5} {}\n", state, cell(one.at("type")), cell(one.at("name")));
    const bool is_told = state != "ok" && state != "not needed";
    const auto show = [](const char* what, const json::value& value) {
      fmt::print("{:17}{}: {}\n", "", what, cell(value));
    };
    for (const json::value& found : one.at("found").as_array())
      if (is_told) show("is", found);
    if (is_told && !one.at("value").as_string().empty()) show("should be", one.at("value"));
    if (!one.at("note").as_string().empty()) show("note", one.at("note"));
  }
  const auto faults = answer.at("faults").to_number<std::uint64_t>();
  const auto unknown = answer.at("unknown").to_number<std::uint64_t>();
  fmt::print("{}: {} faults, {} questions without an answer\n", cell(answer.at("domain")), faults, unknown);
  return faults + unknown > 0 ? kFailed : kOk;
}

}  // namespace

void add_domain_dns_verbs(admin::Admin& admin, House& house, const Settings& settings) {
  admin.add("domain.dns", false, [&](std::string_view text) { return show_dns(house, settings, text); });
  admin.add("domain.check", false, [&](std::string_view text) { return check_dns(house, settings, text); });
}

void add_domain_dns_commands(CommandLine& line) {
  line.verb("domain dns", "domain.dns", "Prints the records that DNS needs for the domain's mail, as a piece of a zone",
            print_dns)
      .required("name", "DOMAIN", "The domain")
      .example("kontor domain dns example.org");
  line.verb("domain check", "domain.check",
            "Compares DNS with what it must say; exit code 1 if mail suffers, or DNS did not answer", print_checked)
      .required("name", "DOMAIN", "The domain")
      .text("--server", "server", "ADDRESS", "Ask this DNS server instead of those of the configuration")
      .flag("--before", "before", true,
            "Mail still goes elsewhere: that is no fault, but what others keep for long is told")
      .example("kontor domain check example.org --before")
      .example("kontor domain check example.org --server 192.0.2.53 --json");
}

}  // namespace kontor::app
