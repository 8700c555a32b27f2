// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/fetch_body.h"

#include <algorithm>

namespace kontor::imap {
namespace {

constexpr std::uint64_t kBodyPiece = 256 << 10;

Result<std::string> read_source(const FetchBody& body, std::uint64_t from) {
  const auto length = static_cast<std::size_t>(std::min(kBodyPiece, body.source.size - from));
  TRY(std::string piece, body.content->read(body.source.offset + from, length));
  if (piece.size() != length) return fail(Errc::corrupt, "the content is shorter than its item says");
  return piece;
}

}  // namespace

BodyReader::BodyReader(const FetchBody& body) : body_(body) {
  if (body.encoding != mime::TransferEncoding::identity) decoder_.emplace(body.encoding);
}

Result<std::string> BodyReader::next() {
  if (given_ == body_.size) return std::string();
  if (decoder_) return next_decoded();
  const std::uint64_t from = body_.source.offset + body_.skip + given_;
  const auto length = static_cast<std::size_t>(std::min(kBodyPiece, body_.size - given_));
  TRY(std::string piece, body_.content->read(from, length));
  if (piece.size() != length) return fail(Errc::corrupt, "the content is shorter than its item says");
  given_ += length;
  return piece;
}

Result<std::string> BodyReader::next_decoded() {
  std::string out;
  while (out.empty()) {
    if (read_ < body_.source.size) {
      TRY(const std::string piece, read_source(body_, read_));
      read_ += piece.size();
      decoder_->feed(piece, out);
      if (read_ == body_.source.size) decoder_->finish(out);
    } else {
      return fail(Errc::corrupt, "the content gives less than it did before");
    }
    const auto over = static_cast<std::size_t>(std::min<std::uint64_t>(body_.skip - skipped_, out.size()));
    skipped_ += over;
    out.erase(0, over);
  }
  out.resize(static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), body_.size - given_)));
  given_ += out.size();
  return out;
}

Result<bool> measure(FetchBody& body, std::uint64_t offset, std::uint64_t length) {
  std::uint64_t before = 0;  // decoded bytes in front of `piece`
  bool has_nul = false;
  body.size = 0;
  mime::BodyDecoder decoder(body.encoding);
  for (std::uint64_t read = 0; read < body.source.size && body.size < length;) {
    TRY(const std::string source, read_source(body, read));
    read += source.size();
    std::string piece;
    decoder.feed(source, piece);
    if (read == body.source.size) decoder.finish(piece);
    const std::uint64_t from = std::min<std::uint64_t>(offset - std::min(offset, before), piece.size());
    const std::uint64_t part = std::min(length - body.size, piece.size() - from);
    has_nul = has_nul || piece.find('\0', from) < from + part;
    body.size += part;
    before += piece.size();
  }
  body.skip = std::min(offset, before);
  return has_nul;
}

}  // namespace kontor::imap
