// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/index/account_index.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "base/log.h"

namespace kontor::groupware {
namespace {

// Changes with the terms and with what a walk passes by: an index of another format is made anew.
constexpr const char* kIndexFormat = "2";
constexpr const char* kIndexFormatWithDocuments = "2+documents";

constexpr std::size_t kItemsInStep = 1000;
constexpr std::size_t kTermsInStep = 200'000;
constexpr std::uint64_t kBytesInStep = 64 << 20;
constexpr std::uint64_t kModseqsBehind = 1000;  // before a commit that says nothing else
constexpr std::size_t kMostAppended = 1 << 20;  // bytes of terms; then the lexicon is read anew
constexpr std::size_t kAnswersKept = 16;
constexpr std::size_t kGrownAtLeast = 500;    // documents, before it is compacted
constexpr std::size_t kRemovedAtLeast = 500;  // documents, before it is made anew

class Finding final : public TextFinding {
 public:
  Finding(std::shared_ptr<const ItemSet> documents, ItemSet found, ItemSet partial, bool decides)
      : documents_(std::move(documents)), found_(std::move(found)), partial_(std::move(partial)), decides_(decides) {}

  Answer of(ItemId item) const override {
    if (!documents_->has(item.value)) return Answer::open;
    if (found_.has(item.value)) return decides_ ? Answer::yes : Answer::open;
    return partial_.has(item.value) ? Answer::open : Answer::no;
  }

 private:
  std::shared_ptr<const ItemSet> documents_;
  ItemSet found_, partial_;
  bool decides_;
};

// Which items hold each word of a fuzzy needle, by how well.
class FuzzyFinding final : public TextFinding {
 public:
  struct Word {
    ItemSet exact, stem, slip;
    ItemSet& of(WordMatch match) {
      if (match == WordMatch::exact) return exact;
      return match == WordMatch::stem ? stem : slip;
    }
    WordMatch best(std::uint64_t item) const {
      if (exact.has(item)) return WordMatch::exact;
      if (stem.has(item)) return WordMatch::stem;
      return slip.has(item) ? WordMatch::slip : WordMatch::none;
    }
  };
  FuzzyFinding(std::shared_ptr<const ItemSet> documents, std::vector<Word> words, ItemSet partial)
      : documents_(std::move(documents)), words_(std::move(words)), partial_(std::move(partial)) {}

  Answer of(ItemId item) const override {
    if (!documents_->has(item.value) || partial_.has(item.value)) return Answer::open;
    const bool has_all = std::none_of(words_.begin(), words_.end(),
                                      [&](const Word& word) { return word.best(item.value) == WordMatch::none; });
    return has_all ? Answer::yes : Answer::no;
  }
  unsigned quality(ItemId item) const override {
    std::vector<WordMatch> matches;
    for (const Word& word : words_) matches.push_back(word.best(item.value));
    return quality_of(matches);
  }

