// SPDX-License-Identifier: AGPL-3.0-or-later
// Reads the arguments of a client's command from left to right (RFC 3501 section 9). The text is the whole command
// after its literals were collected, each in its place: `{5}` CRLF and five bytes.
//
// An error sticks: the first one is kept, everything read after it is empty, so that a handler reads all it expects and
// asks once at the end. Nothing is copied but what is returned; the text must outlive the cursor.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "wire/imap/sequence_set.h"

namespace kontor::wire::imap {

// System flags as bits; the same as the core's, which this room does not see.
namespace flag {
constexpr std::uint8_t kSeen = 1;
constexpr std::uint8_t kAnswered = 2;
constexpr std::uint8_t kFlagged = 4;
constexpr std::uint8_t kDraft = 8;
constexpr std::uint8_t kDeleted = 16;
}  // namespace flag

struct FlagList {
  std::uint8_t system = 0;
  std::vector<std::string> keywords;
};

class Cursor {
 public:
  static constexpr std::size_t kMaxFlags = 256;

  explicit Cursor(std::string_view text) : rest_(text) {}

  bool failed() const { return !error_.empty(); }
  const std::string& error() const { return error_; }
  void fail(std::string_view what);
  // True if all was read and nothing failed; fails if something is left.
  bool finish();

  bool at_end() const { return failed() || rest_.empty(); }
  char peek() const { return at_end() ? '\0' : rest_.front(); }
  std::string_view rest() const { return rest_; }

  void space();  // exactly one
  void expect(char c);
  bool take(char c);             // whether it was there
  void skip(std::size_t count);  // of rest(): what the caller has read by itself
  // Takes `word` (any case) if it is next and ends there: no atom character follows.
  bool take_word(std::string_view word);

  std::string_view tag();
  std::string_view atom();
  std::string string();  // quoted or literal
  std::string astring();
  std::optional<std::string> nstring();
  std::string literal8();      // "~{3}" CRLF and three bytes, of any kind (RFC 3516)
  std::string list_pattern();  // list-mailbox: astring with wildcards
  std::uint32_t number();
  std::uint32_t nz_number();
  std::uint64_t number64();  // up to 63 bits (RFC 7162)
  SequenceSet sequence_set();

  // "(\Seen foo)", and for STORE also without parentheses. \Recent is refused, unknown system flags too.
  FlagList flag_list();
  FlagList store_flags();

  std::chrono::sys_days date();  // 1-Feb-1994, quoted or not
  InternalDate date_time();      // "17-Jul-1996 02:44:25 -0700"

 private:
  void add_flag(FlagList& flags);
  std::string quoted();
  std::string literal();
  std::optional<std::string> literal_bytes();

  std::string_view rest_;
  std::string error_;
};

bool is_atom_char(char c);
bool is_astring_char(char c);

// The literal that ends a line, if one does: "{123}" or "{123+}". A number beyond 64 bits is the largest one.
struct LiteralMark {
  std::uint64_t size = 0;
  bool synchronising = true;
  bool binary = false;  // literal8 (RFC 3516): known, to be refused
  std::size_t at = 0;   // where the mark begins
};
std::optional<LiteralMark> trailing_literal(std::string_view line);

// "17-Jul-1996 02:44:25 -0700", without quotes; the reverse of date_time().
std::string print_date_time(const InternalDate& date);

}  // namespace kontor::wire::imap
