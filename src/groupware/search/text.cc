// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/text.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "formats/mime/decode.h"
#include "formats/mime/header.h"
#include "groupware/search/addresses.h"
#include "groupware/search/fold.h"

namespace kontor::groupware {
namespace {

using mime::fb::Entity;

constexpr std::uint64_t kSearchedHeader = 1 << 20;
constexpr std::size_t kSearchPiece = 256 << 10;
constexpr std::size_t kWholeText = 4 << 20;  // of a charset that cannot be cut at line ends

Result<std::string> read_header(const Content& content, const Entity& entity, std::uint64_t& cost) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(entity.header_size(), kSearchedHeader));
  cost += size;
  return content.read(entity.header_offset(), size);
}

std::string charset_of(const Entity& entity) {
  if (entity.params() == nullptr) return {};
  for (const auto* param : *entity.params()) {
    if (iequals(view_of(param->name()), "charset")) return std::string(view_of(param->value()));
  }
  return {};
}

// Whether a line feed byte always ends a line, so that text may be cut behind it.
bool cuts_at_line_ends(std::string_view charset) {
  const std::string name = to_lower(charset);
  return !name.starts_with("utf-16") && !name.starts_with("utf-32") && !name.starts_with("ucs") &&
         !name.starts_with("iso-10646");
}

// One text part: transfer encoding and charset taken off piece by piece.
Result<void> feed_text_part(const Content& content, const Entity& entity, NeedleFinder& finder, std::uint64_t& cost) {
  mime::BodyDecoder decoder(mime::parse_transfer_encoding(view_of(entity.encoding())));
  const std::string charset = charset_of(entity);
  const std::size_t threshold = cuts_at_line_ends(charset) ? kSearchPiece : kWholeText;
  finder.new_text();
  std::string bytes;
  const auto pass_on = [&](std::size_t length) {
    finder.feed(mime::to_utf8(std::string_view(bytes).substr(0, length), charset).text);
    bytes.erase(0, length);
  };
  for (std::uint64_t done = 0; done < entity.body_size() && !finder.all_found();) {
    const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(kSearchPiece, entity.body_size() - done));
    TRY(const auto piece, content.read(entity.body_offset() + done, length));
    if (piece.empty()) return fail(Errc::corrupt, "the content is shorter than its item says");
    done += piece.size();
    cost += piece.size();
    decoder.feed(piece, bytes);
    if (bytes.size() < threshold) continue;
    const auto line_end = bytes.rfind('\n');
    pass_on(line_end == std::string::npos ? bytes.size() : line_end + 1);
  }
  decoder.finish(bytes);
  pass_on(bytes.size());
  return {};
}

}  // namespace

NeedleFinder::NeedleFinder(std::vector<std::string> needles) : needles_(std::move(needles)) {
  for (const auto& needle : needles_) {
    found_.push_back(needle.empty());
    longest_ = std::max(longest_, needle.size());
  }
}

void NeedleFinder::new_text() { tail_.clear(); }

bool NeedleFinder::all_found() const {
  return std::all_of(found_.begin(), found_.end(), [](bool b) { return b; });
}

void NeedleFinder::feed(std::string_view utf8) {
  if (utf8.empty() || all_found()) return;
  tail_ += fold_text(utf8);
  for (std::size_t i = 0; i < needles_.size(); ++i) {
    if (!found_[i]) found_[i] = contains_text(tail_, needles_[i]);
  }
  if (tail_.size() >= longest_) tail_.erase(0, tail_.size() - (longest_ - 1));
}

bool contains_text(std::string_view text, std::string_view needle) {
  return memmem(text.data(), text.size(), needle.data(), needle.size()) != nullptr || needle.empty();
}

Result<void> feed_header(const Content& content, const Entity& entity, NeedleFinder& finder, std::uint64_t& cost) {
  TRY(const std::string header, read_header(content, entity, cost));
  mime::each_field(header, [&](const mime::Field& field) {
    finder.new_text();
    finder.feed(std::string(field.name) + ": " + mime::decode_header(mime::unfold(field.value)));
    return !finder.all_found();
  });
  return {};
}

Result<void> feed_bodies(const Content& content, const Entity& entity, NeedleFinder& finder, std::uint64_t& cost) {
  if (finder.all_found()) return {};
  if (entity.is_multipart() && entity.parts() != nullptr) {
    for (const auto* part : *entity.parts()) TRY_VOID(feed_bodies(content, *part, finder, cost));
  } else if (entity.message() != nullptr) {
    TRY_VOID(feed_header(content, *entity.message(), finder, cost));
    return feed_bodies(content, *entity.message(), finder, cost);
  } else if (iequals(view_of(entity.type()), "text")) {
    return feed_text_part(content, entity, finder, cost);
  }
  return {};
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
