// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/matcher.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/bytes.h"
#include "base/log.h"
#include "formats/mime/decode.h"
#include "groupware/search/addresses.h"
#include "groupware/search/fold.h"
#include "groupware/search/fuzzy.h"
#include "groupware/search/text.h"

namespace kontor::groupware {

using Op = Query::Op;

namespace {

constexpr std::uint32_t kRowsInTurn = 100'000;
constexpr std::size_t kRowsInBlock = 512;
constexpr std::uint64_t kBytesInTurn = 8 << 20;
constexpr std::uint64_t kCostOfItem = 1 << 10;  // in bytes read, about
constexpr std::uint64_t kCostOfSummary = 1 << 10;
constexpr std::uint64_t kCostOfContent = 8 << 10;
constexpr std::uint64_t kCostOfText = 256;  // besides its bytes
constexpr std::uint64_t kCostOfKey = 16;

// What a key has to read.
enum class Depth : std::uint8_t { view, item, summary, header, body };

Depth depth_of(Op op) {
  if (op <= Op::thread) return Depth::view;
  if (op <= Op::judged) return Depth::item;
  if (op <= Op::subject) return Depth::summary;
  return op == Op::header ? Depth::header : Depth::body;
}

bool compares_text(Op op) { return op >= Op::from; }
bool looks_into_content(Op op) { return op == Op::body || op == Op::anywhere; }

const mime::fb::Summary* sound_summary(std::string_view bytes) {
  const auto* summary = flatbuffers::GetRoot<mime::fb::Summary>(bytes.data());
  return summary->top() == nullptr ? nullptr : summary;
}

}  // namespace

bool Period::holds(const InternalDate& date) const {
  const Instant at = is_local ? date.at + std::chrono::minutes(date.zone_minutes) : date.at;
  return (!from || at >= *from) && (!until || at < *until);
}

enum class Matcher::Verdict : std::uint8_t { no, yes, open };

// A query made ready: texts folded, keywords found, the cheap ones first.
struct Matcher::Key {
  static Result<Key> make(const Query& query, const KeywordTable& keywords, std::size_t& texts_left);

  Op op = Op::all;
  std::vector<Key> children;
  std::vector<UidRange> uids;
  std::uint64_t number = 0, below = 0;
  Period period;
  std::string name, text;
  std::string folded;  // `text` by i;unicode-casemap, for the index
  Collation collation = Collation::unicode_casemap;
  std::optional<FuzzyNeedle> words;  // of a fuzzy key whose text has any
  std::function<bool(const Item&)> judge;
  Depth depth = Depth::view;   // the deepest of it and its children
  bool asks_item = false;      // it or a child
  bool is_message_id = false;  // of a header: most summaries have it
};

Result<Matcher::Key> Matcher::Key::make(const Query& query, const KeywordTable& keywords, std::size_t& texts_left) {
  Key key;
  key.op = query.op;
  key.uids = query.uids;
  key.number = query.op == Op::keyword ? keywords.find(query.text) : query.number;
  key.below = query.below;
  key.period = query.period;
  key.name = query.name;
  key.depth = depth_of(query.op);
  key.asks_item = key.depth == Depth::item;
  key.judge = query.judge;
  key.is_message_id = query.op == Op::header && iequals(query.name, "message-id");
  if (compares_text(query.op)) {
    if (texts_left == 0) return fail(Errc::too_large, "too many texts to look for at once");
    --texts_left;
    key.folded = fold_text(query.text);
    FuzzyNeedle words(query.is_fuzzy ? key.folded : "");
    if (!words.empty()) key.words = std::move(words);
    if (!key.words) key.collation = query.collation;
    key.text = fold_text(query.text, key.collation);
  }
  for (const Query& child : query.children) {
    TRY(Key made, make(child, keywords, texts_left));
    key.depth = std::max(key.depth, made.depth);
    key.asks_item = key.asks_item || made.asks_item;
    key.children.push_back(std::move(made));
  }
  // Cheap keys decide first; the order among equals stays.
  std::vector<Key> ordered;
  for (int depth = 0; depth <= static_cast<int>(Depth::body); ++depth)
    for (Key& child : key.children)
      if (static_cast<int>(child.depth) == depth) ordered.push_back(std::move(child));
  key.children = std::move(ordered);
  return key;
}

// What the index knows of the query's texts, asked when a row first needs it.
class Matcher::Findings {
 public:
  explicit Findings(const Reader& reader) : reader_(reader) {}

