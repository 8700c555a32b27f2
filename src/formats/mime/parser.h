// SPDX-License-Identifier: AGPL-3.0-or-later
// Finds the structure of a message in one pass over its bytes, fed in pieces of any size. Takes every byte string: what
// breaks the grammar ends as text/plain or as a shorter structure, never as an error.
#pragma once

#include <memory>
#include <string_view>

#include "formats/mime/entity.h"

namespace kontor::mime {

struct Limits {
  std::uint32_t depth = 64;              // deeper parts are leaves
  std::uint32_t parts = 10'000;          // later ones belong to the last one's body
  std::uint32_t header_bytes = 1 << 20;  // of one entity; more is skipped when fields are read, not in the sizes
  std::uint32_t addresses = 10'000;      // of one message's envelopes together
  // Of one message's headers together, in their order: what comes after is skipped as above. An entity that has nothing
  // left is text/plain and a leaf (in a digest: a message without fields).
  std::uint32_t structure_bytes = 1 << 20;
};

// Memory: the headers of the entity being read, and the result, both within the limits. Time: linear in the bytes.
class Parser {
 public:
  explicit Parser(const Limits& limits = {});
  ~Parser();
  Parser(Parser&&) noexcept;
  void feed(std::string_view bytes);
  Entity finish();  // once
  // The message's own header block, at most Limits::header_bytes and structure_bytes of it. Whole once the header was
  // fed, or after finish().
  const std::string& top_header() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Entity parse(std::string_view message, const Limits& limits = {});

}  // namespace kontor::mime