 private:
  std::shared_ptr<const ItemSet> documents_;
  std::vector<Word> words_;
  ItemSet partial_;
};

}  // namespace

AccountIndex::AccountIndex(AccountId account, std::string folder, const IndexSource& source, Extractor* extractor,
                           const std::atomic<bool>& stopping)
    : account_(account), folder_(std::move(folder)), source_(source), extractor_(extractor), stopping_(stopping) {}

Result<std::shared_ptr<const TextFinding>> AccountIndex::find(TextScope scope, const std::string& folded,
                                                              TextMatch match) {
  const bool is_fuzzy = match == TextMatch::fuzzy;
  const NeedleConditions conditions = is_fuzzy ? NeedleConditions() : conditions_of(folded);
  const FuzzyNeedle needle(is_fuzzy ? folded : "");
  if (conditions.all.empty() && needle.empty()) return nullptr;
  std::lock_guard lock(reading_);
  if (is_broken_) return nullptr;
  for (const Answered& known : answered_)
    if (known.scope == scope && known.match == match && known.needle == folded) return known.finding;
  TRY(const bool is_there, load());
  if (!is_there) return nullptr;
  auto found = is_fuzzy ? look_up(needle, scope) : look_up(conditions, scope);
  // Another process could have committed: what this one does, it sees first.
  if (!found && found.error().code == Errc::conflict) {
    let_go();
    return nullptr;
  }
  if (!found) {
    is_broken_ = found.error().code == Errc::corrupt;
    return found;
  }
  if (answered_.size() == kAnswersKept) answered_.pop_front();
  answered_.push_back({scope, folded, match, *found});
  return found;
}

// Called with reading_ locked. False: there is no index, or it is another account's.
Result<bool> AccountIndex::load() {
  if (loaded_) {
    if (loaded_->is_stale) TRY_VOID(loaded_->reader.refresh());
    loaded_->is_stale = false;
    return true;
  }
  auto opened = IndexReader::open(folder_);
  if (!opened) {
    is_broken_ = opened.error().code == Errc::corrupt;
    return std::unexpected(opened.error());
  }
  if (!*opened) return false;
  Loaded loaded{std::move(**opened), {}, {}};
  TRY(const IndexProgress progress, loaded.reader.progress());
  TRY(const IndexedMoment moment, source_.moment(account_, 0, 0));
  TRY(const bool is_its_own, is_of_account(progress, moment));
  if (!is_its_own) {
    is_broken_ = true;
    return false;
  }
  TRY(auto documents, loaded.reader.documents());
  TRY(loaded.partial, loaded.reader.partial_documents());
  TRY_VOID(loaded.reader.each_term([&](std::string_view term) { loaded.lexicon.add(term); }));
  documents_ = std::make_shared<const ItemSet>(std::move(documents));
  loaded_ = std::move(loaded);
  measure();
  return true;
}

Result<std::shared_ptr<const TextFinding>> AccountIndex::look_up(const NeedleConditions& conditions, TextScope scope) {
  std::optional<ItemSet> found;
  for (const TermCondition& condition : conditions.all) {
    ItemSet holders;
    for (const std::string_view term : loaded_->lexicon.matching(condition, scope))
      TRY_VOID(loaded_->reader.add_documents_of(term, holders));
    if (found)
      found->keep_only(holders);
    else
      found = std::move(holders);
  }
  return std::make_shared<const Finding>(documents_, *std::move(found), loaded_->partial, conditions.decides);
}

Result<std::shared_ptr<const TextFinding>> AccountIndex::look_up(const FuzzyNeedle& needle, TextScope scope) {
  std::vector<FuzzyFinding::Word> found(needle.words().size());
  std::vector<std::pair<std::string_view, WordMatch>> terms;
  for (std::size_t i = 0; i < found.size(); ++i) {
    terms.clear();
    loaded_->lexicon.each(scope, [&](std::string_view term, std::string_view word) {
      if (const WordMatch match = needle.words()[i].match(word); match != WordMatch::none)
        terms.emplace_back(term, match);
    });
    for (const auto& [term, match] : terms) TRY_VOID(loaded_->reader.add_documents_of(term, found[i].of(match)));
  }
  return std::make_shared<const FuzzyFinding>(documents_, std::move(found), loaded_->partial);
}

Result<bool> AccountIndex::is_of_account(const IndexProgress& progress, const IndexedMoment& moment) const {
  const char* format = extractor_ == nullptr ? kIndexFormat : kIndexFormatWithDocuments;
  if (progress.format != format || progress.created != moment.created || progress.modseq > moment.modseq ||
      progress.next_item > moment.next_item)
    return false;
  // A store that was put back from a backup may have had other changes since.
  TRY(const std::string history, source_.history(account_, progress.modseq));
  return history.empty() || progress.history.empty() || history == progress.history;
}

Result<AccountIndex::Step> AccountIndex::step() {
  std::lock_guard lock(writing_);
  auto done = follow();
  if (!done || done->has_more || stopping_) return done;
  if (!successor_ && done->removed > 0) {
    TRY(const bool is_due, is_mostly_removed());
    if (is_due)
      successor_ = std::make_unique<AccountIndex>(account_, folder_ + kSuccessorSuffix, source_, extractor_, stopping_);
  }
  if (successor_) {
    TRY(const bool is_whole, grow_successor());
    done->has_more = !is_whole;
    return done;
  }
  if (grown_ < kGrownAtLeast) return done;
  TRY(const auto present, documents());
  if (grown_ < present->size() / 4) return done;
  grown_ = 0;
  if (const auto compacted = compact(); !compacted)
    log::warn("search.index_not_compacted", {{"account", account_.value}, {"why", compacted.error().text}});
  return done;
}

// Called with writing_ locked.
Result<AccountIndex::Step> AccountIndex::follow() {
  std::error_code error;
  const bool is_deleted = is_on_disk_ && !std::filesystem::exists(folder_ + "/iamglass", error);  // by someone else
  if (is_broken_ || is_deleted) remove_folder();
  const auto moment = source_.moment(account_, progress_ ? progress_->next_item : 1, progress_ ? kItemsInStep : 0);
  if (!moment && moment.error().code == Errc::not_found) {
    remove_folder();
    return Step();
  }
  if (!moment) return std::unexpected(moment.error());
  if (!progress_) {
    TRY_VOID(find_progress(*moment));
    Step again;
    again.has_more = true;
    return again;
  }
  // Most accounts have nothing new: they need not be opened for that.
  if (moment->mails.empty() && moment->modseq == progress_->modseq) return Step();
  TRY(Plan planned, plan(*moment));
  const bool has_news = !planned.removed.empty() || !planned.documents.empty();
  if (!has_news && planned.progress.modseq.value < progress_->modseq.value + kModseqsBehind) {
    progress_->next_item = planned.progress.next_item;
    return Step{.has_more = planned.has_more};
  }
  auto written = write(std::move(planned));
  if (!written) {
    progress_.reset();
    is_broken_ = is_broken_ || written.error().code == Errc::corrupt;
  }
  return written;
}

// Where the index on disk ends; one that is unfit is removed.
Result<void> AccountIndex::find_progress(const IndexedMoment& moment) {
  const auto opened = IndexReader::open(folder_);
  bool is_fit = opened.has_value();
  if (!opened && opened.error().code != Errc::corrupt) return std::unexpected(opened.error());
  if (is_fit && *opened) {
    const auto progress = (*opened)->progress();
    if (!progress && progress.error().code == Errc::unavailable) return std::unexpected(progress.error());
    is_fit = progress.has_value();
    if (is_fit) {
      TRY(is_fit, is_of_account(*progress, moment));
    }
    if (is_fit) {
      progress_ = *progress;
      is_on_disk_ = true;
      return {};
    }
  }
  if (!is_fit) {
    log::warn("search.index_dropped", {{"account", account_.value}, {"advice", "it is made anew"}});
    remove_folder();
  }
  IndexProgress fresh;
  fresh.format = extractor_ == nullptr ? kIndexFormat : kIndexFormatWithDocuments;
  fresh.created = moment.created;
  // Removals before it are of items that will not be looked at.
  fresh.modseq = moment.modseq;
  TRY(fresh.history, source_.history(account_, fresh.modseq));
  progress_ = std::move(fresh);
  return {};
}

Result<AccountIndex::Plan> AccountIndex::plan(const IndexedMoment& moment) {
  Plan made;
  made.progress = *progress_;
  TRY(const auto reader, source_.read(account_));
  std::vector<ItemId> wanted;
  TRY_VOID(plan_removals(*reader, made, wanted));
  wanted.insert(wanted.end(), moment.mails.begin(), moment.mails.end());
  made.has_more = moment.next < moment.next_item;
  TRY_VOID(make_documents(*reader, wanted, moment.next, made));
  return made;
}

// What the log says: which documents go, and which items came back.
Result<void> AccountIndex::plan_removals(const Reader& reader, Plan& made, std::vector<ItemId>& wanted) {
  const auto changes = reader.changes_since(progress_->modseq);
  if (!changes && changes.error().code == Errc::conflict) return plan_by_comparing(made, wanted);
  if (!changes) return std::unexpected(changes.error());
  if (changes->to == progress_->modseq) return {};
  TRY(const auto present, documents());
  for (const ItemId item : changes->items_removed)
    if (present->has(item.value)) made.removed.push_back(item);
  for (const ItemId item : changes->items_changed)
    if (item.value < progress_->next_item && !present->has(item.value)) wanted.push_back(item);
  made.progress.modseq = changes->to;
  TRY(made.progress.history, source_.history(account_, changes->to));
  return {};
}

// The log does not reach back so far.
Result<void> AccountIndex::plan_by_comparing(Plan& made, std::vector<ItemId>& wanted) {
  TRY(const IndexedMoment whole, source_.moment(account_, 1, SIZE_MAX));
  TRY(const auto present, documents());
  ItemSet filed;
  for (const ItemId item : whole.mails) {
    filed.add(item.value);
    if (item.value < progress_->next_item && !present->has(item.value)) wanted.push_back(item);
  }
  present->each([&](std::uint64_t item) {
    if (!filed.has(item)) made.removed.emplace_back(item);
  });
  made.progress.modseq = whole.modseq;
  TRY(made.progress.history, source_.history(account_, whole.modseq));
  return {};
}

// Bounded: what is too much for one step is left, `next_item` says where.
Result<void> AccountIndex::make_documents(const Reader& reader, const std::vector<ItemId>& wanted, std::uint64_t next,
                                          Plan& made) {
  std::size_t terms = 0;
  std::uint64_t bytes = 0;
  for (const ItemId item : wanted) {
    if (terms >= kTermsInStep || bytes >= kBytesInStep || stopping_) {
      made.has_more = true;
      // Of those that came back the log tells once more.
      if (item.value < made.progress.next_item) made.progress.modseq = progress_->modseq;
      if (item.value < made.progress.next_item) made.progress.history = progress_->history;
      made.progress.next_item = std::max(made.progress.next_item, item.value);
      return {};
    }
    const auto make = [&]() -> Result<IndexDocument> {
      TRY(const std::string summary, reader.summary(item));
      TRY(const auto content, reader.content(item));
      const auto* top = flatbuffers::GetRoot<mime::fb::Summary>(summary.data())->top();
      if (top == nullptr) return fail(Errc::corrupt, "the summary of an item is damaged");
      bytes += content->size();
      return make_document(item, *content, *top, extractor_);
    };
    auto document = make();
    if (document) {
      terms += document->terms.size();
      made.documents.push_back(*std::move(document));
    } else if (document.error().code == Errc::unavailable) {
      return std::unexpected(document.error());
    } else if (document.error().code != Errc::not_found) {
      log::warn("search.item_not_indexed",
                {{"account", account_.value}, {"item", item.value}, {"why", document.error().text}});
    }
  }
  made.progress.next_item = std::max(made.progress.next_item, next);
  return {};
}

Result<AccountIndex::Step> AccountIndex::write(Plan planned) {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) return fail(Errc::unavailable, "cannot make " + folder_ + ": " + error.message());
  TRY(IndexWriter writer, IndexWriter::open(folder_));
  for (const ItemId item : planned.removed) TRY_VOID(writer.remove(item));
  for (const IndexDocument& document : planned.documents)
    if (auto put = writer.put(document); !put && put.error().code != Errc::too_large)
      return std::unexpected(put.error());
  {
    std::lock_guard lock(reading_);
    TRY_VOID(writer.commit(planned.progress));
    show(planned);
  }
  progress_ = planned.progress;
  is_on_disk_ = true;
  grown_ += planned.documents.size();
  return Step{planned.has_more, planned.documents.size(), planned.removed.size()};
}

