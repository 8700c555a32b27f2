// SPDX-License-Identifier: AGPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "transport/auth/arc.h"
#include "transport/auth/arc_sets.h"
#include "transport/auth/dkim_signature.h"

namespace kontor::transport {

struct ArcSealer::State {
  State(ArcSealerOptions options_, const DkimKey& key_) : options(std::move(options_)), key(key_) {}

  ArcSealerOptions options;
  const DkimKey& key;
  DkimHead head;
  DkimBody body{DkimForm::relaxed};
};

ArcSealer::ArcSealer(ArcSealerOptions options, const DkimKey& key)
    : state_(std::make_unique<State>(std::move(options), key)) {}
ArcSealer::~ArcSealer() = default;
ArcSealer::ArcSealer(ArcSealer&&) noexcept = default;

void ArcSealer::feed(std::string_view piece) {
  const auto body = state_->head.feed(piece);
  if (state_->head.is_complete()) state_->body.feed(body);
}

bool ArcSealer::has_chain() const { return std::ranges::any_of(state_->head.fields(), is_arc_field); }

Result<std::string> ArcSealer::finish(ArcResult chain, std::string_view results) {
  const ArcSealerOptions& options = state_->options;
  const DkimHead& head = state_->head;
  state_->head.finish();
  const auto sets = collect_arc_sets(head);
  if (!sets || sets->size() == kMostArcSets) return std::string();
  if (!sets->empty() && (arc_status(sets->back()) == "fail" || chain == ArcResult::none)) return std::string();
  if (chain == ArcResult::temperror || (sets->empty() && chain != ArcResult::none)) return std::string();
  const std::size_t instance = sets->size() + 1;
  const DkimKey::State& key = *state_->key.state_;

  while (results.starts_with(' ')) results.remove_prefix(1);
  const std::string saw = fmt::format("ARC-Authentication-Results: i={}; {}\r\n", instance, results);
  // Signatures of the author's domain are what those behind will want to know of (section 4.1.2).
  std::vector<std::string> fields = DkimSignerOptions().fields;
  fields.emplace_back("DKIM-Signature");
  const auto names = names_to_sign(head, fields);
  const std::string body_hash = state_->body.finish(), begin = fmt::format("i={};", instance);
  TRY(const std::string message, make_dkim_field({.name = "ARC-Message-Signature",
                                                  .begin = begin,
                                                  .domain = options.domain,
                                                  .selector = options.selector,
                                                  .time = options.time,
                                                  .names = names,
                                                  .body_hash = body_hash},
                                                 head, key));
  const std::string seal =
      fmt::format("ARC-Seal: i={}; a={}-sha256; cv={};\r\n\td={}; s={};\r\n\tt={};\r\n\tb=", instance,
                  key.algorithm == DkimAlgorithm::rsa ? "rsa" : "ed25519", name(chain), options.domain,
                  options.selector, options.time);
  std::string sealed;
  // Of a broken chain nobody can say what belongs to it (section 5.1.2).
  if (chain == ArcResult::pass)
    for (const ArcSet& set : *sets) append_arc_set(set, sealed);
  append_arc_set({saw, message, seal + "\r\n"}, sealed);
  sealed.resize(sealed.size() - 2);
  TRY(const std::string signature, sign_with(key.algorithm, key.key.get(), sealed));
  return seal + fold_dkim_value(to_base64(signature), 3) + "\r\n" + message + saw;
}

}  // namespace kontor::transport
