// SPDX-License-Identifier: AGPL-3.0-or-later
// What DKIM hashes: header and body in canonical form (RFC 6376 section 3.4).
// For dkim_*.cc.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"

namespace kontor::transport {

enum class DkimForm : std::uint8_t { simple, relaxed };

// The hash of a body that comes in pieces.
class DkimBody {
 public:
  // `limit`: of canonical bytes that count (l=).
  explicit DkimBody(DkimForm form, std::optional<std::uint64_t> limit = {}) : form_(form), limit_(limit) {}

  void feed(std::string_view piece);
  std::string finish();  // SHA-256; once
  // How many canonical bytes there were, limit or not. After finish().
  std::uint64_t length() const { return length_; }

 private:
  void line_end();
  void byte(char c);
  void emit(std::string_view bytes);
  void flush();

  DkimForm form_;
  std::optional<std::uint64_t> limit_;
  Sha256 hash_;
  std::string ready_;  // canonical, to be hashed
  std::uint64_t length_ = 0;
  std::uint64_t owed_lines_ = 0;  // line ends that count only if something follows
  bool owes_blank_ = false;       // relaxed: white space that counts only if its line goes on
  bool has_cr_ = false;           // a CR came that may begin a line end
  bool is_blank_ = true;          // nothing but line ends came
};

// A message's head, cut off its body as pieces come.
class DkimHead {
 public:
  // Returns what belongs to the body.
  std::string_view feed(std::string_view piece);
  void finish();  // a message may have no body
  bool is_complete() const { return is_complete_; }
  bool is_too_large() const { return is_too_large_; }

  struct Field {
    std::string name;      // lower case, without white space
    std::string_view raw;  // "Name: value CRLF", folded as it came
  };
  // From the top. Once complete.
  const std::vector<Field>& fields() const { return fields_; }

 private:
  void split();

  std::string bytes_;
  std::string last_;  // the rest of the piece in which the head ended
  std::vector<Field> fields_;
  bool is_complete_ = false;
  bool is_too_large_ = false;
};

// With CRLF at its end. `raw` is a field with its own.
std::string canonical_field(std::string_view raw, DkimForm form);

// What the signature signs of the header (section 3.7): the fields that `names`
// (lower case) choose, from the bottom for each name, then the signature's own
// field, whose b= is empty, without its CRLF.
std::string signed_header(const DkimHead& head, const std::vector<std::string>& names, std::string_view own_field,
                          DkimForm form);

}  // namespace kontor::transport
