// SPDX-License-Identifier: AGPL-3.0-or-later
// Walks over all text of a message that a search may look at. The index and the search without one read by this same
// walk: what it passes by, neither finds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "formats/mime/summary_generated.h"
#include "groupware/content.h"
#include "groupware/search/extractor.h"

namespace kontor::groupware {

class TextSink {
 public:
  enum class Place : std::uint8_t { header, body };

  virtual ~TextSink() = default;
  // What follows does not continue what was before.
  virtual void new_text(Place place) = 0;
  virtual void feed(std::string_view utf8) = 0;
  // Whether it needs no more.
  virtual bool is_done() const = 0;
};

struct TextWalk {
  const Content& content;
  const mime::fb::Entity& top;
  std::uint64_t& cost;             // the bytes that are read are added
  Extractor* extractor = nullptr;  // null: attached documents are not read
};

// The header fields of the message, of its parts and of messages inside (RFC 9051 section 6.4.4, TEXT): each unfolded
// and decoded, "name: value". Errors: as Content::read.
Result<void> walk_headers(const TextWalk& walk, TextSink& sink);
// The text parts, what is of type message but has no structure of its own (delivery reports), then the text of attached
// documents; no header fields (BODY). False: a document could not be read just now; all else was walked over. Errors:
// as Content::read.
Result<bool> walk_bodies(const TextWalk& walk, TextSink& sink);

// The decoded values of all header fields of that name, a line each; nothing if there is none.
Result<std::vector<std::string>> header_values(const Content& content, const mime::fb::Entity& top,
                                               std::string_view name, std::uint64_t& cost);

}  // namespace kontor::groupware
