// SPDX-License-Identifier: AGPL-3.0-or-later
// Header blocks: fields in order, found and unfolded; dates; identifiers.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "formats/mime/entity.h"

namespace kontor::mime {

struct Field {
  std::string_view name;   // as written
  std::string_view value;  // raw, after the colon, with folds, without the last line end
  std::string_view whole;  // the whole field with its line ends
};

// Visits the fields of a header block in order until `visit` returns false. A line that is no field and no continuation
// is visited with an empty name.
void each_field(std::string_view header, const std::function<bool(const Field&)>& visit);

// The first field of that name (any case), raw.
std::optional<std::string_view> find_field(std::string_view header, std::string_view name);

std::string unfold(std::string_view raw);  // line ends of folds removed, outer white space trimmed

// RFC 5322 section 3.3 and its obsolete and broken relatives. Nothing if there is no date in it.
std::optional<InternalDate> parse_date(std::string_view text);

// Addresses of a field body, as ENVELOPE shows them: tolerant of every broken form; at most `limit`.
std::vector<Address> parse_addresses(std::string_view raw, std::size_t limit);

// The ids of a Message-ID, In-Reply-To or References body, with their angle brackets: "<a@b>".
std::vector<std::string> parse_message_ids(std::string_view raw, std::size_t limit);

// RFC 5256 section 2.1, on decoded text. `is_reply` = something like "Re:" or "Fwd:" was taken off.
struct BaseSubject {
  std::string text;
  bool is_reply = false;
};
BaseSubject base_subject(std::string_view decoded);

}  // namespace kontor::mime
