// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/sieve/letter.h"

#include <algorithm>

#include "base/bytes.h"
#include "formats/mime/decode.h"
#include "formats/mime/fields.h"
#include "formats/mime/html_text.h"

namespace kontor::sieve {
namespace {

constexpr std::size_t kMaxAddresses = 10'000;

}  // namespace

const std::string& LetterField::text() const {
  if (!text_) text_ = std::string(mime::trim(mime::decode_header(value)));
  return *text_;
}

const std::vector<mime::Address>& LetterField::addresses() const {
  if (!addresses_) addresses_ = mime::parse_addresses(value, kMaxAddresses);
  return *addresses_;
}

LetterFields read_fields(std::string_view header) {
  LetterFields fields;
  mime::for_each_field(header, [&](const mime::Field& found) {
    LetterField& field = fields.emplace_back();
    field.name = found.name;
    field.whole = found.whole;
    field.value = mime::unfold(found.value);
    return true;
  });
  return fields;
}

Message message_of(const mime::Entity& structure, std::string_view bytes) {
  Message message;
  message.structure = &structure;
  message.size = bytes.size();
  message.read = [bytes](std::uint64_t offset, std::uint64_t size) -> Result<std::string> {
    return std::string(bytes.substr(std::min<std::uint64_t>(offset, bytes.size()), size));
  };
  return message;
}

Result<std::string> Letter::read(std::uint64_t offset, std::uint64_t size) const {
  bytes_read_ += size;
  return message_.read(offset, size);
}

Result<std::string> Letter::raw(std::uint64_t offset, std::uint64_t size) const {
  return read(offset, std::min<std::uint64_t>(size, limits_.part_bytes));
}

Result<LetterFields*> Letter::fields() {
  if (!fields_) {
    const mime::Entity& top = structure();
    TRY(const std::string header,
        read(top.header_offset, std::min<std::uint64_t>(top.header_size, limits_.header_bytes)));
    fields_ = read_fields(header);
  }
  return &*fields_;
}

Result<const LetterFields*> Letter::fields_of(const mime::Entity& part) {
  if (&part == &structure()) return fields();
  if (const auto found = part_fields_.find(&part); found != part_fields_.end()) return &found->second;
  TRY(const std::string header,
      read(part.header_offset, std::min<std::uint64_t>(part.header_size, limits_.header_bytes)));
  return &part_fields_.emplace(&part, read_fields(header)).first->second;
}

Result<const std::string*> Letter::content(const mime::Entity& part) {
  if (const auto found = contents_.find(&part); found != contents_.end()) return &found->second;
  TRY(const std::string bytes, raw(part.body_offset, part.body_size));
  mime::BodyDecoder decoder(mime::parse_transfer_encoding(part.encoding));
  std::string text;
  decoder.feed(bytes, text);
  decoder.finish(text);
  if (iequals(part.type, "text")) text = mime::to_utf8(text, mime::param(part.params, "charset").value_or("")).text;
  return &contents_.emplace(&part, std::move(text)).first->second;
}

Result<const std::string*> Letter::readable(const mime::Entity& part) {
  TRY(const std::string* text, content(part));
  if (!iequals(part.type, "text") || !iequals(part.subtype, "html")) return text;
  if (const auto found = readable_.find(&part); found != readable_.end()) return &found->second;
  return &readable_.emplace(&part, mime::html_text(*text, limits_.part_bytes)).first->second;
}

Result<EditionIndex> Letter::edition(std::vector<Edition>& editions) {
  if (!is_touched_) return edition_;
  is_touched_ = false;
  const mime::Entity& top = structure();
  std::string header;
  for (const LetterField& field : *fields_) header += field.whole;
  std::uint64_t at = top.body_offset;
  if (top.header_size > limits_.header_bytes) {
    at = top.header_offset + limits_.header_bytes;  // the rest was never read
  } else {
    header += "\r\n";
  }
  if (header.size() > limits_.header_bytes + 2) return fail(Errc::too_large, "The message's header grew too large.");
  Edition edition;
  edition.push_back({std::move(header), 0, 0});
  if (at < message_.size) edition.push_back({"", at, message_.size - at});
  editions.push_back(std::move(edition));
  return edition_ = editions.size();
}

}  // namespace kontor::sieve