  TextFinding::Answer of(const Key& key, ItemId item) {
    auto at = found_.find(&key);
    if (at == found_.end()) {
      const auto scope = key.op == Op::body ? TextScope::body : TextScope::anywhere;
      const auto match = key.words ? TextMatch::fuzzy : TextMatch::exact;
      at = found_.emplace(&key, reader_.find_text(scope, key.folded, match)).first;
    }
    const auto answer = at->second ? at->second->of(item) : TextFinding::Answer::open;
    // What is not there by the index's collation is not there by a stricter one.
    const bool is_sure = key.collation == Collation::unicode_casemap || answer == TextFinding::Answer::no;
    return is_sure ? answer : TextFinding::Answer::open;
  }

 private:
  const Reader& reader_;
  std::unordered_map<const Key*, std::shared_ptr<const TextFinding>> found_;
};

// What is known of one item at this depth of reading. What is gone meanwhile decides `no`; any other failure is kept as
// `fault`, for then nobody can say whether the item matches.
struct Matcher::Facts {
  // An envelope's text, decoded and folded: made once for all keys.
  const std::string& envelope_text(Op op, Collation collation, const mime::fb::Envelope& envelope) {
    auto& text =
        texts[static_cast<std::size_t>(collation)][static_cast<std::size_t>(op) - static_cast<std::size_t>(Op::from)];
    if (!text) {
      text = fold_text(op == Op::subject ? mime::decode_header(view_of(envelope.subject()))
                                         : spell_addresses(addresses_of(op, envelope)),
                       collation);
      cost += text->size();
    }
    return *text;
  }
  bool contains(std::string_view folded, const Key& key) {
    cost += folded.size() + kCostOfText;
    return key.words ? key.words->quality_in(folded) > 0 : contains_text(folded, key.text);
  }
  static const AddressVector* addresses_of(Op op, const mime::fb::Envelope& envelope) {
    if (op == Op::from) return envelope.from();
    if (op == Op::to) return envelope.to();
    return op == Op::cc ? envelope.cc() : envelope.bcc();
  }
  template <class T>
  Result<T> take(Result<T> result) {
    if (!result && result.error().code != Errc::not_found && !fault) fault = result.error();
    return result;
  }

