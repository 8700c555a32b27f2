// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/smtp/sender_check.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/log.h"
#include "formats/mime/header.h"
#include "transport/auth/arc.h"
#include "transport/auth/dkim.h"
#include "transport/auth/dmarc.h"
#include "transport/auth/spf.h"

namespace kontor::transport {
namespace {

constexpr std::size_t kMostRelays = 20;

SpfVerdict check_client(const SendingClient& client, const SenderFacts& facts, Resolver& resolver) {
  SpfRequest request;
  request.client = client.ip;
  request.helo = client.helo;
  request.mail_from = facts.mail_from.domain.empty() ? std::string() : facts.mail_from.to_string();
  request.receiver = facts.server;
  request.time = facts.time;
  return check_spf(request, resolver);
}

struct Signatures {
  explicit Signatures(std::int64_t time) : dkim(time) {}
  DkimVerifier dkim;
  ArcVerifier arc;
};

Result<void> read_signatures(const SmtpMessage& message, Signatures& into) {
  into.dkim.feed(message.head());
  into.arc.feed(message.head());
  auto read = message.each_of_body([&](std::string_view piece) -> Result<void> {
    into.dkim.feed(piece);
    into.arc.feed(piece);
    return {};
  });
  if (!read) log::error("smtp.spool", {{"why", read.error().text}});
  return read;
}

void check_authors(const Authors& authors, const SenderFacts& facts, const PublicSuffixes& suffixes, Resolver& resolver,
                   AuthResults& results) {
  for (const std::string& author : authors.domains) {
    DmarcRequest request{author, results.spf.value_or(SpfVerdict()), results.dkim, facts.dice};
    DmarcVerdict& verdict = results.dmarc.emplace_back(check_dmarc(request, suffixes, resolver));
    if (facts.relay && std::ranges::find(facts.relay->passed, verdict.domain) != facts.relay->passed.end() &&
        verdict.result != DmarcResult::none) {
      verdict.result = DmarcResult::pass;
      verdict.applied = DmarcPolicy::none;
    }
    // Where SPF could not be checked nobody can say that both failed: a relay's own bounces are not signed.
    if (!results.spf && verdict.result == DmarcResult::fail) {
      verdict.result = DmarcResult::temperror;
      verdict.applied = DmarcPolicy::none;
    }
  }
}

// RFC 8617 section 7.2.1: what broke on the way was the author's before, if somebody says so who is believed.
void believe_sealers(const SenderFacts& facts, AuthResults& results) {
  for (DmarcVerdict& one : results.dmarc) {
    if (one.result != DmarcResult::fail) continue;
    one.vouched_by = vouching_sealer(results.arc, one.domain, facts.trusted_sealers).value_or("");
    if (!one.vouched_by.empty()) one.applied = DmarcPolicy::none;
  }
}

}  // namespace

// "from HELO (name [192.0.2.1]) by ...": not what the client said, which Exim writes as "helo=".
std::optional<SendingClient> client_of_received(std::string_view value) {
  const std::string text = mime::unfold(value);
  std::string_view rest = text;
  if (!iequals(rest.substr(0, 5), "from ")) return std::nullopt;
  rest.remove_prefix(5);
  rest = rest.substr(0, rest.find(" by "));
  SendingClient out;
  out.helo = rest.substr(0, rest.find(' '));
  bool has_address = false;
  for (std::size_t begin = rest.find('['); begin != std::string_view::npos; begin = rest.find('[', begin + 1)) {
    const std::size_t end = rest.find(']', begin);
    if (end == std::string_view::npos) break;
    std::string_view inside = rest.substr(begin + 1, end - begin - 1);
    if (iequals(inside.substr(0, 5), "ipv6:")) inside.remove_prefix(5);
    const bool is_hello = begin >= 5 && iequals(rest.substr(begin - 5, 5), "helo=");
    if (auto ip = net::parse_ip(inside); ip && !is_hello) {
      out.ip = *ip;
      has_address = true;
    }
  }
  if (!has_address) return std::nullopt;
  return out;
}

std::optional<SendingClient> client_before_relays(std::string_view head, const SendingClient& peer,
                                                  const std::function<bool(const net::IpAddress&)>& is_trusted) {
  std::optional<SendingClient> at = peer;
  std::size_t steps = 0;
  if (!is_trusted(peer.ip)) return at;
  mime::each_field(head, [&](const mime::Field& field) {
    if (!iequals(field.name, "Received")) return true;
    at = client_of_received(field.value);
    return at && is_trusted(at->ip) && ++steps < kMostRelays;
  });
  if (at && is_trusted(at->ip)) return std::nullopt;
  return at;
}

SenderCheck check_sender(const SmtpMessage& message, const SenderFacts& facts, const PublicSuffixes& suffixes,
                         Resolver& spf_resolver, Resolver& resolver) {
  SenderCheck out;
  out.results.server = facts.server;
  if (facts.relay && facts.relay->spf)
    out.results.spf = facts.relay->spf;
  else if (facts.client)
    out.results.spf = check_client(*facts.client, facts, spf_resolver);
  if (facts.client) out.results.helo = facts.client->helo;
  out.results.mail_from = facts.mail_from.domain.empty() ? std::string() : facts.mail_from.to_string();
  if (facts.client) out.results.client = net::to_string(facts.client->ip);
  Signatures signatures(facts.time);
  // A fault of ours is nobody's forgery: who delivers it cannot read it either, and lets it come again.
  if (!read_signatures(message, signatures)) return out;
  out.results.dkim = facts.relay && facts.relay->has_dkim ? facts.relay->dkim : signatures.dkim.finish(resolver);
  const Authors authors = find_authors(message.head());
  if (!authors.is_ambiguous) check_authors(authors, facts, suffixes, resolver, out.results);
  // Last: a long chain must not use up the time for what the authors want.
  out.results.arc = signatures.arc.finish(resolver);
  believe_sealers(facts, out.results);
  if (authors.is_ambiguous) {
    out.wish = DmarcPolicy::reject;
    out.because = "The message has more than one author's field (From)";
  }
  for (const DmarcVerdict& verdict : out.results.dmarc) {
    if (verdict.applied <= out.wish) continue;
    out.wish = verdict.applied;
    out.because = verdict.domain + " did not send this message, and asks that such mail is not taken (DMARC)";
  }
  return out;
}

}  // namespace kontor::transport
