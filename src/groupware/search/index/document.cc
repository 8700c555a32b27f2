// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/index/document.h"

#include <utility>

#include "groupware/search/fold.h"
#include "groupware/search/index/lexicon.h"

namespace kontor::groupware {
namespace {

// Beyond, a message is logs or data rather than words.
constexpr std::size_t kMostTerms = 20'000;
constexpr std::size_t kMostTermBytes = 512 << 10;
constexpr std::size_t kMostText = 16 << 20;

class TermCollector final : public TextSink {
 public:
  explicit TermCollector(IndexDocument& document)
      : document_(document), cutter_([this](std::string_view term) { take(term); }) {}

  void new_text(Place place) override {
    cutter_.end();
    prefix_ = place == Place::header ? 1 : 0;
  }
  void feed(std::string_view utf8) override {
    const std::string folded = fold_text(utf8);
    text_ += folded.size();
    cutter_.feed(folded);
  }
  bool is_done() const override { return document_.is_partial; }
  void finish() { cutter_.end(); }

 private:
  void take(std::string_view term) {
    if (document_.is_partial) return;
    term_.assign(prefix_, kHeaderTerm).append(term);
    if (document_.terms.insert(term_).second) term_bytes_ += term_.size();
    document_.is_partial = document_.terms.size() >= kMostTerms || term_bytes_ >= kMostTermBytes || text_ >= kMostText;
  }

  IndexDocument& document_;
  TermCutter cutter_;
  std::size_t prefix_ = 0;  // 1: of header fields
  std::string term_;
  std::size_t term_bytes_ = 0, text_ = 0;
};

}  // namespace

Result<IndexDocument> make_document(ItemId item, const Content& content, const mime::fb::Entity& top,
                                    Extractor* extractor) {
  IndexDocument document;
  document.item = item;
  TermCollector collector(document);
  std::uint64_t cost = 0;
  const TextWalk walk{content, top, cost, extractor};
  TRY_VOID(walk_headers(walk, collector));
  TRY(const bool is_whole, walk_bodies(walk, collector));
  collector.finish();
  document.is_partial = document.is_partial || !is_whole;
  return document;
}

}  // namespace kontor::groupware
