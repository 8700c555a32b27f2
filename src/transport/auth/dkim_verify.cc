// SPDX-License-Identifier: AGPL-3.0-or-later
#include <algorithm>
#include <array>
#include <expected>
#include <utility>

#include "base/bytes.h"
#include "transport/auth/dkim.h"
#include "transport/auth/dkim_signature.h"

namespace kontor::transport {
namespace {

constexpr std::size_t kMostSignatures = 8;

std::unexpected<DkimFailure> refuse(std::string problem, DkimResult result = DkimResult::permerror) {
  return std::unexpected(DkimFailure{result, std::move(problem)});
}

}  // namespace

struct DkimVerifier::State {
  // Where the hash of a signature's body is being made; null if the signature
  // is not sound.
  struct Job {
    DkimSignature signature;
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
  DkimBody* body_for(const DkimSignature& signature);
  void feed_body(std::string_view piece) {
    for (auto& body : bodies) body.hash->feed(piece);
  }
  DkimChecked<void> verify(Job& job, Resolver& resolver);

  std::int64_t now = 0;
  DkimHead head;
  bool has_begun = false;
  std::vector<Job> jobs;
  std::vector<Body> bodies;  // signatures of one form and length share one
};

DkimBody* DkimVerifier::State::body_for(const DkimSignature& signature) {
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
    if (auto read = read_dkim_signature(field.raw, SignedBy::dkim, now, job.signature); !read)
      job.failure = std::move(read.error());
    else
      job.body = body_for(job.signature);
  }
}

DkimChecked<void> DkimVerifier::State::verify(Job& job, Resolver& resolver) {
  const DkimSignature& signature = job.signature;
  const auto body = std::ranges::find(bodies, job.body, [](const Body& one) { return one.hash.get(); });
  TRY(const Pkey key, choose_dkim_key(resolver.txt(dkim_key_name(signature)), job.signature));
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
