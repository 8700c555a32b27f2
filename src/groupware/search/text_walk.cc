// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/text_walk.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "base/bytes.h"
#include "formats/mime/decode.h"
#include "formats/mime/header.h"
#include "groupware/search/addresses.h"

namespace kontor::groupware {
namespace {

using mime::fb::Entity;
using TextPlace = TextSink::Place;

constexpr std::uint64_t kSearchedHeader = 1 << 20;
constexpr std::size_t kSearchPiece = 256 << 10;
constexpr std::size_t kWholeText = 4 << 20;              // of a charset that cannot be cut at line ends
constexpr std::uint64_t kLargestDocument = 32ULL << 20;  // as it is stored: with its transfer encoding
constexpr std::size_t kDocumentsPerMessage = 16;

Result<std::string> read_header(const Content& content, const Entity& entity, std::uint64_t& cost) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(entity.header_size(), kSearchedHeader));
  cost += size;
  return content.read(entity.header_offset(), size);
}

using ParamVector = flatbuffers::Vector<flatbuffers::Offset<mime::fb::Param>>;

std::vector<mime::Param> params_of(const ParamVector* stored) {
  std::vector<mime::Param> params;
  if (stored == nullptr) return params;
  for (const auto* param : *stored)
    params.push_back({std::string(view_of(param->name())), std::string(view_of(param->value()))});
  return params;
}

std::string charset_of(const Entity& entity) {
  if (entity.params() == nullptr) return {};
  for (const auto* param : *entity.params()) {
    if (iequals(view_of(param->name()), "charset")) return std::string(view_of(param->value()));
  }
  return {};
}

std::string file_name_of(const Entity& entity) {
  if (auto name = mime::param(params_of(entity.disposition_params()), "filename")) return *std::move(name);
  return mime::param(params_of(entity.params()), "name").value_or("");
}

// Whether a line feed byte always ends a line, so that text may be cut behind it.
bool cuts_at_line_ends(std::string_view charset) {
  const std::string name = to_lower(charset);
  return !name.starts_with("utf-16") && !name.starts_with("utf-32") && !name.starts_with("ucs") &&
         !name.starts_with("iso-10646");
}

// A part's body without its transfer encoding, in pieces, until `take` returns false.
Result<void> each_piece(const TextWalk& walk, const Entity& entity,
                        const std::function<bool(std::string& decoded)>& take) {
  mime::BodyDecoder decoder(mime::parse_transfer_encoding(view_of(entity.encoding())));
  std::string bytes;
  for (std::uint64_t done = 0; done < entity.body_size();) {
    const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(kSearchPiece, entity.body_size() - done));
    TRY(const auto piece, walk.content.read(entity.body_offset() + done, length));
    if (piece.empty()) return fail(Errc::corrupt, "the content is shorter than its item says");
    done += piece.size();
    walk.cost += piece.size();
    decoder.feed(piece, bytes);
    if (!take(bytes)) return {};
  }
  decoder.finish(bytes);
  take(bytes);
  return {};
}

Result<void> feed_text_part(const TextWalk& walk, const Entity& entity, TextSink& sink) {
  const std::string charset = charset_of(entity);
  const std::size_t threshold = cuts_at_line_ends(charset) ? kSearchPiece : kWholeText;
  std::string bytes;
  const auto pass_on = [&](std::size_t length) {
    sink.feed(mime::to_utf8(std::string_view(bytes).substr(0, length), charset).text);
    bytes.erase(0, length);
  };
  sink.new_text(TextPlace::body);
  TRY_VOID(each_piece(walk, entity, [&](std::string& decoded) {
    bytes += decoded;
    decoded.clear();
    if (bytes.size() >= threshold) {
      const auto line_end = bytes.rfind('\n');
      pass_on(line_end == std::string::npos ? bytes.size() : line_end + 1);
    }
    return !sink.is_done();
  }));
  pass_on(bytes.size());
  return {};
}

bool is_text(const Entity& entity) {
  const auto type = view_of(entity.type());
  return iequals(type, "text") || iequals(type, "message");
}

