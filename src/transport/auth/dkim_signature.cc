// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/auth/dkim_signature.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/bytes.h"
#include "transport/auth/dns_domain.h"

namespace kontor::transport {
namespace {

constexpr std::size_t kMostSignedNames = 1000;

bool is_domain_or_below(std::string_view domain, std::string_view above) {
  const std::string a = to_lower(dns_domain(domain)), b = to_lower(dns_domain(above));
  return a == b || a.ends_with("." + b);
}

std::unexpected<DkimFailure> dkim_refuse(std::string problem, DkimResult result = DkimResult::permerror) {
  return std::unexpected(DkimFailure{result, std::move(problem)});
}

DkimChecked<std::optional<std::uint64_t>> number_of(const DkimTags& tags, std::string_view tag) {
  const auto found = tags.find(tag);
  if (found == tags.end()) return std::nullopt;
  std::uint64_t value = 0;
  const char* end = found->second.data() + found->second.size();
  const auto [at, error] = std::from_chars(found->second.data(), end, value);
  if (error != std::errc() || at != end) return dkim_refuse(std::string(tag) + "= is no number");
  return value;
}

DkimChecked<DkimForm> form_of(std::string_view word) {
  if (word == "simple") return DkimForm::simple;
  if (word == "relaxed") return DkimForm::relaxed;
  return dkim_refuse("c= is unknown");
}

DkimChecked<void> take_forms(const DkimTags& tags, DkimSignature& into) {
  const std::string forms = to_lower(tag_or(tags, "c", "simple/simple"));
  const auto slash = forms.find('/');
  TRY(into.header_form, form_of(std::string_view(forms).substr(0, slash)));
  TRY(into.body_form, form_of(slash == std::string::npos ? "simple" : std::string_view(forms).substr(slash + 1)));
  return {};
}

DkimChecked<void> take_algorithm(const DkimTags& tags, DkimSignature& into) {
  into.about.algorithm = to_lower(tag_or(tags, "a", ""));
  if (into.about.algorithm == "ed25519-sha256") {
    into.algorithm = DkimAlgorithm::ed25519;
  } else if (into.about.algorithm != "rsa-sha256") {
    return dkim_refuse("a= is not an algorithm to rely on");  // rsa-sha1 is none any more: RFC
                                                              // 8301 section 3.1
  }
  return {};
}

DkimChecked<void> take_identity(const DkimTags& tags, SignedBy kind, DkimSignature& into) {
  DkimVerdict& about = into.about;
  about.domain = to_lower(dns_domain(tag_or(tags, "d", "")));
  about.selector = dns_domain(tag_or(tags, "s", ""));
  if (about.domain.empty() || about.selector.empty()) return dkim_refuse("d= or s= is missing");
  if (kind != SignedBy::dkim) {
    about.identity = "@" + about.domain;
    return {};
  }
  about.identity = tag_or(tags, "i", "@" + about.domain);
  const auto at = about.identity.rfind('@');
  if (at == std::string::npos || !is_domain_or_below(about.identity.substr(at + 1), about.domain))
    return dkim_refuse("i= is not of the domain");
  return {};
}

DkimChecked<void> take_times(const DkimTags& tags, std::int64_t now) {
  TRY(const auto made, number_of(tags, "t"));
  TRY(const auto expires, number_of(tags, "x"));
  if (!expires) return {};
  if (made && *made > *expires) return dkim_refuse("it ends before it begins");
  if (now > 0 && *expires < static_cast<std::uint64_t>(now)) return dkim_refuse("it has expired", DkimResult::fail);
  return {};
}

DkimChecked<void> take_bytes(const DkimTags& tags, SignedBy kind, DkimSignature& into) {
  const auto signature = from_base64(without_white_space(tag_or(tags, "b", "")));
  if (!signature || signature->empty()) return dkim_refuse("b= is no base64");
  into.signature = *signature;
  if (kind == SignedBy::arc_seal) return {};
  const auto body_hash = from_base64(without_white_space(tag_or(tags, "bh", "")));
  if (!body_hash || body_hash->empty()) return dkim_refuse("bh= is no base64");
  into.body_hash = *body_hash;
  TRY(into.limit, number_of(tags, "l"));
  into.about.signed_length = into.limit;
  into.names = split_colons(tag_or(tags, "h", ""));
  if (into.names.size() > kMostSignedNames) return dkim_refuse("h= is too long");
  if (std::ranges::find(into.names, "from") == into.names.end()) return dkim_refuse("From is not signed");
  return {};
}

// Section 3.6.1.
DkimChecked<Pkey> read_key(std::string_view record, DkimSignature& signature) {
  const auto tags = parse_dkim_tags(record);
  if (!tags) return dkim_refuse("the key record is no list of tags");
  if (tag_or(*tags, "v", "DKIM1") != "DKIM1") return dkim_refuse("the key record is of another version");
  const bool is_rsa = signature.algorithm == DkimAlgorithm::rsa;
  if (tag_or(*tags, "k", "rsa") != (is_rsa ? "rsa" : "ed25519")) return dkim_refuse("the key is for another algorithm");
  const auto has = [&](std::string_view tag, std::string_view otherwise, std::string_view word) {
    const auto words = split_colons(tag_or(*tags, tag, otherwise));
    return std::ranges::find(words, word) != words.end();
  };
  if (!has("h", "sha256", "sha256")) return dkim_refuse("the key is for another hash");
  if (!has("s", "*", "*") && !has("s", "*", "email")) return dkim_refuse("the key is not for mail");
  signature.about.is_test = has("t", "", "y");
  const auto& identity = signature.about.identity;
  if (has("t", "", "s") && !iequals(dns_domain(identity.substr(identity.rfind('@') + 1)), signature.about.domain))
    return dkim_refuse("the key is not for domains below");
  const std::string text = without_white_space(tag_or(*tags, "p", "-"));
  if (text.empty()) return dkim_refuse("the key was revoked");
  const auto bytes = from_base64(text);
  if (!bytes) return dkim_refuse("the key record has no key");
  auto key = public_key(signature.algorithm, *bytes);
  if (!key) return dkim_refuse(key.error().text);
  return std::move(*key);
}

}  // namespace

DkimChecked<void> read_dkim_signature(std::string_view raw, SignedBy kind, std::int64_t now, DkimSignature& into) {
  into.raw = raw;
  const auto tags = parse_dkim_tags(raw.substr(raw.find(':') + 1));
  if (!tags) return dkim_refuse("it is no list of tags");
  if (kind == SignedBy::dkim && tag_or(*tags, "v", "") != "1") return dkim_refuse("v= is not 1");
  TRY_VOID(take_identity(*tags, kind, into));
  TRY_VOID(take_algorithm(*tags, into));
  TRY_VOID(take_forms(*tags, into));
  const auto queries = split_colons(tag_or(*tags, "q", "dns/txt"));
  if (std::ranges::find(queries, "dns/txt") == queries.end()) return dkim_refuse("q= is unknown");
  TRY_VOID(take_bytes(*tags, kind, into));
  return take_times(*tags, now);
}

std::string dkim_key_name(const DkimSignature& signature) {
  return signature.about.selector + "._domainkey." + signature.about.domain;
}

DkimChecked<Pkey> choose_dkim_key(const DnsAnswer<std::string>& answer, DkimSignature& signature) {
  if (answer.status == DnsStatus::failed) return dkim_refuse("DNS did not answer for the key", DkimResult::temperror);
  if (answer.records.empty()) return dkim_refuse("there is no key record");
  // More than one is undefined (section 3.6.2.2): the first that is sound.
  auto key = read_key(answer.records.front(), signature);
  for (std::size_t i = 1; !key && i < std::min<std::size_t>(answer.records.size(), 4); ++i)
    key = read_key(answer.records[i], signature);
  return key;
}

}  // namespace kontor::transport