  const FolderView& view;
  std::uint32_t position;
  const Row& row;
  std::uint64_t& cost;
  Depth depth = Depth::view;
  const Item* item = nullptr;
  const mime::fb::Summary* summary = nullptr;
  const Content* content = nullptr;
  Findings* findings = nullptr;  // null: nothing in the query needs it
  Extractor* extractor = nullptr;
  std::optional<Error> fault{};
  std::array<std::array<std::optional<std::string>, 5>, 3> texts{};  // by collation, from `from` to `subject`
};

Matcher::Verdict Matcher::judge(const Key& key, Facts& facts) {
  facts.cost += kCostOfKey;
  Verdict verdict = Verdict::yes;
  switch (key.op) {
    case Op::both:
      for (const Key& child : key.children) {
        const Verdict found = judge(child, facts);
        if (found == Verdict::no) return found;
        if (found == Verdict::open) verdict = found;
      }
      return verdict;
    case Op::either:
      verdict = Verdict::no;
      for (const Key& child : key.children) {
        const Verdict found = judge(child, facts);
        if (found == Verdict::yes) return found;
        if (found == Verdict::open) verdict = found;
      }
      return verdict;
    case Op::inverse:
      verdict = judge(key.children[0], facts);
      if (verdict == Verdict::open) return verdict;
      return verdict == Verdict::yes ? Verdict::no : Verdict::yes;
    case Op::saved:
      if (facts.depth < Depth::item) return Verdict::open;
      return facts.item && key.period.holds(InternalDate(facts.item->saved)) ? Verdict::yes : Verdict::no;
    case Op::judged:
      if (facts.depth < Depth::item) return Verdict::open;
      return facts.item && key.judge(*facts.item) ? Verdict::yes : Verdict::no;
    default:
      if (key.depth == Depth::view) return judge_row(key, facts);
      if (key.depth == Depth::summary) return judge_summary(key, facts);
      return judge_content(key, facts);
  }
}

Matcher::Verdict Matcher::judge_row(const Key& key, const Facts& facts) {
  const Row& row = facts.row;
  const auto verdict = [](bool is_match) { return is_match ? Verdict::yes : Verdict::no; };
  switch (key.op) {
    case Op::all:
      return Verdict::yes;
    case Op::uids: {
      const auto after = std::upper_bound(key.uids.begin(), key.uids.end(), row.uid,
                                          [](Uid uid, const UidRange& range) { return uid < range.first; });
      return verdict(after != key.uids.begin() && std::prev(after)->last >= row.uid);
    }
    case Op::flag:
      return verdict((row.flag_bits & key.number) != 0);
    case Op::keyword:
      return verdict(key.number < KeywordTable::kLimit &&
                     facts.view.flags(facts.position).has_keyword(static_cast<KeywordId>(key.number)));
    case Op::received:
      return verdict(key.period.holds(row.internal_date()));
    case Op::size:
      return verdict(row.size >= key.number && row.size < key.below);
    case Op::changed:
      return verdict(row.modseq.value >= key.number);
    case Op::item:
      return verdict(row.item.value == key.number);
    case Op::thread:
      return verdict(row.thread.value == key.number);
    default:
      return Verdict::no;
  }
}

Matcher::Verdict Matcher::judge_summary(const Key& key, Facts& facts) {
  if (facts.depth < Depth::summary) return Verdict::open;
  const auto verdict = [](bool is_match) { return is_match ? Verdict::yes : Verdict::no; };
  if (key.op == Op::sent) {
    if (!facts.summary->has_sent()) return Verdict::no;
    const InternalDate sent(Instant(std::chrono::seconds(facts.summary->sent())), facts.summary->sent_zone());
    return verdict(key.period.holds(sent));
  }
  const auto* envelope = facts.summary->top()->envelope();
  return verdict(envelope != nullptr && facts.contains(facts.envelope_text(key.op, key.collation, *envelope), key));
}

Matcher::Verdict Matcher::judge_content(const Key& key, Facts& facts) {
  if (looks_into_content(key.op) && facts.findings != nullptr) {
    const auto known = facts.findings->of(key, facts.row.item);
    if (known != TextFinding::Answer::open) return known == TextFinding::Answer::yes ? Verdict::yes : Verdict::no;
  }
  if (key.is_message_id && facts.summary != nullptr && facts.summary->plain_message_id()) {
    const auto* envelope = facts.summary->top()->envelope();
    const auto* id = envelope == nullptr ? nullptr : envelope->message_id();
    return id != nullptr && facts.contains(fold_text(view_of(id), key.collation), key) ? Verdict::yes : Verdict::no;
  }
  if (facts.depth < Depth::body) return Verdict::open;
  const auto& top = *facts.summary->top();
  const auto verdict = [](bool is_match) { return is_match ? Verdict::yes : Verdict::no; };
  if (key.op == Op::header) {
    const auto values = facts.take(header_values(*facts.content, top, key.name, facts.cost));
    return verdict(values && std::any_of(values->begin(), values->end(), [&](const std::string& value) {
                     return facts.contains(fold_text(value, key.collation), key);
                   }));
  }
  const TextWalk walk{*facts.content, top, facts.cost, facts.extractor};
  const auto pass_by = [&](TextSink& sink) {
    if (key.op == Op::anywhere) (void)facts.take(walk_headers(walk, sink));
    (void)facts.take(walk_bodies(walk, sink));
  };
  if (key.words) {
    FuzzyFinder words(*key.words);
    pass_by(words);
    words.finish();
    return verdict(words.found());
  }
  NeedleFinder finder({key.text}, key.collation);
  pass_by(finder);
  return verdict(finder.found(0));
}

// Some candidates on their way from the view to the content.
class Matcher::Block {
 public:
  Block(const Key& root, const Reader& reader, const FolderView& view, std::span<const std::uint32_t> positions,
        Findings& findings, std::uint64_t& cost)
      : root_(root),
        reader_(reader),
        view_(view),
        findings_(findings),
        positions_(positions),
        cost_(cost),
        verdicts_(positions.size(), Verdict::open) {}

  // How many, from the first on, are decided; their matches are appended. At least one, but may stop before the end
  // when the turn's cost is reached.
  Result<std::size_t> decide(std::vector<std::uint32_t>& matches);

