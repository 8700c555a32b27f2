// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/folder_name.h"

#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <vector>

namespace kontor::groupware {
namespace {

constexpr std::size_t kLongest = 255;

Result<std::string> to_nfc(const std::string& text) {
  if (std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; })) return text;
  UErrorCode status = U_ZERO_ERROR;
  const UNormalizer2* nfc = unorm2_getNFCInstance(&status);
  std::vector<UChar> wide(text.size() + 1);
  int32_t wide_length = 0;
  u_strFromUTF8(wide.data(), static_cast<int32_t>(wide.size()), &wide_length, text.data(),
                static_cast<int32_t>(text.size()), &status);
  if (U_FAILURE(status)) return fail(Errc::invalid, "a folder's name must be valid UTF-8");
  std::vector<UChar> normal(static_cast<std::size_t>(wide_length) * 4 + 16);
  int32_t normal_length =
      unorm2_normalize(nfc, wide.data(), wide_length, normal.data(), static_cast<int32_t>(normal.size()), &status);
  std::string out(static_cast<std::size_t>(normal_length) * 3, '\0');
  int32_t out_length = 0;
  u_strToUTF8(out.data(), static_cast<int32_t>(out.size()), &out_length, normal.data(), normal_length, &status);
  if (U_FAILURE(status)) return fail(Errc::invalid, "a folder's name could not be normalised");
  out.resize(static_cast<std::size_t>(out_length));
  return out;
}

}  // namespace

Result<std::string> check_folder_name(const std::string& name) {
  if (name.empty()) return fail(Errc::invalid, "a folder's name must not be empty");
  if (name.size() > 4 * kLongest) return fail(Errc::invalid, "a folder's name is too long");
  TRY(std::string normal, to_nfc(name));
  if (normal.size() > kLongest) return fail(Errc::invalid, "a folder's name may have at most 255 bytes");
  for (unsigned char c : normal) {
    if (c < 0x20 || c == 0x7f) return fail(Errc::invalid, "a folder's name must not have control characters");
    if (c == '/') return fail(Errc::invalid, "a folder's name must not have a slash");
  }
  if (normal.front() == ' ' || normal.back() == ' ')
    return fail(Errc::invalid, "a folder's name must not begin or end with a blank");
  return normal;
}

}  // namespace kontor::groupware
