// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/auth/arc.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/bytes.h"
#include "transport/auth/arc_sets.h"
#include "transport/auth/dkim_signature.h"
#include "transport/auth/results_reader.h"

namespace kontor::transport {
namespace {

std::unexpected<DkimFailure> arc_refuse(std::string problem) {
  return std::unexpected(DkimFailure{DkimResult::fail, std::move(problem)});
}

// What the seals say, without asking whether they hold.
DkimChecked<void> check_arc_statuses(const std::vector<ArcSet>& sets) {
  for (std::size_t i = 0; i < sets.size(); ++i) {
    const auto tags = parse_dkim_tags(arc_value(sets[i].seal));
    if (!tags || tags->contains("h")) return arc_refuse("a seal has tags that it must not have");
    if (arc_status(sets[i]) != (i == 0 ? "none" : "pass"))
      return arc_refuse("a seal does not say that the chain was sound before");
  }
  return {};
}

// Whoever sends a message says how many seals there are: the same key is asked for once.
class ArcKeys {
 public:
  explicit ArcKeys(Resolver& resolver) : resolver_(resolver) {}

  DkimChecked<Pkey> find(DkimSignature& signature) {
    const std::string name = dkim_key_name(signature);
    auto found = answers_.find(name);
    if (found == answers_.end()) found = answers_.emplace(name, resolver_.txt(name)).first;
    return choose_dkim_key(found->second, signature);
  }

 private:
  Resolver& resolver_;
  std::map<std::string, DnsAnswer<std::string>> answers_;
};

std::string arc_claims(const ArcSet& set) {
  const std::string_view value = arc_value(set.results);
  const auto end = value.find(';');
  return end == std::string_view::npos ? std::string() : std::string(value.substr(end + 1));
}

}  // namespace

struct ArcVerifier::State {
  void begin();
  DkimChecked<void> check_message(ArcKeys& keys);
  DkimChecked<ArcSeal> check_seal(std::size_t index, std::string_view before, ArcKeys& keys);
  DkimChecked<std::vector<ArcSeal>> check_all(ArcKeys& keys);

  DkimHead head;
  bool has_begun = false;
  bool has_fields = false;
  std::vector<ArcSet> sets;
  std::optional<DkimFailure> failure;
  DkimSignature message;  // of the last set: only it must still hold (section 5.2, step 4)
  std::unique_ptr<DkimBody> body;
};

void ArcVerifier::State::begin() {
  has_begun = true;
  has_fields = std::ranges::any_of(head.fields(), is_arc_field);
  if (!has_fields) return;
  auto collected = collect_arc_sets(head);
  if (!collected) {
    failure = DkimFailure{DkimResult::fail, std::move(collected.error())};
    return;
  }
  sets = *std::move(collected);
  if (auto sound = check_arc_statuses(sets); !sound)
    failure = std::move(sound.error());
  else if (auto read = read_dkim_signature(sets.back().message, SignedBy::arc_message, 0, message); !read)
    failure = std::move(read.error());
  else if (std::ranges::find(message.names, "arc-seal") != message.names.end())
    failure = DkimFailure{DkimResult::fail, "a seal is signed as a part of the message"};
  else
    body = std::make_unique<DkimBody>(message.body_form, message.limit);
}

DkimChecked<void> ArcVerifier::State::check_message(ArcKeys& keys) {
  const std::string hash = body->finish();
  TRY(const Pkey key, keys.find(message));
  if (message.limit && *message.limit > body->length()) return arc_refuse("l= is beyond the body");
  if (!equal_constant_time(hash, message.body_hash)) return arc_refuse("the body was changed");
  const auto header = signed_header(head, message.names, without_signature(message.raw), message.header_form);
  if (!is_signed_by(message.algorithm, key.get(), header, message.signature))
    return arc_refuse("the last signature is not of this header");
  return {};
}

// Section 5.1.1: `before` are the sets below this one.
DkimChecked<ArcSeal> ArcVerifier::State::check_seal(std::size_t index, std::string_view before, ArcKeys& keys) {
  DkimSignature seal;
  TRY_VOID(read_dkim_signature(sets[index].seal, SignedBy::arc_seal, 0, seal));
  const std::string own = without_signature(sets[index].seal);
  std::string sealed(before);
  append_arc_set({sets[index].results, sets[index].message, own}, sealed);
  sealed.resize(sealed.size() - 2);  // the last line end is not signed
  TRY(const Pkey key, keys.find(seal));
  if (!is_signed_by(seal.algorithm, key.get(), sealed, seal.signature)) return arc_refuse("a seal is broken");
  return ArcSeal{seal.about.domain, seal.about.selector, arc_claims(sets[index])};
}

DkimChecked<std::vector<ArcSeal>> ArcVerifier::State::check_all(ArcKeys& keys) {
  TRY_VOID(check_message(keys));
  std::vector<ArcSeal> seals;
  std::string before;
  for (std::size_t i = 0; i < sets.size(); ++i) {
    TRY(ArcSeal seal, check_seal(i, before, keys));
    seals.push_back(std::move(seal));
    append_arc_set(sets[i], before);
  }
  return seals;
}

ArcVerifier::ArcVerifier() : state_(std::make_unique<State>()) {}
ArcVerifier::~ArcVerifier() = default;
ArcVerifier::ArcVerifier(ArcVerifier&&) noexcept = default;

void ArcVerifier::feed(std::string_view piece) {
  const auto body = state_->head.feed(piece);
  if (!state_->head.is_complete()) return;
  if (!state_->has_begun) state_->begin();
  if (state_->body) state_->body->feed(body);
}

ArcVerdict ArcVerifier::finish(Resolver& resolver) {
  State& state = *state_;
  state.head.finish();
  if (!state.has_begun) state.begin();
  ArcVerdict out;
  out.count = state.sets.size();
  if (!state.has_fields) return out;
  if (!state.failure) {
    ArcKeys keys(resolver);
    if (auto seals = state.check_all(keys))
      out.seals = *std::move(seals);
    else
      state.failure = std::move(seals.error());
  }
  out.result = ArcResult::pass;
  if (state.failure) {
    out.result = state.failure->result == DkimResult::temperror ? ArcResult::temperror : ArcResult::fail;
    out.problem = state.failure->problem;
  }
  return out;
}

std::optional<std::string> vouching_sealer(const ArcVerdict& chain, std::string_view author,
                                           const std::vector<std::string>& trusted) {
  if (chain.result != ArcResult::pass) return std::nullopt;
  for (auto seal = chain.seals.rbegin(); seal != chain.seals.rend(); ++seal) {
    const auto is_it = [&](const std::string& domain) { return iequals(domain, seal->domain); };
    if (std::ranges::none_of(trusted, is_it)) return std::nullopt;
    const auto claims = read_results(seal->claims);
    if (!claims) continue;
    for (const ReadResult& one : claims->methods)
      if (one.method == "dmarc" && one.result == "pass" && iequals(one.property("header.from"), author))
        return seal->domain;
  }
  return std::nullopt;
}

std::string_view name(ArcResult result) {
  constexpr std::array<std::string_view, 4> kNames = {"none", "pass", "fail", "temperror"};
  return kNames.at(static_cast<std::size_t>(result));
}

}  // namespace kontor::transport