// Each commit leaves blocks free: of a new index about half. Called with writing_ locked.
Result<void> AccountIndex::compact() {
  const std::string fresh = folder_ + kCompactedSuffix;
  std::error_code error;
  std::filesystem::remove_all(fresh, error);
  auto done = compact_index(folder_, fresh);
  if (done) {
    std::lock_guard lock(reading_);
    done = take_place(fresh);
    if (done && loaded_) {
      auto opened = IndexReader::open(folder_);
      if (opened && *opened)
        loaded_->reader = std::move(**opened);
      else
        let_go();
    }
  }
  std::filesystem::remove_all(fresh, error);
  return done;
}

// In one step, so that there is always a whole index.
Result<void> AccountIndex::take_place(const std::string& fresh) {
  if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, folder_.c_str(), RENAME_EXCHANGE) == 0) return {};
  return fail(Errc::unavailable, std::generic_category().message(errno));
}

// Whether the terms of what is gone take more room than all others. Called with writing_ locked.
Result<bool> AccountIndex::is_mostly_removed() {
  TRY(const auto present, documents());
  TRY(const auto reader, IndexReader::open(folder_));
  if (!reader) return false;
  TRY(const std::uint64_t removed, reader->removed_documents());
  return removed >= std::max<std::uint64_t>(kRemovedAtLeast, present->size());
}

