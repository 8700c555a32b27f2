// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/document/kind.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/bytes.h"

namespace kontor::document {
namespace {

constexpr auto kReadable = std::to_array<std::string_view>({
    "application/epub+zip",
    "application/pdf",
    "application/rtf",
    "application/vnd.ms-excel.sheet.macroenabled.12",
    "application/vnd.ms-powerpoint.presentation.macroenabled.12",
    "application/vnd.ms-word.document.macroenabled.12",
    "application/vnd.oasis.opendocument.graphics",
    "application/vnd.oasis.opendocument.presentation",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.text-template",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.presentationml.slideshow",
    "application/vnd.openxmlformats-officedocument.presentationml.template",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.template",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.template",
    "application/x-pdf",
    "application/x-rtf",
});
static_assert(std::ranges::is_sorted(kReadable));

// Types that say little: the older ones of office programs too, which senders put on their newer documents.
constexpr auto kAnything = std::to_array<std::string_view>({
    "",
    "application/binary",
    "application/download",
    "application/force-download",
    "application/msword",
    "application/octet-stream",
    "application/unknown",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/x-download",
    "application/x-zip",
    "application/x-zip-compressed",
    "application/zip",
    "binary/octet-stream",
});
static_assert(std::ranges::is_sorted(kAnything));

constexpr auto kEndings = std::to_array<std::string_view>({
    "docm",
    "docx",
    "dotx",
    "epub",
    "odg",
    "odp",
    "ods",
    "odt",
    "ott",
    "pdf",
    "potx",
    "ppsx",
    "pptm",
    "pptx",
    "rtf",
    "xlsm",
    "xlsx",
    "xltx",
});
static_assert(std::ranges::is_sorted(kEndings));

}  // namespace

bool is_readable(std::string_view type, std::string_view file_name) {
  const std::string lower = to_lower(type);
  if (std::ranges::binary_search(kReadable, std::string_view(lower))) return true;
  if (!std::ranges::binary_search(kAnything, std::string_view(lower))) return false;
  const auto dot = file_name.rfind('.');
  if (dot == std::string_view::npos) return false;
  const std::string ending = to_lower(file_name.substr(dot + 1));
  return std::ranges::binary_search(kEndings, std::string_view(ending));
}

}  // namespace kontor::document
