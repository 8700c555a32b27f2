// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/extract/extractor_pool.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "base/digest.h"
#include "base/log.h"
#include "formats/document/kind.h"

namespace kontor::groupware {
namespace {

using document::Tag;

constexpr std::size_t kLargestAnswer = 2 << 20;  // the program cuts text at 1 MiB
constexpr std::size_t kRefusedDocuments = 100'000;
constexpr std::chrono::seconds kStartTime{30};
constexpr std::chrono::seconds kBetweenFailedStarts{60};
constexpr int kTries = 2;  // a reader may also die of what is not the document's fault

}  // namespace

ExtractorPool::ExtractorPool(std::string program, const ExtractOptions& options)
    : options_(options),
      command_{std::move(program), std::to_string(options.memory), std::to_string(options.time.count()),
               std::to_string(options.largest)},
      documents_("kontor_extracted_documents_total", "Attached documents whose text was read for search"),
      failures_("kontor_extract_failures_total", "Attached documents whose text could not be read") {
  if (!options_.is_on) return;
  is_on_ = ::access(command_.front().c_str(), X_OK) == 0;
  if (!is_on_)
    log::warn("extract.no_program",
              {{"program", command_.front()}, {"effect", "the text of attached documents is not searched"}});
}

ExtractorPool::~ExtractorPool() = default;

bool ExtractorPool::takes(std::string_view type, std::string_view file_name) const {
  return is_on_ && document::is_readable(type, file_name);
}

Result<std::string> ExtractorPool::text(std::string_view, std::string_view, std::string_view document) {
  if (!is_on_) return fail(Errc::unavailable, "documents are not read here");
  if (document.size() > options_.largest) return fail(Errc::too_large, "the document is too large to be read");
  const std::uint64_t hash = stable_hash64(document);
  {
    const std::lock_guard lock(mutex_);
    if (const Error* why = refused(hash)) return std::unexpected(*why);
  }
  auto text = ask(document, hash);
  (text ? documents_ : failures_).add();
  return text;
}

Result<std::string> ExtractorPool::ask(std::string_view document, std::uint64_t hash) {
  for (int attempt = 1;; ++attempt) {
    TRY(auto process, borrow());
    auto answer = process->ask(document, std::chrono::steady_clock::now() + 3 * options_.time);
    const bool is_dead = answer.end != ReaderProcess::End::none;
    give_back(is_dead || process->documents() >= document::kDocumentsPerLife ? nullptr : std::move(process));
    if (!is_dead && answer.frame.tag == Tag::text) return std::move(answer.frame.body);
    if (!is_dead && answer.frame.tag == Tag::too_large) return fail(Errc::too_large, answer.frame.body);
    if (!is_dead) return fail(Errc::invalid, answer.frame.body);
    if (answer.end == ReaderProcess::End::late)
      return std::unexpected(refuse(hash, {Errc::too_large, "the document takes too long to read"}));
    if (attempt == kTries)
      return std::unexpected(refuse(hash, {Errc::invalid, "the document is the end of whatever reads it"}));
  }
}

// Where all are busy, waits for as long as one document may take.
Result<ExtractorPool::Process> ExtractorPool::borrow() {
  std::unique_lock lock(mutex_);
  const auto may_have = [this] { return !idle_.empty() || borrowed_ < options_.processes; };
  if (!returned_.wait_for(lock, 3 * options_.time, may_have))
    return fail(Errc::unavailable, "too many documents are being read");
  ++borrowed_;
  while (!idle_.empty()) {
    Process process = std::move(idle_.back());
    idle_.pop_back();
    if (process->is_waiting()) return process;
  }
  const bool may_start = std::chrono::steady_clock::now() >= no_start_before_;
  lock.unlock();
  auto started = may_start ? start() : fail(Errc::unavailable, "documents cannot be read at present");
  if (!started) give_back(nullptr);
  return started;
}

Result<ExtractorPool::Process> ExtractorPool::start() {
  auto process = ReaderProcess::start(command_, kLargestAnswer, std::chrono::steady_clock::now() + kStartTime);
  if (process) return process;
  log::error("extract.start_failed", {{"why", process.error().text}});
  const std::lock_guard lock(mutex_);
  no_start_before_ = std::chrono::steady_clock::now() + kBetweenFailedStarts;
  return process;
}

void ExtractorPool::give_back(Process process) {
  const std::lock_guard lock(mutex_);
  --borrowed_;
  if (process) idle_.push_back(std::move(process));
  returned_.notify_one();
}

Error ExtractorPool::refuse(std::uint64_t hash, Error why) {
  log::warn("extract.refused", {{"document", fmt::format("{:016x}", hash)}, {"why", why.text}});
  const std::lock_guard lock(mutex_);
  // Rather all are tried once more than that they grow without end.
  if (refused_.size() >= kRefusedDocuments) refused_.clear();
  refused_.try_emplace(hash, why);
  return why;
}

const Error* ExtractorPool::refused(std::uint64_t hash) const {
  const auto found = refused_.find(hash);
  return found == refused_.end() ? nullptr : &found->second;
}

std::string program_beside_this(std::string_view name) {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::string() : (self.parent_path() / name).string();
}

}  // namespace kontor::groupware
