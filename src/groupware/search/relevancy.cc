// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/relevancy.h"

#include <algorithm>
#include <string>

#include "formats/mime/decode.h"
#include "groupware/search/addresses.h"
#include "groupware/search/fold.h"
#include "groupware/search/fuzzy.h"

namespace kontor::groupware {

using Op = Query::Op;

namespace {

constexpr std::uint64_t kScoredInTurn = 8 << 20;  // bytes read, about
constexpr std::uint64_t kCostOfScore = 4 << 10;
constexpr std::uint64_t kCostOfScoredContent = 32 << 10;
constexpr unsigned kSubjectShare = 40;  // of 100

std::string envelope_text(Op op, const mime::fb::Envelope* envelope) {
  if (envelope == nullptr) return {};
  switch (op) {
    case Op::from:
      return fold_text(spell_addresses(envelope->from()));
    case Op::to:
      return fold_text(spell_addresses(envelope->to()));
    case Op::cc:
      return fold_text(spell_addresses(envelope->cc()));
    case Op::bcc:
      return fold_text(spell_addresses(envelope->bcc()));
    default:
      return fold_text(mime::decode_header(view_of(envelope->subject())));
  }
}

}  // namespace

struct Relevancy::Key {
  Op op = Op::all;
  std::string name, text;
  std::optional<FuzzyNeedle> needle;  // of keys that have a say
  std::vector<Key> children;
};

struct Relevancy::Facts {
  const Reader& reader;
  ItemId item;
  const mime::fb::Entity& top;
  std::uint64_t& cost;
  std::shared_ptr<const Content> content{};  // read when it is needed
};

Relevancy::Key Relevancy::make(const Query& query) {
  Key key;
  key.op = query.op;
  if (query.op == Op::both || query.op == Op::either)
    for (const Query& child : query.children) key.children.push_back(make(child));
  if (!query.is_fuzzy || query.op < Op::from) return key;
  key.name = query.name;
  key.text = fold_text(query.text);
  FuzzyNeedle needle(key.text);
  if (!needle.empty()) key.needle = std::move(needle);
  return key;
}

Relevancy::Relevancy(const Query& query) : root_(std::make_shared<const Key>(make(query))) {}

Result<std::optional<unsigned>> Relevancy::score(const Key& key, Facts& facts) {
  if (key.needle) {
    TRY(const unsigned found, quality(key, facts));
    return std::optional(found);
  }
  unsigned sum = 0, best = 0, count = 0;
  for (const Key& child : key.children) {
    TRY(const auto found, score(child, facts));
    if (!found) continue;
    ++count;
    sum += *found;
    best = std::max(best, *found);
  }
  // Another one of several may have matched, one without a say.
  const bool is_silent = key.op == Op::either && best == 0 && count < key.children.size();
  if (count == 0 || is_silent) return std::optional<unsigned>();
  return std::optional(key.op == Op::either ? best : sum / count);
}

Result<unsigned> Relevancy::quality(const Key& key, Facts& facts) {
  if (key.op < Op::header) return key.needle->quality_in(envelope_text(key.op, facts.top.envelope()));
  TRY(const unsigned found, quality_of_content(key, facts));
  if (key.op == Op::header || found == 0) return found;
  FuzzyFinder subject(*key.needle);
  subject.feed_folded(envelope_text(Op::subject, facts.top.envelope()));
  subject.finish();
  return (found * (100 - kSubjectShare) + subject.quality() * kSubjectShare) / 100;
}

Result<unsigned> Relevancy::quality_of_content(const Key& key, Facts& facts) {
  if (key.op != Op::header) {
    const auto scope = key.op == Op::body ? TextScope::body : TextScope::anywhere;
    const auto finding = facts.reader.find_text(scope, key.text, TextMatch::fuzzy);
    const auto known = finding ? finding->of(facts.item) : TextFinding::Answer::open;
    if (known != TextFinding::Answer::open) return known == TextFinding::Answer::yes ? finding->quality(facts.item) : 0;
  }
  if (!facts.content) {
    facts.cost += kCostOfScoredContent;
    TRY(facts.content, facts.reader.content(facts.item));
  }
  if (key.op == Op::header) {
    TRY(const auto values, header_values(*facts.content, facts.top, key.name, facts.cost));
    unsigned best = 0;
    for (const std::string& value : values) best = std::max(best, key.needle->quality_in(fold_text(value)));
    return best;
  }
  FuzzyFinder finder(*key.needle);
  const TextWalk walk{*facts.content, facts.top, facts.cost, facts.reader.extractor()};
  if (key.op == Op::anywhere) TRY_VOID(walk_headers(walk, finder));
  TRY_VOID(walk_bodies(walk, finder));
  finder.finish();
  return finder.found() ? finder.quality() : 0;
}

Result<void> Relevancy::gather(const Reader& reader, const FolderView& view,
                               const std::vector<std::uint32_t>& positions, std::size_t& next,
                               std::vector<std::uint8_t>& scores) const {
  for (std::uint64_t cost = 0; next < positions.size() && cost < kScoredInTurn; ++next) {
    cost += kCostOfScore;
    const ItemId item = view.at(positions[next]).item;
    const auto scored = [&]() -> Result<std::optional<unsigned>> {
      TRY(const std::string summary, reader.summary(item));
      const auto* top = flatbuffers::GetRoot<mime::fb::Summary>(summary.data())->top();
      if (top == nullptr) return fail(Errc::corrupt, "the summary of an item is damaged");
      Facts facts{.reader = reader, .item = item, .top = *top, .cost = cost};
      return score(*root_, facts);
    }();
    if (!scored && scored.error().code != Errc::not_found) return std::unexpected(scored.error());
    const unsigned found = scored ? scored->value_or(100) : 1;
    scores.push_back(static_cast<std::uint8_t>(std::clamp(found, 1U, 100U)));
  }
  return {};
}

}  // namespace kontor::groupware
