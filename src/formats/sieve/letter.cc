// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/sieve/letter.h"

#include <algorithm>
#include <iterator>

#include "base/bytes.h"
#include "formats/mime/decode.h"
#include "formats/mime/fields.h"
#include "formats/mime/html_text.h"
#include "formats/mime/parser.h"

namespace kontor::sieve {
namespace {

constexpr std::size_t kMaxAddresses = 10'000;
constexpr std::size_t kMaxForms = 16;
constexpr std::uint64_t kFormPiece = 64 << 10;

// `steps`: how many entities were looked at is added.
bool is_within(const mime::Entity& part, const mime::Entity& top, std::uint64_t& steps) {
  ++steps;
  if (&part == &top || (top.message && is_within(part, *top.message, steps))) return true;
  return std::ranges::any_of(top.parts, [&](const mime::Entity& child) { return is_within(part, child, steps); });
}

std::uint64_t size_of(const EditionPiece& piece) { return piece.text.empty() ? piece.size : piece.text.size(); }

// Pieces of a form, in their order there, which itself consists of `form` (nothing: of the message as it was received).
Edition on_original(const Edition& pieces, const std::optional<Edition>& form) {
  if (!form) return pieces;
  Edition out;
  std::uint64_t at = 0;  // where `part` begins
  auto part = form->begin();
  for (const EditionPiece& piece : pieces) {
    if (!piece.text.empty()) {
      out.push_back(piece);
      continue;
    }
    const std::uint64_t end = piece.offset + piece.size;
    while (part != form->end() && at < end) {
      const std::uint64_t size = size_of(*part), first = std::max(at, piece.offset), last = std::min(at + size, end);
      if (first < last && part->text.empty()) out.push_back({"", part->offset + (first - at), last - first});
      if (first < last && !part->text.empty()) out.push_back({part->text.substr(first - at, last - first), 0, 0});
      if (at + size > end) break;  // the next piece may begin within this part
      at += size;
      ++part;
    }
  }
  return out;
}

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

Letter::Letter(const Message& message, const RunLimits& limits) : message_(message), limits_(limits) {
  auto received = std::make_unique<Form>();
  received->structure = message.structure;
  received->size = message.size;
  forms_.push_back(std::move(received));
}

// Looking for a part costs as reading does.
const Letter::Form& Letter::form_of(const mime::Entity& part) {
  for (auto form = forms_.rbegin(); forms_.size() > 1 && form != forms_.rend(); ++form)
    if (is_within(part, *(*form)->structure, bytes_read_)) return **form;
  return *forms_.front();
}

Result<std::string> Letter::read(const Form& form, std::uint64_t offset, std::uint64_t size) {
  bytes_read_ += size;
  if (!form.pieces) return message_.read(offset, size);
  bytes_read_ += form.pieces->size();
  std::string out;
  for (const EditionPiece& piece : on_original({EditionPiece{"", offset, size}}, form.pieces)) {
    if (!piece.text.empty()) {
      out += piece.text;
      continue;
    }
    TRY(const std::string bytes, message_.read(piece.offset, piece.size));
    out += bytes;
  }
  return out;
}

Result<std::string> Letter::raw(std::uint64_t offset, std::uint64_t size) {
  return read(now(), offset, std::min<std::uint64_t>(size, limits_.part_bytes));
}

Result<LetterFields*> Letter::fields() {
  Form& form = now();
  if (!form.fields) {
    const mime::Entity& top = *form.structure;
    TRY(const std::string header,
        read(form, top.header_offset, std::min<std::uint64_t>(top.header_size, limits_.header_bytes)));
    form.fields = read_fields(header);
  }
  return &*form.fields;
}

Result<const LetterFields*> Letter::fields_of(const mime::Entity& part) {
  if (&part == &structure()) return fields();
  if (const auto found = part_fields_.find(&part); found != part_fields_.end()) return &found->second;
  TRY(const std::string header,
      read(form_of(part), part.header_offset, std::min<std::uint64_t>(part.header_size, limits_.header_bytes)));
  return &part_fields_.emplace(&part, read_fields(header)).first->second;
}

Result<const std::string*> Letter::content(const mime::Entity& part) {
  if (const auto found = contents_.find(&part); found != contents_.end()) return &found->second;
  TRY(const std::string bytes,
      read(form_of(part), part.body_offset, std::min<std::uint64_t>(part.body_size, limits_.part_bytes)));
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

// Of the form of now; what was received is named by its place there.
Result<Edition> Letter::pieces() {
  const Form& form = now();
  const mime::Entity& top = *form.structure;
  Edition edition;
  std::uint64_t at = 0;
  if (form.fields) {
    std::string header;
    for (const LetterField& field : *form.fields) header += field.whole;
    at = top.body_offset;
    if (top.header_size > limits_.header_bytes) {
      at = top.header_offset + limits_.header_bytes;  // the rest was never read
    } else {
      header += "\r\n";
    }
    if (header.size() > limits_.header_bytes + 2) return fail(Errc::too_large, "The message's header grew too large.");
    edition.push_back({std::move(header), 0, 0});
  }
  for (const auto& [begin, one] : form.replaced) {
    if (begin < at) continue;  // within one that was replaced as a whole
    if (begin > at) edition.push_back({"", at, begin - at});
    edition.push_back({one.entity, 0, 0});
    at = one.end;
  }
  if (at < form.size) edition.push_back({"", at, form.size - at});
  return on_original(edition, form.pieces);
}

Result<EditionIndex> Letter::edition(std::vector<Edition>& editions) {
  if (!is_touched_) return edition_;
  is_touched_ = false;
  TRY(Edition edition, pieces());
  editions.push_back(std::move(edition));
  return edition_ = editions.size();
}

Result<EditionIndex> Letter::open_edition(std::vector<Edition>& editions) {
  if (!open_edition_) return edition(editions);
  if (open_) {
    editions.push_back(*std::move(open_));
    open_.reset();
    open_edition_ = editions.size();
  }
  return *open_edition_;
}

Result<void> Letter::replace(const mime::Entity& part, std::string entity) {
  if (!is_within(part, structure(), bytes_read_))
    return fail(Errc::invalid, "This part is not in the message any more.");
  now().replaced[part.header_offset] = {part.body_offset + part.body_size, std::move(entity)};
  touch();
  return {};
}

Result<void> Letter::settle() {
  if (now().replaced.empty()) return {};
  TRY(Edition edition, pieces());
  return become(std::move(edition));
}

Result<void> Letter::become(Cover cover) {
  Edition edition;
  edition.push_back({cover.header + cover.before, 0, 0});
  if (cover.encloses) {
    TRY(Edition whole, pieces());
    if (!open_edition_) {
      open_edition_ = edition_;
      if (is_touched_) open_ = whole;
    }
    edition.insert(edition.end(), std::make_move_iterator(whole.begin()), std::make_move_iterator(whole.end()));
    edition.push_back({std::move(cover.behind), 0, 0});
  }
  return become(std::move(edition));
}

Result<void> Letter::become(Edition pieces) {
  if (forms_.size() == kMaxForms) return fail(Errc::too_large, "The message is replaced or enclosed too often.");
  auto form = std::make_unique<Form>();
  mime::Parser parser;
  for (const EditionPiece& piece : pieces) {
    form->size += size_of(piece);
    if (!piece.text.empty()) parser.feed(piece.text);
    for (std::uint64_t at = 0; piece.text.empty() && at < piece.size; at += kFormPiece) {
      const std::uint64_t size = std::min(kFormPiece, piece.size - at);
      bytes_read_ += size;
      TRY(const std::string bytes, message_.read(piece.offset + at, size));
      parser.feed(bytes);
    }
  }
  form->pieces = std::move(pieces);
  form->own_structure = parser.finish();
  form->structure = &form->own_structure;
  forms_.push_back(std::move(form));
  touch();
  return {};
}

}  // namespace kontor::sieve
