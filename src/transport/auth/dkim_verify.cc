// SPDX-License-Identifier: AGPL-3.0-or-later
#include <algorithm>
#include <array>
#include <charconv>
#include <expected>
#include <utility>

#include "base/bytes.h"
#include "transport/auth/dkim.h"
#include "transport/auth/dkim_canonical.h"
#include "transport/auth/dkim_key.h"
#include "transport/auth/dkim_tags.h"

namespace kontor::transport {
namespace {

constexpr std::size_t kMostSignatures = 8;
constexpr std::size_t kMostSignedNames = 1000;

struct DkimFailure {
  DkimResult result;
  std::string problem;
};
template <class T>
using Checked = std::expected<T, DkimFailure>;

std::unexpected<DkimFailure> refuse(std::string problem, DkimResult result = DkimResult::permerror) {
  return std::unexpected(DkimFailure{result, std::move(problem)});
}

// A DKIM-Signature field, read and found sound in itself (section 6.1.1).
struct Signature {
  DkimVerdict about;
  std::string_view raw;
  DkimAlgorithm algorithm = DkimAlgorithm::rsa;
  DkimForm header_form = DkimForm::simple;
  DkimForm body_form = DkimForm::simple;
  std::vector<std::string> names;  // h=
  std::string body_hash, signature;
  std::optional<std::uint64_t> limit;
};

bool is_domain_or_below(std::string_view domain, std::string_view above) {
  const std::string a = to_lower(domain), b = to_lower(above);
  return a == b || a.ends_with("." + b);
}

Checked<std::optional<std::uint64_t>> number_of(const DkimTags& tags, std::string_view tag) {
  const auto found = tags.find(tag);
  if (found == tags.end()) return std::nullopt;
  std::uint64_t value = 0;
  const char* end = found->second.data() + found->second.size();
  const auto [at, error] = std::from_chars(found->second.data(), end, value);
  if (error != std::errc() || at != end) return refuse(std::string(tag) + "= is no number");
  return value;
}

Checked<DkimForm> form_of(std::string_view word) {
  if (word == "simple") return DkimForm::simple;
  if (word == "relaxed") return DkimForm::relaxed;
  return refuse("c= is unknown");
}

Checked<void> take_forms(const DkimTags& tags, Signature& into) {
  const std::string forms = to_lower(tag_or(tags, "c", "simple/simple"));
  const auto slash = forms.find('/');
  TRY(into.header_form, form_of(std::string_view(forms).substr(0, slash)));
  TRY(into.body_form, form_of(slash == std::string::npos ? "simple" : std::string_view(forms).substr(slash + 1)));
  return {};
}

Checked<void> take_algorithm(const DkimTags& tags, Signature& into) {
  into.about.algorithm = to_lower(tag_or(tags, "a", ""));
  if (into.about.algorithm == "ed25519-sha256") {
    into.algorithm = DkimAlgorithm::ed25519;
  } else if (into.about.algorithm != "rsa-sha256") {
    return refuse("a= is not an algorithm to rely on");  // rsa-sha1 is none any more: RFC
                                                         // 8301 section 3.1
  }
  return {};
}

Checked<void> take_identity(const DkimTags& tags, Signature& into) {
  DkimVerdict& about = into.about;
  about.domain = to_lower(tag_or(tags, "d", ""));
  about.selector = tag_or(tags, "s", "");
  if (about.domain.empty() || about.selector.empty()) return refuse("d= or s= is missing");
  about.identity = tag_or(tags, "i", "@" + about.domain);
  const auto at = about.identity.rfind('@');
  if (at == std::string::npos || !is_domain_or_below(about.identity.substr(at + 1), about.domain))
    return refuse("i= is not of the domain");
  return {};
}

Checked<void> take_times(const DkimTags& tags, std::int64_t now) {
  TRY(const auto made, number_of(tags, "t"));
  TRY(const auto expires, number_of(tags, "x"));
  if (!expires) return {};
  if (made && *made > *expires) return refuse("it ends before it begins");
  if (now > 0 && *expires < static_cast<std::uint64_t>(now)) return refuse("it has expired", DkimResult::fail);
  return {};
}

Checked<void> take_bytes(const DkimTags& tags, Signature& into) {
  const auto signature = from_base64(without_white_space(tag_or(tags, "b", "")));
  const auto body_hash = from_base64(without_white_space(tag_or(tags, "bh", "")));
  if (!signature || signature->empty() || !body_hash || body_hash->empty()) return refuse("b= or bh= is no base64");
  into.signature = *signature;
  into.body_hash = *body_hash;
  TRY(into.limit, number_of(tags, "l"));
  into.about.signed_length = into.limit;
  into.names = split_colons(tag_or(tags, "h", ""));
  if (into.names.size() > kMostSignedNames) return refuse("h= is too long");
  if (std::ranges::find(into.names, "from") == into.names.end()) return refuse("From is not signed");
  return {};
}

Checked<void> read_signature(std::string_view raw, std::int64_t now, Signature& into) {
  into.raw = raw;
  const auto tags = parse_dkim_tags(raw.substr(raw.find(':') + 1));
  if (!tags) return refuse("it is no list of tags");
  if (tag_or(*tags, "v", "") != "1") return refuse("v= is not 1");
  TRY_VOID(take_identity(*tags, into));
  TRY_VOID(take_algorithm(*tags, into));
  TRY_VOID(take_forms(*tags, into));
  const auto queries = split_colons(tag_or(*tags, "q", "dns/txt"));
  if (std::ranges::find(queries, "dns/txt") == queries.end()) return refuse("q= is unknown");
  TRY_VOID(take_bytes(*tags, into));
  return take_times(*tags, now);
}

// Section 3.6.1.
Checked<Pkey> read_key(std::string_view record, Signature& signature) {
  const auto tags = parse_dkim_tags(record);
  if (!tags) return refuse("the key record is no list of tags");
  if (tag_or(*tags, "v", "DKIM1") != "DKIM1") return refuse("the key record is of another version");
  const bool is_rsa = signature.algorithm == DkimAlgorithm::rsa;
  if (tag_or(*tags, "k", "rsa") != (is_rsa ? "rsa" : "ed25519")) return refuse("the key is for another algorithm");
  const auto has = [&](std::string_view tag, std::string_view otherwise, std::string_view word) {
    const auto words = split_colons(tag_or(*tags, tag, otherwise));
    return std::ranges::find(words, word) != words.end();
  };
  if (!has("h", "sha256", "sha256")) return refuse("the key is for another hash");
  if (!has("s", "*", "*") && !has("s", "*", "email")) return refuse("the key is not for mail");
  signature.about.is_test = has("t", "", "y");
  const auto& identity = signature.about.identity;
  if (has("t", "", "s") && !iequals(identity.substr(identity.rfind('@') + 1), signature.about.domain))
    return refuse("the key is not for domains below");
  const std::string text = without_white_space(tag_or(*tags, "p", "-"));
  if (text.empty()) return refuse("the key was revoked");
  const auto bytes = from_base64(text);
  if (!bytes) return refuse("the key record has no key");
  auto key = public_key(signature.algorithm, *bytes);
  if (!key) return refuse(key.error().text);
  return std::move(*key);
}

Checked<Pkey> find_key(Resolver& resolver, Signature& signature) {
  const auto answer = resolver.txt(signature.about.selector + "._domainkey." + signature.about.domain);
  if (answer.status == DnsStatus::failed) return refuse("DNS did not answer for the key", DkimResult::temperror);
  if (answer.records.empty()) return refuse("there is no key record");
  // More than one is undefined (section 3.6.2.2): the first that is sound.
  auto key = read_key(answer.records.front(), signature);
  for (std::size_t i = 1; !key && i < std::min<std::size_t>(answer.records.size(), 4); ++i)
    key = read_key(answer.records[i], signature);
  return key;
}

}  // namespace

struct DkimVerifier::State {
  // Where the hash of a signature's body is being made; null if the signature
  // is not sound.
  struct Job {
    Signature signature;
    std::optional<DkimFailure> failure;
    DkimBody* body = nullptr;
  };
  struct Body {
    DkimForm form;
    std::optional<std::uint64_t> limit;
    std::unique_ptr<DkimBody> hash;
    std::string result{};
  };

