// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/fold.h"

#include <unicode/bytestream.h>
#include <unicode/casemap.h>
#include <unicode/stringpiece.h>
#include <unicode/uchar.h>

#include <algorithm>

#include "base/bytes.h"

namespace kontor::imap {

std::string fold_case(std::string_view utf8) {
  const bool is_ascii =
      std::all_of(utf8.begin(), utf8.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (is_ascii) return to_lower(utf8);
  std::string out;
  out.reserve(utf8.size());
  icu::StringByteSink<std::string> sink(&out);
  UErrorCode status = U_ZERO_ERROR;
  const icu::StringPiece text(utf8.data(), static_cast<std::int32_t>(utf8.size()));
  icu::CaseMap::utf8Fold(U_FOLD_CASE_DEFAULT, text, sink, nullptr, status);
  return U_SUCCESS(status) ? out : to_lower(utf8);
}

}  // namespace kontor::imap
