// SPDX-License-Identifier: AGPL-3.0-or-later
// For this room only: the message as a running script sees it, with its edits; each thing is read and decoded once.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "formats/sieve/environment.h"
#include "formats/sieve/limits.h"
#include "formats/sieve/outcome.h"

namespace kontor::sieve {

struct LetterField {
  std::string name;   // as written; empty: a line that is no field
  std::string whole;  // with its line ends
  std::string value;  // raw, unfolded

  // Decoded (RFC 5228 section 2.7.2), without white space around it.
  const std::string& text() const;
  const std::vector<mime::Address>& addresses() const;

 private:
  mutable std::optional<std::string> text_;
  mutable std::optional<std::vector<mime::Address>> addresses_;
};

using LetterFields = std::vector<LetterField>;

class Letter {
 public:
  Letter(const Message& message, const RunLimits& limits) : message_(message), limits_(limits) {}

  const mime::Entity& structure() const { return *message_.structure; }
  std::uint64_t size() const { return message_.size; }

  // The message's own header, with edits.
  Result<LetterFields*> fields();
  // A part's own header; of the top entity the one above.
  Result<const LetterFields*> fields_of(const mime::Entity& part);
  // A part's body: without its transfer encoding, text as UTF-8. At most RunLimits::part_bytes of it.
  Result<const std::string*> content(const mime::Entity& part);
  // The same as a reader sees it: without the tags of HTML.
  Result<const std::string*> readable(const mime::Entity& part);
  Result<std::string> raw(std::uint64_t offset, std::uint64_t size) const;  // at most RunLimits::part_bytes

  // An edit happened: actions from now on take another edition.
  void touch() { is_touched_ = true; }
  // The edition of now; added to `editions` if there is none yet.
  Result<EditionIndex> edition(std::vector<Edition>& editions);

  // What was read since this was asked last.
  std::uint64_t take_bytes_read() { return std::exchange(bytes_read_, 0); }

 private:
  Result<std::string> read(std::uint64_t offset, std::uint64_t size) const;

  const Message& message_;
  const RunLimits& limits_;
  std::optional<LetterFields> fields_;
  std::map<const mime::Entity*, LetterFields> part_fields_;
  std::map<const mime::Entity*, std::string> contents_;
  std::map<const mime::Entity*, std::string> readable_;
  bool is_touched_ = false;
  EditionIndex edition_ = 0;
  mutable std::uint64_t bytes_read_ = 0;
};

LetterFields read_fields(std::string_view header);

}  // namespace kontor::sieve
