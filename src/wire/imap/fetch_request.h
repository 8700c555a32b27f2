// SPDX-License-Identifier: AGPL-3.0-or-later
// What a FETCH asks for (RFC 3501 section 6.4.5, RFC 7162 section 3.1.4, and the extensions' items).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "wire/imap/cursor.h"
#include "wire/imap/partial_range.h"

namespace kontor::wire::imap {

// BODY[...]: which bytes of the message.
struct Section {
  enum class What : std::uint8_t { whole, header, fields, fields_not, text, mime };

  std::vector<std::uint32_t> part;  // "1.2"; empty = the message itself
  What what = What::whole;
  std::vector<std::string> fields;  // of fields and fields_not, in the client's spelling
};

struct FetchItem {
  enum class Kind : std::uint8_t {
    flags,
    uid,
    internal_date,
    size,
    modseq,
    envelope,
    body,
    body_structure,
    email_id,   // RFC 8474
    thread_id,  // RFC 8474
    save_date,  // RFC 8514
    preview,    // RFC 8970
    section,
    rfc822,
    rfc822_header,
    rfc822_text,
    binary,       // RFC 3516
    binary_size,  // RFC 3516
  };

  Kind kind = Kind::flags;
  bool peek = false;
  bool lazy = false;                    // of preview: only if it is at hand
  Section section;                      // of section, binary and binary_size
  std::optional<std::uint64_t> offset;  // of a partial fetch
  std::uint64_t length = 0;
  std::string label;  // how the answer names it: "BODY[1.HEADER]<0>"

  bool reads_content() const { return kind >= Kind::section; }
};

struct FetchRequest {
  static constexpr std::size_t kMaxItems = 64;
  static constexpr std::size_t kMaxFields = 1000;
  static constexpr std::size_t kMaxPartDepth = 70;

  std::vector<FetchItem> items;  // each at most once
  std::optional<std::uint64_t> changed_since;
  bool vanished = false;                // RFC 7162 section 3.2.6: only with changed_since
  std::optional<PartialRange> partial;  // RFC 9394 section 3.3

  bool has(FetchItem::Kind kind) const;
  void add(FetchItem::Kind kind);  // at the front, if it is not there
  bool sets_seen() const;
};

// From after "[" to behind "]".
Section parse_section(Cursor& in);

// From after the blank that follows the sequence set to the end of the command.
FetchRequest parse_fetch(Cursor& in);
// "(UID FLAGS)": items in parentheses, whatever follows.
FetchRequest parse_fetch_items(Cursor& in);

}  // namespace kontor::wire::imap
