// SPDX-License-Identifier: AGPL-3.0-or-later
// Has documents read by other processes (`kontor-extract`), which are locked in: what a document does to its reader
// stays there. The processes start when they are needed, serve many documents, and die with this object.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/metrics.h"
#include "groupware/search/extract/options.h"
#include "groupware/search/extract/reader_process.h"
#include "groupware/search/extractor.h"

namespace kontor::groupware {

class ExtractorPool : public Extractor {
 public:
  // `program` is kontor-extract's path. Where there is none, or `options` say so, no document is taken.
  ExtractorPool(std::string program, const ExtractOptions& options);
  // Nobody may be in text() any more.
  ~ExtractorPool() override;

  bool takes(std::string_view type, std::string_view file_name) const override;
  // A document that was the end of its reader twice, or took too long, is refused from then on without another try.
  Result<std::string> text(std::string_view type, std::string_view file_name, std::string_view document) override;

 private:
  using Process = std::unique_ptr<ReaderProcess>;

  // A running one, which give_back() must follow. Errors: unavailable.
  Result<Process> borrow();
  void give_back(Process process);  // null: it is no more
  Result<Process> start();
  Result<std::string> ask(std::string_view document, std::uint64_t hash);
  Error refuse(std::uint64_t hash, Error why);
  const Error* refused(std::uint64_t hash) const;

  const ExtractOptions options_;
  const std::vector<std::string> command_;
  bool is_on_ = false;

  mutable std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<Process> idle_;
  std::uint32_t borrowed_ = 0;
  Deadline no_start_before_;
  std::unordered_map<std::uint64_t, Error> refused_;  // by the document's hash

  metrics::Counter documents_, failures_;
};

// The program beside the running one; empty if that cannot be told.
std::string program_beside_this(std::string_view name);

}  // namespace kontor::groupware
