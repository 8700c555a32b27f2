// SPDX-License-Identifier: AGPL-3.0-or-later
// How the server and the program that reads documents for it talk: frames of one byte that says what it is, four bytes
// (big-endian) of length, and the body. Started, the program says `ready`, or `invalid` if it cannot be of use; then
// each `document` gets one answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kontor::document {

enum class Tag : char {
  ready = 'R',      // empty: locked in, documents may come
  document = 'D',   // its bytes
  text = 'T',       // UTF-8
  invalid = 'I',    // no text; why, for a person
  too_large = 'L',  // the same
};

struct Frame {
  Tag tag = Tag::ready;
  std::string body;
};

inline constexpr std::size_t kFrameHead = 5;

// So many documents are read by one process; then another takes its place.
inline constexpr std::uint32_t kDocumentsPerLife = 200;

// What comes before the body. `length` fits 32 bits.
std::string frame_head(Tag tag, std::size_t length);

// Puts one frame together from pieces. Once it has failed it is of no use any more.
class FrameReader {
 public:
  explicit FrameReader(std::size_t largest) : largest_(largest) {}

  // Takes what belongs to this frame and returns how many bytes that were. Errors: invalid (no such tag), too_large (a
  // body beyond `largest`; known before any of it is kept).
  Result<std::size_t> feed(std::string_view bytes);
  bool is_complete() const { return head_.size() == kFrameHead && frame_.body.size() == length_; }
  // At the very start of a frame: a peer may leave here.
  bool is_empty() const { return head_.empty(); }
  // The complete frame; begins anew.
  Frame take();

 private:
  Result<void> read_head();

  std::size_t largest_;
  std::string head_;
  std::size_t length_ = 0;
  Frame frame_;
};

}  // namespace kontor::document
