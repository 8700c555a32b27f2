// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/smtp/relay_results.h"

#include <algorithm>

#include "base/bytes.h"
#include "formats/mime/header.h"
#include "transport/auth/results.h"
#include "transport/auth/results_reader.h"
#include "transport/smtp/sender_check.h"

namespace kontor::transport {
namespace {

constexpr std::size_t kMostRelayedSignatures = 8;

SpfResult spf_result_of(std::string_view word) {
  for (const SpfResult one : {SpfResult::neutral, SpfResult::pass, SpfResult::fail, SpfResult::softfail,
                              SpfResult::temperror, SpfResult::permerror})
    if (word == name(one)) return one;
  return SpfResult::none;
}

DkimResult dkim_result_of(std::string_view word) {
  for (const DkimResult one : {DkimResult::pass, DkimResult::temperror, DkimResult::permerror})
    if (word == name(one)) return one;
  return DkimResult::fail;
}

void take_signature(const ReadResult& one, RelayResults& into) {
  into.has_dkim = true;
  DkimVerdict verdict;
  verdict.result = dkim_result_of(one.result);
  verdict.domain =
      domain_of_property(one.property("header.d").empty() ? one.property("header.i") : one.property("header.d"));
  verdict.selector = one.property("header.s");
  verdict.algorithm = one.property("header.a");
  if (!verdict.domain.empty() && into.dkim.size() < kMostRelayedSignatures) into.dkim.push_back(std::move(verdict));
}

RelayResults relay_results(const ReadResults& read) {
  RelayResults out;
  for (const ReadResult& one : read.methods) {
    if (one.method == "spf" && !out.spf) {
      const auto sender = one.property("smtp.mailfrom"), helo = one.property("smtp.helo");
      out.spf.emplace().result = spf_result_of(one.result);
      out.spf->domain = domain_of_property(sender.empty() ? helo : sender);
    } else if (one.method == "dkim") {
      take_signature(one, out);
    } else if (one.method == "dmarc" && one.result == "pass") {
      out.passed.push_back(domain_of_property(one.property("header.from")));
    }
  }
  return out;
}

}  // namespace

std::optional<RelayResults> results_of_relays(std::string_view head, const std::vector<std::string>& servers,
                                              const std::function<bool(const net::IpAddress&)>& is_trusted) {
  std::optional<RelayResults> out;
  bool is_last_trusted = false;  // the Received of the first relay came: what is below the next one is others'
  mime::each_field(head, [&](const mime::Field& field) {
    if (iequals(field.name, "Received")) {
      if (is_last_trusted) return false;
      const auto client = client_of_received(field.value);
      is_last_trusted = !client || !is_trusted(client->ip);
      return true;
    }
    if (!iequals(field.name, "Authentication-Results")) return true;
    const std::string server = results_server(field.value);
    if (std::ranges::none_of(servers, [&](const std::string& one) { return iequals(one, server); })) return true;
    if (const auto read = read_results(field.value)) out = relay_results(*read);
    return !out;
  });
  return out;
}

}  // namespace kontor::transport
