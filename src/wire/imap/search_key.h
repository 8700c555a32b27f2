// SPDX-License-Identifier: AGPL-3.0-or-later
// A SEARCH program as a tree (RFC 3501 section 6.4.4, RFC 7162 section 3.1.5, RFC 5032, RFC 8474 section 6.1, RFC 8514
// section 4.3, RFC 6203), bounded in depth and size.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
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
    fuzzy,    // children[0], not taken strictly
    numbers,
    uids,        // `set`, of UIDs or UIDs of the saved result
    uid_after,   // `number`, RFC 9738 section 3.2
    uid_before,  // `number`
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
    older,
    younger,  // than `number` seconds
    saved_before,
    saved_on,
    saved_since,  // `day`
    email_id,
    thread_id,  // `text`
    filter,     // the search stored under the name `text` (RFC 5466): once it is
                // known, `children` and, in `name`, its charset
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

// Whether a stored search is part of it.
bool has_filter(const SearchKey& key);
// Whether FUZZY is part of it.
bool has_fuzzy(const SearchKey& key);
// Puts in the stored searches that it names, and those that these name; `look_up` gives the text of one, nothing if
// there is none. Nothing if all is well, else the name of the one that is not there, is none or is too deep.
std::optional<std::string> put_in_filters(SearchKey& key,
                                          const std::function<std::optional<std::string>(const std::string&)>& look_up);

// From after the blank that follows SEARCH and its options to the end of the command: [CHARSET ...] and keys.
SearchProgram parse_search(Cursor& in);
// The keys alone, to the end of the command, for the commands that must give a charset.
SearchProgram parse_search_keys(Cursor& in, std::string charset);

}  // namespace kontor::wire::imap
