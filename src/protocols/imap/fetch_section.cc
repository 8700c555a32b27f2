// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/fetch_section.h"

#include <algorithm>

#include "base/bytes.h"
#include "formats/mime/header.h"

namespace kontor::imap {
namespace {

using mime::fb::Entity;
using What = wire::imap::Section::What;

// The part that a number path names. A message that is no multipart has one part, 1: its body.
const Entity* find_part(const Entity* top, const std::vector<std::uint32_t>& path) {
  const Entity* node = top;
  bool at_message = true;  // `node` is a message's top entity
  for (const std::uint32_t number : path) {
    if (!at_message && node->message() != nullptr) {
      node = node->message();
      at_message = true;
    }
    const auto* parts = node->parts();
    if (node->is_multipart() && parts != nullptr && parts->size() > 0) {
      if (number > parts->size()) return nullptr;
      node = parts->Get(number - 1);
    } else if (!at_message || number != 1) {
      return nullptr;
    }
    at_message = false;
  }
  return node;
}

}  // namespace

std::optional<Extent> find_section(const Entity* top, std::uint64_t message_size, const wire::imap::Section& section) {
  if (!needs_structure(section)) return Extent{0, message_size};
  if (top == nullptr) return std::nullopt;
  const Entity* part = find_part(top, section.part);
  if (part == nullptr) return std::nullopt;
  const bool of_message = section.what != What::whole && section.what != What::mime;
  if (of_message && !section.part.empty()) part = part->message();
  if (part == nullptr) return std::nullopt;
  const bool is_header = of_message && section.what != What::text;
  Extent extent = is_header || section.what == What::mime ? Extent{part->header_offset(), part->header_size()}
                                                          : Extent{part->body_offset(), part->body_size()};
  if (!is_header && section.part.empty()) extent.size = message_size - std::min(extent.offset, message_size);
  if (extent.offset > message_size || extent.size > message_size - extent.offset) return std::nullopt;
  return extent;
}

std::optional<BinaryPart> find_binary(const Entity* top, std::uint64_t message_size,
                                      const wire::imap::Section& section) {
  const auto extent = find_section(top, message_size, section);
  if (!extent || section.part.empty()) return extent ? std::optional(BinaryPart{*extent, {}}) : std::nullopt;
  BinaryPart found{*extent, {}};
  const Entity* part = find_part(top, section.part);
  const bool is_leaf = !part->is_multipart() && part->message() == nullptr;
  if (is_leaf && part->encoding() != nullptr) {
    found.encoding = mime::parse_transfer_encoding(part->encoding()->string_view());
  }
  return found;
}

std::string filter_header(std::string_view header, const wire::imap::Section& section) {
  std::string out;
  const bool wanted = section.what == What::fields;
  mime::each_field(header, [&](const mime::Field& field) {
    const bool is_blank = field.whole.find_first_not_of("\r\n") == std::string_view::npos;
    const bool is_named = std::any_of(section.fields.begin(), section.fields.end(),
                                      [&](const std::string& name) { return iequals(name, field.name); });
    if (!is_blank && is_named == wanted) out += field.whole;
    return true;
  });
  if (!out.empty() && !out.ends_with('\n')) out += "\r\n";
  return out += "\r\n";
}

}  // namespace kontor::imap
