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

// Which documents were removed: under this and a number, a bit for each of kMarksInBlock ids.
constexpr const char* kRemovedKey = "removed ";
constexpr std::uint64_t kMarksInBlock = 4096;

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

std::string removed_key(std::uint64_t block) { return fmt::format("{}{:08x}", kRemovedKey, block); }

// Which documents `database` has marked.
ItemSet read_removed(const Xapian::Database& database) {
  ItemSet removed;
  const auto end = database.metadata_keys_end(kRemovedKey);
  for (auto at = database.metadata_keys_begin(kRemovedKey); at != end; ++at) {
    const std::string key = *at;
    std::uint64_t block = 0;
    const auto read =
        std::from_chars(key.data() + std::string_view(kRemovedKey).size(), key.data() + key.size(), block, 16);
    if (read.ec != std::errc() || block > database.get_lastdocid() / kMarksInBlock) continue;
    const std::string marks = database.get_metadata(key).substr(0, kMarksInBlock / 8);
    for (std::size_t i = 0; i < marks.size() * 8; ++i)
      if ((static_cast<unsigned char>(marks[i / 8]) >> (i % 8) & 1U) != 0) removed.add(block * kMarksInBlock + i);
  }
  return removed;
}

// False: it was so already.
bool mark(Xapian::WritableDatabase& database, std::uint64_t document, bool is_removed) {
  const std::string key = removed_key(document / kMarksInBlock);
  const std::uint64_t at = document % kMarksInBlock;
  std::string marks = database.get_metadata(key);
  if (marks.size() <= at / 8) marks.resize(at / 8 + 1);
  const auto bit = static_cast<unsigned char>(1U << (at % 8));
  auto& byte = reinterpret_cast<unsigned char&>(marks[at / 8]);
  if (((byte & bit) != 0) == is_removed) return false;
  byte = static_cast<unsigned char>(byte ^ bit);
  marks.resize(marks.find_last_not_of('\0') + 1);
  database.set_metadata(key, marks);
  return true;
}

bool has_document(const Xapian::Database& database, Xapian::docid document) {
  if (document > database.get_lastdocid()) return false;
  try {
    database.get_doclength(document);
    return true;
  } catch (const Xapian::DocNotFoundError&) {
    return false;
  }
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
    read_removed(state_->database).each([&](std::uint64_t id) { documents.remove(id); });
    return documents;
  });
}

Result<std::uint64_t> IndexReader::removed_documents() const {
  return guarded([&]() -> Result<std::uint64_t> { return read_removed(state_->database).size(); });
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
    constexpr int kHow = Xapian::DB_CREATE_OR_OPEN | Xapian::DB_BACKEND_GLASS | Xapian::DB_NO_TERMLIST;
    auto state = std::make_unique<State>(State{Xapian::WritableDatabase(folder, kHow)});
    state->database.begin_transaction();
    return IndexWriter(std::move(state));
  });
}

Result<void> IndexWriter::put(const IndexDocument& document) {
  if (document.item.value > std::numeric_limits<Xapian::docid>::max())
    return fail(Errc::too_large, "the item's number is too large for the index");
  return guarded([&]() -> Result<void> {
    const auto id = static_cast<Xapian::docid>(document.item.value);
    if (has_document(state_->database, id)) {
      mark(state_->database, id, false);
      return {};
    }
    // How often a term occurs is not asked: for nothing it takes least.
    Xapian::Document made;
    for (const std::string& term : document.terms) made.add_boolean_term(term);
    if (document.is_partial) made.add_boolean_term(kPartialTerm);
    state_->database.replace_document(id, made);
    return {};
  });
}

Result<void> IndexWriter::remove(ItemId item) {
  return guarded([&]() -> Result<void> {
    const bool is_there = item.value <= std::numeric_limits<Xapian::docid>::max() &&
                          has_document(state_->database, static_cast<Xapian::docid>(item.value));
    if (is_there) mark(state_->database, item.value, true);
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
    Xapian::Database(folder, Xapian::DB_OPEN).compact(to, Xapian::DBCOMPACT_NO_RENUMBER | Xapian::Compactor::FULLER);
    return {};
  });
}

}  // namespace kontor::groupware