 private:
  Facts facts(std::size_t i) const {
    return Facts{.view = view_,
                 .position = positions_[i],
                 .row = view_.at(positions_[i]),
                 .cost = cost_,
                 .findings = &findings_,
                 .extractor = reader_.extractor()};
  }
  bool is_open(std::size_t i) const { return verdicts_[i] == Verdict::open; }
  bool is_spent() const { return cost_ >= kBytesInTurn; }
  Result<void> from_items();
  Result<void> from_summaries();
  Result<void> from_summary(std::size_t i, std::string_view bytes);
  Result<void> one_by_one();
  Result<void> from_contents();
  Result<void> from_content(std::size_t i, const Result<std::shared_ptr<const Content>>& content);
  std::unexpected<Error> damaged(std::size_t i, const Error& error) const;

  const Key& root_;
  const Reader& reader_;
  const FolderView& view_;
  Findings& findings_;
  std::span<const std::uint32_t> positions_;
  std::uint64_t& cost_;
  std::vector<Verdict> verdicts_;
  std::vector<std::optional<Item>> items_;                  // where a key asks for them
  std::unordered_map<std::size_t, std::string> summaries_;  // of what waits for its content
};

Result<std::size_t> Matcher::Block::decide(std::vector<std::uint32_t>& matches) {
  for (std::size_t i = 0; i < positions_.size(); ++i) {
    Facts known = facts(i);
    verdicts_[i] = judge(root_, known);
  }
  if (root_.asks_item) TRY_VOID(from_items());
  if (root_.depth >= Depth::summary) TRY_VOID(from_summaries());
  if (root_.depth > Depth::summary) TRY_VOID(from_contents());
  std::size_t done = 0;
  for (; done < positions_.size() && !is_open(done); ++done)
    if (verdicts_[done] == Verdict::yes) matches.push_back(positions_[done]);
  return done;
}

Result<void> Matcher::Block::from_items() {
  items_.resize(positions_.size());
  for (std::size_t i = 0; i < positions_.size(); ++i) {
    if (!is_open(i)) continue;
    Facts known = facts(i);
    cost_ += kCostOfItem;
    auto item = reader_.item(known.row.item);
    verdicts_[i] = Verdict::no;
    if (!item && item.error().code == Errc::not_found) continue;
    if (!item) return damaged(i, item.error());
    items_[i] = *std::move(item);
    known.depth = Depth::item;
    known.item = &*items_[i];
    verdicts_[i] = judge(root_, known);
  }
  return {};
}

Result<void> Matcher::Block::from_summaries() {
  std::vector<ItemId> ids;
  std::unordered_map<std::uint64_t, std::size_t> places;
  for (std::size_t i = 0; i < positions_.size(); ++i) {
    if (!is_open(i)) continue;
    const ItemId id = view_.at(positions_[i]).item;
    ids.push_back(id);
    places.emplace(id.value, i);
  }
  if (ids.empty()) return {};
  std::vector<bool> seen(positions_.size());
  bool stopped = false;
  Result<void> judged;
  const auto visited = reader_.summaries(ids, [&](ItemId id, std::string_view bytes) {
    const std::size_t i = places.at(id.value);
    seen[i] = true;
    judged = from_summary(i, bytes);
    stopped = is_spent();
    return judged && !stopped;
  });
  if (!judged) return judged;
  if (!visited && visited.error().code != Errc::corrupt) return visited;
  if (!visited) return one_by_one();  // to know which one it is
  for (std::size_t i = 0; i < positions_.size() && !stopped; ++i)
    if (is_open(i) && !seen[i]) verdicts_[i] = Verdict::no;  // it is gone
  // Summaries may come in another order than rows: the first row is always looked at, so that each turn moves on.
  if (!stopped || !is_open(0) || seen[0]) return {};
  auto bytes = reader_.summary(view_.at(positions_[0]).item);
  if (bytes) return from_summary(0, *bytes);
  if (bytes.error().code != Errc::not_found) return damaged(0, bytes.error());
  verdicts_[0] = Verdict::no;
  return {};
}

Result<void> Matcher::Block::one_by_one() {
  for (std::size_t i = 0; i < positions_.size(); ++i) {
    if (!is_open(i) || summaries_.contains(i)) continue;
    const auto bytes = reader_.summary(view_.at(positions_[i]).item);
    if (bytes) {
      TRY_VOID(from_summary(i, *bytes));
    } else if (bytes.error().code == Errc::not_found) {
      verdicts_[i] = Verdict::no;
    } else {
      return damaged(i, bytes.error());
    }
    if (is_spent()) break;
  }
  return {};
}

Result<void> Matcher::Block::from_summary(std::size_t i, std::string_view bytes) {
  cost_ += kCostOfSummary + bytes.size() / 8;  // what is compared of it counts by itself
  Facts known = facts(i);
  known.depth = Depth::summary;
  known.summary = sound_summary(bytes);
  if (known.summary == nullptr) return damaged(i, Error{Errc::corrupt, "the summary of an item is damaged"});
  if (!items_.empty() && items_[i]) known.item = &*items_[i];
  verdicts_[i] = judge(root_, known);
  if (is_open(i)) summaries_[i] = bytes;
  return {};
}

// At least one; what is not reached is left for the next turn.
Result<void> Matcher::Block::from_contents() {
  std::vector<ItemId> ids;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < positions_.size(); ++i) {
    if (!is_open(i)) continue;
    if (!summaries_.contains(i)) break;
    ids.push_back(view_.at(positions_[i]).item);
    places.push_back(i);
  }
  Result<void> judged;
  auto place = places.begin();
  reader_.contents(ids, [&](ItemId, const Result<std::shared_ptr<const Content>>& content) {
    judged = from_content(*place++, content);
    return judged && !is_spent();
  });
  return judged;
}

