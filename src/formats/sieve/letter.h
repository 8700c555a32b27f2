// SPDX-License-Identifier: AGPL-3.0-or-later
// For this room only: the message as a running script sees it, with its edits; each thing is read and decoded once.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "formats/mime/entity.h"
#include "formats/sieve/environment.h"
#include "formats/sieve/limits.h"
#include "formats/sieve/outcome.h"

namespace kontor::sieve {

struct LetterField {
  std::string name;   // as written; empty: a line that is no field
  std::string whole;  // with its line ends
  std::string value;  // raw, unfolded

  // Decoded (RFC 5228 section 2.7.2), without white space around it.
  const std::string& text() const;
  const std::vector<mime::Address>& addresses() const;

 private:
  mutable std::optional<std::string> text_;
  mutable std::optional<std::vector<mime::Address>> addresses_;
};

using LetterFields = std::vector<LetterField>;

// A message changes in two ways: its own header is edited in place; "replace" and "enclose" make another message of it,
// with a structure of its own. Parts of the former ones can still be read: loops over them go on.
class Letter {
 public:
  Letter(const Message& message, const RunLimits& limits);

  const mime::Entity& structure() const { return *now().structure; }
  std::uint64_t size() const { return now().size; }

  // The message's own header, with edits.
  Result<LetterFields*> fields();
  // A part's own header; of the top entity the one above.
  Result<const LetterFields*> fields_of(const mime::Entity& part);
  // A part's body: without its transfer encoding, text as UTF-8. At most RunLimits::part_bytes of it.
  Result<const std::string*> content(const mime::Entity& part);
  // The same as a reader sees it: without the tags of HTML.
  Result<const std::string*> readable(const mime::Entity& part);
  Result<std::string> raw(std::uint64_t offset, std::uint64_t size);  // at most RunLimits::part_bytes

  // An edit happened: actions from now on take another edition.
  void touch() { is_touched_ = true; }
  // The edition of now; added to `editions` if there is none yet.
  Result<EditionIndex> edition(std::vector<Edition>& editions);
  // As it was before it was enclosed, where it was.
  Result<EditionIndex> open_edition(std::vector<Edition>& editions);

  // Puts `entity` (header and body) in the place of a part below the top; shows in the structure after settle().
  // Errors: invalid (it is of a former message).
  Result<void> replace(const mime::Entity& part, std::string entity);
  Result<void> settle();
  // Makes the message another one: this header, then `before`, with `encloses` all that it was, then `behind`. Errors:
  // too_large (too often).
  struct Cover {
    std::string header, before, behind;  // `header` with the empty line behind it
    bool encloses = false;
  };
  Result<void> become(Cover cover);

  // What was read since this was asked last.
  std::uint64_t take_bytes_read() { return std::exchange(bytes_read_, 0); }

 private:
  // The message as it was received, or what became of it.
  struct Form {
    const mime::Entity* structure = nullptr;
    std::uint64_t size = 0;
    std::optional<Edition> pieces;  // of the message as it was received; nothing: that itself
    mime::Entity own_structure;
    std::optional<LetterFields> fields;
    struct Replaced {
      std::uint64_t end = 0;
      std::string entity;
    };
    std::map<std::uint64_t, Replaced> replaced;  // by where the part begins
  };

  Form& now() { return *forms_.back(); }
  const Form& now() const { return *forms_.back(); }
  const Form& form_of(const mime::Entity& part);
  Result<std::string> read(const Form& form, std::uint64_t offset, std::uint64_t size);
  Result<Edition> pieces();
  Result<void> become(Edition pieces);

  const Message message_;
  const RunLimits& limits_;
  std::vector<std::unique_ptr<Form>> forms_;
  std::map<const mime::Entity*, LetterFields> part_fields_;
  std::map<const mime::Entity*, std::string> contents_;
  std::map<const mime::Entity*, std::string> readable_;
  bool is_touched_ = false;
  EditionIndex edition_ = 0;
  std::optional<Edition> open_;  // before it was enclosed, if it differs from what was received
  std::optional<EditionIndex> open_edition_;
  std::uint64_t bytes_read_ = 0;
};

LetterFields read_fields(std::string_view header);

}  // namespace kontor::sieve
