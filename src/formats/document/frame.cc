// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/document/frame.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"

namespace kontor::document {

std::string frame_head(Tag tag, std::size_t length) {
  std::string head(1, static_cast<char>(tag));
  append_be32(head, static_cast<std::uint32_t>(length));
  return head;
}

Result<void> FrameReader::read_head() {
  switch (const auto tag = static_cast<Tag>(head_[0])) {
    case Tag::ready:
    case Tag::document:
    case Tag::text:
    case Tag::invalid:
    case Tag::too_large:
      frame_.tag = tag;
      break;
    default:
      return fail(Errc::invalid, "not a frame");
  }
  length_ = read_be32(std::string_view(head_).substr(1));
  if (length_ > largest_) return fail(Errc::too_large, "the frame is too large");
  return {};
}

Result<std::size_t> FrameReader::feed(std::string_view bytes) {
  std::size_t used = 0;
  if (head_.size() < kFrameHead) {
    used = std::min(bytes.size(), kFrameHead - head_.size());
    head_ += bytes.substr(0, used);
    if (head_.size() < kFrameHead) return used;
    TRY_VOID(read_head());
  }
  const std::size_t more = std::min(bytes.size() - used, length_ - frame_.body.size());
  frame_.body += bytes.substr(used, more);
  return used + more;
}

Frame FrameReader::take() {
  head_.clear();
  length_ = 0;
  return std::exchange(frame_, {});
}

}  // namespace kontor::document
