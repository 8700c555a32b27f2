// SPDX-License-Identifier: AGPL-3.0-or-later
// A SEARCH program as a tree (RFC 3501 section 6.4.4, RFC 7162 section 3.1.5), bounded in depth and size.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "wire/imap/cursor.h"

namespace kontor::wire::imap {

struct SearchKey {
  enum class Op : std::uint8_t {
    all,      // every message
    both,     // all of `children`
    either,   // one of `children`
    inverse,  // not children[0]
    numbers,
    uids,  // `set`
    flag,
    keyword,  // `number` is the bit; `text`
    recent,
    old,
    internal_before,
    internal_on,
    internal_since,  // `day`
    larger,
    smaller,
    modseq,  // `number`
    sent_before,
    sent_on,
    sent_since,
    from,
    to,
    cc,
    bcc,
    subject,  // `text`
    header,   // `name`, `text`
    body,
    anywhere,  // `text`
  };

  Op op = Op::all;
  std::vector<SearchKey> children;
  SequenceSet set;
  std::uint64_t number = 0;
  std::chrono::sys_days day{};
  std::string name;
  std::string text;  // in the program's charset
};

struct SearchProgram {
  static constexpr std::size_t kMaxDepth = 50;
  static constexpr std::size_t kMaxKeys = 2000;

  std::string charset;  // as given, empty if none was
  SearchKey key;        // its op is `both`: all keys that were given
};

// From after the blank that follows SEARCH to the end of the command.
SearchProgram parse_search(Cursor& in);

}  // namespace kontor::wire::imap