// A step of it; once it is whole, it takes this one's place, and this is true. Called with writing_ locked.
Result<bool> AccountIndex::grow_successor() {
  TRY(const Step done, successor_->step());
  if (done.has_more || stopping_) return false;
  if (is_on_disk_ && successor_->is_on_disk_) {
    std::lock_guard lock(reading_);
    TRY_VOID(take_place(successor_->folder_));
    let_go();
    progress_ = successor_->progress_;
    grown_ = 0;
  }
  successor_->drop();
  successor_.reset();
  return true;
}

// Brings what find() knows to what was committed. Called with reading_ locked.
void AccountIndex::show(const Plan& planned) {
  answered_.clear();
  if (documents_) {
    auto documents = std::make_shared<ItemSet>(*documents_);
    for (const ItemId item : planned.removed) documents->remove(item.value);
    for (const IndexDocument& document : planned.documents) documents->add(document.item.value);
    documents_ = std::move(documents);
  }
  if (!loaded_) return;
  loaded_->is_stale = true;
  for (const IndexDocument& document : planned.documents) {
    if (document.is_partial) loaded_->partial.add(document.item.value);
    for (const std::string& term : document.terms) {
      loaded_->lexicon.add(term);
      loaded_->appended += term.size() + 1;
    }
  }
  if (loaded_->appended > kMostAppended) loaded_.reset();
  measure();
}

