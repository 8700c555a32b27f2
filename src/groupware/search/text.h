// SPDX-License-Identifier: AGPL-3.0-or-later
// Looks for texts in a message's header and body, decoded, without case, in bounded memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "formats/mime/summary_generated.h"
#include "groupware/content.h"

namespace kontor::groupware {

// Feeds decoded text in pieces and remembers which needles were found. Needles are folded; an empty one is always
// found.
class NeedleFinder {
 public:
  explicit NeedleFinder(std::vector<std::string> needles);
  void feed(std::string_view utf8);
  void new_text();  // no match across
  bool found(std::size_t needle) const { return found_[needle]; }
  bool all_found() const;

 private:
  std::vector<std::string> needles_;
  std::vector<bool> found_;
  std::size_t longest_ = 0;
  std::string tail_;  // the end of what was fed, folded: a match may begin in it
};

// In time linear in both, however they are chosen.
bool contains_text(std::string_view text, std::string_view needle);

// The functions below add the bytes they read to `cost`. Errors: as Content::read.

// A message's header block as searchable text: each field unfolded and decoded, a line each.
Result<void> feed_header(const Content& content, const mime::fb::Entity& entity, NeedleFinder& finder,
                         std::uint64_t& cost);
// All text parts, decoded, and the headers of messages inside.
Result<void> feed_bodies(const Content& content, const mime::fb::Entity& entity, NeedleFinder& finder,
                         std::uint64_t& cost);

// The decoded values of all header fields of that name, a line each; nothing if there is none.
Result<std::vector<std::string>> header_values(const Content& content, const mime::fb::Entity& top,
                                               std::string_view name, std::uint64_t& cost);

}  // namespace kontor::groupware
