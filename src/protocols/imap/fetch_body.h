// SPDX-License-Identifier: AGPL-3.0-or-later
// The bytes of one literal of a FETCH, as they stand in the message or with their transfer encoding undone (BINARY, RFC
// 3516), read in bounded pieces.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "formats/mime/decode.h"
#include "groupware/content.h"
#include "protocols/imap/fetch_section.h"

namespace kontor::imap {

struct FetchBody {
  std::shared_ptr<const groupware::Content> content;
  Extent source;  // in the content
  mime::TransferEncoding encoding = mime::TransferEncoding::identity;
  std::uint64_t skip = 0;  // of what the source gives, decoded
  std::uint64_t size = 0;  // what comes then: exactly so much
};

// Reads a FetchBody once, from its beginning. Blocks.
class BodyReader {
 public:
  // `body` must outlive it.
  explicit BodyReader(const FetchBody& body);
  // The next piece, never empty; empty once all came. Errors: as Content::read; corrupt (the content is shorter than
  // was promised).
  Result<std::string> next();

 private:
  Result<std::string> next_decoded();

  const FetchBody& body_;
  std::optional<mime::BodyDecoder> decoder_;  // none for identity
  std::uint64_t read_ = 0;                    // of the source
  std::uint64_t skipped_ = 0;
  std::uint64_t given_ = 0;
};

// What decoding gives: sets skip and size to the part of it that begins at `offset` and has at most `length` bytes.
// Blocks, and reads all of the source up to that. Returns whether there is a NUL in it. Errors: as Content::read.
Result<bool> measure(FetchBody& body, std::uint64_t offset, std::uint64_t length);

}  // namespace kontor::imap
