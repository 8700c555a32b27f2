// SPDX-License-Identifier: AGPL-3.0-or-later
// Which bytes of a message a BODY[...] section is (RFC 3501 section 6.4.5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "formats/mime/decode.h"
#include "formats/mime/summary_generated.h"
#include "wire/imap/fetch_request.h"

namespace kontor::imap {

struct Extent {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

// Nothing if the message has no such part. For HEADER.FIELDS the extent is that of the whole header, to be filtered.
// `top` may be null for sections that need no structure (BODY[]).
std::optional<Extent> find_section(const mime::fb::Entity* top, std::uint64_t message_size,
                                   const wire::imap::Section& section);

// The part that BINARY[...] names; nothing if there is none. Only leaves have a transfer encoding that says something:
// a multipart or message must not be encoded (RFC 2045 section 6.4). `top` may be null for BINARY[].
struct BinaryPart {
  Extent extent;
  mime::TransferEncoding encoding = mime::TransferEncoding::identity;
};
std::optional<BinaryPart> find_binary(const mime::fb::Entity* top, std::uint64_t message_size,
                                      const wire::imap::Section& section);

inline bool needs_structure(const wire::imap::Section& section) {
  return !section.part.empty() || section.what != wire::imap::Section::What::whole;
}
inline bool filters_header(const wire::imap::Section& section) {
  return section.what == wire::imap::Section::What::fields || section.what == wire::imap::Section::What::fields_not;
}

// The fields that the section asks for, as they stand in `header`, and the empty line.
std::string filter_header(std::string_view header, const wire::imap::Section& section);

}  // namespace kontor::imap
