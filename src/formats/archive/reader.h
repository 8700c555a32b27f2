// SPDX-License-Identifier: AGPL-3.0-or-later
// Reads an interchange archive as a stream: strict, in constant memory, from input that nobody has to trust.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "formats/archive/record.h"

namespace kontor::archive {

// One thread at a time. All errors but those of the input say where: member and byte in the unpacked stream.
class Reader {
 public:
  // The next piece of the stream, empty at its end.
  using Pull = std::function<Result<std::string>()>;
  explicit Reader(Pull pull);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // The next record; ArchiveEnd is the last. Content that was not read is passed over, but its hash is checked all the
  // same. Errors: invalid (no archive, or broken rules), corrupt (damaged or broken off), what `pull` returned. After
  // an error or ArchiveEnd there is nothing more to read.
  Result<Record> next();

  // After an Item with content "bytes": the next piece of it, empty at the end, where size and hash were found right.
  // Errors: as next().
  Result<std::string> content();

  // After an Item: goes on to the next of its attachments whose bytes came along, which content() gives from then on;
  // its index among them all. Nothing: there is none any more. Errors: as next().
  Result<std::optional<std::size_t>> next_attachment();

  std::uint64_t position() const;  // bytes of the unpacked stream so far

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kontor::archive
