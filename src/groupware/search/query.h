// SPDX-License-Identifier: AGPL-3.0-or-later
// What to look for among the items of a folder: the one query object that protocols translate theirs into.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "groupware/search/fold.h"

namespace kontor::groupware {

struct Item;

// Both included.
struct UidRange {
  Uid first, last;
};

// From `from` to before `until`. With `is_local` the limits are wall-clock times of the date's own zone, as IMAP's days
// are; else instants.
struct Period {
  bool holds(const InternalDate& date) const;

  std::optional<Instant> from, until;
  bool is_local = false;
};

struct Query {
  enum class Op : std::uint8_t {
    all,      // every item
    none,     // no item
    both,     // all of `children`
    either,   // one of `children`
    inverse,  // not children[0]
    // Answered from the view:
    uids,      // in one of `uids`, which are ascending and do not overlap
    flag,      // one of the Flag bits in `number`
    keyword,   // `text`, without case
    received,  // the internal date is in `period`
    size,      // at least `number` bytes and fewer than `below`
    changed,   // modseq of `number` or later
    item,      // the item of id `number`
    thread,    // in the thread of id `number`
    // From the item:
    saved,   // it came into its folder in `period`
    judged,  // `judge` says so
    // From the summary:
    sent,  // the Date field is in `period`; without one nothing matches
    from,
    to,
    cc,
    bcc,
    subject,  // `text` is a part of the decoded field
    // From the content:
    header,    // a field of that `name` has `text` in it, decoded; an empty text asks only for the field
    body,      // `text` in the decoded text parts, or in the text of attached documents
    anywhere,  // the same or in a header field of the message, of a part or of a message inside
  };

  Op op = Op::all;
  std::vector<Query> children;
  std::vector<UidRange> uids;
  std::uint64_t number = 0;
  std::uint64_t below = std::numeric_limits<std::uint64_t>::max();
  Period period;
  std::string name;
  std::string text;                                  // UTF-8
  Collation collation = Collation::unicode_casemap;  // of `text`, unless it is looked for fuzzily
  bool is_fuzzy = false;                             // a text is looked for by its words (fuzzy.h), not as a part
  std::function<bool(const Item&)> judge;            // for a protocol's own ids; called on any worker
};

}  // namespace kontor::groupware