// Called with writing_ locked.
Result<std::shared_ptr<const ItemSet>> AccountIndex::documents() {
  std::lock_guard lock(reading_);
  if (documents_) return documents_;
  TRY(auto opened, IndexReader::open(folder_));
  ItemSet found;
  if (opened) {
    TRY(found, opened->documents());
  }
  documents_ = std::make_shared<const ItemSet>(std::move(found));
  measure();
  return documents_;
}

void AccountIndex::drop() {
  std::lock_guard lock(writing_);
  if (successor_) successor_->drop();
  successor_.reset();
  remove_folder();
}

// Called with writing_ locked.
void AccountIndex::remove_folder() {
  std::lock_guard lock(reading_);
  progress_.reset();
  is_on_disk_ = false;
  let_go();
  std::error_code error;
  std::filesystem::remove_all(folder_, error);
  is_broken_ = error.operator bool();  // as long as its remains are there
  if (error) log::warn("search.folder_not_removed", {{"folder", folder_}, {"why", error.message()}});
}

void AccountIndex::unload() {
  std::lock_guard lock(reading_);
  let_go();
}

// Called with reading_ locked.
void AccountIndex::let_go() {
  loaded_.reset();
  answered_.clear();
  documents_.reset();
  measure();
}

void AccountIndex::measure() {
  memory_ =
      (loaded_ ? loaded_->lexicon.bytes() + loaded_->partial.bytes() : 0) + (documents_ ? documents_->bytes() : 0);
}

Result<IndexStatus> AccountIndex::status() {
  std::lock_guard lock(reading_);
  IndexStatus status;
  TRY(const IndexedMoment moment, source_.moment(account_, 0, 0));
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator at(folder_, error), end; !error && at != end; at.increment(error))
    if (const auto size = at->file_size(error); !error) status.bytes += size;
  const auto opened = IndexReader::open(folder_);
  status.waiting = moment.next_item - 1;
  if (opened && !*opened) return status;
  const auto progress = opened ? (*opened)->progress() : Result<IndexProgress>(std::unexpected(opened.error()));
  const auto documents = opened ? (*opened)->documents() : Result<ItemSet>(std::unexpected(opened.error()));
  status.is_sound = progress && documents;
  if (!status.is_sound) return status;
  TRY(status.is_sound, is_of_account(*progress, moment));
  if (!status.is_sound) return status;
  status.documents = documents->size();
  status.waiting = moment.next_item - std::min(moment.next_item, progress->next_item);
  return status;
}

}  // namespace kontor::groupware