Result<void> walk_texts(const TextWalk& walk, const Entity& entity, TextSink& sink,
                        std::vector<const Entity*>& documents) {
  if (sink.is_done()) return {};
  if (entity.is_multipart() && entity.parts() != nullptr) {
    for (const auto* part : *entity.parts()) TRY_VOID(walk_texts(walk, *part, sink, documents));
    return {};
  }
  if (entity.message() != nullptr) return walk_texts(walk, *entity.message(), sink, documents);
  if (is_text(entity)) return feed_text_part(walk, entity, sink);
  documents.push_back(&entity);
  return {};
}

// False: it could not be read just now.
Result<bool> feed_document(const TextWalk& walk, const Entity& entity, const std::string& type,
                           const std::string& file_name, TextSink& sink) {
  std::string bytes;
  TRY_VOID(each_piece(walk, entity, [&](std::string& decoded) {
    bytes += decoded;
    decoded.clear();
    return true;
  }));
  walk.cost += bytes.size();
  const auto text = walk.extractor->text(type, file_name, bytes);
  if (!text) return text.error().code != Errc::unavailable;  // otherwise there is nothing to read in it
  sink.new_text(TextPlace::body);
  sink.feed(*text);
  return true;
}

Result<bool> walk_documents(const TextWalk& walk, const std::vector<const Entity*>& documents, TextSink& sink) {
  std::size_t taken = 0;
  bool is_whole = true;
  for (const Entity* entity : documents) {
    if (sink.is_done() || taken == kDocumentsPerMessage) break;
    if (entity->body_size() == 0 || entity->body_size() > kLargestDocument) continue;
    const std::string type = to_lower(view_of(entity->type())) + "/" + to_lower(view_of(entity->subtype()));
    const std::string file_name = file_name_of(*entity);
    if (!walk.extractor->takes(type, file_name)) continue;
    ++taken;
    TRY(const bool was_read, feed_document(walk, *entity, type, file_name, sink));
    is_whole = is_whole && was_read;
  }
  return is_whole;
}

Result<void> walk_header(const TextWalk& walk, const Entity& entity, TextSink& sink) {
  if (entity.header_size() == 0) return {};
  TRY(const std::string header, read_header(walk.content, entity, walk.cost));
  mime::each_field(header, [&](const mime::Field& field) {
    sink.new_text(TextPlace::header);
    sink.feed(std::string(field.name) + ": " + mime::decode_header(mime::unfold(field.value)));
    return !sink.is_done();
  });
  return {};
}

Result<void> walk_headers_from(const TextWalk& walk, const Entity& entity, TextSink& sink) {
  if (sink.is_done()) return {};
  TRY_VOID(walk_header(walk, entity, sink));
  if (entity.parts() != nullptr)
    for (const auto* part : *entity.parts()) TRY_VOID(walk_headers_from(walk, *part, sink));
  if (entity.message() != nullptr) return walk_headers_from(walk, *entity.message(), sink);
  return {};
}

}  // namespace

Result<void> walk_headers(const TextWalk& walk, TextSink& sink) { return walk_headers_from(walk, walk.top, sink); }

Result<bool> walk_bodies(const TextWalk& walk, TextSink& sink) {
  // Documents come last: they cost most, and often the text of the message has it.
  std::vector<const Entity*> documents;
  TRY_VOID(walk_texts(walk, walk.top, sink, documents));
  if (walk.extractor == nullptr) return true;
  return walk_documents(walk, documents, sink);
}

Result<std::vector<std::string>> header_values(const Content& content, const Entity& top, std::string_view name,
                                               std::uint64_t& cost) {
  TRY(const std::string header, read_header(content, top, cost));
  std::vector<std::string> values;
  mime::each_field(header, [&](const mime::Field& field) {
    if (iequals(field.name, name)) values.push_back(mime::decode_header(mime::unfold(field.value)));
    return true;
  });
  return values;
}

}  // namespace kontor::groupware
