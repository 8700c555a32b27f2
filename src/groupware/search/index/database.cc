// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/index/database.h"

#include <fmt/format.h>
#include <xapian.h>

#include <charconv>
#include <filesystem>
#include <limits>
#include <utility>

namespace kontor::groupware {
namespace {

constexpr const char* kProgressKey = "kontor";
constexpr const char* kPartialTerm = "\x03partial";

// Runs `work`; what it throws becomes an error.
template <class Work>
auto guarded(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const Xapian::DatabaseModifiedError& error) {
    return fail(Errc::conflict, error.get_msg());
  } catch (const Xapian::DatabaseLockError& error) {
    return fail(Errc::unavailable, error.get_msg());
  } catch (const Xapian::Error& error) {
    // Where it is the system that refuses, it says why; else the files are not what they should be.
    const char* reason = error.get_error_string();
    if (reason == nullptr) return fail(Errc::corrupt, error.get_msg());
    return fail(Errc::unavailable, fmt::format("{}: {}", error.get_msg(), reason));
  }
}

std::string print_progress(const IndexProgress& progress) {
  return fmt::format("{}\n{}\n{}\n{}\n{}\n", progress.format, progress.created, progress.modseq.value,
                     progress.next_item, progress.history);
}

template <class Number>
bool read_number(const std::string& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

Result<IndexProgress> parse_progress(const std::string& text) {
  std::vector<std::string> lines(1);
  for (const char c : text) {
    if (c == '\n')
      lines.emplace_back();
    else
      lines.back() += c;
  }
  IndexProgress progress;
  if (lines.size() != 6 || !read_number(lines[1], progress.created) || !read_number(lines[2], progress.modseq.value) ||
      !read_number(lines[3], progress.next_item))
    return fail(Errc::corrupt, "the index does not say how far it is");
  progress.format = lines[0];
  progress.history = lines[4];
  return progress;
}

}  // namespace

struct IndexReader::State {
  Xapian::Database database;
};

IndexReader::IndexReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
IndexReader::IndexReader(IndexReader&&) noexcept = default;
IndexReader& IndexReader::operator=(IndexReader&&) noexcept = default;
IndexReader::~IndexReader() = default;

Result<std::optional<IndexReader>> IndexReader::open(const std::string& folder) {
  return guarded([&]() -> Result<std::optional<IndexReader>> {
    std::error_code error;
    if (!std::filesystem::exists(folder, error)) return std::optional<IndexReader>();
    if (!std::filesystem::exists(folder + "/iamglass", error))
      return fail(Errc::corrupt, "the folder has no index in it");
    return std::optional(IndexReader(std::make_unique<State>(State{Xapian::Database(folder, Xapian::DB_OPEN)})));
  });
}

Result<void> IndexReader::refresh() {
  return guarded([&]() -> Result<void> {
    state_->database.reopen();
    return {};
  });
}

Result<IndexProgress> IndexReader::progress() const {
  return guarded([&] { return parse_progress(state_->database.get_metadata(kProgressKey)); });
}

Result<ItemSet> IndexReader::documents() const {
  return guarded([&]() -> Result<ItemSet> {
    ItemSet documents;
    for (auto at = state_->database.postlist_begin(""); at != state_->database.postlist_end(""); ++at)
      documents.add(*at);
    return documents;
  });
}

Result<ItemSet> IndexReader::partial_documents() const {
  ItemSet documents;
  TRY_VOID(add_documents_of(kPartialTerm, documents));
  return documents;
}

Result<void> IndexReader::each_term(const std::function<void(std::string_view)>& visit) const {
  return guarded([&]() -> Result<void> {
    const auto end = state_->database.allterms_end();
    for (auto at = state_->database.allterms_begin(); at != end; ++at) {
      const std::string term = *at;
      if (term != kPartialTerm) visit(term);
    }
    return {};
  });
}

Result<void> IndexReader::add_documents_of(std::string_view term, ItemSet& to) const {
  return guarded([&]() -> Result<void> {
    const std::string name(term);
    const auto end = state_->database.postlist_end(name);
    for (auto at = state_->database.postlist_begin(name); at != end; ++at) to.add(*at);
    return {};
  });
}

struct IndexWriter::State {
  Xapian::WritableDatabase database;
};

IndexWriter::IndexWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
IndexWriter::IndexWriter(IndexWriter&&) noexcept = default;
IndexWriter& IndexWriter::operator=(IndexWriter&&) noexcept = default;

// What was not committed must not be: Xapian's own destructor would try.
IndexWriter::~IndexWriter() {
  if (!state_) return;
  try {
    state_->database.cancel_transaction();
  } catch (const Xapian::Error&) {  // nothing was begun, or it failed before
  }
  try {
    state_->database.close();
  } catch (const Xapian::Error&) {
  }
}

Result<IndexWriter> IndexWriter::open(const std::string& folder) {
  return guarded([&]() -> Result<IndexWriter> {
    auto state = std::make_unique<State>(
        State{Xapian::WritableDatabase(folder, Xapian::DB_CREATE_OR_OPEN | Xapian::DB_BACKEND_GLASS)});
    state->database.begin_transaction();
    return IndexWriter(std::move(state));
  });
}

Result<void> IndexWriter::put(const IndexDocument& document) {
  if (document.item.value > std::numeric_limits<Xapian::docid>::max())
    return fail(Errc::too_large, "the item's number is too large for the index");
  return guarded([&]() -> Result<void> {
    Xapian::Document made;
    for (const auto& [term, count] : document.terms) made.add_term(term, count);
    if (document.is_partial) made.add_boolean_term(kPartialTerm);
    state_->database.replace_document(static_cast<Xapian::docid>(document.item.value), made);
    return {};
  });
}

Result<void> IndexWriter::remove(ItemId item) {
  return guarded([&]() -> Result<void> {
    try {
      state_->database.delete_document(static_cast<Xapian::docid>(item.value));
    } catch (const Xapian::DocNotFoundError&) {  // as wanted
    }
    return {};
  });
}

Result<void> IndexWriter::commit(const IndexProgress& progress) {
  return guarded([&]() -> Result<void> {
    state_->database.set_metadata(kProgressKey, print_progress(progress));
    state_->database.commit_transaction();
    state_->database.begin_transaction();
    return {};
  });
}

Result<void> compact_index(const std::string& folder, const std::string& to) {
  return guarded([&]() -> Result<void> {
    Xapian::Database(folder, Xapian::DB_OPEN).compact(to, Xapian::DBCOMPACT_NO_RENUMBER | Xapian::Compactor::STANDARD);
    return {};
  });
}

}  // namespace kontor::groupware