  void begin();
  DkimBody* body_for(const Signature& signature);
  void feed_body(std::string_view piece) {
    for (auto& body : bodies) body.hash->feed(piece);
  }
  Checked<void> verify(Job& job, Resolver& resolver);

  std::int64_t now = 0;
  DkimHead head;
  bool has_begun = false;
  std::vector<Job> jobs;
  std::vector<Body> bodies;  // signatures of one form and length share one
};

DkimBody* DkimVerifier::State::body_for(const Signature& signature) {
  for (auto& body : bodies)
    if (body.form == signature.body_form && body.limit == signature.limit) return body.hash.get();
  bodies.push_back(
      {signature.body_form, signature.limit, std::make_unique<DkimBody>(signature.body_form, signature.limit)});
  return bodies.back().hash.get();
}

void DkimVerifier::State::begin() {
  has_begun = true;
  for (const auto& field : head.fields()) {
    if (field.name != "dkim-signature" || jobs.size() == kMostSignatures) continue;
    Job& job = jobs.emplace_back();
    if (auto read = read_signature(field.raw, now, job.signature); !read)
      job.failure = std::move(read.error());
    else
      job.body = body_for(job.signature);
  }
}

Checked<void> DkimVerifier::State::verify(Job& job, Resolver& resolver) {
  const Signature& signature = job.signature;
  const auto body = std::ranges::find(bodies, job.body, [](const Body& one) { return one.hash.get(); });
  TRY(const Pkey key, find_key(resolver, job.signature));
  if (signature.limit && *signature.limit > body->hash->length()) return refuse("l= is beyond the body");
  if (!equal_constant_time(body->result, signature.body_hash)) return refuse("the body was changed", DkimResult::fail);
  const auto header = signed_header(head, signature.names, without_signature(signature.raw), signature.header_form);
  if (!is_signed_by(signature.algorithm, key.get(), header, signature.signature))
    return refuse("the signature is not of this header", DkimResult::fail);
  return {};
}

DkimVerifier::DkimVerifier(std::int64_t now) : state_(std::make_unique<State>()) { state_->now = now; }
DkimVerifier::~DkimVerifier() = default;
DkimVerifier::DkimVerifier(DkimVerifier&&) noexcept = default;

void DkimVerifier::feed(std::string_view piece) {
  const auto body = state_->head.feed(piece);
  if (!state_->head.is_complete()) return;
  if (!state_->has_begun) state_->begin();
  state_->feed_body(body);
}

std::vector<DkimVerdict> DkimVerifier::finish(Resolver& resolver) {
  state_->head.finish();
  if (!state_->has_begun) state_->begin();
  for (auto& body : state_->bodies) body.result = body.hash->finish();
  std::vector<DkimVerdict> out;
  for (auto& job : state_->jobs) {
    if (!job.failure) {
      if (auto verified = state_->verify(job, resolver); !verified) job.failure = std::move(verified.error());
    }
    DkimVerdict& verdict = job.signature.about;
    verdict.result = job.failure ? job.failure->result : DkimResult::pass;
    if (job.failure) verdict.problem = std::move(job.failure->problem);
    out.push_back(std::move(verdict));
  }
  return out;
}

std::string_view name(DkimResult result) {
  constexpr std::array<std::string_view, 4> kNames = {"pass", "fail", "temperror", "permerror"};
  return kNames.at(static_cast<std::size_t>(result));
}

}  // namespace kontor::transport