Result<void> Matcher::Block::from_content(std::size_t i, const Result<std::shared_ptr<const Content>>& content) {
  Facts known = facts(i);
  cost_ += kCostOfContent;
  if (!content && content.error().code != Errc::not_found) return damaged(i, content.error());
  verdicts_[i] = Verdict::no;
  if (!content) return {};
  known.depth = Depth::body;
  known.summary = sound_summary(summaries_.at(i));
  known.content = content->get();
  if (!items_.empty() && items_[i]) known.item = &*items_[i];
  verdicts_[i] = judge(root_, known);
  if (known.fault) return damaged(i, *known.fault);
  return {};
}

std::unexpected<Error> Matcher::Block::damaged(std::size_t i, const Error& error) const {
  if (error.code == Errc::corrupt) {
    const Row& row = view_.at(positions_[i]);
    log::error("search.item_damaged", {{"item", row.item.value}, {"uid", row.uid.value}, {"error", error.text}});
  }
  return std::unexpected(error);
}

Result<Matcher> Matcher::prepare(const Query& query, const KeywordTable& keywords, std::size_t most_texts) {
  Matcher matcher;
  TRY(Key root, Key::make(query, keywords, most_texts));
  matcher.root_ = std::make_shared<const Key>(std::move(root));
  return matcher;
}

bool Matcher::needs_only_view() const { return root_->depth == Depth::view; }

Result<void> Matcher::run(const Reader& reader, const FolderView& view, std::uint32_t& position,
                          std::vector<std::uint32_t>& matches) const {
  std::uint64_t cost = 0;
  const auto end =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(view.size(), std::uint64_t{position} + kRowsInTurn));
  if (needs_only_view()) {
    view.each(position, end, [&](std::uint32_t at, const Row& row) {
      Facts known{.view = view, .position = at, .row = row, .cost = cost};
      if (judge(*root_, known) == Verdict::yes) matches.push_back(at);
      return true;
    });
    position = end;
    return {};
  }
  Findings findings(reader);
  std::vector<std::uint32_t> block;
  while (position < end && cost < kBytesInTurn) {
    block.clear();
    for (std::uint32_t at = position; at < end && block.size() < kRowsInBlock; ++at) block.push_back(at);
    TRY(const std::size_t done, Block(*root_, reader, view, block, findings, cost).decide(matches));
    position += static_cast<std::uint32_t>(done);
  }
  return {};
}

Result<void> Matcher::run_among(const Reader& reader, const FolderView& view, std::span<const std::uint32_t> candidates,
                                std::size_t& next, std::vector<std::uint32_t>& matches) const {
  std::uint64_t cost = 0;
  Findings findings(reader);
  while (next < candidates.size() && cost < kBytesInTurn) {
    const auto block = candidates.subspan(next, std::min(kRowsInBlock, candidates.size() - next));
    TRY(const std::size_t done, Block(*root_, reader, view, block, findings, cost).decide(matches));
    next += done;
  }
  return {};
}

}  // namespace kontor::groupware
