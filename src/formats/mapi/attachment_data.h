// SPDX-License-Identifier: AGPL-3.0-or-later
// Contents of attachments, which may be larger than memory. In a tree that was read from a file (TNEF) they are in
// PidTagAttachDataBinary; in one that was read from a database they stay where they are, and are asked for by the
// attachment's PidTagAttachNumber (an int64: the source's own number for it).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "formats/mapi/property.h"
#include "formats/mapi/tags.h"

namespace kontor::mapi {

// Takes content in pieces of any size. Errors end what gives them, and are returned from it.
using TakePiece = std::function<Result<void>(std::string_view)>;

// Gives the content of an attachment to `take`, the same at each call. Errors: not_found (there is none: it is lost at
// the source, or never was), unavailable and other ones of reading, those of `take`.
using ReadAttachment = std::function<Result<void>(const Attachment& attachment, const TakePiece& take)>;

// Keeps a content, which `give` hands over, beside the item that it is attached to: the item refers to it by `uri`.
// Errors: too_large (nothing more can be kept), those of `give`: then it is as if nothing was given.
struct KeptContent {
  std::string uri;
  std::uint64_t size = 0;
};
using KeepContent = std::function<Result<KeptContent>(const std::function<Result<void>(const TakePiece&)>& give)>;

namespace tag {
constexpr Tag kAttachNumber{.id = 0x0E21};
}

// From the property where the attachment has it, else by `read` (which may be empty: not_found).
inline Result<void> read_data(const Attachment& attachment, const ReadAttachment& read, const TakePiece& take) {
  if (const std::string* data = attachment.properties.bytes(tag::kAttachDataBinary)) return take(*data);
  if (!read) return fail(Errc::not_found, "The attachment has no content.");
  return read(attachment, take);
}

}  // namespace kontor::mapi
